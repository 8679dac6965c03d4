package dev.pollux;

import java.util.concurrent.atomic.AtomicLongArray;

/** Counts what the polling thread does, and who wakes it. Read by any thread. */
final class Counting extends LoopObserver {
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
    private long begin; // of the wait, or of the batch; the polling thread's
    private final long sentBefore;
    private final long cancelledBefore;

    Counting(boolean times, PendingChanges pending) {
        this.times = times;
        this.sentBefore = pending.sent();
        this.cancelledBefore = pending.cancelled();
    }

    /** On the clock of {@code System.nanoTime}; 0, without a look at it, if nobody wants times. */
    private long now() {
        return times ? System.nanoTime() : 0;
    }

    @Override
    void pollBegins(long timeoutNanos) {
        add(POLLS, 1);
    }

    @Override
    void waitBegins(long timeoutNanos) {
        begin = now();
    }

    @Override
    void waitEnded(int rc, long timeoutNanos) {
        long nanos = now() - begin;
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

    @Override
    void batchBegins() {
        begin = now();
    }

    @Override
    void batchEnded() {
        add(HANDLERS, now() - begin);
    }

    @Override
    void pending(FdKey key) {
        counts.getAndIncrement(PENDING);
    }

    @Override
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
