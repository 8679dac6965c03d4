package dev.pollux.sys.jnr;

import com.kenai.jffi.MemoryIO;
import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channel;
import java.nio.charset.StandardCharsets;
import jnr.constants.platform.Fcntl;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.types.intptr_t;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import jnr.posix.FileStat;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/**
 * The jnr-ffi binding: libc through jnr-ffi, and through jnr-posix what that has and what is
 * variadic. Layouts come from a table, see {@link Platform}.
 */
public final class JnrSyscalls implements Syscalls {
    /** libc, under its own names; addresses are longs, which jnr-ffi passes without an object. */
    public interface LibC {
        int eventfd(int value, int flags);

        int epoll_create1(int flags);

        int epoll_ctl(int epfd, int op, int fd, @intptr_t long event);

        int epoll_wait(int epfd, @intptr_t long events, int capacity, int millis);

        int epoll_pwait2(
                int epfd,
                @intptr_t long events,
                int capacity,
                @intptr_t long timeout,
                @intptr_t long mask);

        int dup3(int from, int to, int flags);

        int close(int fd);

        @off_t
        long lseek(int fd, @off_t long offset, int whence);

        int pipe2(@intptr_t long fds, int flags);

        int socketpair(int domain, int type, int protocol, @intptr_t long fds);

        @ssize_t
        long read(int fd, @intptr_t long buffer, @size_t long length);

        @ssize_t
        long write(int fd, @intptr_t long buffer, @size_t long length);

        int poll(@intptr_t long fds, @size_t long count, int millis);

        int ppoll(
                @intptr_t long fds,
                @size_t long count,
                @intptr_t long timeout,
                @intptr_t long mask);

        int select(
                int nfds,
                @intptr_t long reads,
                @intptr_t long writes,
                @intptr_t long excepts,
                @intptr_t long timeout);
    }

    private static final int EINVAL = 22; // before there is a table: the same on every system

    private final LibC libc;
    private final KqueueLibrary kqueue; // null: there is none
    private final POSIX posix;
    private final Runtime runtime;
    private final MemoryIO memory = MemoryIO.getInstance();
    private final Layout layout;
    private final Errno errno;
    private final boolean hasEpollPwait2;

    /** Per thread: a struct epoll_event, timespec or timeval. */
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    private final class Scratch {
        final ByteBuffer bytes = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
        final long address = memory.getDirectBufferAddress(bytes);
    }

    /** Looks libc up; throws {@link UnsatisfiedLinkError} on a system without a table. */
    public JnrSyscalls() {
        Platform.requireSupported();
        libc = LibraryLoader.create(LibC.class).load("c");
        kqueue = KqueueLibrary.load();
        posix = POSIXFactory.getNativePOSIX();
        runtime = Runtime.getRuntime(libc);
        layout = new Layout(this);
        errno = new Errno(this);
        hasEpollPwait2 = hasEpollPwait2();
    }

    /** glibc has it since 2.35, whatever the kernel has; without it milliseconds do. */
    private boolean hasEpollPwait2() {
        try {
            libc.epoll_pwait2(-1, 0, 0, 0, 0);
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false; // jnr-ffi looks a function up when it is first called
        }
    }

    @Override
    public String binding() {
        return "jnr";
    }

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public Errno errno() {
        return errno;
    }

    @Override
    public long layout(int index) {
        if (kqueue == null && index >= Layout.KQUEUE && index < Layout.POLL) {
            return 0;
        }
        return index < 0 || index >= Platform.LAYOUT.length ? -EINVAL : Platform.LAYOUT[index];
    }

    @Override
    public int errorNumber(int index) {
        return index < 0 || index >= Errno.NAMES.size()
                ? -EINVAL
                : jnr.constants.platform.Errno.valueOf(Errno.NAMES.get(index)).intValue();
    }

