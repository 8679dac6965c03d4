package dev.pollux.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Changes of interest that travel to the kernel with the next wait, and the gate that keeps other
 * changes away while they do.
 *
 * <pre>{@code
 * struct changes { long gate; int count; int failed;                                // the gate's address
 *                  struct { int fd; int rc; struct epoll_event event; } list[]; };   // 24 bytes each
 * }</pre>
 *
 * <p>The gate is a lock in native memory: whoever takes it in Java (the polling thread when it
 * draws up the list, any thread that changes registrations) is alone; for the list it is given back
 * by the call that hands the list over, after the last change and before the wait. So nobody can
 * delete, reuse and add a descriptor between the drawing up of a change for it and its execution,
 * and nobody waits for longer than the changes take.
 */
public final class EpollChanges {
    private static final VarHandle INT =
            MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final int GATE = 0;
    private static final int COUNT = 8;
    private static final int FAILED = 12;
    private static final int LIST = 16;
    private static final int SIZE = 24;
    private static final int RC = 4;
    private static final int EVENT = 8;

    private final Syscalls sys;
    private final int eventsAt;
    private final int dataAt;
    private final NativeMemory.Block gate;

    /** The list is the polling thread's. */
    private final NativeMemory.Block list;

    private int capacity;
    private int count; // what COUNT says, without a look at it

    /** An empty list, at first with room for {@code capacity} changes. */
    public EpollChanges(Syscalls sys, NativeMemory memory, int capacity) {
        this.sys = sys;
        eventsAt = EVENT + sys.layout().epollEventEvents;
        dataAt = EVENT + sys.layout().epollEventData;
        gate = memory.allocate(4);
        list = memory.allocate(LIST + capacity * SIZE);
        list.bytes().putLong(GATE, gate.address());
        this.capacity = capacity;
    }

    /** Takes the gate if it is free. */
    public boolean tryHold() {
        return INT.compareAndSet(gate.bytes(), 0, 0, 1);
    }

    /** Takes the gate, spinning: it is held for the length of a few system calls at most. */
    public void hold() {
        for (int spins = 0; !tryHold(); spins++) {
            if (spins < 100) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /** Gives the gate back. */
    public void release() {
        INT.setRelease(gate.bytes(), 0, 0);
    }

    /** How many changes there are. */
    public int count() {
        return count;
    }

    /** Makes room for so many; the list is empty, the gate not held. */
    public void reserve(int changes) {
        if (changes > capacity) {
            int more = Math.max(changes, capacity * 2);
            list.grow(LIST + more * SIZE);
            capacity = more;
        }
    }

    /** Appends one, for which there is room; the gate is held. */
    public void add(int fd, int events, long data) {
        ByteBuffer memory = list.bytes();
        int at = LIST + count++ * SIZE;
        memory.putInt(at, fd);
        memory.putInt(at + eventsAt, events);
        memory.putLong(at + dataAt, data);
        memory.putInt(COUNT, count);
    }

    /** Forgets the list, and how it went. */
    public void clear() {
        count = 0;
        list.bytes().putInt(COUNT, 0).putInt(FAILED, 0);
    }

    /** How many of the changes the kernel refused. */
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

    /** The address for native code. */
    public long address() {
        return list.address();
    }

    /** Hands the list over, for a binding whose wait cannot; returns how many were refused. */
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
