package dev.pollux.sys;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channel;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * A binding that calls the functions of libc from Java, without C code of our own. Layouts and
 * constants come from a table, see {@link Platform}. What a system has not is looked up when the
 * binding is opened, so that no call ends in an {@link UnsatisfiedLinkError}: it answers {@code
 * -ENOSYS}.
 *
 * <p>The functions below that have C's names return the result, or the negated {@code errno}.
 *
 * @param <S> what the binding keeps for each thread
 */
public abstract class LibcSyscalls<S extends LibcSyscalls.Scratch> implements Syscalls {

    /** Names the shared object that makes a kqueue of epoll on Linux. */
    public static final String KQUEUE_LIBRARY = "pollux.kqueue.library";

    /** What it is called where it is installed. */
    public static final String LIBKQUEUE = "libkqueue.so.0";

    /** Of one thread: a struct epoll_event, timespec, timeval or stat outside the heap. */
    public static class Scratch {
        public final ByteBuffer bytes;
        public final long address;

        public Scratch(ByteBuffer bytes, long address) {
            this.bytes = bytes.order(ByteOrder.nativeOrder());
            this.address = address;
        }
    }

    protected final Platform platform;
    private final boolean hasKqueue;
    private final boolean throughLibc;
    private final Layout layout;
    private final Errno errno;

    /**
     * @param isInterposed whether another library takes the place of libc's functions for epoll
     */
    protected LibcSyscalls(Platform platform, boolean hasKqueue, boolean isInterposed) {
        this.platform = platform;
        this.hasKqueue = hasKqueue;
        Bindings.returnsWish(); // there is nothing to renew, but a wrong value is one here, too
        int wish = Bindings.libcWish();
        throughLibc = wish > 0 || wish < 0 && isInterposed;
        layout = new Layout(this);
        errno = new Errno(this);
    }

    /** Whether epoll's functions are of another file than the rest of libc. */
    protected static boolean isInterposed(ToLongFunction<String> fileOf) {
        long libc = fileOf.applyAsLong("strerror");
        return Stream.of("epoll_create1", "epoll_ctl", "epoll_wait")
                .anyMatch(name -> fileOf.applyAsLong(name) != libc);
    }

    /** That of the current thread. */
    protected abstract S scratch();

    protected abstract int peekInt(long address);

    protected abstract byte peekByte(long address);

    protected abstract void pokeLong(long address, long value);

    protected abstract int fcntl(int fd, int command, int argument);

    protected abstract int ioctl(S scratch, int fd, long request, long argument);

    protected abstract int lseek(int fd, long offset, int whence);

    protected abstract int plainPipe(long fds);

    protected abstract int pipe2(long fds, int flags);

    protected abstract int socketpair(int domain, int type, int protocol, long fds);

    protected abstract int getsockopt(
            S scratch, int fd, int level, int name, long value, long length);

    protected abstract int open(long path, int flags, int mode);

    protected abstract int plainAccept(int fd);

    protected abstract int accept4(int fd, int flags);

    protected abstract int connect(S scratch, int fd, long address, int length);

    protected abstract int sendfile(S scratch, int to, int file, long offset, int count);

    protected abstract int splice(int from, int to, int count, int flags);

    protected abstract int fstat(S scratch, int fd);

    protected abstract int eventfd(int value, int flags);

    protected abstract int epoll_create1(int flags);

    protected abstract int dup3(int from, int to, int flags);

    protected abstract int epoll_ctl(S scratch, int epfd, int op, int fd, long event);

    protected abstract int epoll_wait(int epfd, long events, int capacity, int millis);

    protected abstract int epoll_pwait2(
            S scratch, int epfd, long events, int capacity, long timeout);

    protected abstract int plainKqueue();

    protected abstract int kevent(
            S scratch, int kq, long changes, int count, long events, int capacity, long timeout);

    protected abstract int ppoll(S scratch, long fds, int count, long timeout);

    protected abstract int select(
            S scratch, int nfds, long reads, long writes, long excepts, long timeout);

    @Override
    public final boolean throughLibc() {
        return throughLibc;
    }

    @Override
    public final Layout layout() {
        return layout;
    }

    @Override
    public final Errno errno() {
        return errno;
    }

    @Override
    public final long layout(int index) {
        if (!hasKqueue && index >= Layout.KQUEUE && index < Layout.POLL) {
            return 0;
        }
        return platform.layout(index);
    }

    @Override
    public final int errorNumber(int index) {
        return platform.errorNumber(index);
    }

    @Override
    public final int open(long path, int access) {
        return open(path, access | platform.O_NONBLOCK | platform.O_CLOEXEC | platform.O_NOCTTY, 0);
    }

    @Override
    public final int pipe(long fds) {
        int rc = pipe2(fds, platform.O_CLOEXEC | platform.O_NONBLOCK);
        return rc == -errno.ENOSYS ? mark(fds, plainPipe(fds)) : rc;
    }

