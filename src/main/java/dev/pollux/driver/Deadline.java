package dev.pollux.driver;

import java.util.concurrent.TimeUnit;

/**
 * Time-outs: nanoseconds, rounded up to what a kernel can wait for; never down, never for 0 or an
 * exact value. Every wait is cut at a day, because kernels differ in what they take; who waits
 * longer waits again.
 */
public final class Deadline {
    private static final long DAY_NANOS = 24L * 60 * 60 * 1_000_000_000;

    private Deadline() {}

    /** What users say, in nanoseconds; saturates. */
    public static long nanos(long timeout, TimeUnit unit) {
        if (timeout < 0) {
            throw new IllegalArgumentException(
                    "poll(timeout=" + timeout + "): negative; a poll without one waits for ever");
        }
        return unit.toNanos(timeout);
    }

    /**
     * The moment, on the clock of {@link System#nanoTime}, at which a time-out ends.
     *
     * @param now that clock
     * @param timeoutNanos up to 292 years, which is as far as that clock can be compared
     */
    public static long after(long now, long timeoutNanos) {
        return now + timeoutNanos; // may wrap around; see remaining
    }

    /** How much is left; 0 when it is over. */
    public static long remaining(long now, long deadline) {
        return Math.max(0, deadline - now);
    }

    /** For {@code timespec}. */
    public static long nanos(long timeoutNanos) {
        return Math.min(timeoutNanos, DAY_NANOS);
    }

    /** For {@code timeval}; -1 for {@link Driver#FOREVER}. */
    public static long micros(long timeoutNanos) {
        return timeoutNanos == Driver.FOREVER ? -1 : roundUp(timeoutNanos, 1_000);
    }

    /** For {@code epoll_wait} and {@code poll}; -1 for {@link Driver#FOREVER}. */
    public static int millis(long timeoutNanos) {
        return timeoutNanos == Driver.FOREVER ? -1 : (int) roundUp(timeoutNanos, 1_000_000);
    }

    /** The whole milliseconds of it, rounded down. */
    public static int wholeMillis(long timeoutNanos) {
        return (int) (nanos(timeoutNanos) / 1_000_000);
    }

    /** Whether milliseconds say the same: 0, for ever, or an exact value. */
    public static boolean isWholeMillis(long timeoutNanos) {
        return timeoutNanos == 0
                || timeoutNanos == Driver.FOREVER
                || nanos(timeoutNanos) % 1_000_000 == 0;
    }

    private static long roundUp(long timeoutNanos, long unit) {
        return (nanos(timeoutNanos) + unit - 1) / unit;
    }
}
