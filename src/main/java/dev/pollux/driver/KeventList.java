package dev.pollux.driver;

import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;

/**
 * An array of {@code struct kevent} in native memory: changes, the kernel's answers to them, or
 * events.
 *
 * <pre>{@code
 * struct kevent { uintptr_t ident; short filter; u_short flags; u_int fflags; int64_t data; void *udata; ... };
 * }</pre>
 */
final class KeventList {
    private final Layout layout;
    private final int size;
    private final boolean wide; // NetBSD: .filter and .flags have 32 bits

    private final NativeMemory.Block block;
    private int capacity;
    private int count; // of changes

    KeventList(Syscalls sys, NativeMemory memory, int capacity) {
        layout = sys.layout();
        size = layout.keventSize;
        wide = layout.keventFlagsSize == 4;
        block = memory.allocate(capacity * size);
        this.capacity = capacity;
    }

    /** Makes room for so many. */
    void reserve(int wanted) {
        if (wanted > capacity) {
            int more = Math.max(wanted, capacity * 2);
            block.grow(more * size);
            capacity = more; // last: the kernel must not be told of memory that cannot be had
        }
    }

    int capacity() {
        return capacity;
    }

    long address() {
        return block.address();
    }

    long address(int index) {
        return block.address() + (long) index * size;
    }

    int count() {
        return count;
    }

    void clear() {
        count = 0;
    }

    /** Appends a change, for which there is room. */
    void add(int ident, int filter, int flags, int fflags, long udata) {
        int at = count++ * size;
        ByteBuffer memory = block.bytes();
        memory.putLong(at + layout.keventIdent, ident);
        if (wide) {
            memory.putInt(at + layout.keventFilter, filter);
            memory.putInt(at + layout.keventFlags, flags);
        } else {
            memory.putShort(at + layout.keventFilter, (short) filter);
            memory.putShort(at + layout.keventFlags, (short) flags);
        }
        memory.putInt(at + layout.keventFflags, fflags);
        memory.putLong(at + layout.keventData, 0);
        memory.putLong(at + layout.keventUdata, udata);
    }

    int ident(int index) {
        return (int) block.bytes().getLong(index * size + layout.keventIdent);
    }

    int filter(int index) {
        int at = index * size + layout.keventFilter;
        return wide ? block.bytes().getInt(at) : block.bytes().getShort(at);
    }

    int flags(int index) {
        int at = index * size + layout.keventFlags;
        return wide ? block.bytes().getInt(at) : block.bytes().getShort(at) & 0xffff;
    }

    int fflags(int index) {
        return block.bytes().getInt(index * size + layout.keventFflags);
    }

    long data(int index) {
        return block.bytes().getLong(index * size + layout.keventData);
    }

    void data(int index, long value) {
        block.bytes().putLong(index * size + layout.keventData, value);
    }

    long udata(int index) {
        return block.bytes().getLong(index * size + layout.keventUdata);
    }
}
