package dev.pollux.sys.ffm;

import static dev.pollux.sys.ffm.Downcalls.call;

import dev.pollux.sys.LibcSyscalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;

/**
 * The FFM binding: libc through {@code java.lang.foreign} of JDK 22 and later. It writes no file
 * and loads no library.
 */
@SuppressWarnings("restricted")
public final class FfmSyscalls extends LibcSyscalls<FfmSyscalls.Own> {
    /** All memory of this process. */
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** What a thread has: the memory for the structs, and that for the error number. */
    static final class Own extends LibcSyscalls.Scratch {
        private static final int STATE_AT = Math.toIntExact(Downcalls.STATE_SIZE + 15 & -16);

        final MemorySegment state;

        private Own(MemorySegment memory) {
            super(memory.asSlice(STATE_AT).asByteBuffer(), memory.address() + STATE_AT);
            state = memory.asSlice(0, Downcalls.STATE_SIZE);
        }

        static Own ofSize(int bytes) {
            return new Own(Arena.ofAuto().allocate(STATE_AT + bytes, 16));
        }
    }

    private final ThreadLocal<Own> own =
            ThreadLocal.withInitial(() -> Own.ofSize(Libc.PLATFORM.statSize));

    /** Links libc's functions; throws {@link UnsatisfiedLinkError} on a system without a table. */
    public FfmSyscalls() {
        super(Libc.PLATFORM, Kqueue.KQUEUE != null, Libc.PLATFORM.isLinux() && isInterposed());
        Downcalls.warmUp();
    }

    @Override
    public String binding() {
        return "ffm";
    }

    @Override
    public String loadedFrom() {
        return "libc, by java.lang.foreign of JDK " + Runtime.version().feature();
    }

    private static boolean isInterposed() {
        if (Libc.DLADDR == null) {
            return false;
        }
        Own info = Own.ofSize(32);
        return isInterposed(
                name -> { // where it begins: struct Dl_info { char *fname; void *fbase; two more; }
                    long function = Libc.address(name).address();
                    return (int) call(Libc.DLADDR, info.state, function, info.address) == 0
                            ? 0
                            : info.bytes.getLong(8);
                });
    }

    @Override
    public int channelDescriptor(Channel channel) {
        if (!TrustedLookup.seesChannels()) {
            return -errno().ENOSYS;
        }
        int fd = TrustedLookup.descriptor(channel);
        return fd < 0 ? -errno().EINVAL : fd;
    }

    @Override
    public Object trustedLookup() {
        return TrustedLookup.LOOKUP;
    }

    @Override
    protected Own scratch() {
        return own.get();
    }

    private static int result(long rc, Own own) {
        return (int) rc < 0 ? -Downcalls.errno(own.state) : (int) rc;
    }

