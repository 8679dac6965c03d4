package dev.pollux;

import dev.pollux.driver.Driver;

/**
 * Tells of an event that belongs to no registration whether it will come for ever.
 *
 * <p>Mostly its registration has ended since the wait began, and then it does not come again. But
 * if a descriptor was closed while its file is open under another number, or in another process,
 * its registration could not be removed, and the kernel may report it with every wait: a poll that
 * spins. Who comes with two waits is of that kind. The polling thread's.
 */
final class Strays {
    private long suspect = Driver.SIGNAL; // no registration's
    private long suspectedAt; // the wait that brought it

    boolean isForEver(long token, long wait) {
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
