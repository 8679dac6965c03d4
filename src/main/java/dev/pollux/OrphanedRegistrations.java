package dev.pollux;

import dev.pollux.driver.Driver;

/**
 * Finds the registrations that the kernel still has although they have ended here, and gets rid of
 * them.
 *
 * <p>An event without a registration is mostly one whose registration has ended since the wait
 * began; it does not come again. But when a descriptor is closed while its file is open under
 * another number, or in another process, its registration cannot be removed, and the kernel may
 * report it with every wait: a poll that spins. An event that comes with two waits is of that kind:
 * then the driver rebuilds what the kernel has. Used by the polling thread.
 */
final class OrphanedRegistrations {
    private static final long PAUSE_NANOS = 100_000_000;

    private final Driver driver;
    private final Registrar registrar;
    private long suspect = Driver.SIGNAL; // no registration's
    private long suspectedAt; // the wait that brought it
    private boolean isDue; // to remove them: before the next wait, when this batch is delivered
    private boolean hasFailed;
    private long notBefore; // on the clock of System.nanoTime, after a failure

    OrphanedRegistrations(Driver driver, Registrar registrar) {
        this.driver = driver;
        this.registrar = registrar;
    }

    /** There was an event with this token, which no registration has. */
    void seen(long token, long wait) {
        if (token == suspect && wait != suspectedAt) {
            suspect = Driver.SIGNAL;
            isDue = true;
        } else if (wait > suspectedAt + 1) {
            suspect = token;
            suspectedAt = wait;
        }
    }

    /**
     * Between two waits: if there are any, rebuilds what the kernel has without them.
     * Edge-triggered registrations that are ready are reported once more.
     */
    void remove() {
        if (isDue) {
            rebuild();
        }
    }

    private void rebuild() {
        if (hasFailed && System.nanoTime() - notBefore < 0) {
            return; // it goes over all registrations: not with every wait
        }
        synchronized (registrar.lock) {
            if (registrar.isClosed()) {
                return;
            }
            driver.holdChanges();
            try {
                hasFailed = !rebuildHeld();
                notBefore = System.nanoTime() + PAUSE_NANOS;
                isDue = false;
            } finally {
                driver.releaseChanges();
            }
        }
    }

    /** All or nothing; whether it was all. Where there was no room, the next orphan asks again. */
    private boolean rebuildHeld() {
        if (driver.beginRebuild() < 0) {
            return false;
        }
        boolean all = false;
        try {
            all = addAll();
        } finally {
            driver.endRebuild(all);
        }
        return all;
    }

    private boolean addAll() {
        int gone = -driver.sys().errno().ENOENT;
        for (FdKey key : registrar.list()) {
            int interest = key.isDisarmed() ? 0 : FdKey.interestBits(key.sent);
            int rc = driver.addToRebuild(key.fd, interest, FdKey.triggerBits(key.sent), key.token);
            if (rc < 0 && rc != gone) {
                return false;
            }
            // If a change of it is pending, that is refused next, and reported.
            if (rc == gone && key.pendingAt == 0) {
                registrar.drop(key);
            }
        }
        return true;
    }
}
