package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.sys.Syscalls;
import java.util.ArrayList;
import java.util.List;

/**
 * Strict mode's look at level-triggered registrations that every wait reports: whether anybody does
 * something about it. They are busy connections mostly, so the look comes late and seldom: when it
 * has gone on for the patience of the mode, at one report of 16. One look is two: before the
 * handler, and before the next wait, since what is reported may be dealt with after the poll. Eight
 * in a row that find nothing done name it. Used by the polling thread.
 */
final class Spinning {
    private static final int SELDOM = 16;
    private static final int ENOUGH = 8;

    private final Syscalls sys;
    private final StrictReports reports;
    private final long patience;
    private final List<FdKey> looked = new ArrayList<>(); // at before their handlers

    Spinning(Syscalls sys, StrictReports reports) {
        this.sys = sys;
        this.reports = reports;
        this.patience = reports.mode.patienceNanos();
    }

    /** Before its handler is called. */
    void reported(FdKey key, Ready ready, long now) {
        Watched watched = key.watched;
        boolean isLevel = (FdKey.triggerBits(key.sent) & (Driver.EDGE | Driver.ONESHOT)) == 0;
        boolean again =
                isLevel
                        && key.firedAt == watched.reportedBy + 1
                        && ready == watched.ready
                        && watched.changes == watched.changesThen;
        watched.reportedBy = key.firedAt;
        if (!again) {
            watched.ready = ready;
            watched.changesThen = watched.changes;
            begin(watched, now);
        } else if (++watched.again % SELDOM == 0
                && now - watched.since >= patience
                && watched.unchanged < ENOUGH
                && looked.isEmpty()) { // or one look would count the reads of the other
            watched.before = Progress.before(sys, watched, ready.bits());
            looked.add(key);
        }
    }

    private static void begin(Watched watched, long now) {
        watched.again = 0;
        watched.unchanged = 0;
        watched.seen = null;
        watched.since = now;
    }

    /** Before the next wait. */
    void look(long now) {
        if (looked.isEmpty()) {
            return;
        }
        for (FdKey key : looked) {
            Watched watched = key.watched;
            int ready = watched.ready.bits();
            boolean unchanged =
                    key.isValid()
                            && watched.changes == watched.changesThen
                            && (watched.seen == null
                                    || watched.seen.unread() == watched.before.unread())
                            && watched.before.isUnchanged(sys, watched, ready);
            Progress seen = watched.before;
            watched.before = null;
            watched.seen = seen;
            if (!unchanged) {
                begin(watched, now);
            } else if (++watched.unchanged == ENOUGH) {
                name(key, seen);
            }
        }
        looked.clear();
    }

    private void name(FdKey key, Progress seen) {
        Watched watched = key.watched;
        int reported = watched.ready.bits();
        boolean hasFailed = ((reported | seen.ready()) & Driver.ERROR) != 0;
        String often = "is reported by every wait, " + watched.again + " times now, ";
        if (reported == Driver.WRITE && !hasFailed) {
            if (watched.isStream(sys)) {
                reports.report(
                        StrictReport.Kind.WRITE_KEPT,
                        key,
                        often
                                + "and nothing is written: take away its WRITE interest while there"
                                + " is nothing to write");
            }
            return;
        }
        String what =
                hasFailed
                        ? "with an error that nobody takes: close it, or empty its error queue"
                        : seen.unread() == 0 && watched.isStream(sys)
                                ? "since its peer has closed: unregister it, or take away its READ"
                                        + " interest"
                                : "and nobody reads it: read, or take away its interest meanwhile";
        reports.report(
                StrictReport.Kind.SPINNING, key, often + "as " + watched.ready + ", " + what);
    }
}
