package dev.pollux;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Privileged;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

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
    /** What one call of the kernel moves at most. */
    private static final int MOST_AT_ONCE = 0x7ffff000;

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
     * reported, or {@link FdSocket#receive} tells the two apart.
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
        Transfers.requireRoom("read", fd, buffer);
        Syscalls sys = Native.callsOnDescriptor("read", true);
        return readResult(sys, fd, "read", Transfers.read(sys, fd, buffer, Transfers.PLAIN));
    }

    /**
     * As {@link #read}, into one buffer after the other, with one {@code man 2 readv}: a header and
     * what follows it, each to its place.
     *
     * @param fd a descriptor
     * @param buffers where to, 1024 at most; their positions move
     * @return how many bytes were read; 0 if it would block, or for an empty datagram; -1 at the
     *     end
     * @throws IllegalArgumentException if none of the buffers has room, or there are too many
     * @throws PolluxException as there
     */
    public static int readv(int fd, ByteBuffer... buffers) throws PolluxException {
        Syscalls sys = Native.callsOnDescriptor("readv", true);
        return readResult(sys, fd, "readv", Vectors.read(sys, fd, buffers));
    }

    private static int readResult(Syscalls sys, int fd, String operation, int rc)
            throws PolluxException {
        if (rc > 0) {
            return rc;
        }
        if (rc == 0) {
            return sys.socketType(fd) == Syscalls.DATAGRAM ? 0 : -1;
        }
        if (rc == -sys.errno().EAGAIN) {
            return 0;
        }
        throw PolluxException.of(sys.errno(), operation, fd, operation + "(fd=" + fd + ")", -rc);
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
        return writeResult(sys, fd, "write", Transfers.write(sys, fd, buffer, Transfers.PLAIN));
    }

    /**
     * As {@link #write}, from one buffer after the other, with one {@code man 2 writev}. All of
     * them are one message where messages are kept apart.
     *
     * @param fd a descriptor
     * @param buffers where from, 1024 at most; their positions move
     * @return how many bytes were written; fewer than there were, also 0, if it would block
     * @throws IllegalArgumentException if there are too many buffers
     * @throws PolluxException as there
     */
    public static int writev(int fd, ByteBuffer... buffers) throws PolluxException {
        Syscalls sys = Native.callsOnDescriptor("writev", false);
        return writeResult(sys, fd, "writev", Vectors.write(sys, fd, buffers));
    }

    static int writeResult(Syscalls sys, int fd, String operation, int rc) throws PolluxException {
        if (rc >= 0) {
            return rc;
        }
        if (rc == -sys.errno().EAGAIN) {
            return 0;
        }
        throw PolluxException.of(sys.errno(), operation, fd, operation + "(fd=" + fd + ")", -rc);
    }

    /**
     * Sends a part of a file, {@code man 2 sendfile}, which on Linux goes out without being copied
     * into the process; elsewhere, and where the kernel refuses it, up to 64 KiB are read and
     * written. The file's own position stays. Allocates nothing; blocks if the target does.
     *
     * @param to a descriptor to write to
     * @param file a descriptor of a file on a disk
     * @param offset where in the file to begin, 0 or more
     * @param count how many bytes to send at most, 0 or more; a call may send fewer, and never more
     *     than 2 GiB
     * @return how many bytes were sent; 0 if it would block; -1 if the file has no more
     * @throws IllegalArgumentException if offset or count is negative
     * @throws PolluxException.BadDescriptor if one is not open, or not for that
     * @throws PolluxException any other error, of either
     */
    public static int sendfile(int to, int file, long offset, long count) throws PolluxException {
        if (offset < 0 || count < 0) {
            throw new IllegalArgumentException(
                    "sendfile(offset=" + offset + ", count=" + count + "): negative");
        }
        Syscalls sys = Native.callsOnDescriptor("sendfile", false);
        if (count == 0) {
            return 0;
        }
        int rc = Transfers.sendFile(sys, to, file, offset, (int) Math.min(count, MOST_AT_ONCE));
        return rc == 0 ? -1 : writeResult(sys, to, "sendfile", rc);
    }

    /**
     * Opens what is there already, {@code man 2 open}: a device, a FIFO, a file of /proc or /sys.
     * Non-blocking, close-on-exec, and never as the process's controlling terminal. To make files
     * is {@link java.nio.channels.FileChannel}'s business.
     *
     * @param path of the default file system
     * @param options {@link StandardOpenOption#READ}, {@link StandardOpenOption#WRITE}, or both;
     *     none is READ
     * @return the descriptor; close it
     * @throws UnsupportedOperationException for any other option
     * @throws PolluxException.LimitReached if there is no descriptor left
     * @throws PolluxException any other error, such as ENOENT, EACCES, or ENXIO for a FIFO that is
     *     to be written and that nobody reads
     */
    public static int open(Path path, OpenOption... options) throws PolluxException {
        boolean reads = options.length == 0;
        boolean writes = false;
        for (OpenOption option : options) {
            reads |= option == StandardOpenOption.READ;
            writes |= option == StandardOpenOption.WRITE;
            if (option != StandardOpenOption.READ && option != StandardOpenOption.WRITE) {
                throw new UnsupportedOperationException(
                        "open(" + path + ", " + option + "): READ and WRITE alone");
            }
        }
        Privileged.checkOpen(path.toString(), reads, writes);
        Syscalls sys = Native.calls("open");
        int access =
                !writes ? Syscalls.TO_READ : reads ? Syscalls.TO_READ_AND_WRITE : Syscalls.TO_WRITE;
        int rc;
        try (var memory = new NativeMemory(sys)) {
            long name = NativePath.in(memory, path).address();
            do {
                rc = sys.open(name, access);
            } while (rc == -sys.errno().EINTR);
        }
        if (rc < 0) {
            throw PolluxException.of(sys.errno(), "open", -1, "open(" + path + ")", -rc);
        }
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
        return pipe(Native.calls("pipe"));
    }

    static int[] pipe(Syscalls sys) throws PolluxException {
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
