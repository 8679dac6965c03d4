package dev.pollux.sys;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The memory outside the heap of one owner, a selector for example: {@link #close} frees all of it,
 * at once and not at the next collection. {@code -XX:MaxDirectMemorySize} does not count it.
 *
 * <p>Nothing can be read or written after it was freed: its blocks have no buffer then, and address
 * 0, for which the kernel answers {@code EFAULT}. The owner sees to it that no call is under way.
 * Whoever opens something closes the memory of what failed half-way.
 */
public final class NativeMemory implements AutoCloseable {
    private static final int ALIGNMENT = 16; // as malloc's

    private final Syscalls sys;
    private final int together;
    private Block first; // what small blocks are parts of; null: none was needed yet
    private int used; // of that
    private Block last; // the one that was allocated last; each knows the one before

    /** None yet. */
    public NativeMemory(Syscalls sys) {
        this(sys, 0);
    }

    /**
     * None yet; many small blocks are to come, which cost one allocation until they grow.
     *
     * @param together how many bytes of them
     */
    public NativeMemory(Syscalls sys, int together) {
        this.sys = sys;
        this.together = together;
    }

    /**
     * A block of zeros.
     *
     * @throws OutOfMemoryError if there is none; then there is as much as before
     */
    public Block allocate(int bytes) {
        int size = Math.max(1, bytes);
        if (size > together - used) {
            last = new Block(sys, last, bytes);
            return last;
        }
        if (first == null) {
            first = new Block(sys, null, together);
        }
        last = new Block(first, used, last, bytes);
        used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return last;
    }

    @Override
    public void close() {
        for (Block block = last; block != null; block = block.before) {
            block.free();
        }
        last = null;
        if (first != null) {
            first.free();
            first = null;
        }
    }

    /** Some of it, at an address that changes only when the block {@linkplain #grow grows}. */
    public static final class Block {
        private final Syscalls sys;
        private final Block before;
        private ByteBuffer bytes;
        private long address;
        private boolean isPart; // of another one, with which it is freed

        private Block(Syscalls sys, Block before, int bytes) {
            this.sys = sys;
            this.before = before;
            this.bytes = zeros(bytes);
            address = sys.address(this.bytes);
        }

        /** A part of another one, which does not grow. */
        private Block(Block whole, int at, Block before, int bytes) {
            this.sys = whole.sys;
            this.before = before;
            this.bytes = whole.bytes.slice(at, bytes).order(ByteOrder.nativeOrder());
            this.address = whole.address + at;
            this.isPart = true;
        }

        private ByteBuffer zeros(int count) {
            ByteBuffer fresh = sys.allocate(Math.max(1, count));
            if (fresh == null) {
                throw new OutOfMemoryError("no memory for " + count + " bytes outside the heap");
            }
            return fresh.order(ByteOrder.nativeOrder());
        }

        /** The memory, in the processor's byte order; null when it was freed. Not to be kept. */
        public ByteBuffer bytes() {
            return bytes;
        }

        /** Where it is, for native code; 0 when it was freed. Not to be kept. */
        public long address() {
            return address;
        }

        /**
         * Moves to a place with so many bytes, with what was in it and zeros behind, unless it has
         * them.
         *
         * @throws OutOfMemoryError if there is none; then all is as it was
         */
        public void grow(int count) {
            if (count <= bytes.capacity()) {
                return; // of several that grow together, one may have had no room before
            }
            ByteBuffer fresh = zeros(count);
            fresh.put(0, bytes, 0, bytes.capacity());
            free();
            address = sys.address(fresh);
            bytes = fresh;
        }

        private void free() {
            ByteBuffer freed = bytes;
            bytes = null;
            address = 0;
            if (freed != null && !isPart) {
                sys.free(freed);
            }
            isPart = false;
        }
    }
}
