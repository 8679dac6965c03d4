package dev.pollux.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Pending changes of interest, which the call that waits next makes first, and the spin lock that
 * keeps other changes away until then.
 *
 * <pre>{@code
 * struct changes { long lock; long ring; int count; int failed;                     // two addresses
 *                  struct { int fd; int rc; struct epoll_event event; } list[]; };   // 24 bytes each
 * }</pre>
 *
 * <p>Many changes go through a {@link Ring} in one system call, where there may be one. Few would
 * be slower so: measured on Linux 6.18, changes and a wait take through the ring 1.6 of the time
 * for one change, 0.95 for 4, 0.78 for 8, 0.62 for 64.
 *
 * <p>The lock is a word in native memory. Java takes it (the polling thread to build the list, any
 * thread to change a registration); for the list the call that waits releases it, after the last
 * change and before the wait. So nobody can remove, reuse and add a descriptor between the building
 * of a change for it and its execution, and nobody waits for longer than the changes take.
 */
public final class EpollChanges {
    private static final VarHandle INT =
            MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    /** What the lock says. */
    private static final int FREE = 0;

    private static final int HELD = 1;
    private static final int LISTS = 2; // held until the list has been handed over

    private static final int LOCK = 0;
    private static final int RING = 8;
    private static final int COUNT = 16;
    private static final int FAILED = 20;
    private static final int LIST = 24;
    private static final int SIZE = 24;
    private static final int RC = 4;
    private static final int EVENT = 8;

    /** So many changes go through the ring. */
    private static final int MANY = 8;

    private static final int RING_ENTRIES = 256;

    /** {@code IORING_FEAT_RSRC_TAGS}, Linux 5.13: before, some details of epoll_ctl are others. */
    private static final int RING_FEATURES = 1 << 10;

    private final Syscalls sys;
    private final int eventsAt;
    private final int dataAt;
    private final NativeMemory.Block lock;

    /** The list is the polling thread's. */
    private final NativeMemory.Block list;

    /** Registrations that are made together; the lock guards this and the ring. */
    private final NativeMemory.Block additions;

    private final Ring ring;
    private final int batchWish;
    private boolean ringTried;

    private int capacity;
    private int count; // COUNT is written when the list is handed over

    /** An empty list, at first with room for {@code capacity} changes. */
    public EpollChanges(Syscalls sys, NativeMemory memory, int capacity) {
        this.sys = sys;
        eventsAt = EVENT + sys.layout().epollEventEvents;
        dataAt = EVENT + sys.layout().epollEventData;
        lock = memory.allocate(4);
        list = memory.allocate(LIST + capacity * SIZE);
        list.bytes().putLong(LOCK, lock.address());
        additions = memory.allocate(0);
        ring = new Ring(sys, memory);
        batchWish = Bindings.batchWish();
        ringTried = batchWish == 0;
        this.capacity = capacity;
        holdForList(); // links these calls now: the first time takes more stack than there may be
        release();
        abandonLock();
    }

    /** Takes the lock if it is free. */
    public boolean tryHold() {
        return tryHold(HELD);
    }

    private boolean tryHold(int how) {
        return INT.compareAndSet(lock.bytes(), 0, FREE, how);
    }

    /** Takes the lock, spinning: it is held for the length of a few system calls at most. */
    public void hold() {
        hold(HELD);
    }

    /**
     * As {@link #hold}, for the list: until it is handed over, or {@linkplain #abandon abandoned}.
     */
    public void holdForList() {
        hold(LISTS);
    }

