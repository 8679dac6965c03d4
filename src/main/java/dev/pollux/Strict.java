package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.OpenFile;
import dev.pollux.sys.Syscalls;
import dev.pollux.sys.proc.ProcText;
import java.util.List;

/** Strict mode of one selector, see {@link StrictMode}. */
final class Strict extends LoopObserver {
    /** A wait with fewer events than any driver has room for has reported all that there was. */
    private static final int ALL = 256;

    private final Syscalls sys;
    private final StrictReports reports;
    private final long patience;
    private final long handlerLimit;

    private final Sweep sweep; // the polling thread's, as all that follows
    private final Spinning spinning;
    private long clock; // read last: before a wait, after it, after each handler
    private long handlerBegan;
    private long nextSweep = System.nanoTime();
    private boolean complete; // a wait since the last sweep has reported all

    Strict(Driver driver, Registrar registrar, StrictReports reports) {
        this.sys = driver.sys();
        this.reports = reports;
        this.patience = reports.mode.patienceNanos();
        this.handlerLimit = reports.mode.handlerLimitNanos();
        this.sweep = new Sweep(sys, registrar, reports);
        this.spinning = new Spinning(sys, reports);
        List.of(
                Watched.class,
                Progress.class,
                ProcText.class,
                StrictReport.class); // loaded now: there may be no descriptor left
    }

    @Override
    void pollBegins(long timeoutNanos) {
        clock = System.nanoTime();
    }

    @Override
    long atMost(long timeoutNanos) {
        long now = System.nanoTime();
        spinning.look(now);
        if (now - nextSweep >= 0) {
            nextSweep = now + patience;
            boolean all = complete;
            complete = false;
            sweep.look(all);
        }
        return Math.min(timeoutNanos, Math.max(1, nextSweep - now));
    }

    @Override
    void waitEnded(int rc, long timeoutNanos) {
        clock = System.nanoTime();
        complete |= rc >= 0 && rc < ALL;
    }

    @Override
    void delivering(FdKey key, Ready ready) {
        handlerBegan = clock;
        spinning.reported(key, ready, clock);
    }

    @Override
    void delivered(FdKey key, Ready ready) {
        clock = System.nanoTime();
        long took = clock - handlerBegan;
        if (took > handlerLimit) {
            reports.report(
                    StrictReport.Kind.SLOW_HANDLER,
                    key,
                    "has held the loop for "
                            + took / 1_000_000
                            + " ms in its handler: leave what takes long to another thread");
            clock = System.nanoTime(); // the listener's time is not the next one's
        }
    }

    // ---- any thread

    @Override
    void adding(FdKey key) {
        key.watched = new Watched(sys, key.fd);
    }

    @Override
    void added(FdKey key, FdKey old) {
        reports.registered.add(key.watched);
        if (!key.isValid()) {
            reports.registered.remove(key.watched); // by its first event already
        }
        if (old != null) {
            reports.registered.remove(old.watched);
            reports.report(StrictReport.Kind.CLOSED, old, Sweep.closed(true));
        }
        if (mayBlock(key)) {
            reports.report(
                    StrictReport.Kind.BLOCKING,
                    key,
                    "may block the loop: set it non-blocking, by Fd.setNonBlocking or"
                            + " configureBlocking(false)");
        }
    }

    /**
     * A socket may have lost by then what it was reported for (a connection that was reset before
     * it was accepted, a datagram with a wrong checksum); to drain means to read once too often;
     * and to write more than there is room for blocks. One read for each report of a pipe, a
     * terminal or the like never does: standard input may stay as it is. Of other files, such as
     * pidfd, io_uring or eventfd, it is not known whether they are read at all, or how often.
     */
    private boolean mayBlock(FdKey key) {
        OpenFile file = key.watched.file;
        if (file == null || file.type() == OpenFile.Type.OTHER) {
            return false;
        }
        int want = key.want();
        boolean risky =
                file.type() == OpenFile.Type.SOCKET
                        || (FdKey.triggerBits(want) & Driver.EDGE) != 0
                        || (FdKey.interestBits(want) & Driver.WRITE) != 0;
        return risky && sys.isNonBlocking(key.fd) == 0;
    }

    @Override
    void modified(FdKey key) {
        key.watched.changes++;
    }

    @Override
    void pending(FdKey key) {
        key.watched.changes++;
    }

    @Override
    void removed(FdKey key, boolean wasOpen) {
        reports.registered.remove(key.watched);
    }

    @Override
    void refused(FdKey key, PolluxException why) {
        if (why == null || why instanceof PolluxException.BadDescriptor) {
            reports.report(StrictReport.Kind.CLOSED, key, Sweep.closed(false));
        }
        if (!key.isValid()) {
            reports.registered.remove(key.watched);
        }
    }
}
