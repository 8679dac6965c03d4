package dev.pollux.bench.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Without a selector: a thread for each connection, which blocks. */
final class BlockingServer implements Server {
    private static final int STACK_BYTES = 256 * 1024;

    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final Executor threads;
    private final Supplier<Protocol> protocols;

    /** With a thread of the kernel's for each. */
    static BlockingServer platform(Supplier<Protocol> protocols) throws IOException {
        return new BlockingServer(
                task -> {
                    var thread = new Thread(null, task, "connection", STACK_BYTES);
                    thread.setDaemon(true);
                    thread.start();
                },
                protocols);
    }

    /** With a virtual thread for each, where the JDK has them. */
    static BlockingServer virtual(Supplier<Protocol> protocols)
            throws IOException, ReflectiveOperationException {
        var start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        return new BlockingServer(
                task -> {
                    try {
                        start.invoke(null, task);
                    } catch (ReflectiveOperationException e) {
                        throw new IllegalStateException(e);
                    }
                },
                protocols);
    }

    private BlockingServer(Executor threads, Supplier<Protocol> protocols) throws IOException {
        this.threads = threads;
        this.protocols = protocols;
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        threads.execute(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel peer = listener.accept();
                peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
                Protocol protocol = protocols.get();
                threads.execute(() -> serve(peer, protocol));
            }
        } catch (IOException e) {
            e.printStackTrace();
        }
    }

    private static void serve(SocketChannel peer, Protocol protocol) {
        var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try (peer) {
            while (peer.read(buffer.clear()) >= 0) {
                peer.write(protocol.answer(buffer.flip()));
            }
        } catch (IOException e) {
            return; // the peer is gone
        }
    }

    @Override
    public int port() throws IOException {
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    @Override
    public Thread thread() {
        return null;
    }
}