    @Override
    public final int socketpair(long fds) {
        int flags = platform.SOCK_CLOEXEC | platform.SOCK_NONBLOCK;
        int rc = socketpair(Platform.AF_UNIX, Platform.SOCK_STREAM | flags, 0, fds);
        return flags == 0 ? mark(fds, rc) : rc;
    }

    /**
     * Where a pair cannot be made so from birth: close-on-exec and non-blocking, or both closed.
     */
    private int mark(long fds, int rc) {
        if (rc < 0) {
            return rc;
        }
        for (int i = 0; i < 2; i++) {
            int marked = mark(peekInt(fds + 4L * i));
            if (marked < 0) {
                close(peekInt(fds));
                close(peekInt(fds + 4));
                return marked;
            }
        }
        return 0;
    }

    private int mark(int fd) {
        int rc = setCloseOnExec(fd);
        return rc < 0 ? rc : setNonBlocking(fd, true);
    }

    @Override
    public final int setCloseOnExec(int fd) {
        return fcntl(fd, Platform.F_SETFD, Platform.FD_CLOEXEC);
    }

    @Override
    public final int setNonBlocking(int fd, boolean on) {
        int flags = fcntl(fd, Platform.F_GETFL, 0);
        if (flags < 0) {
            return flags;
        }
        int wanted = on ? flags | platform.O_NONBLOCK : flags & ~platform.O_NONBLOCK;
        return wanted == flags ? 0 : fcntl(fd, Platform.F_SETFL, wanted);
    }

    @Override
    public final int isNonBlocking(int fd) {
        int flags = fcntl(fd, Platform.F_GETFL, 0);
        return flags < 0 ? flags : (flags & platform.O_NONBLOCK) != 0 ? 1 : 0;
    }

    @Override
    public final int unread(int fd) {
        S bytes = scratch();
        bytes.bytes.putInt(0, 0);
        int rc = ioctl(bytes, fd, Platform.fionread(), bytes.address);
        return rc < 0 ? rc : bytes.bytes.getInt(0);
    }

    @Override
    public final int isOpen(int fd) {
        // Not fcntl, which is variadic, and for which jnr-ffi allocates: a pipe says ESPIPE.
        int rc = lseek(fd, 0, Platform.SEEK_CUR);
        return rc == -errno.EBADF ? rc : 0;
    }

    @Override
    public final int socketType(int fd) {
        int rc = socketOption(fd, platform.SO_TYPE);
        return rc == -errno.ENOTSOCK ? 0 : rc;
    }

    @Override
    public final int socketError(int fd) {
        return socketOption(fd, platform.SO_ERROR);
    }

    @Override
    public final int isListening(int fd) {
        int rc = socketOption(fd, platform.SO_ACCEPTCONN);
        return rc > 0 ? 1 : rc; // the BSDs have the bit itself
    }

    private int socketOption(int fd, int option) {
        S scratch = scratch();
        scratch.bytes.putInt(4, 4);
        long value = scratch.address;
        int rc = getsockopt(scratch, fd, platform.SOL_SOCKET, option, value, value + 4);
        return rc < 0 ? rc : scratch.bytes.getInt(0);
    }

    @Override
    public final int accept(int listener) {
        int rc = accept4(listener, platform.SOCK_CLOEXEC | platform.SOCK_NONBLOCK);
        if (rc != -errno.ENOSYS) {
            return rc;
        }
        int fd = plainAccept(listener);
        int marked = fd < 0 ? fd : mark(fd);
        if (fd >= 0 && marked < 0) {
            close(fd);
        }
        return marked < 0 ? marked : fd;
    }

    /** {@code struct sockaddr_in} and {@code sockaddr_in6}: the port is at 2, for both. */
    @Override
    public final int connect(int fd, long address, int length, int port, int scope) {
        S to = scratch();
        boolean isV6 = length == 16;
        int size = isV6 ? 28 : 16;
        to.bytes.putLong(0, 0).putLong(8, 0).putLong(16, 0).putInt(24, scope);
        family(to, size, isV6 ? platform.AF_INET6 : Platform.AF_INET);
        to.bytes.put(2, (byte) (port >> 8)).put(3, (byte) port);
        copy(to, isV6 ? 8 : 4, address, length);
        return connect(to, fd, to.address, size);
    }

    /** {@code struct sockaddr_un}: the path begins at 2. */
    @Override
    public final int connectUnix(int fd, long path, int length) {
        if (length < 0 || length + 3 > platform.sockaddrUnSize) {
            return -errno.EINVAL;
        }
        S to = scratch();
        family(to, length + 3, Platform.AF_UNIX);
        copy(to, 2, path, length);
        to.bytes.put(2 + length, (byte) 0);
        return connect(to, fd, to.address, length + 3);
    }

    /** The BSDs have the size in the first byte, the family in the second. */
    private void family(S address, int size, int family) {
        if (platform.isLinux()) {
            address.bytes.putShort(0, (short) family);
        } else {
            address.bytes.put(0, (byte) size).put(1, (byte) family);
        }
    }

    private void copy(S to, int at, long from, int length) {
        for (int i = 0; i < length; i++) {
            to.bytes.put(at + i, peekByte(from + i));
        }
    }

