package dev.pollux;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts what the polling thread does, and who wakes it: what {@link PollLoop} has while counting
 * is on. Read by any thread.
 */
final class Counting {
    private static final int POLLS = 0;
    private static final int WAITS = 1;
    private static final int EMPTY = 2;
    private static final int EVENTS = 3;
    private static final int LARGEST = 4;
    private static final int WAKEUPS = 5; // any thread's, as the next one
    private static final int COALESCED = 6;
    private static final int PENDING = 7; // any thread's, too
    private static final int WAITED = 8;
    private static final int HANDLERS = 9;

    private final AtomicLongArray counts = new AtomicLongArray(10);
    private final boolean times;
    private final long sentBefore;
    private final long cancelledBefore;

    Counting(boolean times, PendingChanges pending) {
        this.times = times;
        this.sentBefore = pending.sent();
        this.cancelledBefore = pending.cancelled();
    }

    /** On the clock of {@code System.nanoTime}; 0, without a look at it, if nobody wants times. */
    long now() {
        return times ? System.nanoTime() : 0;
    }

    void poll() {
        add(POLLS, 1);
    }

    /** One wait is over, with so many events, or a negated error number. */
    void waited(int rc, long nanos) {
        add(WAITS, 1);
        if (rc <= 0) {
            add(EMPTY, 1);
        } else {
            add(EVENTS, rc);
            if (rc > counts.getPlain(LARGEST)) {
                counts.setOpaque(LARGEST, rc);
            }
        }
        if (nanos != 0) {
            add(WAITED, nanos);
        }
    }

    void handled(long nanos) {
        add(HANDLERS, nanos);
    }

    void pending() {
        counts.getAndIncrement(PENDING);
    }

    void wakeup(boolean first) {
        counts.getAndIncrement(WAKEUPS);
        if (!first) {
            counts.getAndIncrement(COALESCED);
        }
    }

    /** One writer: no other can come between. */
    private void add(int which, long more) {
        counts.setOpaque(which, counts.getPlain(which) + more);
    }

    Counters snapshot(PendingChanges pending, int registrations) {
        return new Counters(
                counts.getOpaque(POLLS),
                counts.getOpaque(WAITS),
                counts.getOpaque(EMPTY),
                counts.getOpaque(EVENTS),
                counts.getOpaque(LARGEST),
                counts.getOpaque(WAKEUPS),
                counts.getOpaque(COALESCED),
                counts.getOpaque(PENDING),
                pending.sent() - sentBefore,
                pending.cancelled() - cancelledBefore,
                counts.getOpaque(WAITED),
                counts.getOpaque(HANDLERS),
                registrations);
    }
}