    @Override
    public int errorText(int error, long text, int capacity) {
        byte[] bytes = posix.strerror(error).getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, capacity);
        Pointer.wrap(runtime, text, capacity).put(0, bytes, 0, length);
        return length;
    }

    @Override
    public long address(ByteBuffer direct) {
        return memory.getDirectBufferAddress(direct);
    }

    @Override
    public int read(int fd, ByteBuffer direct, int at, int length) {
        return result((int) libc.read(fd, memory.getDirectBufferAddress(direct) + at, length));
    }

    @Override
    public int write(int fd, ByteBuffer direct, int at, int length) {
        return result((int) libc.write(fd, memory.getDirectBufferAddress(direct) + at, length));
    }

    @Override
    public int close(int fd) {
        return result(libc.close(fd));
    }

    @Override
    public int pipe(long fds) {
        return result(libc.pipe2(fds, Platform.O_CLOEXEC | Platform.O_NONBLOCK));
    }

    @Override
    public int socketpair(long fds) {
        int type = Platform.SOCK_STREAM | Platform.O_CLOEXEC | Platform.O_NONBLOCK;
        return result(libc.socketpair(Platform.AF_UNIX, type, 0, fds));
    }

    @Override
    public int setNonBlocking(int fd, boolean on) {
        int flags = posix.fcntlInt(fd, Fcntl.F_GETFL, 0);
        if (flags < 0) {
            return result(flags);
        }
        int wanted = on ? flags | Platform.O_NONBLOCK : flags & ~Platform.O_NONBLOCK;
        return wanted == flags ? 0 : result(posix.fcntlInt(fd, Fcntl.F_SETFL, wanted));
    }

    @Override
    public int isOpen(int fd) {
        // Not fcntl, which is variadic, and for which jnr-posix allocates: a pipe says ESPIPE.
        int rc = result((int) Math.min(0, libc.lseek(fd, 0, Platform.SEEK_CUR)));
        return rc == -errno.EBADF ? rc : 0;
    }

    @Override
    public int fileStatus(int fd, long status) {
        FileStat stat = posix.allocateStat();
        int rc = posix.fstat(fd, stat);
        if (rc < 0) {
            return result(rc);
        }
        Pointer out = Pointer.wrap(runtime, status, 32);
        out.putLong(0, stat.dev());
        out.putLong(8, stat.ino());
        out.putLong(16, stat.mode());
        out.putLong(24, stat.rdev());
        return 0;
    }

    /** jnr-ffi has no way to a Java object's fields. */
    @Override
    public int channelDescriptor(Channel channel) {
        return -errno.ENOSYS;
    }

    @Override
    public int eventfd() {
        return result(libc.eventfd(0, Platform.O_CLOEXEC | Platform.O_NONBLOCK));
    }

    @Override
    public int epollCreate() {
        if (layout.epollEventSize == 0) {
            return -errno.ENOSYS;
        }
        int fd = result(libc.epoll_create1(Platform.O_CLOEXEC));
        if (fd < 0) {
            return fd;
        }
        int rc = setNonBlocking(fd, true);
        if (rc < 0) {
            libc.close(fd);
        }
        return rc < 0 ? rc : fd;
    }

    @Override
    public int epollReplace(int fresh, int epfd) {
        return result(libc.dup3(fresh, epfd, Platform.O_CLOEXEC));
    }

    @Override
    public int epollCtl(int epfd, int op, int fd, int events, long data) {
        Scratch event = scratch.get();
        event.bytes.putInt(layout.epollEventEvents, events);
        event.bytes.putLong(layout.epollEventData, data);
        return result(libc.epoll_ctl(epfd, op, fd, event.address));
    }

    @Override
    public int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        return result(libc.epoll_wait(epfd, events, capacity, refused ? 0 : millis));
    }

    @Override
    public int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        if (!hasEpollPwait2) {
            return -errno.ENOSYS;
        }
        return result(libc.epoll_pwait2(epfd, events, capacity, time(refused ? 0 : nanos), 0));
    }

    @Override
    public int kqueue() {
        if (kqueue == null) {
            return -errno.ENOSYS;
        }
        int fd = result(kqueue.kqueue());
        if (fd < 0) {
            return fd;
        }
        int rc = posix.fcntlInt(fd, Fcntl.F_SETFD, Platform.FD_CLOEXEC);
        if (rc < 0) {
            rc = result(rc);
            libc.close(fd);
            return rc;
        }
        return fd;
    }

    @Override
    public int keventChange(int kq, long changes, int count, int receipts) {
        return kqueue == null
                ? -errno.ENOSYS
                : result(kqueue.kevent(kq, changes, count, changes, receipts, time(0)));
    }

    @Override
    public int keventWait(int kq, long events, int capacity, long nanos) {
        return kqueue == null
                ? -errno.ENOSYS
                : result(kqueue.kevent(kq, 0, 0, events, capacity, nanos < 0 ? 0 : time(nanos)));
    }

    @Override
    public int poll(long fds, int count, int millis) {
        return result(libc.poll(fds, count, millis));
    }

    @Override
    public int ppoll(long fds, int count, long nanos) {
        return result(libc.ppoll(fds, count, time(nanos), 0));
    }

    @Override
    public int select(int nfds, long reads, long writes, long excepts, long micros) {
        long timeout = 0;
        if (micros >= 0) {
            Scratch pair = scratch.get();
            pair.bytes.putLong(0, micros / 1_000_000).putLong(8, micros % 1_000_000);
            timeout = pair.address;
        }
        return result(libc.select(nfds, reads, writes, excepts, timeout));
    }

    /** struct timespec { long tv_sec; long tv_nsec; } */
    private long time(long nanos) {
        Scratch pair = scratch.get();
        pair.bytes.putLong(0, nanos / 1_000_000_000).putLong(8, nanos % 1_000_000_000);
        return pair.address;
    }

    private int result(int rc) {
        return rc < 0 ? -LastError.getLastError(runtime) : rc;
    }
}