    @Override
    protected int peekInt(long address) {
        return MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    @Override
    protected byte peekByte(long address) {
        return MEMORY.get(ValueLayout.JAVA_BYTE, address);
    }

    @Override
    protected void pokeLong(long address, long value) {
        MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
    }

    @Override
    public int errorText(int error, long text, int capacity) {
        long message = call(Libc.STRERROR, scratch().state, error);
        int length = 0;
        while (length < capacity && MEMORY.get(ValueLayout.JAVA_BYTE, message + length) != 0) {
            length++;
        }
        MemorySegment.copy(MEMORY, message, MEMORY, text, length);
        return length;
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        long address = call(Libc.CALLOC, scratch().state, 1, bytes);
        return address == 0
                ? null
                : MemorySegment.ofAddress(address).reinterpret(bytes).asByteBuffer();
    }

    @Override
    public void free(ByteBuffer allocated) {
        call(Libc.FREE, scratch().state, address(allocated));
    }

    @Override
    public long address(ByteBuffer direct) {
        return TrustedLookup.address(direct);
    }

    @Override
    public int read(int fd, ByteBuffer direct, int at, int length) {
        Own own = scratch();
        int rc = result(call(Libc.READ, own.state, fd, address(direct) + at, length), own);
        Reference.reachabilityFence(direct);
        return rc;
    }

    @Override
    public int write(int fd, ByteBuffer direct, int at, int length) {
        Own own = scratch();
        int rc = result(call(Libc.WRITE, own.state, fd, address(direct) + at, length), own);
        Reference.reachabilityFence(direct);
        return rc;
    }

    @Override
    public int close(int fd) {
        Own own = scratch();
        return result(call(Libc.CLOSE, own.state, fd), own);
    }

    @Override
    protected int fcntl(int fd, int command, int argument) {
        Own own = scratch();
        return result(call(Libc.FCNTL, own.state, fd, command, argument), own);
    }

    @Override
    protected int ioctl(Own own, int fd, long request, long argument) {
        return result(call(Libc.IOCTL, own.state, fd, request, argument), own);
    }

    @Override
    protected int lseek(int fd, long offset, int whence) {
        Own own = scratch();
        long rc = call(Libc.LSEEK, own.state, fd, offset, whence);
        return rc < 0 ? -Downcalls.errno(own.state) : 0;
    }

    @Override
    protected int open(long path, int flags, int mode) {
        Own own = scratch();
        return result(call(Libc.OPEN, own.state, path, flags, mode), own);
    }

    @Override
    public int readv(int fd, long list, int count) {
        Own own = scratch();
        return result(call(Libc.READV, own.state, fd, list, count), own);
    }

    @Override
    public int writev(int fd, long list, int count) {
        Own own = scratch();
        return result(call(Libc.WRITEV, own.state, fd, list, count), own);
    }

    @Override
    public int pread(int fd, ByteBuffer direct, int at, int length, long offset) {
        Own own = scratch();
        int rc = result(call(Libc.PREAD, own.state, fd, address(direct) + at, length, offset), own);
        Reference.reachabilityFence(direct);
        return rc;
    }

    @Override
    public int recv(int fd, ByteBuffer direct, int at, int length, int flags) {
        Own own = scratch();
        int rc = result(call(Libc.RECV, own.state, fd, address(direct) + at, length, flags), own);
        Reference.reachabilityFence(direct);
        return rc;
    }

    @Override
    public int send(int fd, ByteBuffer direct, int at, int length, int flags) {
        Own own = scratch();
        int rc = result(call(Libc.SEND, own.state, fd, address(direct) + at, length, flags), own);
        Reference.reachabilityFence(direct);
        return rc;
    }

    @Override
    protected int plainAccept(int fd) {
        Own own = scratch();
        return result(call(Libc.ACCEPT, own.state, fd, 0, 0), own);
    }

    @Override
    protected int accept4(int fd, int flags) {
        Own own = scratch();
        return Libc.ACCEPT4 == null
                ? -errno().ENOSYS
                : result(call(Libc.ACCEPT4, own.state, fd, 0, 0, flags), own);
    }

    @Override
    protected int connect(Own own, int fd, long address, int length) {
        return result(call(Libc.CONNECT, own.state, fd, address, length), own);
    }

    @Override
    public int shutdown(int fd, int how) {
        Own own = scratch();
        return result(call(Libc.SHUTDOWN, own.state, fd, how), own);
    }

    @Override
    protected int sendfile(Own own, int to, int file, long offset, int count) {
        return Libc.SENDFILE == null
                ? -errno().ENOSYS
                : result(call(Libc.SENDFILE, own.state, to, file, offset, count), own);
    }

    @Override
    protected int splice(int from, int to, int count, int flags) {
        Own own = scratch();
        return Libc.SPLICE == null
                ? -errno().ENOSYS
                : result(call(Libc.SPLICE, own.state, from, 0, to, 0, count, flags), own);
    }

    @Override
    protected int plainPipe(long fds) {
        Own own = scratch();
        return result(call(Libc.PIPE, own.state, fds), own);
    }

    @Override
    protected int pipe2(long fds, int flags) {
        Own own = scratch();
        return Libc.PIPE2 == null
                ? -errno().ENOSYS
                : result(call(Libc.PIPE2, own.state, fds, flags), own);
    }

    @Override
    protected int socketpair(int domain, int type, int protocol, long fds) {
        Own own = scratch();
        return result(call(Libc.SOCKETPAIR, own.state, domain, type, protocol, fds), own);
    }

    @Override
    protected int getsockopt(Own own, int fd, int level, int name, long value, long length) {
        return result(call(Libc.GETSOCKOPT, own.state, fd, level, name, value, length), own);
    }

    @Override
    protected int fstat(Own own, int fd) {
        return result(
                Libc.FSTAT == null
                        ? call(Libc.FXSTAT, own.state, 0, fd, own.address)
                        : call(Libc.FSTAT, own.state, fd, own.address),
                own);
    }

    @Override
    protected int eventfd(int value, int flags) {
        Own own = scratch();
        return Libc.EVENTFD == null
                ? -errno().ENOSYS
                : result(call(Libc.EVENTFD, own.state, value, flags), own);
    }

    @Override
    protected int epoll_create1(int flags) {
        Own own = scratch();
        return Libc.EPOLL_CREATE1 == null
                ? -errno().ENOSYS
                : result(call(Libc.EPOLL_CREATE1, own.state, flags), own);
    }

    @Override
    protected int dup3(int from, int to, int flags) {
        Own own = scratch();
        return Libc.DUP3 == null
                ? -errno().ENOSYS
                : result(call(Libc.DUP3, own.state, from, to, flags), own);
    }

    @Override
    protected int epoll_ctl(Own own, int epfd, int op, int fd, long event) {
        return Libc.EPOLL_CTL == null
                ? -errno().ENOSYS
                : result(call(Libc.EPOLL_CTL, own.state, epfd, op, fd, event), own);
    }

    @Override
    protected int epoll_wait(int epfd, long events, int capacity, int millis) {
        Own own = scratch();
        return Libc.EPOLL_WAIT == null
                ? -errno().ENOSYS
                : result(call(Libc.EPOLL_WAIT, own.state, epfd, events, capacity, millis), own);
    }

    /** Not if libc's functions are another's: who takes their place need not know of this one. */
    @Override
    protected int epoll_pwait2(Own own, int epfd, long events, int capacity, long timeout) {
        return Libc.EPOLL_PWAIT2 == null || throughLibc()
                ? -errno().ENOSYS
                : result(
                        call(Libc.EPOLL_PWAIT2, own.state, epfd, events, capacity, timeout, 0),
                        own);
    }

    @Override
    protected int plainKqueue() {
        Own own = scratch();
        return Kqueue.KQUEUE == null
                ? -errno().ENOSYS
                : result(call(Kqueue.KQUEUE, own.state), own);
    }

    @Override
    protected int kevent(
            Own own, int kq, long changes, int count, long events, int capacity, long timeout) {
        return Kqueue.KEVENT == null
                ? -errno().ENOSYS
                : result(
                        call(
                                Kqueue.KEVENT,
                                own.state,
                                kq,
                                changes,
                                count,
                                events,
                                capacity,
                                timeout),
                        own);
    }

    @Override
    public int poll(long fds, int count, int millis) {
        Own own = scratch();
        return result(call(Libc.POLL, own.state, fds, count, millis), own);
    }

    @Override
    protected int ppoll(Own own, long fds, int count, long timeout) {
        return Libc.PPOLL == null
                ? -errno().ENOSYS
                : result(call(Libc.PPOLL, own.state, fds, count, timeout, 0), own);
    }

    @Override
    protected int select(Own own, int nfds, long reads, long writes, long excepts, long timeout) {
        return result(call(Libc.SELECT, own.state, nfds, reads, writes, excepts, timeout), own);
    }
}
