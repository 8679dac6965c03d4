package dev.pollux;

import dev.pollux.driver.Driver;
import java.util.Arrays;

/**
 * The events whose handler threw: they are delivered again, after the rest of their batch and
 * together with what is ready then. So nothing is lost that the kernel reports once, and a handler
 * that always throws keeps no event from the others. Used by the polling thread.
 */
final class FailedDeliveries {
    private FdKey[] keys = new FdKey[1];
    private int[] ready = new int[1];
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    /** Makes room for one more, before something is thrown: a poll adds one at most. */
    void reserve() {
        if (count == keys.length) {
            FdKey[] moreKeys = Arrays.copyOf(keys, count * 2);
            ready = Arrays.copyOf(ready, count * 2);
            keys = moreKeys; // last: it says how many fit, and there may be no memory for both
        }
    }

    /** Adds an event, unless its handler has ended the registration. */
    void add(FdKey key, int bits) {
        if (isDue(key, bits)) {
            keys[count] = key;
            ready[count++] = bits;
        }
    }

    /** Takes the event of this registration, which has a new one; 0 if there is none. */
    int take(FdKey key) {
        for (int i = 0; i < count; i++) {
            if (keys[i] == key) {
                return remove(i);
            }
        }
        return 0;
    }

    /** The registration of the oldest event. */
    FdKey first() {
        return keys[0];
    }

    /** Takes the oldest event, whatever has become of its registration since. */
    int takeFirst() {
        return remove(0);
    }

    /** Whether its registration stands, or was dropped and this is to say so. */
    static boolean isDue(FdKey key, int bits) {
        return bits == Driver.GONE ? key.state == FdKey.DROPPED : key.isValid();
    }

    private int remove(int index) {
        int bits = ready[index];
        count--;
        System.arraycopy(keys, index + 1, keys, index, count - index);
        System.arraycopy(ready, index + 1, ready, index, count - index);
        keys[count] = null;
        return bits;
    }
}
