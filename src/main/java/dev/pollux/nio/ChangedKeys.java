package dev.pollux.nio;

import java.util.Arrays;

/**
 * The keys whose interest or trigger was set and that the next selection has to look at, each once.
 * Any thread adds, with its change made already; the selecting thread takes them all out.
 */
final class ChangedKeys {
    private PolluxSelectionKey[] keys = new PolluxSelectionKey[16]; // guarded by this
    private PolluxSelectionKey[] taken = new PolluxSelectionKey[16]; // the selecting thread's
    private volatile int count; // written under this

    synchronized void add(PolluxSelectionKey key) {
        if (key.isChanged) {
            return; // it was not taken yet, so whoever takes it will see this change too
        }
        if (count == keys.length) {
            keys = Arrays.copyOf(keys, count * 2);
        }
        key.isChanged = true;
        keys[count] = key;
        count++;
    }

    /** How many there are to {@link #take}; from here on they can be added again. */
    int takeAll() {
        if (count == 0) {
            return 0; // a change that is not here yet is the next selection's
        }
        synchronized (this) {
            PolluxSelectionKey[] full = keys;
            keys = taken;
            taken = full;
            int all = count;
            for (int i = 0; i < all; i++) {
                full[i].isChanged = false;
            }
            count = 0;
            return all;
        }
    }

    /** One of those that were taken; it is forgotten here. */
    PolluxSelectionKey take(int index) {
        PolluxSelectionKey key = taken[index];
        taken[index] = null;
        return key;
    }
}
