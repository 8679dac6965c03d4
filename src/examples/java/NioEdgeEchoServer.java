/*
 * An echo server on the channels of java.nio, edge-triggered.
 *
 * A Selector, a ServerSocketChannel and SocketChannels as everywhere, and one line more for each
 * connection.
 *
 * Run       make example NAME=NioEdgeEchoServer ARGS=7012
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" NioEdgeEchoServer
 * and then  nc -N 127.0.0.1 7012
 *
 * You will see every line that you type come back. Ctrl-D ends nc, Ctrl-C the server.
 *
 * A connection is registered once, for READ and WRITE, and its interest never changes again; a
 * selector of the JDK's would select it for WRITE for ever. In return:
 *
 *   (a) Whoever hears of an arrival reads until nothing comes: what is left is not reported again.
 *   (b) A peer that sends without end would keep the thread for itself. So a turn ends after BUDGET
 *       bytes, and the interest, set to what it is, has the next selection report what is left.
 *   (c) What the peer does not take stays in the buffer, and while that is full nothing is read.
 *       When the peer takes more, that is reported, and reading goes on.
 *   (d) A peer that has sent all, and says so, still gets all of its answer, and then the end.
 *
 * The loop is the Consumer form of select: there is no set from which keys have to be removed.
 */

import dev.pollux.Trigger;
import dev.pollux.nio.PolluxSelectionKey;
import dev.pollux.nio.PolluxSelectorProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** One thread calls {@link #run}; any thread may {@link #close}. */
final class NioEdgeEchoServer implements AutoCloseable {
    static final int BUFFER = 64 * 1024;
    static final int BUDGET = 64 * 1024;

    private static final int BOTH = SelectionKey.OP_READ | SelectionKey.OP_WRITE;

    private final Selector selector = new PolluxSelectorProvider().openSelector();
    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final SelectionKey listening;
    private volatile boolean closed;

    NioEdgeEchoServer(int port) throws IOException {
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        server.configureBlocking(false);
        listening = server.register(selector, SelectionKey.OP_ACCEPT);
    }

    int port() throws IOException {
        return ((InetSocketAddress) server.getLocalAddress()).getPort();
    }

    /** Serves until {@link #close}, then closes everything. */
    void run() throws IOException {
        try (selector;
                server) {
            while (!closed) {
                selector.select(this::onSelected);
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        }
    }

    private void onSelected(SelectionKey key) {
        if (key == listening) {
            accept();
            return;
        }
        var connection = (Connection) key.attachment();
        try {
            connection.turn();
        } catch (IOException e) { // reset by the peer: this connection ends, and no other does
            connection.close();
        }
    }

    private void accept() {
        try {
            for (SocketChannel channel; (channel = server.accept()) != null; ) {
                new Connection(channel);
            }
        } catch (IOException e) {
            // No free descriptor, most likely: who waits goes on waiting until somebody has left.
            System.err.println("cannot accept at the moment: " + e.getMessage());
            listening.interestOps(0);
        }
    }

    /** Ends {@link #run}, soon. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    /** Sends back what it receives. */
    private final class Connection {
        private final SocketChannel channel;
        private final PolluxSelectionKey key;
        private final ByteBuffer unsent = ByteBuffer.allocateDirect(BUFFER); // up to its position
        private boolean ended; // the end was read

        Connection(SocketChannel channel) throws IOException {
            this.channel = channel;
            channel.configureBlocking(false);
            key = (PolluxSelectionKey) channel.register(selector, BOTH, this);
            key.trigger(Trigger.EDGE); // the line more
        }

        /** Reads and writes by turns, until neither is possible or the budget is used up. */
        void turn() throws IOException {
            for (int moved = 0; moved < BUDGET; ) {
                int read = read();
                int written = write();
                if (read <= 0 && written == 0) { // (a)
                    if (ended && unsent.position() == 0) { // (d)
                        close();
                    }
                    return;
                }
                moved += Math.max(read, written);
            }
            key.interestOps(BOTH); // (b)
        }

        private int read() throws IOException {
            if (ended || !unsent.hasRemaining()) { // (c)
                return 0;
            }
            int read = channel.read(unsent);
            ended = read < 0;
            return read;
        }

        private int write() throws IOException {
            if (unsent.position() == 0) {
                return 0;
            }
            int written = channel.write(unsent.flip());
            unsent.compact(); // moves what is left to the front
            return written;
        }

        void close() {
            try {
                channel.close();
            } catch (IOException e) {
                System.err.println("closing " + channel + ": " + e.getMessage());
            }
            if (listening.interestOps() == 0) {
                listening.interestOps(SelectionKey.OP_ACCEPT);
            }
        }
    }

    public static void main(String[] args) throws IOException {
        var echo = new NioEdgeEchoServer(args.length > 0 ? Integer.parseInt(args[0]) : 7012);
        System.out.println("echo server on 127.0.0.1 port " + echo.port() + " (java.nio, EDGE)");
        echo.run();
    }
}
