package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.Look;
import dev.pollux.driver.OpenFile;
import dev.pollux.sys.Syscalls;
import java.util.ArrayList;
import java.util.List;

/**
 * Strict mode's look at all registrations, once in a while, before a wait: for those that should
 * have been reported, and were not.
 *
 * <p>A registration is suspected when {@code man 2 poll} says that it is ready though the last wait
 * has not reported it, and named when the next look finds the same: as many bytes unread, no event,
 * no change of it, and at least one wait in between that had room for all there was. So what has
 * arrived since the handler drained is never named: the kernel queues its event at most a moment
 * after the bytes, and the wait between the two looks, one patience apart, reports it. Nor is what
 * is being worked on: the number of bytes is another then. Nor what may wait for somebody else to
 * read: while any registration waits for WRITE and cannot write, nobody is blamed for not reading.
 *
 * <p>Only sockets, pipes and character devices are looked at, whose state a look does not change.
 * Exclusive registrations are not: another selector may have been given their event.
 */
final class Sweep {
    private static final int READ_OR_WRITE = Driver.READ | Driver.WRITE;
    private static final int ENDS = Driver.ERROR | Driver.READ_CLOSED;

    private final Syscalls sys;
    private final Registrar registrar;
    private final StrictReports reports;
    private final List<FdKey> found = new ArrayList<>();

    Sweep(Syscalls sys, Registrar registrar, StrictReports reports) {
        this.sys = sys;
        this.registrar = registrar;
        this.reports = reports;
    }

    /**
     * @param complete whether a wait since the last look has reported all that there was
     */
    void look(boolean complete) {
        boolean blockedWriter = false;
        for (FdKey key : registrar.glance()) {
            OpenFile file = OpenFile.of(sys, key.fd);
            if (!key.isValid()) {
                continue; // unregistered meanwhile, and maybe closed
            }
            if (file == null || !isSame(file, key.watched.file)) {
                reports.report(StrictReport.Kind.CLOSED, key, closed(file != null));
                continue;
            }
            boolean harmless = file.isSocketOrPipe() || file.type() == OpenFile.Type.DEVICE;
            int ready = harmless ? Look.at(sys, key.fd) : 0;
            if (ready < 0 || ready == Driver.GONE) {
                continue; // closed just now: the next look says so
            }
            int interest = FdKey.interestBits(key.sent);
            blockedWriter |= harmless && (interest & ~ready & Driver.WRITE) != 0;
            if (isSuspectedAgain(key, ready) && complete) {
                found.add(key);
            }
        }
        for (FdKey key : found) {
            name(key, blockedWriter);
        }
        found.clear();
    }

    private static boolean isSame(OpenFile now, OpenFile registered) {
        return registered == null || now.isSame(registered);
    }

    static String closed(boolean reused) {
        return "was closed while it was registered"
                + (reused ? ", and its number is another file's now" : "")
                + "; unregister first, or close by unregisterAndClose";
    }

    private boolean isSuspectedAgain(FdKey key, int ready) {
        Watched watched = key.watched;
        int unread = (ready & Driver.READ) != 0 ? sys.unread(key.fd) : 0;
        boolean isAtEnd = unread == 0 && (ready & Driver.READ) != 0 && watched.isStream(sys);
        StrictReport.Kind suspected = suspected(key, ready, unread, isAtEnd);
        boolean again =
                suspected != null
                        && suspected == watched.suspected
                        && key.firedAt == watched.firedThen
                        && watched.changes == watched.changesAtSweep
                        && unread == watched.unreadThen;
        watched.suspected = suspected;
        watched.firedThen = key.firedAt;
        watched.changesAtSweep = watched.changes;
        watched.unreadThen = unread;
        return again;
    }

    private static StrictReport.Kind suspected(FdKey key, int ready, int unread, boolean isAtEnd) {
        int trigger = FdKey.triggerBits(key.sent);
        int due = FdKey.interestBits(key.sent) & ready & READ_OR_WRITE;
        if (due == 0 || key.pendingAt != 0 || (trigger & Driver.EXCLUSIVE) != 0) {
            return null;
        }
        boolean isToRead =
                (due & Driver.READ) != 0 && !isAtEnd && (unread > 0 || (ready & ENDS) == 0);
        if (key.isDisarmed()) {
            return isToRead ? StrictReport.Kind.ONESHOT_NOT_REARMED : null;
        }
        if ((trigger & Driver.EDGE) == 0 || (trigger & Driver.ONESHOT) != 0 || key.firedAt == 0) {
            return StrictReport.Kind.NEVER_REPORTED;
        }
        int interest = FdKey.interestBits(key.sent);
        boolean isReportedAgain = (interest & ~ready & Driver.WRITE) != 0; // when it can write
        boolean writesOnly = (interest & READ_OR_WRITE) == Driver.WRITE && (ready & ENDS) == 0;
        return isToRead && !isReportedAgain || writesOnly ? StrictReport.Kind.UNDRAINED_EDGE : null;
    }

    private void name(FdKey key, boolean blockedWriter) {
        Watched watched = key.watched;
        int unread = watched.unreadThen;
        String bytes = unread > 0 ? "has " + unread + " bytes unread" : "is still readable";
        boolean isRead = (FdKey.interestBits(key.sent) & Driver.READ) != 0;
        if (watched.suspected == StrictReport.Kind.NEVER_REPORTED) {
            reports.report(
                    watched.suspected,
                    key,
                    "is ready, and the kernel does not report it: register it after it is"
                            + " set up (tun, fuse), or modify it to have it looked at");
        } else if (watched.suspected == StrictReport.Kind.UNDRAINED_EDGE && !isRead) {
            reports.report(
                    watched.suspected,
                    key,
                    "is still writable since its handler returned, and is sure to be reported"
                            + " again only after a write that would block: write until then, or"
                            + " take away its WRITE interest when there is nothing to write");
        } else if (!blockedWriter) {
            reports.report(
                    watched.suspected,
                    key,
                    watched.suspected == StrictReport.Kind.UNDRAINED_EDGE
                            ? bytes
                                    + " since its handler returned, and is not reported again"
                                    + " before more arrives: read until it would block, or modify"
                                    + " it to be reported again"
                            : bytes + " and is disarmed: modify it when its handler is done");
        }
    }
}
