package dev.pollux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The registrations of one selector: slot to key, and descriptor to slot, without boxing.
 *
 * <p>A token is {@code generation << 32 | slot}. Slots are reused, generations are not (before 2³²
 * registrations), so a token names one registration for good. Written under the selector's lock;
 * {@link #find} is for the polling thread, without it.
 */
final class Registrations {
    private static final VarHandle KEYS = MethodHandles.arrayElementVarHandle(FdKey[].class);

    private volatile FdKey[] keys = new FdKey[16]; // by slot
    private int[] freeSlots = new int[16]; // a stack
    private int freeCount;
    private int slots; // in use or free: those beyond were never taken
    private int[] slotOf = new int[32]; // by descriptor; 0 is none, else slot + 1
    private int generation;
    private int size;

    /** How many there are. */
    int size() {
        return size;
    }

    /** A token for a key to come. The slot is taken only by {@link #put}. */
    long nextToken() {
        return nextToken(0);
    }

    /** As the one before, when so many others will have been put by then. */
    long nextToken(int others) {
        int slot =
                freeCount > others ? freeSlots[freeCount - 1 - others] : slots + others - freeCount;
        return (long) ++generation << 32 | slot;
    }

    /** The registration of a descriptor, or null. */
    FdKey of(int fd) {
        int slot = fd < slotOf.length ? slotOf[fd] : 0;
        return slot == 0 ? null : keys[slot - 1];
    }

    /** Makes room for a key with the last {@link #nextToken}, after those with the ones before. */
    void reserve(FdKey key) {
        int slot = key.slot();
        if (slot == keys.length) {
            keys = Arrays.copyOf(keys, slot * 2); // the polling thread sees the old or the new
        }
        if (key.fd >= slotOf.length) {
            slotOf = Arrays.copyOf(slotOf, Math.max(key.fd + 1, slotOf.length * 2));
        }
        if (freeSlots.length < keys.length) {
            freeSlots = Arrays.copyOf(freeSlots, keys.length);
        }
    }

    /** Adds a key for which there is room. */
    void put(FdKey key) {
        int slot = key.slot();
        if (slot == slots) {
            slots++;
        } else {
            freeCount--;
        }
        slotOf[key.fd] = slot + 1;
        KEYS.setRelease(keys, slot, key);
        size++;
    }

    /** Removes a key; afterwards {@link #find} no longer finds it. */
    void remove(FdKey key) {
        int slot = key.slot();
        KEYS.setRelease(keys, slot, null);
        if (slotOf[key.fd] == slot + 1) {
            slotOf[key.fd] = 0;
        }
        freeSlots[freeCount++] = slot;
        size--;
    }

    /** The key that this token names, or null: the generation is compared here. */
    FdKey find(long token) {
        FdKey[] current = keys;
        int slot = (int) token;
        if (slot >= current.length) {
            return null;
        }
        FdKey key = (FdKey) KEYS.getAcquire(current, slot);
        return key != null && key.token == token ? key : null;
    }

    /** A copy of what any thread sees at the moment, without the lock. */
    List<FdKey> glance() {
        FdKey[] current = keys;
        var list = new ArrayList<FdKey>();
        for (int slot = 0; slot < current.length; slot++) {
            FdKey key = (FdKey) KEYS.getAcquire(current, slot);
            if (key != null) {
                list.add(key);
            }
        }
        return list;
    }

    /** A copy. */
    List<FdKey> list() {
        var list = new ArrayList<FdKey>(size);
        for (int slot = 0; slot < slots; slot++) {
            if (keys[slot] != null) {
                list.add(keys[slot]);
            }
        }
        return list;
    }
}
