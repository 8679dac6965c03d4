package dev.pollux.sys.jnr;

import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channel;
import java.util.stream.Stream;
import jnr.ffi.LastError;
import jnr.ffi.Runtime;

/**
 * The jnr-ffi binding: libc through jnr-ffi. Layouts and constants come from a table, see {@link
 * Platform}. What a system has not is looked up when the binding is opened, so that no call ends in
 * an {@link UnsatisfiedLinkError}: it answers {@code -ENOSYS}.
 */
public final class JnrSyscalls implements Syscalls {
    private final Platform platform;
    private final boolean throughLibc;
    private final C.Everywhere libc;
    private final C.Pipe2 pipe2; // this and those below: null where the system has none
    private final C.Ppoll ppoll;
    private final C.Fstat fstat;
    private final C.Fxstat fxstat; // not null where fstat is
    private final C.Epoll epoll;
    private final C.EpollPwait2 epollPwait2;
    private final KqueueLibrary kqueue;
    private final Runtime runtime;
    private final MemoryIO memory = MemoryIO.getInstance();
    private final Layout layout;
    private final Errno errno;

    /** Per thread: a struct epoll_event, timespec, timeval or stat. */
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    private final class Scratch {
        final ByteBuffer bytes =
                ByteBuffer.allocateDirect(platform.statSize).order(ByteOrder.nativeOrder());
        final long address = memory.getDirectBufferAddress(bytes);
    }

    /** Looks libc up; throws {@link UnsatisfiedLinkError} on a system without a table. */
    public JnrSyscalls() {
        this(Platform.current());
    }

    /** With the numbers and the names of another platform: for tests. */
    JnrSyscalls(Platform platform) {
        this.platform = platform;
        libc = C.load(C.Everywhere.class, platform);
        pipe2 = C.loadIfThere(C.Pipe2.class, platform);
        ppoll = C.loadIfThere(C.Ppoll.class, platform);
        fstat = C.loadIfThere(C.Fstat.class, platform);
        fxstat = fstat == null ? C.load(C.Fxstat.class, platform) : null;
        boolean linux = platform.constant("epollEventSize") != 0;
        epoll = linux ? C.load(C.Epoll.class, platform) : null;
        Bindings.returnsWish(); // there is nothing to renew, but a wrong value is one here, too
        int wish = Bindings.libcWish();
        throughLibc = wish > 0 || wish < 0 && linux && isInterposed();
        // Who takes the place of libc's functions need not know of this one, which is young.
        epollPwait2 = linux && !throughLibc ? C.loadIfThere(C.EpollPwait2.class, platform) : null;
        kqueue = linux ? KqueueLibrary.loadLibkqueue() : KqueueLibrary.ofLibc(platform);
        runtime = Runtime.getRuntime(libc);
        layout = new Layout(this);
        errno = new Errno(this);
    }

    @Override
    public String binding() {
        return "jnr";
    }

    @Override
    public String loadedFrom() {
        var jffi = MemoryIO.class.getProtectionDomain().getCodeSource(); // null: of the system
        return "libc, by jffi" + (jffi == null ? "" : " of " + jffi.getLocation());
    }

    /** Whether epoll's functions are of another file than the rest of libc. */
    private boolean isInterposed() {
        C.DlAddr dl = C.loadIfThere(C.DlAddr.class, platform);
        if (dl == null) {
            return false;
        }
        long libc = fileOf("strerror", dl);
        return Stream.of("epoll_create1", "epoll_ctl", "epoll_wait")
                .anyMatch(name -> fileOf(name, dl) != libc);
    }

    /** Where it begins: struct Dl_info { char *dli_fname; void *dli_fbase; two more; }. */
    private long fileOf(String function, C.DlAddr dl) {
        Scratch info = scratch.get();
        int found = dl.dladdr(Library.getDefault().getSymbolAddress(function), info.address);
        return found == 0 ? 0 : info.bytes.getLong(8);
    }

    @Override
    public boolean throughLibc() {
        return throughLibc;
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
        return platform.layout(index);
    }

    @Override
    public int errorNumber(int index) {
        return platform.errorNumber(index);
    }

    @Override
    public int errorText(int error, long text, int capacity) {
        long message = libc.strerror(error);
        int length = (int) Math.min(memory.getStringLength(message), capacity);
        memory.copyMemory(message, text, length);
        return length;
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        long address = libc.calloc(1, bytes);
        return address == 0 ? null : memory.newDirectByteBuffer(address, bytes);
    }

    @Override
    public void free(ByteBuffer allocated) {
        libc.free(memory.getDirectBufferAddress(allocated));
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
        return pipe2 == null
                ? mark(fds, libc.pipe(fds))
                : result(pipe2.pipe2(fds, platform.O_CLOEXEC | platform.O_NONBLOCK));
    }

    @Override
    public int socketpair(long fds) {
        int flags = platform.SOCK_CLOEXEC | platform.SOCK_NONBLOCK;
        int rc = libc.socketpair(Platform.AF_UNIX, Platform.SOCK_STREAM | flags, 0, fds);
        return flags == 0 ? mark(fds, rc) : result(rc);
    }

