package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.sys.Privileged;

/**
 * Looks again and again for a while, before a poll waits in the kernel: what comes meanwhile is
 * reported without the time that it takes to wake a thread. Used by the polling thread, not by
 * virtual ones, which would keep their carriers.
 */
final class Spin {
    /** For how many nanoseconds; 0, or nothing, is not at all. Read when a selector is opened. */
    static final String PROPERTY = "pollux.spin";

    private final long nanos;
    private long left; // of the time-out, after the last look

    /**
     * As the property says.
     *
     * @throws IllegalArgumentException if it is not a number of nanoseconds
     */
    Spin() {
        String said = Privileged.property(PROPERTY, "0").strip();
        long number = -1;
        try {
            number = said.isEmpty() ? 0 : Long.parseLong(said);
        } catch (NumberFormatException e) {
            // said below
        }
        if (number < 0) {
            throw new IllegalArgumentException(
                    PROPERTY + "=" + said + " is no number of nanoseconds; 0 is not to spin");
        }
        nanos = number;
    }

    boolean isOn() {
        return nanos > 0;
    }

    /**
     * Looks until there is something, or a reason to end, or the time to spin or to wait is over.
     *
     * @return as of a wait
     */
    int look(PollLoop loop, long timeoutNanos) {
        long begin = System.nanoTime();
        long most = Math.min(nanos, timeoutNanos);
        long spent;
        do {
            int rc = loop.ask.await(0);
            if (rc != 0 || loop.isToEnd()) {
                left = 0;
                return rc;
            }
            Thread.onSpinWait();
            spent = System.nanoTime() - begin;
        } while (spent < most);
        left = timeoutNanos == Driver.FOREVER ? timeoutNanos : Math.max(0, timeoutNanos - spent);
        return 0;
    }

    /** How long is left to wait; 0: the wait is over. */
    long left() {
        return left;
    }
}
