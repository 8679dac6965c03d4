package dev.pollux.kernel;

import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;

/**
 * What a kqueue that watches another one sees of that one's queue: {@code kq_count}. It is not 0
 * while something is in there, also what was reported at level and is not ready any more; only a
 * call that asks for events looks at it again.
 *
 * <p>Locked by itself: whoever watches has its own lock already.
 */
final class KnoteQueue {
    private final Syscalls real;
    private final ByteBuffer count = KnoteFilters.direct(8);
    private int remains = -1; // an eventfd, once somebody watches
    private boolean isShown; // it is readable
    private boolean isFilled; // it should be
    private int emptied;
    private boolean closed;

    KnoteQueue(Syscalls real) {
        this.real = real;
    }

    /** The eventfd. */
    synchronized int remains() {
        if (remains < 0 && !closed) {
            remains = real.eventfd();
            show(isFilled, true);
        }
        return remains;
    }

    /** How often the kqueue was asked in a way that lets a watcher with EV_CLEAR hear again. */
    synchronized int emptied() {
        return emptied;
    }

    synchronized void asked(boolean isNews) {
        emptied += isNews ? 1 : 0;
    }

    /** Whether something is in the queue; once more, if it was already, for those with EV_CLEAR. */
    synchronized void show(boolean filled, boolean again) {
        isFilled = filled;
        if (remains < 0) {
            return;
        }
        if (filled && (again || !isShown)) {
            real.write(remains, count.putLong(0, 1), 0, 8);
        } else if (!filled && isShown) {
            real.read(remains, count, 0, 8);
        }
        isShown = filled;
    }

    synchronized void close() {
        closed = true;
        if (remains >= 0) {
            real.close(remains);
            remains = -1;
        }
    }
}