    /**
     * Where a pair cannot be made so from birth: close-on-exec and non-blocking, or both closed.
     */
    private int mark(long fds, int rc) {
        if (rc < 0) {
            return result(rc);
        }
        for (int i = 0; i < 2; i++) {
            int marked = closeOnExec(memory.getInt(fds + 4L * i));
            if (marked == 0) {
                marked = setNonBlocking(memory.getInt(fds + 4L * i), true);
            }
            if (marked < 0) {
                libc.close(memory.getInt(fds));
                libc.close(memory.getInt(fds + 4));
                return marked;
            }
        }
        return 0;
    }

    private int closeOnExec(int fd) {
        return result(libc.fcntl(fd, Platform.F_SETFD, Platform.FD_CLOEXEC));
    }

    @Override
    public int setNonBlocking(int fd, boolean on) {
        int flags = libc.fcntl(fd, Platform.F_GETFL, 0);
        if (flags < 0) {
            return result(flags);
        }
        int wanted = on ? flags | platform.O_NONBLOCK : flags & ~platform.O_NONBLOCK;
        return wanted == flags ? 0 : result(libc.fcntl(fd, Platform.F_SETFL, wanted));
    }

    @Override
    public int isOpen(int fd) {
        // Not fcntl, which is variadic, and for which jnr-ffi allocates: a pipe says ESPIPE.
        int rc = result((int) Math.min(0, libc.lseek(fd, 0, Platform.SEEK_CUR)));
        return rc == -errno.EBADF ? rc : 0;
    }

    @Override
    public int socketType(int fd) {
        Scratch scratched = scratch.get();
        scratched.bytes.putInt(4, 4);
        long type = scratched.address;
        int rc = libc.getsockopt(fd, platform.SOL_SOCKET, platform.SO_TYPE, type, type + 4);
        if (rc < 0) {
            int error = result(rc);
            return error == -errno.ENOTSOCK ? 0 : error;
        }
        return scratched.bytes.getInt(0);
    }

    @Override
    public int fileStatus(int fd, long status) {
        Scratch stat = scratch.get();
        int rc =
                fstat == null
                        ? fxstat.__fxstat(0, fd, stat.address)
                        : fstat.fstat(fd, stat.address);
        if (rc < 0) {
            return result(rc);
        }
        memory.putLong(status, device(stat.bytes, platform.statDev));
        memory.putLong(status + 8, stat.bytes.getLong(platform.statIno));
        memory.putLong(status + 16, mode(stat.bytes, platform.statMode));
        memory.putLong(status + 24, device(stat.bytes, platform.statRdev));
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

    /** jnr-ffi has no way to a Java object's fields. */
    @Override
    public int channelDescriptor(Channel channel) {
        return -errno.ENOSYS;
    }

    @Override
    public int eventfd() {
        return epoll == null
                ? -errno.ENOSYS
                : result(epoll.eventfd(0, platform.O_CLOEXEC | platform.O_NONBLOCK));
    }

    @Override
    public int epollCreate() {
        if (epoll == null) {
            return -errno.ENOSYS;
        }
        int fd = result(epoll.epoll_create1(platform.O_CLOEXEC));
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
        return epoll == null ? -errno.ENOSYS : result(epoll.dup3(fresh, epfd, platform.O_CLOEXEC));
    }

    @Override
    public int epollCtl(int epfd, int op, int fd, int events, long data) {
        if (epoll == null) {
            return -errno.ENOSYS;
        }
        Scratch event = scratch.get();
        event.bytes.putInt(layout.epollEventEvents, events);
        event.bytes.putLong(layout.epollEventData, data);
        return result(epoll.epoll_ctl(epfd, op, fd, event.address));
    }

    @Override
    public int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        return epoll == null
                ? -errno.ENOSYS
                : result(epoll.epoll_wait(epfd, events, capacity, refused ? 0 : millis));
    }

    @Override
    public int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        return epollPwait2 == null
                ? -errno.ENOSYS
                : result(
                        epollPwait2.epoll_pwait2(
                                epfd, events, capacity, time(refused ? 0 : nanos), 0));
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
        int rc = closeOnExec(fd);
        if (rc < 0) {
            libc.close(fd);
        }
        return rc < 0 ? rc : fd;
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
        return ppoll == null ? -errno.ENOSYS : result(ppoll.ppoll(fds, count, time(nanos), 0));
    }

    @Override
    public int select(int nfds, long reads, long writes, long excepts, long micros) {
        long timeout = 0;
        if (micros >= 0) {
            Scratch pair = scratch.get();
            pair.bytes.putLong(0, micros / 1_000_000);
            if (platform.usecSize == 4) {
                pair.bytes.putInt(8, (int) (micros % 1_000_000));
            } else {
                pair.bytes.putLong(8, micros % 1_000_000);
            }
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
