package dev.pollux.sys;

/**
 * Sizes, offsets and flags that the C headers of a platform define. The JNI binding asks the C
 * compiler, the jnr-ffi binding has a table; a test compares the two.
 *
 * <pre>{@code
 * struct epoll_event { uint32_t events; epoll_data_t data; };   // packed on x86-64: 12 bytes, else 16
 * struct pollfd      { int fd; short events; short revents; };
 * }</pre>
 *
 * <p>Fields that do not apply on a platform are 0.
 */
public final class Layout {
    /** How many constants there are. */
    public static final int COUNT = 33;

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
