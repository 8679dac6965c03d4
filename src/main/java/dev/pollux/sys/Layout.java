package dev.pollux.sys;

/**
 * Sizes, offsets and flags that the C headers of a platform define. The JNI binding asks the C
 * compiler, the jnr-ffi binding has a table; a test compares the two.
 *
 * <pre>{@code
 * struct epoll_event { uint32_t events; epoll_data_t data; };   // packed on x86-64: 12 bytes, else 16
 * struct kevent      { uintptr_t ident; short filter; u_short flags; u_int fflags; int64_t data; void *udata; };
 *                                                                // 32 bytes, NetBSD: wider; FreeBSD: + uint64_t ext[4]
 * struct pollfd      { int fd; short events; short revents; };
 * }</pre>
 *
 * <p>Fields that do not apply on a platform are 0.
 */
public final class Layout {
    /** How many constants there are. */
    public static final int COUNT = 56;

    /** The place of the first constant of kqueue. */
    public static final int KQUEUE = 15;

    /** The place of the first one after those. */
    public static final int POLL = 38;

    public final int epollEventSize;
    public final int epollEventEvents;
    public final int epollEventData;
    public final int EPOLL_CTL_ADD;
    public final int EPOLL_CTL_DEL;
    public final int EPOLL_CTL_MOD;
    public final int EPOLLIN;
    public final int EPOLLPRI;
    public final int EPOLLOUT;
    public final int EPOLLERR;
    public final int EPOLLHUP;
    public final int EPOLLRDHUP;
    public final int EPOLLEXCLUSIVE;
    public final int EPOLLONESHOT;
    public final int EPOLLET;

    public final int keventSize;
    public final int keventIdent;
    public final int keventFilter;
    public final int keventFlags;
    public final int keventFflags;
    public final int keventData;
    public final int keventUdata;

    /** Bytes of {@code filter}, and of {@code flags}. */
    public final int keventFlagsSize;

    public final int EVFILT_READ;
    public final int EVFILT_WRITE;
    public final int EVFILT_EXCEPT;
    public final int EVFILT_USER;
    public final int EV_ADD;
    public final int EV_DELETE;
    public final int EV_DISABLE;
    public final int EV_CLEAR;
    public final int EV_RECEIPT;
    public final int EV_DISPATCH;
    public final int EV_EOF;
    public final int EV_ERROR;
    public final int NOTE_OOB;
    public final int NOTE_TRIGGER;

    /** 1 for libkqueue, which makes a kqueue of epoll; 0 where the kernel has one. */
    public final int kqueueIsEmulated;

    public final int pollfdSize;
    public final int pollfdFd;
    public final int pollfdEvents;
    public final int pollfdRevents;
    public final int POLLIN;
    public final int POLLPRI;
    public final int POLLOUT;
    public final int POLLERR;
    public final int POLLHUP;
    public final int POLLNVAL;
    public final int POLLRDHUP;

    public final int S_IFMT;
    public final int S_IFREG;
    public final int S_IFDIR;
    public final int S_IFBLK;
    public final int S_IFCHR;
    public final int S_IFIFO;
    public final int S_IFSOCK;

    /** Asks a binding for each constant, in the order of the fields. */
    public Layout(Syscalls sys) {
        int next = 0;
        epollEventSize = (int) sys.layout(next++);
        epollEventEvents = (int) sys.layout(next++);
        epollEventData = (int) sys.layout(next++);
        EPOLL_CTL_ADD = (int) sys.layout(next++);
        EPOLL_CTL_DEL = (int) sys.layout(next++);
        EPOLL_CTL_MOD = (int) sys.layout(next++);
        EPOLLIN = (int) sys.layout(next++);
        EPOLLPRI = (int) sys.layout(next++);
        EPOLLOUT = (int) sys.layout(next++);
        EPOLLERR = (int) sys.layout(next++);
        EPOLLHUP = (int) sys.layout(next++);
        EPOLLRDHUP = (int) sys.layout(next++);
        EPOLLEXCLUSIVE = (int) sys.layout(next++);
        EPOLLONESHOT = (int) sys.layout(next++);
        EPOLLET = (int) sys.layout(next++);
        assert next == KQUEUE : next;
        keventSize = (int) sys.layout(next++);
        keventIdent = (int) sys.layout(next++);
        keventFilter = (int) sys.layout(next++);
        keventFlags = (int) sys.layout(next++);
        keventFflags = (int) sys.layout(next++);
        keventData = (int) sys.layout(next++);
        keventUdata = (int) sys.layout(next++);
        keventFlagsSize = (int) sys.layout(next++);
        EVFILT_READ = (int) sys.layout(next++);
        EVFILT_WRITE = (int) sys.layout(next++);
        EVFILT_EXCEPT = (int) sys.layout(next++);
        EVFILT_USER = (int) sys.layout(next++);
        EV_ADD = (int) sys.layout(next++);
        EV_DELETE = (int) sys.layout(next++);
        EV_DISABLE = (int) sys.layout(next++);
        EV_CLEAR = (int) sys.layout(next++);
        EV_RECEIPT = (int) sys.layout(next++);
        EV_DISPATCH = (int) sys.layout(next++);
        EV_EOF = (int) sys.layout(next++);
        EV_ERROR = (int) sys.layout(next++);
        NOTE_OOB = (int) sys.layout(next++);
        NOTE_TRIGGER = (int) sys.layout(next++);
        kqueueIsEmulated = (int) sys.layout(next++);
        assert next == POLL : next;
        pollfdSize = (int) sys.layout(next++);
        pollfdFd = (int) sys.layout(next++);
        pollfdEvents = (int) sys.layout(next++);
        pollfdRevents = (int) sys.layout(next++);
        POLLIN = (int) sys.layout(next++);
        POLLPRI = (int) sys.layout(next++);
        POLLOUT = (int) sys.layout(next++);
        POLLERR = (int) sys.layout(next++);
        POLLHUP = (int) sys.layout(next++);
        POLLNVAL = (int) sys.layout(next++);
        POLLRDHUP = (int) sys.layout(next++);
        S_IFMT = (int) sys.layout(next++);
        S_IFREG = (int) sys.layout(next++);
        S_IFDIR = (int) sys.layout(next++);
        S_IFBLK = (int) sys.layout(next++);
        S_IFCHR = (int) sys.layout(next++);
        S_IFIFO = (int) sys.layout(next++);
        S_IFSOCK = (int) sys.layout(next++);
        assert next == COUNT : next;
    }
}
