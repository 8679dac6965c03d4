/*
 * When does EDGE pay? The same requests and replies over TCP, served in four ways.
 *
 * Run  make example NAME=WhenEdgePays
 * or   java --enable-native-access=ALL-UNNAMED \
 *          -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" WhenEdgePays
 *
 * You will see a table for each kind of traffic: system calls of the server for one request, and its
 * time as a ratio to LEVEL's, measured by turns in this one run (median and range of the rounds).
 * Reading on until a short read and the trigger are two things: the second line shows the first alone.
 * Client and server take turns on one thread, so that nothing but the server's calls is different.
 */

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import sockets.Listener;
import sockets.Peer;

/** Prints the tables. */
final class WhenEdgePays {
    private static final int ROUNDS = 15;
    private static final int READ_BUFFER = 16 * 1024;
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    /** What is asked and answered. */
    enum Traffic {
        SMALL("64 bytes each way", 64, 64, 4000),
        UPLOAD("48 KB in, 64 bytes out: three read buffers", 48 * 1024, 64, 1000),
        DOWNLOAD("64 bytes in, 1 MB out: the reply does not fit into the socket", 64, 1 << 20, 60);

        final String what;
        final int request;
        final int reply;
        final int count;

        Traffic(String what, int request, int reply, int count) {
            this.what = what;
            this.request = request;
            this.reply = reply;
            this.count = count;
        }
    }

    /** How it is served. */
    enum Way {
        LEVEL(Trigger.LEVEL, "one read an event; asks for WRITE while a reply is stuck"),
        LEVEL_SHORT(Trigger.LEVEL, "the same, but reads until a short read"),
        EDGE_EAGAIN(Trigger.EDGE, "registered once; reads until EAGAIN"),
        EDGE_SHORT(Trigger.EDGE, "registered once; reads until a short read");

        final Trigger trigger;
        final String habit;

        Way(Trigger trigger, String habit) {
            this.trigger = trigger;
            this.habit = habit;
        }
    }

    private final FdSelector selector;
    private final Way way;
    private final Traffic traffic;
    private final SocketChannel client;
    private final FdKey key;
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BUFFER);
    private final ByteBuffer out;
    private int received;
    private long polls;
    private long reads;
    private long writes;
    private long modifies; // each goes along with a poll, and costs the kernel a call all the same
    private long nanos;

    private WhenEdgePays(FdSelector selector, Listener listener, Way way, Traffic traffic)
            throws IOException {
        this.selector = selector;
        this.way = way;
        this.traffic = traffic;
        var address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), listener.port());
        client = SocketChannel.open(address);
        client.configureBlocking(false);
        Peer server = listener.accept();
        Interest interest = way.trigger == Trigger.LEVEL ? Interest.READ : BOTH;
        key = server.register(selector, interest, way.trigger, this);
        out = ByteBuffer.allocateDirect(traffic.reply).limit(0);
        selector.poll(0, TimeUnit.SECONDS, (k, ready) -> {}); // the first edge: it is writable
    }

    /** One round; returns the nanoseconds that the server took for a request. */
    private double round() throws IOException {
        nanos = 0;
        var request = ByteBuffer.allocateDirect(traffic.request);
        var reply = ByteBuffer.allocateDirect(256 * 1024);
        for (int i = 0; i < traffic.count; i++) {
            request.clear();
            for (int left = traffic.reply; left > 0; ) {
                client.write(request);
                long start = System.nanoTime();
                selector.poll(1, TimeUnit.SECONDS, WhenEdgePays::onReady);
                nanos += System.nanoTime() - start;
                polls++;
                for (int n; left > 0 && (n = client.read(reply.clear())) > 0; ) {
                    left -= n;
                }
            }
        }
        return (double) nanos / traffic.count;
    }

    private static void onReady(FdKey key, Ready ready) throws IOException {
        var connection = (WhenEdgePays) key.attachment();
        if (ready.isReadable()) {
            connection.read();
        }
        connection.write();
    }

    private void read() throws IOException {
        int n;
        do {
            n = Fd.read(key.fd(), in.clear());
            reads++;
            received += Math.max(n, 0);
        } while (way == Way.EDGE_EAGAIN ? n > 0 : way != Way.LEVEL && n == in.capacity());
        if (received == traffic.request) {
            received = 0;
            out.clear();
        }
    }

    private void write() throws IOException {
        if (out.hasRemaining()) {
            Fd.write(key.fd(), out);
            writes++;
        }
        boolean level = way.trigger == Trigger.LEVEL;
        Interest wanted = level && !out.hasRemaining() ? Interest.READ : BOTH;
        if (wanted != key.interest()) {
            selector.modify(key, wanted);
            modifies++;
        }
    }

    private void close() throws IOException {
        selector.unregisterAndClose(key);
        client.close();
    }

    public static void main(String[] args) throws IOException {
        try (FdSelector selector = DefaultSelector.open();
                Listener listener = Listener.open(0)) {
            if (!selector.supports(Trigger.EDGE)) {
                System.out.println(
                        selector.backend() + " has no EDGE: there is nothing to compare");
                return;
            }
            System.out.println(selector + ", JDK " + Runtime.version().feature());
            for (Traffic traffic : Traffic.values()) {
                compare(selector, listener, traffic);
            }
        }
    }

    private static void compare(FdSelector selector, Listener listener, Traffic traffic)
            throws IOException {
        var ways = new WhenEdgePays[Way.values().length];
        var ratios = new double[ways.length][ROUNDS];
        for (Way way : Way.values()) {
            ways[way.ordinal()] = new WhenEdgePays(selector, listener, way, traffic);
        }
        for (int round = -5; round < ROUNDS; round++) { // the first five warm up
            double level = 0;
            for (WhenEdgePays way : ways) {
                double time = way.round();
                level = way.way == Way.LEVEL ? time : level;
                if (round >= 0) {
                    ratios[way.way.ordinal()][round] = time / level;
                }
            }
        }
        System.out.println("\n" + traffic.what + "\n");
        System.out.println("|  | polls | reads | writes | modifies | time against LEVEL |");
        System.out.println("|---|---|---|---|---|---|");
        for (WhenEdgePays way : ways) {
            way.print(ratios[way.way.ordinal()]);
            way.close();
        }
    }

    private void print(double[] ratios) {
        Arrays.sort(ratios);
        double each = traffic.count * (ROUNDS + 5.0);
        System.out.printf(
                Locale.ROOT,
                "| %s: %s | %.2f | %.2f | %.2f | %.2f | %.2f [%.2f..%.2f] |%n",
                way.trigger,
                way.habit,
                polls / each,
                reads / each,
                writes / each,
                modifies / each,
                ratios[ROUNDS / 2],
                ratios[0],
                ratios[ROUNDS - 1]);
    }
}
