package dev.pollux.bench;

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
import java.util.ArrayList;
import java.util.List;

/**
 * Connections on the loopback, all of one provider. Both ends count, since a descriptor limit of
 * 20,000 would otherwise not allow 10,000 registrations: end {@code i} is connected with end {@code
 * i ^ 1}.
 */
final class Connections implements AutoCloseable {
    private static final int SMALL_BUFFER = 4096;

    private final List<SocketChannel> ends = new ArrayList<>();

    Connections(SelectorProvider provider, int count) throws IOException {
        try (ServerSocketChannel listener = provider.openServerSocketChannel()) {
            listener.setOption(StandardSocketOptions.SO_RCVBUF, SMALL_BUFFER);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            while (ends.size() < count) {
                SocketChannel one = provider.openSocketChannel();
                ends.add(one);
                one.setOption(StandardSocketOptions.SO_RCVBUF, SMALL_BUFFER);
                one.connect(listener.getLocalAddress());
                ends.add(listener.accept());
            }
            for (SocketChannel end : ends) {
                end.setOption(StandardSocketOptions.TCP_NODELAY, true);
                end.setOption(StandardSocketOptions.SO_SNDBUF, SMALL_BUFFER);
                // Reset at the end: thousands of closed connections would hold their ports for a
                // minute.
                end.setOption(StandardSocketOptions.SO_LINGER, 0);
                end.configureBlocking(false);
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    SocketChannel end(int i) {
        return ends.get(i);
    }

    /** Registers the ends from {@code from} up to, not including, {@code to}. */
    List<SelectionKey> register(Selector selector, int from, int to, int interest)
            throws IOException {
        var keys = new ArrayList<SelectionKey>();
        for (int i = from; i < to; i++) {
            keys.add(ends.get(i).register(selector, interest));
        }
        return keys;
    }

    /** Makes one end readable; it remains so, because nobody reads. */
    void makeReadable(int i) throws IOException {
        ends.get(i ^ 1).write(ByteBuffer.wrap(new byte[1]));
    }

    /** Writes until no more is taken; the end remains unwritable, because nobody reads. */
    void makeUnwritable(int i) throws IOException {
        var bytes = ByteBuffer.allocateDirect(64 * 1024);
        // What the kernel has handed over since then makes room once more.
        for (int refusals = 0; refusals < 100; ) {
            refusals = ends.get(i).write(bytes.clear()) == 0 ? refusals + 1 : 0;
        }
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel end : ends) {
            end.close();
        }
    }
}
