package dev.pollux;

import dev.pollux.sys.Syscalls;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/**
 * Several buffers in one system call, {@code man 2 readv}. A direct one is used where it is; others
 * are copied, all of them into the same memory, behind the list.
 */
final class Vectors {
    /** {@code IOV_MAX} of all systems. */
    private static final int MOST = 1024;

    private static final int ENTRY = 16; // struct iovec { void *iov_base; size_t iov_len; }

    private Vectors() {}

    /** How many bytes, or -errno; never {@code EINTR}. */
    static int read(Syscalls sys, int fd, ByteBuffer[] buffers) {
        long room = 0;
        for (ByteBuffer buffer : buffers) {
            if (buffer.isReadOnly()) {
                throw new ReadOnlyBufferException();
            }
            room += buffer.remaining();
        }
        if (room == 0) {
            throw new IllegalArgumentException(
                    "readv(fd=" + fd + "): no buffer has room; clear or grow them first");
        }
        TransferBuffer memory = take(sys, "readv", fd, buffers);
        try {
            int rc;
            do {
                list(sys, memory.bytes, buffers, false);
                rc = sys.readv(fd, sys.address(memory.bytes), buffers.length);
            } while (rc == -sys.errno().EINTR);
            advance(memory.bytes, buffers, rc, true);
            return rc;
        } finally {
            memory.release();
            Reference.reachabilityFence(buffers);
        }
    }

    /** How many bytes, or -errno; never {@code EINTR}. */
    static int write(Syscalls sys, int fd, ByteBuffer[] buffers) {
        TransferBuffer memory = take(sys, "writev", fd, buffers);
        try {
            int rc;
            do {
                list(sys, memory.bytes, buffers, true);
                rc = sys.writev(fd, sys.address(memory.bytes), buffers.length);
            } while (rc == -sys.errno().EINTR);
            advance(memory.bytes, buffers, rc, false);
            return rc;
        } finally {
            memory.release();
            Reference.reachabilityFence(buffers);
        }
    }

    /** For the list and for what is copied. */
    private static TransferBuffer take(
            Syscalls sys, String operation, int fd, ByteBuffer[] buffers) {
        if (buffers.length > MOST) {
            throw new IllegalArgumentException(
                    operation
                            + "(fd="
                            + fd
                            + "): "
                            + buffers.length
                            + " buffers; one call takes "
                            + MOST);
        }
        long bytes = (long) ENTRY * buffers.length;
        for (ByteBuffer buffer : buffers) {
            bytes += buffer.isDirect() ? 0 : buffer.remaining();
        }
        if (bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    operation
                            + "(fd="
                            + fd
                            + "): 2 GiB on the heap: take direct buffers, or fewer");
        }
        return TransferBuffer.take(sys, (int) bytes);
    }

    private static void list(
            Syscalls sys, ByteBuffer memory, ByteBuffer[] buffers, boolean withContent) {
        long start = sys.address(memory);
        int copyAt = ENTRY * buffers.length;
        for (int i = 0; i < buffers.length; i++) {
            ByteBuffer buffer = buffers[i];
            int at = buffer.position();
            int length = buffer.remaining();
            long address;
            if (buffer.isDirect()) {
                if (length > 0) {
                    buffer.get(at); // throws if its memory was released
                }
                address = sys.address(buffer) + at;
            } else {
                if (withContent) {
                    memory.put(copyAt, buffer, at, length);
                }
                address = start + copyAt;
                copyAt += length;
            }
            memory.putLong(ENTRY * i, address).putLong(ENTRY * i + 8, length);
        }
    }

    /** Moves the positions by what went, and takes what was copied. */
    private static void advance(ByteBuffer memory, ByteBuffer[] buffers, int rc, boolean take) {
        int left = rc;
        int copyAt = ENTRY * buffers.length;
        for (int i = 0; i < buffers.length && left > 0; i++) {
            ByteBuffer buffer = buffers[i];
            int at = buffer.position();
            int length = buffer.remaining();
            int moved = Math.min(left, length);
            if (!buffer.isDirect()) {
                if (take) {
                    buffer.put(at, memory, copyAt, moved);
                }
                copyAt += length;
            }
            buffer.position(at + moved);
            left -= moved;
        }
    }
}
