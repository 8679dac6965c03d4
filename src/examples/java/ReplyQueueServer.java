/*
 * Callbacks and a queue of replies: WRITE is asked for only while something is queued.
 *
 * Run       make example NAME=ReplyQueueServer ARGS=7011
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" ReplyQueueServer
 * and then  nc -N 127.0.0.1 7011
 *
 * You will see every line that you type come back in capitals. Ctrl-D ends nc; Ctrl-C the server,
 * which then says how many events there were. Leave nc alone for a while: there are none. With
 * ARGS='7011 --always-write' there are a million a second: the classic mistake.
 *
 * A socket nearly always has room to write, and under LEVEL that is reported by every poll. So what a
 * connection waits for follows from the length of its queue:
 *
 *   empty           READ: there is nothing to be written
 *   not empty       READ and WRITE
 *   LIMIT or more   WRITE: a peer that does not take its replies is not read from, or its queue
 *                   would grow for ever; nor after its end, which would be reported by every poll
 */

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sockets.Peer;

/** One thread calls {@link #run}; any thread may {@link #close}. */
final class ReplyQueueServer implements AutoCloseable {
    /** Of what one read brings, which makes one reply. */
    static final int REQUEST = 16 * 1024;

    /** Bytes in a queue above which nothing is read. */
    static final int LIMIT = 64 * 1024;

    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    private final FdSelector selector = DefaultSelector.open();
    private final Acceptor acceptor;
    private final boolean alwaysWrite;
    private final ByteBuffer request = ByteBuffer.allocateDirect(REQUEST);
    private volatile boolean closed;

    // What it did.
    private long connections;
    private long polls;
    private long events;
    private long replies;
    private long changes;
    private long pauses;
    private long longest;

    ReplyQueueServer(int port, boolean alwaysWrite) throws IOException {
        this.alwaysWrite = alwaysWrite;
        try {
            acceptor = new Acceptor(selector, port, peer -> new Connection(peer));
        } catch (IOException e) {
            selector.close();
            throw e;
        }
    }

    /** Serves until {@link #close}. */
    void run() throws IOException {
        try (selector;
                acceptor) {
            while (!closed) {
                selector.poll(
                        (key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready));
                polls++;
            }
        } // and the end of the process closes the connections
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    /** Answers in upper case. */
    private final class Connection {
        private final FdKey key;
        private final ArrayDeque<ByteBuffer> queue = new ArrayDeque<>();
        private int queued; // bytes
        private boolean ended; // the end was read

        Connection(Peer peer) throws IOException {
            ReadyHandler handler = this::onReady;
            Interest interest = alwaysWrite ? BOTH : Interest.READ;
            key = peer.register(selector, interest, Trigger.LEVEL, handler);
            connections++;
        }

        private void onReady(FdKey key, Ready ready) {
            events++;
            try {
                if (ready.isReadable()) {
                    read();
                }
                write(); // at once: most often there is room, and nothing to wait for
                if (ended && queue.isEmpty()) {
                    acceptor.close(key);
                } else {
                    waitForWhatIsNeeded();
                }
            } catch (IOException e) { // reset by the peer: this connection ends, and no other does
                acceptor.close(key);
            }
        }

        private void read() throws IOException {
            int n = Fd.read(key.fd(), request.clear());
            ended = n < 0;
            if (n > 0) {
                CallbackEcho.toUpperCase(request.flip());
                queue.add(ByteBuffer.allocate(n).put(request).flip());
                queued += n;
                replies++;
                longest = Math.max(longest, queued);
            }
        }

        private void write() throws IOException {
            while (!queue.isEmpty()) {
                ByteBuffer reply = queue.peek();
                queued -= Fd.write(key.fd(), reply);
                if (reply.hasRemaining()) {
                    return;
                }
                queue.remove();
            }
        }

        private void waitForWhatIsNeeded() throws IOException {
            boolean full = queued >= LIMIT;
            Interest needed = BOTH;
            if (ended || full) {
                needed = Interest.WRITE;
            } else if (queue.isEmpty() && !alwaysWrite) {
                needed = Interest.READ;
            }
            if (needed != key.interest()) {
                selector.modify(key, needed);
                changes++;
                pauses += full ? 1 : 0;
            }
        }
    }

    /** What it did: a table, one line each. */
    private String counts() {
        return EchoCounters.line("connections", connections, "")
                + EchoCounters.line("polls", polls, "")
                + EchoCounters.line("events", events, "")
                + EchoCounters.line("replies", replies, "")
                + EchoCounters.line("changes", changes, "of what a connection waits for")
                + EchoCounters.line("pauses", pauses, "in reading, %d KB queued", LIMIT / 1024)
                + EchoCounters.line("longest queue", longest, "bytes");
    }

    /** The command line. */
    @Command(name = "ReplyQueueServer")
    static final class Main implements Callable<Integer> {
        @Parameters(
                arity = "0..1",
                defaultValue = "7011",
                description = "0 = any (default: ${DEFAULT-VALUE})")
        private int port;

        @Option(names = "--always-write", description = "the mistake: asks for WRITE all the time")
        private boolean alwaysWrite;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;

        @Override
        public Integer call() throws Exception {
            var server = new ReplyQueueServer(port, alwaysWrite);
            System.out.println(
                    "upper-case echo on 127.0.0.1 port "
                            + server.acceptor.port()
                            + " by "
                            + server.selector);
            Program.serve(server::run, server::close, server::counts);
            return 0;
        }
    }

    public static void main(String[] args) {
        Program.run(new Main(), args);
    }
}
