package dev.pollux.driver;

import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/**
 * The file that is open under a number, at one moment: by device and inode, which tell it from the
 * next one of that number. Anonymous files (eventfd, timerfd, epoll) all have the same.
 */
public record OpenFile(long device, long inode, Type type) {

    /** What it is, as far as it matters here. */
    public enum Type {
        SOCKET,
        PIPE,
        /** A terminal, or another device that is read character by character. */
        DEVICE,
        OTHER;

        /** Whether it holds its state, whoever looks. */
        boolean isSocketOrPipe() {
            return this == SOCKET || this == PIPE;
        }
    }

    /** The file of this number; null if none is open. */
    public static OpenFile of(Syscalls sys, int fd) {
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block status = memory.allocate(32); // four longs, the third is the mode
            Type type = type(sys, fd, status);
            return type == null
                    ? null
                    : new OpenFile(status.bytes().getLong(0), status.bytes().getLong(8), type);
        }
    }

    /** What is open under this number, null if nothing is; by memory of four longs. */
    static Type type(Syscalls sys, int fd, NativeMemory.Block status) {
        return sys.fileStatus(fd, status.address()) < 0
                ? null
                : type(sys.layout(), status.bytes().getLong(16));
    }

    private static Type type(Layout layout, long mode) {
        long type = mode & layout.S_IFMT;
        if (type == layout.S_IFSOCK) {
            return Type.SOCKET;
        }
        if (type == layout.S_IFIFO) {
            return Type.PIPE;
        }
        return type == layout.S_IFCHR ? Type.DEVICE : Type.OTHER;
    }

    /** Whether it holds its state, whoever looks. */
    public boolean isSocketOrPipe() {
        return type.isSocketOrPipe();
    }

    /** Whether it is a stream: readable and with nothing unread it is at its end, or has failed. */
    public boolean isStream(Syscalls sys, int fd) {
        return type == Type.PIPE || type == Type.SOCKET && sys.socketType(fd) == Syscalls.STREAM;
    }

    /** Whether this is the same file. */
    public boolean isSame(OpenFile other) {
        return device == other.device && inode == other.inode;
    }
}
