package dev.pollux.bench.echo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;

/** On java.nio alone, written as its tutorials do. */
final class NioEchoServer implements EchoServer {
    private static final int BUFFER_BYTES = 1024;
    private static final int BACKLOG = 1024;

    private final Selector selector;
    private final ServerSocketChannel listener;
    private final Thread thread = new Thread(this::serve, "server");
    private final AtomicLong echoed = new AtomicLong(); // written by the server's thread alone

    NioEchoServer(SelectorProvider provider) throws IOException {
        selector = provider.openSelector();
        listener = provider.openServerSocketChannel();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        thread.setDaemon(true);
        thread.start();
    }

    private void serve() {
        while (true) {
            try {
                selector.select();
            } catch (IOException e) {
                e.printStackTrace();
                return;
            }
            Iterator<SelectionKey> keys = selector.selectedKeys().iterator();
            while (keys.hasNext()) {
                SelectionKey key = keys.next();
                keys.remove();
                try {
                    if (key.isAcceptable()) {
                        accept();
                    } else {
                        echo(key);
                    }
                } catch (IOException e) {
                    close(key);
                }
            }
        }
    }

    private void accept() throws IOException {
        for (SocketChannel peer; (peer = listener.accept()) != null; ) {
            peer.configureBlocking(false);
            peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
            peer.register(selector, SelectionKey.OP_READ, ByteBuffer.allocateDirect(BUFFER_BYTES));
        }
    }

    private void echo(SelectionKey key) throws IOException {
        var peer = (SocketChannel) key.channel();
        var buffer = (ByteBuffer) key.attachment();
        if (key.isReadable() && peer.read(buffer) < 0) {
            close(key);
            return;
        }
        int sent = peer.write(buffer.flip());
        echoed.lazySet(echoed.get() + sent);
        buffer.compact();
        int wanted = buffer.position() == 0 ? SelectionKey.OP_READ : SelectionKey.OP_WRITE;
        if (key.interestOps() != wanted) {
            key.interestOps(wanted);
        }
    }

    private static void close(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            e.printStackTrace();
        }
    }

    @Override
    public int port() throws IOException {
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    @Override
    public long echoed() {
        return echoed.get();
    }

    @Override
    public Thread thread() {
        return thread;
    }
}
