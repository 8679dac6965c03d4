package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.ReadyEvents;
import java.util.Arrays;

/**
 * Changes of interest that are pending: sent to the kernel together with the next wait. The keys
 * hold what is wanted; this is the list of those to look at. Used by whoever holds the state of the
 * {@link PollLoop}.
 */
final class PendingChanges {
    private FdKey[] keys = new FdKey[8];
    private int count;
    private boolean again; // nobody knows which of them have been made
    private long sent; // these two are also read by who counts, any thread
    private long cancelled;

    /** How many changes were sent to the kernel so far. */
    long sent() {
        return sent;
    }

    /** How many had cancelled out by then. */
    long cancelled() {
        return cancelled;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void add(FdKey key, int want) {
        if (key.pendingAt == 0 && count == keys.length) {
            keys = Arrays.copyOf(keys, count * 2); // first: there may be no memory
        }
        key.want(want);
        if (key.pendingAt == 0) {
            keys[count++] = key;
            key.pendingAt = count;
        }
    }

    /** Forgets the change of this key, if there is one; the last one takes its place. */
    void remove(FdKey key) {
        int at = key.pendingAt;
        if (at != 0) {
            FdKey last = keys[--count];
            keys[at - 1] = last;
            last.pendingAt = at;
            keys[count] = null;
            key.pendingAt = 0;
        }
    }

    /**
     * Hands them to the driver, as far as they change anything. If one does, the changes stay held:
     * the wait releases them as soon as it has made them. They stay in the list until they are
     * known to be {@linkplain #made made}.
     */
    void handOver(Driver driver, ReadyEvents events, long wait) {
        if (count == 0) {
            return;
        }
        driver.reserve(count, events);
        driver.beginChanges();
        boolean any = false;
        try {
            for (int i = 0; i < count; i++) {
                any |= handOver(driver, keys[i], wait);
            }
        } finally {
            if (!any) {
                driver.releaseChanges();
            }
        }
    }

    /**
     * Empties the list if none of it changes anything, without the driver's change lock. Right
     * after a poll has begun: between what was written here and what is read now there is the full
     * fence of that. Who changes a registration at once writes {@link FdKey#sent}, a full fence,
     * {@link FdKey#want()}. So either theirs is the later {@code want}, or their {@code sent} is
     * seen.
     */
    void dropIfCancelledOut() {
        if (count == 0 || again) {
            return;
        }
        for (int i = 0; i < count; i++) {
            if (!hasCancelledOut(keys[i])) {
                return;
            }
        }
        cancelled += count;
        made();
    }

    private static boolean hasCancelledOut(FdKey key) {
        int want = key.want();
        return FdKey.triggerBits(want) == 0 && want == key.sent && key.state == FdKey.REGISTERED;
    }

    /** The wait has made them all, or has reported those that the kernel refused. */
    void made() {
        for (int i = 0; i < count; i++) {
            keys[i].pendingAt = 0;
            keys[i] = null;
        }
        count = 0;
        again = false;
    }

    /** Something was thrown before they were known to be made: the next wait makes them. */
    void abandon(Driver driver) {
        again = true;
        driver.abandonChanges();
    }

    private boolean handOver(Driver driver, FdKey key, long wait) {
        int want = key.want();
        int trigger = FdKey.triggerBits(want);
        if (key.state != FdKey.REGISTERED || (trigger & Driver.EXCLUSIVE) != 0) {
            return false; // a change to an exclusive trigger has been made at once
        }
        if ((FdKey.triggerBits(key.sent) & Driver.EXCLUSIVE) != 0) {
            // By another thread since this became pending. If it fails the change fails too.
            driver.modify(key.fd, key.sent, FdKey.interestBits(want), trigger, key.token);
        }
        if (!again && hasCancelledOut(key)) {
            cancelled++;
            return false;
        }
        driver.change(key.fd, FdKey.interestBits(want), trigger, key.token);
        key.sent = (byte) want;
        sent++;
        key.armedAt = wait - 1; // this wait fires it only afterwards
        return true;
    }
}
