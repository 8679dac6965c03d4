package dev.pollux.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An io_uring, {@code man 7 io_uring}, of one owner: open once it is needed, closed with its owner.
 * One thread at a time uses it; its owner sees to that.
 *
 * <pre>{@code
 * struct ring { int fd; int broken; uint32_t bytes, flags_at, head_at, tail_at,
 *               completions_at, completions_mask, features, entries; ... };        // native/uring.h
 * }</pre>
 */
public final class Ring {
    private static final VarHandle INT =
            MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private static final int SIZE = 128;
    private static final int FD = 0;
    private static final int BROKEN = 4;
    private static final int FLAGS_AT = 12;
    private static final int HEAD_AT = 16;
    private static final int TAIL_AT = 20;
    private static final int COMPLETIONS_AT = 24;
    private static final int COMPLETIONS_MASK = 28;
    private static final int FEATURES = 32;

    private static final int COMPLETION = 16; // bytes
    private static final int IORING_SQ_CQ_OVERFLOW = 2;
    private static final int IORING_SQ_TASKRUN = 4;
    private static final int DUE = IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN;

    private final Syscalls sys;
    private final NativeMemory.Block ring;
    private boolean open;
    private int fd = -1; // here, for any thread to compare: the memory is freed by its owner

    private ByteBuffer memory; // what it shares with the kernel; null: not open
    private int flagsAt;
    private int headAt;
    private int tailAt;
    private int completionsAt;
    private int completionsMask;
    private int head; // of the completions: as is written there

    /** None yet; its memory is the owner's. */
    public Ring(Syscalls sys, NativeMemory memory) {
        this.sys = sys;
        ring = memory.allocate(SIZE);
    }

    /**
     * Opens it, unless it is.
     *
     * @param flags {@code IORING_SETUP_}
     * @param features {@code IORING_FEAT_} that it needs; a kernel without them is too old
     * @return 0, or a negated error number
     */
    public int open(int entries, int flags, int features) {
        if (open) {
            return 0;
        }
        int rc = sys.uringOpen(entries, flags, ring.address());
        if (rc < 0) {
            return rc;
        }
        open = true;
        fd = ring.bytes().getInt(FD);
        ByteBuffer shared = sys.uringMemory(ring.address());
        if (shared == null) {
            close();
            return -sys.errno().ENOMEM;
        }
        memory = shared.order(ByteOrder.nativeOrder());
        flagsAt = ring.bytes().getInt(FLAGS_AT);
        headAt = ring.bytes().getInt(HEAD_AT);
        tailAt = ring.bytes().getInt(TAIL_AT);
        completionsAt = ring.bytes().getInt(COMPLETIONS_AT);
        completionsMask = ring.bytes().getInt(COMPLETIONS_MASK);
        if ((ring.bytes().getInt(FEATURES) & features) != features) {
            close();
            return -sys.errno().ENOSYS;
        }
        return 0;
    }

    /** Whether it is open, and the kernel has refused nothing but changes. */
    public boolean isUsable() {
        return open && ring.bytes().getInt(BROKEN) == 0;
    }

    /** For native code; not to be kept. */
    public long address() {
        return ring.address();
    }

    /** Its descriptor, -1 if it is not open. Any thread's, also while it is closed. */
    public int fd() {
        return fd;
    }

    /**
     * Watches a descriptor for input, once, and ends an earlier watch, in one system call.
     *
     * @param number what {@link #next} will say when it has come, from 1; 0: there is none
     * @param earlier the number of the one to end; 0: there is none
     * @return 0, or a negated error number: the ring is of no more use
     */
    public int watch(int fd, int number, int earlier) {
        return sys.uringWatch(ring.address(), fd, number, earlier);
    }

    /**
     * Whether there is no completion, and none due in a thread that has not entered the kernel yet.
     * A look at memory; the flags first, since what is due becomes a completion at any moment.
     */
    public boolean isQuiet() {
        int flags = (int) INT.getAcquire(memory, flagsAt);
        return (flags & DUE) == 0 && (int) INT.getAcquire(memory, tailAt) == head;
    }

    /** Takes the number of the next completion; -1 if there is none. */
    public int next() {
        if ((int) INT.getAcquire(memory, tailAt) == head) {
            return -1;
        }
        int at = completionsAt + (head & completionsMask) * COMPLETION;
        int number = (int) memory.getLong(at); // a word of 64 bits in any byte order
        head++;
        INT.setRelease(memory, headAt, head);
        return number;
    }

    /** Closes its descriptor and unmaps what it shares with the kernel, if it is open. */
    public void close() {
        if (open) {
            open = false;
            fd = -1;
            memory = null;
            sys.uringClose(ring.address());
        }
    }
}