    @Override
    public final int sendfile(int to, int file, long offset, int count) {
        S at = scratch();
        at.bytes.putLong(0, offset);
        return sendfile(at, to, file, at.address, count);
    }

    @Override
    public final int splice(int from, int to, int count) {
        return splice(from, to, count, Platform.SPLICE_F_MOVE | Platform.SPLICE_F_NONBLOCK);
    }

    @Override
    public final int pipeCapacity(int fd, int bytes) {
        return platform.isLinux() ? fcntl(fd, Platform.F_SETPIPE_SZ, bytes) : -errno.ENOSYS;
    }

    @Override
    public final int fileStatus(int fd, long status) {
        S stat = scratch();
        int rc = fstat(stat, fd);
        if (rc < 0) {
            return rc;
        }
        pokeLong(status, device(stat.bytes, platform.statDev));
        pokeLong(status + 8, stat.bytes.getLong(platform.statIno));
        pokeLong(status + 16, mode(stat.bytes, platform.statMode));
        pokeLong(status + 24, device(stat.bytes, platform.statRdev));
        return 0;
    }

    private long device(ByteBuffer stat, int at) {
        return platform.devSize == 4 ? stat.getInt(at) : stat.getLong(at);
    }

    private long mode(ByteBuffer stat, int at) {
        return platform.modeSize == 2
                ? Short.toUnsignedLong(stat.getShort(at))
                : Integer.toUnsignedLong(stat.getInt(at));
    }

    /** A function of libc has no way to a Java object's fields. */
    @Override
    public int channelDescriptor(Channel channel) {
        return -errno.ENOSYS;
    }

    @Override
    public final int eventfd() {
        return eventfd(0, platform.O_CLOEXEC | platform.O_NONBLOCK);
    }

    @Override
    public final int epollCreate() {
        int fd = epoll_create1(platform.O_CLOEXEC);
        if (fd < 0) {
            return fd;
        }
        int rc = setNonBlocking(fd, true);
        if (rc < 0) {
            close(fd);
        }
        return rc < 0 ? rc : fd;
    }

    @Override
    public final int epollReplace(int fresh, int epfd) {
        return dup3(fresh, epfd, platform.O_CLOEXEC);
    }

    @Override
    public final int epollSetParams(int epfd, long params) {
        return isLinux() ? ioctl(scratch(), epfd, Platform.epiocsparams(), params) : -errno.ENOSYS;
    }

    @Override
    public final int epollParams(int epfd, long params) {
        return isLinux() ? ioctl(scratch(), epfd, Platform.epiocgparams(), params) : -errno.ENOSYS;
    }

    @Override
    public final int epollCtl(int epfd, int op, int fd, int events, long data) {
        S event = scratch();
        event.bytes.putInt(layout.epollEventEvents, events);
        event.bytes.putLong(layout.epollEventData, data);
        return epoll_ctl(event, epfd, op, fd, event.address);
    }

    @Override
    public final int epollWait(
            int epfd, long events, int capacity, int millis, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        return epoll_wait(epfd, events, capacity, refused ? 0 : millis);
    }

    @Override
    public final int epollPwait2(
            int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        S scratch = scratch();
        return epoll_pwait2(scratch, epfd, events, capacity, time(scratch, refused ? 0 : nanos));
    }

    @Override
    public final int kqueue() {
        int fd = plainKqueue();
        if (fd < 0) {
            return fd;
        }
        int rc = setCloseOnExec(fd);
        if (rc < 0) {
            close(fd);
        }
        return rc < 0 ? rc : fd;
    }

    @Override
    public final int keventChange(int kq, long changes, int count, int receipts) {
        S scratch = scratch();
        return kevent(scratch, kq, changes, count, changes, receipts, time(scratch, 0));
    }

    @Override
    public final int keventWait(int kq, long events, int capacity, long nanos) {
        S scratch = scratch();
        long timeout = nanos < 0 ? 0 : time(scratch, nanos);
        return kevent(scratch, kq, 0, 0, events, capacity, timeout);
    }

    @Override
    public final int ppoll(long fds, int count, long nanos) {
        S scratch = scratch();
        return ppoll(scratch, fds, count, time(scratch, nanos));
    }

    @Override
    public final int select(int nfds, long reads, long writes, long excepts, long micros) {
        S pair = scratch();
        long timeout = 0;
        if (micros >= 0) {
            pair.bytes.putLong(0, micros / 1_000_000);
            if (platform.usecSize == 4) {
                pair.bytes.putInt(8, (int) (micros % 1_000_000));
            } else {
                pair.bytes.putLong(8, micros % 1_000_000);
            }
            timeout = pair.address;
        }
        return select(pair, nfds, reads, writes, excepts, timeout);
    }

    /** struct timespec { long tv_sec; long tv_nsec; } */
    private static long time(Scratch pair, long nanos) {
        pair.bytes.putLong(0, nanos / 1_000_000_000).putLong(8, nanos % 1_000_000_000);
        return pair.address;
    }
}
