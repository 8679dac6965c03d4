package dev.pollux.bench.server;

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
import java.util.function.Supplier;

/** On java.nio alone: the loop over the selected keys that Selector's documentation has. */
final class NioServer implements Server {
    private final Selector selector;
    private final ServerSocketChannel listener;
    private final Supplier<Protocol> protocols;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final Thread thread = new Thread(this::serve, "server");

    /** What is kept for a channel. */
    private static final class Connection {
        final Protocol protocol;
        ByteBuffer unsent; // null if there is nothing

        Connection(Protocol protocol) {
            this.protocol = protocol;
        }
    }

    NioServer(SelectorProvider provider, Supplier<Protocol> protocols) throws IOException {
        this.protocols = protocols;
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
                    } else if (key.isReadable()) {
                        read(key);
                    } else {
                        write(key);
                    }
                } catch (IOException e) {
                    close(key); // the peer is gone
                }
            }
        }
    }

    private void accept() throws IOException {
        for (SocketChannel peer; (peer = listener.accept()) != null; ) {
            peer.configureBlocking(false);
            peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
            peer.register(selector, SelectionKey.OP_READ, new Connection(protocols.get()));
        }
    }

    private void read(SelectionKey key) throws IOException {
        var peer = (SocketChannel) key.channel();
        var connection = (Connection) key.attachment();
        if (peer.read(buffer.clear()) < 0) {
            close(key);
            return;
        }
        ByteBuffer answer = connection.protocol.answer(buffer.flip());
        if (answer.hasRemaining()) {
            peer.write(answer);
        }
        if (answer.hasRemaining()) {
            connection.unsent = ByteBuffer.allocateDirect(answer.remaining()).put(answer).flip();
            key.interestOps(SelectionKey.OP_WRITE);
        }
    }

    private static void write(SelectionKey key) throws IOException {
        var connection = (Connection) key.attachment();
        ((SocketChannel) key.channel()).write(connection.unsent);
        if (!connection.unsent.hasRemaining()) {
            connection.unsent = null;
            key.interestOps(SelectionKey.OP_READ);
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
    public Thread thread() {
        return thread;
    }
}
