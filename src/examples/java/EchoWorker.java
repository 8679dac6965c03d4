/* One thread of the multi-core echo server, see MultiCoreEcho; not an example of its own. */

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import sockets.Listener;
import sockets.Peer;

/** A selector, and all that happens on it. What it counts is read when its thread has ended. */
final class EchoWorker implements Callable<Void> {
    /** How a connection finds its thread. */
    enum Way {
        /** A listener for each thread; the kernel shares the connections out by their addresses. */
        REUSEPORT(Trigger.LEVEL),
        /** One listener for all; one thread or a few hear of an arrival. */
        LEVEL_EXCLUSIVE(Trigger.LEVEL_EXCLUSIVE),
        /** The same; who hears of it accepts until nobody waits. */
        EDGE_EXCLUSIVE(Trigger.EDGE_EXCLUSIVE),
        /** One listener for all, and all hear of it: the thundering herd. */
        SHARED(Trigger.LEVEL);

        final Trigger trigger;

        Way(Trigger trigger) {
            this.trigger = trigger;
        }
    }

    private static final int BUFFER = 16 * 1024;
    private static final long PAUSE_MILLIS = 20;

    final FdSelector selector = DefaultSelector.open();

    private final Way way;
    private final Listener listener;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private final ReadyHandler handler = this::onReady;
    private FdKey listening; // null while there is no descriptor for another connection
    private boolean saidSo;
    private volatile boolean closed;

    long accepted;
    long useless; // an arrival was reported, but somebody else was faster
    long messages;
    long cpuNanos;
    long sleeps;

    EchoWorker(Way way, Listener listener) throws IOException {
        this.way = way;
        this.listener = listener;
        try {
            if (!selector.supports(way.trigger)) {
                throw new IOException(selector.backend() + " has no " + way.trigger);
            }
            rehearse();
            listening = selector.register(listener.fd(), Interest.READ, way.trigger, null);
        } catch (IOException e) {
            selector.close();
            throw e;
        }
    }

    /**
     * A JVM without a free descriptor cannot load a class: what a connection needs is loaded now.
     */
    private void rehearse() throws IOException {
        int[] two = Fd.socketpair();
        var connection = new Connection();
        FdKey key = selector.register(two[0], Interest.READ, Trigger.LEVEL, connection);
        Fd.write(two[1], ByteBuffer.wrap(new byte[1]));
        connection.echo(key);
        Fd.close(two[1]);
        connection.echo(key); // reads the end
        messages = 0;
    }

    /** Serves until {@link #close}, then closes its connections, but not the listener. */
    @Override
    public Void call() throws IOException {
        try (selector) {
            while (!closed) {
                if (listening != null) {
                    selector.poll(handler);
                } else {
                    selector.poll(PAUSE_MILLIS, TimeUnit.MILLISECONDS, handler);
                    listening = selector.register(listener.fd(), Interest.READ, way.trigger, null);
                }
            }
            for (FdKey key : selector.keys()) {
                if (key.attachment() instanceof Connection connection) {
                    connection.close(key);
                }
            }
        }
        cpuNanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        sleeps = sleeps();
        return null;
    }

    /** How often this thread has gone to sleep (man 5 proc); 0 where the system does not tell. */
    private static long sleeps() throws IOException {
        Path status = Path.of("/proc/thread-self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        String name = "voluntary_ctxt_switches:";
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.substring(name.length()).strip());
            }
        }
        return 0;
    }

    /** Any thread. */
    void close() {
        closed = true;
        selector.wakeup();
    }

    private void onReady(FdKey key, Ready ready) throws IOException {
        if (key == listening) {
            accept();
        } else {
            ((Connection) key.attachment()).echo(key);
        }
    }

    private void accept() throws IOException {
        try {
            Peer peer = listener.accept();
            if (peer == null) {
                useless++;
                return;
            }
            // LEVEL reports again who still waits, and may report it to another thread. EDGE does
            // not.
            do {
                admit(peer);
            } while (way.trigger == Trigger.EDGE_EXCLUSIVE && (peer = listener.accept()) != null);
        } catch (IOException e) {
            // No free descriptor, most likely, and LEVEL would report it without end. So the
            // listener is left alone for a moment; registering it again reports who waits.
            selector.unregister(listening);
            listening = null;
            if (!saidSo) {
                saidSo = true;
                System.err.println("cannot accept at the moment: " + e.getMessage());
            }
        }
    }

    private void admit(Peer peer) throws IOException {
        try {
            peer.register(selector, Interest.READ, Trigger.LEVEL, new Connection());
            accepted++;
        } catch (IOException e) { // the limit fs.epoll.max_user_watches, say
            peer.close();
            throw e;
        }
    }

    /** Reads, sends it back, and reads on when all of it has gone. */
    private final class Connection {
        private ByteBuffer unsent; // null: nothing

        void echo(FdKey key) {
            try {
                if (unsent == null) {
                    int n = Fd.read(key.fd(), buffer.clear());
                    if (n < 0) {
                        close(key);
                        return;
                    }
                    messages += n > 0 ? 1 : 0;
                }
                ByteBuffer answer = unsent != null ? unsent : buffer.flip();
                Fd.write(key.fd(), answer);
                if (!answer.hasRemaining()) {
                    unsent = null;
                } else if (unsent == null) {
                    unsent = ByteBuffer.allocate(answer.remaining()).put(answer).flip();
                }
                Interest next = unsent != null ? Interest.WRITE : Interest.READ;
                if (next != key.interest()) {
                    selector.modify(key, next);
                }
            } catch (IOException e) { // reset by the peer: this connection ends, and no other does
                close(key);
            }
        }

        void close(FdKey key) {
            try {
                selector.unregisterAndClose(key);
            } catch (IOException e) {
                System.err.println("closing " + key + ": " + e.getMessage());
            }
        }
    }
}
