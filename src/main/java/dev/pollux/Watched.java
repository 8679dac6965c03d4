package dev.pollux;

import dev.pollux.driver.OpenFile;
import dev.pollux.sys.Syscalls;

/** What strict mode knows of one registration. It does not hold the key, which holds this. */
final class Watched {
    final int fd;
    final Throwable registered = new Throwable("registered here");
    final OpenFile file; // null: it was not open
    private int named; // by ordinal of StrictReport.Kind; guarded by this

    /** How often a change was asked for. A lost increment still is another number. */
    volatile int changes;

    /** The polling thread's, as all that follows: see {@link Spinning}. */
    long reportedBy; // the wait that reported it last

    Ready ready; // as what
    int again; // how often since, by each wait
    long since; // of which time
    int changesThen;
    Progress before; // null: not looked at
    Progress seen; // by the look before that; null: there was none
    int unchanged; // looks that found no progress

    /** See {@link Sweep}. */
    StrictReport.Kind suspected; // null: nothing

    long firedThen;
    int changesAtSweep;
    int unreadThen;

    Watched(Syscalls sys, int fd) {
        this.fd = fd;
        this.file = OpenFile.of(sys, fd);
    }

    /** See there. */
    boolean isStream(Syscalls sys) {
        return file != null && file.isStream(sys, fd);
    }

    /** Whether this is the first time. */
    synchronized boolean names(StrictReport.Kind kind) {
        int bit = 1 << kind.ordinal();
        boolean first = (named & bit) == 0;
        named |= bit;
        return first;
    }
}