    private void hold(int how) {
        for (int spins = 0; !tryHold(how); spins++) {
            if (spins < 100) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /** Releases the lock, which the caller holds; with less stack than it takes to take it. */
    public void release() {
        INT.setRelease(lock.bytes(), 0, FREE);
    }

    private void abandonLock() {
        INT.compareAndSet(lock.bytes(), 0, LISTS, FREE);
    }

    /** How many changes there are. */
    public int count() {
        return count;
    }

    /** Makes room for so many; the list is empty, the lock not held. */
    public void reserve(int changes) {
        if (changes >= MANY && !ringTried) {
            hold();
            try {
                openRing();
            } finally {
                release();
            }
        }
        if (changes > capacity) {
            int more = Math.max(changes, capacity * 2);
            list.grow(LIST + more * SIZE);
            capacity = more;
        }
    }

    /**
     * Once for all: where the kernel, a container or a limit forbids it, the changes go one by one.
     */
    private void openRing() {
        ringTried = true;
        if (batchWish > 0 || sys.seccomp() == 0) {
            ring.open(RING_ENTRIES, 0, RING_FEATURES);
        }
    }

    /** Appends one, for which there is room; the lock is held. */
    public void add(int fd, int events, long data) {
        ByteBuffer memory = list.bytes();
        int at = LIST + count++ * SIZE;
        memory.putInt(at, fd);
        memory.putInt(at + eventsAt, events);
        memory.putLong(at + dataAt, data);
    }

    /** Empties the list, and drops its results. */
    public void clear() {
        count = 0;
        list.bytes().putInt(FAILED, 0);
    }

    /**
     * Empties the list that was not handed over, or not to its end, and releases the lock if it is
     * the list's still. By the polling thread.
     */
    public void abandon() {
        abandonLock();
        clear();
    }

    /** How many of the changes that were handed over the kernel refused. */
    public int failed() {
        return list.bytes().getInt(FAILED);
    }

    /** 0, or why the kernel refused this one. */
    public int rc(int index) {
        return list.bytes().getInt(LIST + index * SIZE + RC);
    }

    /** The data of this one. */
    public long data(int index) {
        return list.bytes().getLong(LIST + index * SIZE + dataAt);
    }

    /** Hands the list over: the address for native code, which makes the changes. */
    public long handOver() {
        list.bytes().putInt(COUNT, count);
        list.bytes().putLong(RING, count >= MANY && ring.isUsable() ? ring.address() : 0);
        return list.address();
    }

    /**
     * Registers many descriptors, all different, in one call; the lock is held. Their data, and
     * what becomes of each.
     *
     * @return whether this was done: nothing is if they are few, or there is no ring
     */
    public boolean addAll(int epfd, int[] fds, int events, long[] data, int[] results) {
        if (fds.length < MANY) {
            return false;
        }
        if (!ringTried) {
            openRing();
        }
        if (!ring.isUsable()) {
            return false;
        }
        additions.grow(fds.length * SIZE);
        ByteBuffer memory = additions.bytes();
        for (int i = 0, at = 0; i < fds.length; i++, at += SIZE) {
            memory.putInt(at, fds[i]);
            memory.putInt(at + eventsAt, events);
            memory.putLong(at + dataAt, data[i]);
        }
        int add = sys.layout().EPOLL_CTL_ADD;
        sys.uringChange(ring.address(), epfd, add, additions.address(), fds.length);
        for (int i = 0; i < fds.length; i++) {
            results[i] = memory.getInt(i * SIZE + RC);
        }
        return true;
    }

    /** Whether this is the ring's descriptor. */
    public boolean owns(int fd) {
        return fd == ring.fd();
    }

    /** Closes what is open. */
    public void close() {
        ring.close();
    }

    /**
     * Makes the changes and releases the lock, for a binding that makes them from Java. Returns how
     * many were refused.
     */
    public int apply(int epfd) {
        ByteBuffer memory = list.bytes();
        int failed = 0;
        for (int i = 0; i < count; i++) {
            int at = LIST + i * SIZE;
            int rc =
                    sys.epollCtl(
                            epfd,
                            sys.layout().EPOLL_CTL_MOD,
                            memory.getInt(at),
                            memory.getInt(at + eventsAt),
                            memory.getLong(at + dataAt));
            memory.putInt(at + RC, rc);
            if (rc < 0) {
                failed++;
            }
        }
        memory.putInt(FAILED, failed);
        release();
        return failed;
    }
}
