package dev.pollux;

import dev.pollux.driver.Driver;

/**
 * Finds the registrations that the kernel still has although they have ended here.
 *
 * <p>An event without a registration is mostly one whose registration has ended since the wait
 * began; it does not come again. But when a descriptor is closed while its file is open under
 * another number, or in another process, its registration cannot be removed, and the kernel may
 * report it with every wait: a poll that spins. An event that comes with two waits is of that kind.
 * Used by the polling thread.
 */
final class OrphanedRegistrations {
    private long suspect = Driver.SIGNAL; // no registration's
    private long suspectedAt; // the wait that brought it

    /** Whether an event with this token, which no registration has, will come again and again. */
    boolean isOrphan(long token, long wait) {
        if (token == suspect && wait != suspectedAt) {
            suspect = Driver.SIGNAL;
            return true;
        }
        if (wait > suspectedAt + 1) {
            suspect = token;
            suspectedAt = wait;
        }
        return false;
    }
}
