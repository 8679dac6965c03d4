package dev.pollux.support;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** What the current thread allocates on the Java heap. */
public final class Allocation {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int WARM_UP = 20_000;
    private static final int A_LITTLE = 10_000;
    private static final long SETTLED_BY = 3_000_000_000L; // nanoseconds
    private static final long COMPILED_BY = 20_000_000_000L; // nanoseconds

    /** One round of what is measured. */
    @FunctionalInterface
    public interface Round {
        /** The round of this number. */
        void run(int i) throws IOException;
    }

    private Allocation() {}

    /**
     * How many bytes this thread allocates in so many rounds, once warm. The JVM itself allocates a
     * little when it compiles, on a busy machine some seconds later; what is measured again because
     * of that must come to nothing by then. What allocates at each call until the JIT's second
     * compiler has seen it, as java.lang.foreign does, has longer.
     */
    public static long of(int rounds, Round round) throws IOException {
        run(Math.min(rounds, WARM_UP), round);
        long bytes = -1;
        long start = System.nanoTime();
        for (int again = 0; bytes != 0 && (again < 3 || isEarly(start, bytes)); again++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            run(rounds, round);
            bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        return bytes;
    }

    private static boolean isEarly(long start, long bytes) {
        return System.nanoTime() - start < (bytes < A_LITTLE ? SETTLED_BY : COMPILED_BY);
    }

    private static void run(int rounds, Round round) throws IOException {
        for (int i = 0; i < rounds; i++) {
            round.run(i);
        }
    }
}
