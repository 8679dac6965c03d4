package dev.pollux.sys;

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
    private static final int SIZE = 128;
    private static final int FD = 0;
    private static final int BROKEN = 4;
    private static final int FEATURES = 32;

    private final Syscalls sys;
    private final NativeMemory.Block ring;
    private boolean open;

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

    /** Its descriptor, -1 if it is not open. */
    public int fd() {
        return open ? ring.bytes().getInt(FD) : -1;
    }

    /** Closes its descriptor and unmaps what it shares with the kernel, if it is open. */
    public void close() {
        if (open) {
            open = false;
            sys.uringClose(ring.address());
        }
    }
}
