package dev.pollux.bench.server;

import dev.pollux.Backend;
import dev.pollux.ChannelFd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.FdSocket;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Supplier;

/** On Pollux: channels are accepted by java.nio; their descriptors are read and written. */
final class PolluxServer implements Server {
    /** Up to what a readable descriptor is read. */
    enum Drain {
        /** Once for each event: only under LEVEL. */
        ONCE(Trigger.LEVEL),
        /** Until it would block. */
        EAGAIN(Trigger.EDGE),
        /** Until a read gets less than it had room for; after a hang-up, until the end. */
        SHORT(Trigger.EDGE);

        private final Trigger trigger;

        Drain(Trigger trigger) {
            this.trigger = trigger;
        }
    }

    private final FdSelector selector;
    private final Drain drain;
    private final Supplier<Protocol> protocols;
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final ReadyHandler handler = this::onReady;
    private final Thread thread = new Thread(this::serve, "server");

    /** What is kept for a channel. */
    private static final class Connection {
        final SocketChannel channel; // owns the descriptor
        final Protocol protocol;
        ByteBuffer unsent; // null if there is nothing

        Connection(SocketChannel channel, Protocol protocol) {
            this.channel = channel;
            this.protocol = protocol;
        }
    }

    PolluxServer(Backend backend, Drain drain, Supplier<Protocol> protocols) throws IOException {
        this.drain = drain;
        this.protocols = protocols;
        selector = FdSelector.open(backend);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        listener.configureBlocking(false);
        selector.register(ChannelFd.of(listener), Interest.READ, Trigger.LEVEL, null);
        thread.setDaemon(true);
        thread.start();
    }

    private void serve() {
        try {
            while (selector.poll(handler) != PollResult.INTERRUPT) {
                // until the process ends
            }
        } catch (IOException e) {
            e.printStackTrace();
        }
    }

    private void onReady(FdKey key, Ready ready) throws IOException {
        var connection = (Connection) key.attachment();
        if (connection == null) {
            accept();
            return;
        }
        try {
            if (connection.unsent == null) {
                read(key, connection, ready);
            } else {
                write(key, connection);
            }
        } catch (IOException e) {
            close(key, connection); // the peer is gone
        }
    }

    private void accept() throws IOException {
        for (SocketChannel peer; (peer = listener.accept()) != null; ) {
            peer.configureBlocking(false);
            peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
            var connection = new Connection(peer, protocols.get());
            selector.register(ChannelFd.of(peer), Interest.READ, drain.trigger, connection);
        }
    }

    private void read(FdKey key, Connection connection, Ready ready) throws IOException {
        boolean more;
        do {
            int n = FdSocket.receive(key.fd(), buffer.clear(), 0);
            if (n == FdSocket.WOULD_BLOCK) {
                return;
            }
            if (n == FdSocket.END) {
                close(key, connection);
                return;
            }
            more =
                    switch (drain) {
                        case ONCE -> false;
                        case EAGAIN -> true;
                        case SHORT -> n == BUFFER_BYTES || ready.isReadClosed() || ready.isError();
                    };
            ByteBuffer answer = connection.protocol.answer(buffer.flip());
            if (answer.hasRemaining()) {
                FdSocket.send(key.fd(), answer, 0);
            }
            if (answer.hasRemaining()) {
                connection.unsent =
                        ByteBuffer.allocateDirect(answer.remaining()).put(answer).flip();
                selector.modify(key, Interest.WRITE);
                return;
            }
        } while (more);
    }

    /** To wait for reading again reports also what has come meanwhile. */
    private void write(FdKey key, Connection connection) throws IOException {
        FdSocket.send(key.fd(), connection.unsent, 0);
        if (!connection.unsent.hasRemaining()) {
            connection.unsent = null;
            selector.modify(key, Interest.READ);
        }
    }

    private void close(FdKey key, Connection connection) throws IOException {
        selector.unregister(key); // first: the number may be another's once it is closed
        connection.channel.close();
    }

    @Override
    public int port() throws IOException {
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    @Override
    public Thread thread() {
        return thread;
    }
}
