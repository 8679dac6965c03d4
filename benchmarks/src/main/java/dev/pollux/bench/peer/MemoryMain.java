package dev.pollux.bench.peer;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import javax.management.JMException;

/**
 * The process behind {@link MemoryTurn}: registers many ends that stay idle and looks at what
 * became of the memory, then does it again and again and looks at the clock. One end more is ready
 * all the time, since not every contender can look without waiting.
 */
final class MemoryMain {
    private static final int REPEATS = 15;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final PeerSelector selector;
    private final int registrations;
    private final double[][] figures = new double[4][REPEATS];

    private MemoryMain(PeerSelector selector, int registrations) {
        this.selector = selector;
        this.registrations = registrations;
    }

    public static void main(String[] args) throws IOException, JMException, InterruptedException {
        Peer peer = Peer.valueOf(args[0]);
        int registrations = Integer.parseInt(args[1]);
        loadClasses(peer);
        Memory nothing = Memory.settled();
        try (Ends ends = peer.ends(registrations + 2);
                PeerSelector selector = peer.open(ends)) {
            ends.makeReadable(registrations);
            selector.register(registrations);
            new MemoryMain(selector, registrations).measure(nothing, ends.count());
        }
    }

    private static void loadClasses(Peer peer) throws IOException {
        try (Ends ends = peer.ends(2);
                PeerSelector selector = peer.open(ends)) {
            ends.makeReadable(0);
            selector.register(0);
            selector.register(1);
            Expected.ready(selector, 2, 1);
            selector.unregister(1);
            selector.poll();
        }
    }

    private void measure(Memory nothing, int ends)
            throws IOException, JMException, InterruptedException {
        Expected.ready(selector, ends, 1);
        Memory before = Memory.settled();
        register();
        Memory after = Memory.settled();
        Expected.ready(selector, ends, 1);
        unregister();
        for (int i = 0; i < REPEATS; i++) {
            cycle(i);
        }
        System.out.printf(
                Locale.ROOT,
                "%.2f %.2f %.2f %.2f %.2f %.2f %.2f%n",
                (double) (before.heap() - nothing.heap()) / registrations,
                (double) (after.heap() - before.heap()) / registrations,
                (double) (after.outside() - before.outside()) / registrations,
                median(figures[0]),
                median(figures[1]),
                median(figures[2]),
                median(figures[3]));
    }

    private void cycle(int i) throws IOException {
        long nanos = System.nanoTime();
        long bytes = THREADS.getCurrentThreadAllocatedBytes();
        register();
        long registeredNanos = System.nanoTime();
        long registeredBytes = THREADS.getCurrentThreadAllocatedBytes();
        unregister();
        figures[0][i] = registeredNanos - nanos;
        figures[1][i] = registeredBytes - bytes;
        figures[2][i] = System.nanoTime() - registeredNanos;
        figures[3][i] = THREADS.getCurrentThreadAllocatedBytes() - registeredBytes;
    }

    private void register() throws IOException {
        for (int i = 0; i < registrations; i++) {
            selector.register(i);
        }
        selector.poll();
    }

    private void unregister() throws IOException {
        for (int i = 0; i < registrations; i++) {
            selector.unregister(i);
        }
        selector.poll();
    }

    private double median(double[] ofAll) {
        double[] sorted = ofAll.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2] / registrations;
    }
}
