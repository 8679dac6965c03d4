package dev.pollux;

import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/**
 * Reads and writes of one buffer, for {@link Fd} and {@link FdSocket}: of a direct one without a
 * copy, of another through a {@link TransferBuffer}. What was moved moves the buffer's position.
 */
final class Transfers {
    /** Instead of the flags of a receive or a send: a plain read or write. */
    static final int PLAIN = -1;

    private Transfers() {}

    static void requireRoom(String operation, int fd, ByteBuffer buffer) {
        if (buffer.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        if (!buffer.hasRemaining()) {
            throw new IllegalArgumentException(
                    operation + "(fd=" + fd + "): the buffer has no room; clear or grow it first");
        }
    }

    /** How many bytes, or -errno; never {@code EINTR}. */
    static int read(Syscalls sys, int fd, ByteBuffer buffer, int flags) {
        int at = buffer.position();
        int length = buffer.remaining();
        int rc;
        if (buffer.isDirect()) {
            buffer.get(at); // throws if its memory was released (a closed Arena)
            rc = readDirect(sys, fd, buffer, at, length, flags);
        } else {
            TransferBuffer direct = TransferBuffer.take(sys, length);
            try {
                rc = readDirect(sys, fd, direct.bytes, 0, length, flags);
                if (rc > 0) {
                    buffer.put(at, direct.bytes, 0, rc);
                }
            } finally {
                direct.release();
            }
        }
        if (rc > 0) {
            buffer.position(at + rc);
        }
        return rc;
    }

    private static int readDirect(
            Syscalls sys, int fd, ByteBuffer direct, int at, int length, int flags) {
        int rc;
        do {
            rc =
                    flags == PLAIN
                            ? sys.read(fd, direct, at, length)
                            : sys.recv(fd, direct, at, length, flags);
        } while (rc == -sys.errno().EINTR);
        return rc;
    }

    /** How many bytes, or -errno; never {@code EINTR}. */
    static int write(Syscalls sys, int fd, ByteBuffer buffer, int flags) {
        int at = buffer.position();
        int length = buffer.remaining();
        int rc;
        if (buffer.isDirect()) {
            if (length > 0) {
                buffer.get(at); // throws if its memory was released
            }
            rc = writeDirect(sys, fd, buffer, at, length, flags);
        } else if (length <= TransferBuffer.SIZE
                || isUrgent(flags)
                || sys.socketType(fd) > Syscalls.STREAM) {
            rc = writeCopy(sys, fd, buffer, at, length, flags);
        } else {
            rc = writePieces(sys, fd, buffer, at, length, flags);
        }
        if (rc > 0) {
            buffer.position(at + rc);
        }
        return rc;
    }

    /** Then the last byte is: in pieces that of each would be. */
    private static boolean isUrgent(int flags) {
        return flags != PLAIN && (flags & FdSocket.OUT_OF_BAND) != 0;
    }

    /** Of a heap buffer that a stream takes bit by bit: not all is copied for the bit. */
    private static int writePieces(
            Syscalls sys, int fd, ByteBuffer buffer, int at, int length, int flags) {
        int total = 0;
        while (total < length) {
            int piece = Math.min(TransferBuffer.SIZE, length - total);
            int rc = writeCopy(sys, fd, buffer, at + total, piece, flags);
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

    private static int writeCopy(
            Syscalls sys, int fd, ByteBuffer buffer, int at, int length, int flags) {
        TransferBuffer direct = TransferBuffer.take(sys, length);
        try {
            direct.bytes.put(0, buffer, at, length);
            return writeDirect(sys, fd, direct.bytes, 0, length, flags);
        } finally {
            direct.release();
        }
    }

    private static int writeDirect(
            Syscalls sys, int fd, ByteBuffer direct, int at, int length, int flags) {
        int rc;
        do {
            rc =
                    flags == PLAIN
                            ? sys.write(fd, direct, at, length)
                            : sys.send(fd, direct, at, length, flags);
        } while (rc == -sys.errno().EINTR);
        return rc;
    }

    /** {@code man 2 sendfile}, or a read and a write where that is refused; as {@link #write}. */
    static int sendFile(Syscalls sys, int to, int file, long offset, int count) {
        int rc;
        do {
            rc = sys.sendfile(to, file, offset, count);
        } while (rc == -sys.errno().EINTR);
        return rc == -sys.errno().ENOSYS || rc == -sys.errno().EINVAL
                ? copyFile(sys, to, file, offset, Math.min(count, TransferBuffer.SIZE))
                : rc;
    }

    /** What is not written stays in the file, which is read from there the next time. */
    private static int copyFile(Syscalls sys, int to, int file, long offset, int count) {
        TransferBuffer direct = TransferBuffer.take(sys, count);
        try {
            int rc;
            do {
                rc = sys.pread(file, direct.bytes, 0, count, offset);
            } while (rc == -sys.errno().EINTR);
            return rc <= 0 ? rc : writeDirect(sys, to, direct.bytes, 0, rc, PLAIN);
        } finally {
            direct.release();
        }
    }
}
