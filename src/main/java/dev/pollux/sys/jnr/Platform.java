package dev.pollux.sys.jnr;

import jnr.ffi.Runtime;

/**
 * What the C headers say, for a binding that has no compiler to ask: Linux, from {@code
 * <sys/epoll.h>}, {@code <bits/poll.h>}, {@code <bits/stat.h>}, {@code <bits/fcntl.h>}, which agree
 * on every processor that a JDK is built for, but for the packing of {@code struct epoll_event}.
 */
final class Platform {
    static final int O_CLOEXEC = 02000000;
    static final int O_NONBLOCK = 04000;
    static final int FD_CLOEXEC = 1;
    static final int SOCK_STREAM = 1;
    static final int AF_UNIX = 1;
    static final int SEEK_CUR = 1;

    private static final boolean PACKED = isX8664(System.getProperty("os.arch"));

    /** In the order of the constants in {@link dev.pollux.sys.Layout}. */
    static final long[] LAYOUT = {
        PACKED ? 12 : 16, // sizeof(struct epoll_event)
        0, // .events
        PACKED ? 4 : 8, // .data
        1, // EPOLL_CTL_ADD
        2, // EPOLL_CTL_DEL
        3, // EPOLL_CTL_MOD
        0x001, // EPOLLIN
        0x002, // EPOLLPRI
        0x004, // EPOLLOUT
        0x008, // EPOLLERR
        0x010, // EPOLLHUP
        0x2000, // EPOLLRDHUP
        1 << 28, // EPOLLEXCLUSIVE
        1 << 30, // EPOLLONESHOT
        1 << 31, // EPOLLET
        32, // sizeof(struct kevent): libkqueue's <sys/event.h>
        0, // .ident
        8, // .filter
        10, // .flags
        12, // .fflags
        16, // .data
        24, // .udata
        2, // sizeof .filter
        -1, // EVFILT_READ
        -2, // EVFILT_WRITE
        0, // EVFILT_EXCEPT
        -11, // EVFILT_USER
        0x0001, // EV_ADD
        0x0002, // EV_DELETE
        0x0008, // EV_DISABLE
        0x0020, // EV_CLEAR
        0x0040, // EV_RECEIPT
        0x0080, // EV_DISPATCH
        0x8000, // EV_EOF
        0x4000, // EV_ERROR
        0, // NOTE_OOB
        0x01000000, // NOTE_TRIGGER
        1, // libkqueue
        8, // sizeof(struct pollfd)
        0, // .fd
        4, // .events
        6, // .revents
        0x001, // POLLIN
        0x002, // POLLPRI
        0x004, // POLLOUT
        0x008, // POLLERR
        0x010, // POLLHUP
        0x020, // POLLNVAL
        0x2000, // POLLRDHUP
        0170000, // S_IFMT
        0100000, // S_IFREG
        0040000, // S_IFDIR
        0060000, // S_IFBLK
        0020000, // S_IFCHR
        0010000, // S_IFIFO
        0140000, // S_IFSOCK
    };

    private Platform() {}

    static void requireSupported() {
        String os = System.getProperty("os.name");
        if (!os.equals("Linux") || Runtime.getSystemRuntime().addressSize() != 8) {
            throw new UnsatisfiedLinkError(
                    "the jnr binding knows the layouts of 64-bit Linux only, not of "
                            + os
                            + " on "
                            + System.getProperty("os.arch"));
        }
    }

    private static boolean isX8664(String arch) {
        return arch.equals("amd64") || arch.equals("x86_64");
    }
}
