/*
 * An echo server on one thread, edge-triggered.
 *
 * Run       make example NAME=EdgeEchoServer ARGS=7007
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" EdgeEchoServer
 * and then  nc -N 127.0.0.1 7007
 *
 * or        systemd-socket-activate -l 7007 java ... EdgeEchoServer --inherit
 *
 * You will see every line that you type come back. Ctrl-D ends nc; Ctrl-C ends the server, which
 * then says what it did. `make demo` puts it under load.
 *
 * Under EDGE the kernel reports an arrival once and does not repeat itself. So a connection is
 * registered once, for READ and WRITE, and never modified; but the server has to remember what it
 * was reported. What can go wrong with that is listed in EchoConnection, the other half of this example;
 * here is the loop around it.
 *
 * poll and select have no EDGE (BACKEND=poll, BACKEND=select). There the same server runs under
 * LEVEL, and says so.
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
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sockets.Listener;
import sockets.Peer;

/** One thread calls {@link #run}; any thread may {@link #close}. */
final class EdgeEchoServer implements AutoCloseable {
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    final EchoCounters count = new EchoCounters();
    final FdSelector selector;
    final Trigger trigger;
    final EchoConnection.Drain drain;

    private final Listener listener;
    private final FdKey listening;
    private final ReadyHandler handler = this::onReady;

    /** Connections with something to do that the kernel will not report again. */
    private final ArrayDeque<EchoConnection> unfinished = new ArrayDeque<>();

    private final ArrayDeque<ByteBuffer> spareBuffers = new ArrayDeque<>();

    /** Held while accepting: a JVM without a free descriptor cannot even load a class. */
    private int[] reserve;

    private boolean acceptLater;
    private long triedToAccept;
    private volatile boolean closed;

    EdgeEchoServer(int port, EchoConnection.Drain drain) throws IOException {
        this(Listener.open(port), drain);
    }

    EdgeEchoServer(Listener listener, EchoConnection.Drain drain) throws IOException {
        this.listener = listener;
        this.drain = drain;
        selector = DefaultSelector.open();
        trigger = selector.supports(Trigger.EDGE) ? Trigger.EDGE : Trigger.LEVEL;
        reserve = Fd.pipe();
        // Reported once, then not again before it is re-armed: after all have been accepted.
        listening = selector.register(listener.fd(), Interest.READ, Trigger.ONESHOT, null);
    }

    int port() throws IOException {
        return listener.port();
    }

    /** Serves until {@link #close}, then closes everything. */
    void run() throws IOException {
        try (selector;
                listener) {
            while (!closed) {
                if (!unfinished.isEmpty()) {
                    selector.poll(0, TimeUnit.NANOSECONDS, handler); // just look who else is ready
                } else if (acceptLater) {
                    selector.poll(PAUSE_NANOS, TimeUnit.NANOSECONDS, handler);
                } else {
                    selector.poll(handler);
                }
                count.polls++;
                if (acceptLater && System.nanoTime() - triedToAccept >= PAUSE_NANOS) {
                    acceptAll();
                }
                for (int turns = unfinished.size(); turns > 0; turns--) {
                    unfinished.remove().turn(); // may add itself again, behind all others
                }
            }
            for (FdKey key : selector.keys()) {
                if (key.attachment() instanceof EchoConnection connection) {
                    connection.close();
                }
            }
            releaseReserve();
        }
    }

    private void onReady(FdKey key, Ready ready) throws IOException {
        count.events++;
        if (key == listening) {
            acceptAll();
        } else {
            ((EchoConnection) key.attachment()).onReady(ready); // which asks for a turn
        }
    }

    void wantsTurn(EchoConnection connection) {
        unfinished.add(connection);
    }

    /** Accepts until nobody waits. */
    private void acceptAll() throws IOException {
        acceptLater = false;
        try {
            if (reserve == null) {
                reserve = Fd.pipe();
            }
            for (Peer peer; (peer = listener.accept()) != null; ) {
                admit(peer);
            }
            selector.modify(listening, Interest.READ);
        } catch (IOException e) {
            // No free descriptor, most likely. Who waits goes on waiting: try again in a moment.
            releaseReserve();
            if (count.refusals++ == 0) {
                System.err.println("cannot accept at the moment: " + e.getMessage());
            }
            acceptLater = true;
            triedToAccept = System.nanoTime();
        }
    }

    private void releaseReserve() throws IOException {
        if (reserve != null) {
            Fd.close(reserve[0]);
            Fd.close(reserve[1]);
            reserve = null;
        }
    }

    private void admit(Peer peer) throws IOException {
        try {
            new EchoConnection(this, peer);
            count.accepted();
        } catch (IOException e) { // the limit fs.epoll.max_user_watches, say
            peer.close();
            throw e;
        }
    }

    ByteBuffer takeBuffer() {
        ByteBuffer spare = spareBuffers.poll();
        return spare != null ? spare : ByteBuffer.allocateDirect(EchoConnection.BUFFER);
    }

    void giveBuffer(ByteBuffer buffer) {
        spareBuffers.add(buffer.clear());
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    /** For people: where it listens, and how. */
    @Override
    public String toString() {
        try {
            String how = selector.backend() + ", " + trigger;
            String why = trigger == Trigger.EDGE ? "" : ": this backend has no EDGE";
            return "echo server on 127.0.0.1 port " + port() + " (" + how + why + ")";
        } catch (IOException e) {
            return "echo server, closed";
        }
    }

    /** The command line. */
    @Command(name = "EdgeEchoServer")
    static final class Main implements Callable<Integer> {
        @Parameters(
                arity = "0..1",
                defaultValue = "7007",
                description = "0 = any (default: ${DEFAULT-VALUE})")
        private int port;

        @Option(
                names = "--drain",
                defaultValue = "SHORT",
                description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
        private EchoConnection.Drain drain;

        @Option(names = "--inherit", description = "serve on the socket that systemd passes")
        private boolean inherit;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;

        @Override
        public Integer call() throws Exception {
            Listener listener = inherit ? Listener.inherited() : Listener.open(port);
            var server = new EdgeEchoServer(listener, drain);
            System.out.println(server);
            Program.serve(server::run, server::close, () -> server.count);
            return 0;
        }
    }

    public static void main(String[] args) {
        Program.run(new Main(), args);
    }
}
