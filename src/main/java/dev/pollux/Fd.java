package dev.pollux;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/**
 * Operations on bare descriptors. Whoever opens one closes it; a number that was closed may be
 * another's by now. Any thread.
 *
 * <pre>{@code
 * ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
 * while (Fd.read(fd, buffer.clear()) > 0) { // until it would block, or the end
 *     consume(buffer.flip());
 * }
 * }</pre>
 */
public final class Fd {
    private Fd() {}

    /**
     * Reads into the buffer, at its position. A direct buffer is read into without a copy; a heap
     * buffer through a direct one of 64 KiB, from a small pool for all threads. Allocates nothing
     * on the Java heap, unless more threads than the pool has buffers (one for each processor, 16
     * at least) do so at the same moment. Blocks if the descriptor does. Nobody may give the
     * buffer's memory back (close its Arena) meanwhile.
     *
     * @param fd a descriptor
     * @param buffer where to; its position moves
     * @return how many bytes were read; 0 if it would block; -1 at the end
     * @throws IllegalArgumentException if the buffer has no room: 0 would have two meanings
     * @throws PolluxException.BadDescriptor if it is not open for reading
     * @throws PolluxException any other error, such as a connection that was reset
     */
    public static int read(int fd, ByteBuffer buffer) throws PolluxException {
        if (buffer.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        if (!buffer.hasRemaining()) {
            throw new IllegalArgumentException(
                    "read(fd=" + fd + "): the buffer has no room; clear or grow it first");
        }
        Syscalls sys = Native.calls("read");
        int rc;
        int total = 0;
        if (buffer.isDirect()) {
            buffer.get(buffer.position()); // throws if its memory was released (a closed Arena)
            rc = readDirect(sys, fd, buffer, buffer.position(), buffer.remaining());
            total = Math.max(rc, 0);
            buffer.position(buffer.position() + total);
        } else {
            TransferBuffer direct = TransferBuffer.take(sys, buffer.remaining());
            try {
                int length;
                do { // a short read is to mean the same as of a direct buffer
                    length = Math.min(TransferBuffer.SIZE, buffer.remaining());
                    rc = readDirect(sys, fd, direct.bytes, 0, length);
                    if (rc > 0) {
                        buffer.put(buffer.position(), direct.bytes, 0, rc);
                        buffer.position(buffer.position() + rc);
                        total += rc;
                    }
                } while (rc == length && buffer.hasRemaining());
            } finally {
                direct.release();
            }
        }
        if (total > 0) {
            return total; // an end or an error after some bytes comes again with the next read
        }
        if (rc == 0) {
            return -1;
        }
        if (rc == -sys.errno().EAGAIN) {
            return 0;
        }
        throw PolluxException.of(sys.errno(), "read", fd, "read(fd=" + fd + ")", -rc);
    }

    private static int readDirect(Syscalls sys, int fd, ByteBuffer direct, int at, int length) {
        int rc;
        do {
            rc = sys.read(fd, direct, at, length);
        } while (rc == -sys.errno().EINTR);
        return rc;
    }

    /**
     * Writes from the buffer, at its position; copies and blocks as {@link #read}.
     *
     * @param fd a descriptor
     * @param buffer where from; its position moves
     * @return how many bytes were written; fewer than there were, also 0, if it would block
     * @throws PolluxException.BadDescriptor if it is not open for writing
     * @throws PolluxException any other error, such as a peer that is gone (there is no signal)
     */
    public static int write(int fd, ByteBuffer buffer) throws PolluxException {
        Syscalls sys = Native.calls("write");
        int rc;
        int total = 0;
        do {
            int length = buffer.remaining();
            if (buffer.isDirect()) {
                if (length > 0) {
                    buffer.get(buffer.position()); // throws if its memory was released
                }
                rc = writeDirect(sys, fd, buffer, buffer.position(), length);
            } else {
                length = Math.min(TransferBuffer.SIZE, length);
                TransferBuffer direct = TransferBuffer.take(sys, length);
                try {
                    direct.bytes.put(0, buffer, buffer.position(), length);
                    rc = writeDirect(sys, fd, direct.bytes, 0, length);
                } finally {
                    direct.release();
                }
            }
            if (rc > 0) {
                buffer.position(buffer.position() + rc);
                total += rc;
            }
            if (rc < length) {
                break;
            }
        } while (buffer.hasRemaining());
        if (rc >= 0 || rc == -sys.errno().EAGAIN || total > 0) {
            return total; // an error after some bytes comes again with the next write
        }
        throw PolluxException.of(sys.errno(), "write", fd, "write(fd=" + fd + ")", -rc);
    }

    private static int writeDirect(Syscalls sys, int fd, ByteBuffer direct, int at, int length) {
        int rc;
        do {
            rc = sys.write(fd, direct, at, length);
        } while (rc == -sys.errno().EINTR);
        return rc;
    }

    /**
     * Closes a descriptor. Never repeat it: also after an error the number is free, and may be
     * another's.
     *
     * @param fd a descriptor
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException if what was written could not be stored
     */
    public static void close(int fd) throws PolluxException {
        Syscalls sys = Native.calls("close");
        int rc = sys.close(fd);
        if (rc < 0 && rc != -sys.errno().EINTR) {
            throw PolluxException.of(sys.errno(), "close", fd, "close(fd=" + fd + ")", -rc);
        }
    }

    /**
     * A pipe, {@code man 2 pipe}. Both ends are close-on-exec and non-blocking.
     *
     * @return the end to read from, the end to write to
     * @throws PolluxException.LimitReached if there is no descriptor left
     */
    public static int[] pipe() throws PolluxException {
        Syscalls sys = Native.calls("pipe");
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block two = memory.allocate(8);
            return pair(sys, "pipe", two.bytes(), sys.pipe(two.address()));
        }
    }

    /**
     * Two connected unix stream sockets, {@code man 2 socketpair}. Both are close-on-exec and
     * non-blocking.
     *
     * @return the two
     * @throws PolluxException.LimitReached if there is no descriptor left
     */
    public static int[] socketpair() throws PolluxException {
        Syscalls sys = Native.calls("socketpair");
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block two = memory.allocate(8);
            return pair(sys, "socketpair", two.bytes(), sys.socketpair(two.address()));
        }
    }

    private static int[] pair(Syscalls sys, String operation, ByteBuffer two, int rc)
            throws PolluxException {
        if (rc < 0) {
            throw PolluxException.of(sys.errno(), operation, -1, operation, -rc);
        }
        return new int[] {two.getInt(0), two.getInt(4)};
    }

    /**
     * Makes a descriptor non-blocking, or blocking again. The mode belongs to the open file: copies
     * of the descriptor, also in other processes, share it.
     *
     * @param fd a descriptor
     * @param on whether it shall not block
     * @throws PolluxException.BadDescriptor if it is not open
     */
    public static void setNonBlocking(int fd, boolean on) throws PolluxException {
        Syscalls sys = Native.calls("setNonBlocking");
        int rc = sys.setNonBlocking(fd, on);
        if (rc < 0) {
            String call = "setNonBlocking(fd=" + fd + ", on=" + on + ")";
            throw PolluxException.of(sys.errno(), "setNonBlocking", fd, call, -rc);
        }
    }
}
