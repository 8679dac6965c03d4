package dev.pollux;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/**
 * Operations on bare descriptors. Whoever opens one closes it; a number that was closed may be
 * another's by now. Any thread. Under a security manager, which JDKs before 24 can have, what takes
 * a descriptor asks for the permission {@code readFileDescriptor} or {@code writeFileDescriptor},
 * as a stream made of one does.
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
     * Reads into the buffer, at its position, with one {@code man 2 read}. A direct buffer is read
     * into without a copy; a heap buffer through a direct one of 64 KiB, from a small pool for all
     * threads. Allocates nothing on the Java heap, unless more threads than the pool has buffers
     * (one for each processor, 16 at least) do so at the same moment, or a heap buffer has room for
     * more than 64 KiB: prefer a direct one then. Blocks if the descriptor does. Nobody may release
     * the buffer's memory (close its Arena) meanwhile.
     *
     * <p>A datagram socket has no end, and may receive a datagram without any bytes: 0 then says
     * either that or that nothing was there. Under {@link Trigger#EDGE} more may be waiting behind
     * an empty datagram: {@link FdSelector#modify(FdKey, Interest)} after a 0 has the rest
     * reported, or {@code DatagramChannel.receive} tells the two apart.
     *
     * @param fd a descriptor
     * @param buffer where to; its position moves
     * @return how many bytes were read; 0 if it would block, or for an empty datagram; -1 at the
     *     end
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
        Syscalls sys = Native.callsOnDescriptor("read", true);
        int at = buffer.position();
        int length = buffer.remaining();
        int rc;
        if (buffer.isDirect()) {
            buffer.get(at); // throws if its memory was released (a closed Arena)
            rc = readDirect(sys, fd, buffer, at, length);
        } else {
            TransferBuffer direct = TransferBuffer.take(sys, length);
            try {
                rc = readDirect(sys, fd, direct.bytes, 0, length);
                if (rc > 0) {
                    buffer.put(at, direct.bytes, 0, rc);
                }
            } finally {
                direct.release();
            }
        }
        if (rc > 0) {
            buffer.position(at + rc);
            return rc;
        }
        if (rc == 0) {
            return sys.socketType(fd) == Syscalls.DATAGRAM ? 0 : -1;
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
     * Writes from the buffer, at its position, as {@code man 2 write} does; copies, allocates and
     * blocks as {@link #read}. What goes to a socket that keeps messages apart is one message.
     *
     * @param fd a descriptor
     * @param buffer where from; its position moves
     * @return how many bytes were written; fewer than there were, also 0, if it would block
     * @throws PolluxException.BadDescriptor if it is not open for writing
     * @throws PolluxException any other error, such as a peer that is gone (there is no signal)
     */
    public static int write(int fd, ByteBuffer buffer) throws PolluxException {
        Syscalls sys = Native.callsOnDescriptor("write", false);
        int at = buffer.position();
        int length = buffer.remaining();
        int rc;
        if (buffer.isDirect()) {
            if (length > 0) {
                buffer.get(at); // throws if its memory was released
            }
            rc = writeDirect(sys, fd, buffer, at, length);
        } else if (length <= TransferBuffer.SIZE || sys.socketType(fd) > Syscalls.STREAM) {
            rc = writeCopy(sys, fd, buffer, at, length);
        } else {
            rc = writePieces(sys, fd, buffer, at, length);
        }
        if (rc >= 0) {
            buffer.position(at + rc);
            return rc;
        }
        if (rc == -sys.errno().EAGAIN) {
            return 0;
        }
        throw PolluxException.of(sys.errno(), "write", fd, "write(fd=" + fd + ")", -rc);
    }

    /** Of a heap buffer that a stream takes bit by bit: not all is copied for the bit. */
    private static int writePieces(Syscalls sys, int fd, ByteBuffer buffer, int at, int length) {
        int total = 0;
        while (total < length) {
            int piece = Math.min(TransferBuffer.SIZE, length - total);
            int rc = writeCopy(sys, fd, buffer, at + total, piece);
            if (rc < 0) {
                return total > 0 ? total : rc; // an error comes again with the next write
            }
            total += rc;
            if (rc < piece) {
                break;
            }
        }
        return total;
    }

    private static int writeCopy(Syscalls sys, int fd, ByteBuffer buffer, int at, int length) {
        TransferBuffer direct = TransferBuffer.take(sys, length);
        try {
            direct.bytes.put(0, buffer, at, length);
            return writeDirect(sys, fd, direct.bytes, 0, length);
        } finally {
            direct.release();
        }
    }

    private static int writeDirect(Syscalls sys, int fd, ByteBuffer direct, int at, int length) {
        int rc;
        do {
            rc = sys.write(fd, direct, at, length);
        } while (rc == -sys.errno().EINTR);
        return rc;
    }

    /**
     * Closes a descriptor that is not registered; for one that is, see {@link
     * FdSelector#unregisterAndClose}. Never repeat it: also after an error the number is free, and
     * may be another's.
     *
     * @param fd a descriptor
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException if what was written could not be stored
     */
    public static void close(int fd) throws PolluxException {
        close(Native.callsOnDescriptor("close", false), fd);
    }

    static void close(Syscalls sys, int fd) throws PolluxException {
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
        Syscalls sys = Native.callsOnDescriptor("setNonBlocking", false);
        int rc = sys.setNonBlocking(fd, on);
        if (rc < 0) {
            String call = "setNonBlocking(fd=" + fd + ", on=" + on + ")";
            throw PolluxException.of(sys.errno(), "setNonBlocking", fd, call, -rc);
        }
    }
}
