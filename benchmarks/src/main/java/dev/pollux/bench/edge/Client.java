package dev.pollux.bench.edge;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Sends requests and takes the replies, on the thread of the server. Its calls are readv and
 * writev, so that in a trace each read and write is the server's.
 */
final class Client implements AutoCloseable {
    /** Fixed: how much the kernel keeps for others must not change while it is measured. */
    private static final int BUFFER = 64 * 1024;

    /** As much as the kernel allows without being asked by root. */
    private static final int LARGE_BUFFER = 208 * 1024;

    /** So many refusals in a row mean full; before, the kernel may still be handing over. */
    private static final int REFUSALS = 3;

    private final Traffic traffic;
    private final SocketChannel near;
    private final SocketChannel far; // the server's end
    private final Server.Connection connection;
    private final ByteBuffer[] requests;
    private final ByteBuffer[] replies = {Memory.of(Memory.Role.CLIENT_IN, 4 * BUFFER)};
    private final ByteBuffer[] filler = {Memory.of(Memory.Role.SERVER_OUT, BUFFER)};
    private long asked;
    private long expected; // bytes

    Client(Server server, Traffic traffic) throws IOException {
        this.traffic = traffic;
        requests =
                new ByteBuffer[] {
                    Memory.of(Memory.Role.CLIENT_OUT, traffic.depth() * traffic.request())
                };
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.setOption(StandardSocketOptions.SO_RCVBUF, LARGE_BUFFER);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            near = SocketChannel.open();
            try {
                near.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
                near.setOption(StandardSocketOptions.SO_SNDBUF, LARGE_BUFFER);
                near.connect(listener.getLocalAddress());
                far = listener.accept();
            } catch (IOException e) {
                near.close();
                throw e;
            }
        }
        try {
            far.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER);
            for (SocketChannel end : new SocketChannel[] {near, far}) {
                end.setOption(StandardSocketOptions.TCP_NODELAY, true);
                end.setOption(StandardSocketOptions.SO_LINGER, 0); // no TIME_WAIT
                end.configureBlocking(false);
            }
            connection = server.add(far);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Sends requests, as far as they go. */
    void ask() throws IOException {
        asked += traffic.depth();
        expected += (long) traffic.depth() * traffic.reply();
        requests[0].clear();
        near.write(requests);
    }

    /** Fills the way back. After the requests: they acknowledge, and that makes room. */
    void fill() throws IOException {
        for (int refusals = 0; refusals < REFUSALS; ) {
            filler[0].clear();
            long n = far.write(filler);
            expected += n;
            refusals = n == 0 ? refusals + 1 : 0;
        }
    }

    /** Sends on and takes what is there; whether that was all. Does not wait for the server. */
    boolean isAnswered() throws IOException {
        if (requests[0].hasRemaining()) {
            near.write(requests);
        }
        while (expected > 0) {
            replies[0].clear();
            long n = near.read(replies);
            if (n < 0) {
                throw new EOFException("the server has closed");
            }
            expected -= n;
            if (n == 0 && !connection.hasAnswered(asked)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        far.close();
        near.close();
    }
}
