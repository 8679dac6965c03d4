package dev.pollux.sys.jnr;

import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import dev.pollux.sys.LibcSyscalls;
import dev.pollux.sys.Platform;
import java.nio.ByteBuffer;
import jnr.ffi.LastError;
import jnr.ffi.Runtime;

/** The jnr-ffi binding: libc through jnr-ffi. */
public final class JnrSyscalls extends LibcSyscalls<LibcSyscalls.Scratch> {
    private final C.Everywhere libc;
    private final C.Pipe2 pipe2; // this and those below: null where the system has none
    private final C.Accept4 accept4;
    private final C.Sendfile sendfile;
    private final Splice splice;
    private final C.Ppoll ppoll;
    private final C.Fstat fstat;
    private final C.Fxstat fxstat; // not null where fstat is
    private final C.Epoll epoll;
    private final C.EpollPwait2 epollPwait2;
    private final KqueueLibrary kqueue;
    private final Runtime runtime;
    private final MemoryIO memory = MemoryIO.getInstance();

    private final ThreadLocal<Scratch> scratch;

    /** Looks libc up; throws {@link UnsatisfiedLinkError} on a system without a table. */
    public JnrSyscalls() {
        this(Platform.current());
    }

    /** With the numbers and the names of another platform: for tests. */
    JnrSyscalls(Platform platform) {
        this(
                platform,
                C.load(C.Everywhere.class, platform),
                platform.isLinux()
                        ? KqueueLibrary.loadLibkqueue()
                        : KqueueLibrary.ofLibc(platform));
    }

    private JnrSyscalls(Platform platform, C.Everywhere libc, KqueueLibrary kqueue) {
        super(platform, kqueue != null, platform.isLinux() && isInterposed(platform));
        this.libc = libc;
        this.kqueue = kqueue;
        pipe2 = C.loadIfThere(C.Pipe2.class, platform);
        accept4 = C.loadIfThere(C.Accept4.class, platform);
        sendfile = platform.isLinux() ? C.load(C.Sendfile.class, platform) : null;
        splice = platform.isLinux() ? new Splice() : null;
        ppoll = C.loadIfThere(C.Ppoll.class, platform);
        fstat = C.loadIfThere(C.Fstat.class, platform);
        fxstat = fstat == null ? C.load(C.Fxstat.class, platform) : null;
        epoll = platform.isLinux() ? C.load(C.Epoll.class, platform) : null;
        // Who takes the place of libc's functions need not know of this one, which is young.
        epollPwait2 =
                platform.isLinux() && !throughLibc()
                        ? C.loadIfThere(C.EpollPwait2.class, platform)
                        : null;
        runtime = Runtime.getRuntime(libc);
        scratch = ThreadLocal.withInitial(() -> scratch(platform.statSize));
    }

    private static Scratch scratch(int bytes) {
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes);
        return new Scratch(direct, MemoryIO.getInstance().getDirectBufferAddress(direct));
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

    private static boolean isInterposed(Platform platform) {
        C.DlAddr dl = C.loadIfThere(C.DlAddr.class, platform);
        if (dl == null) {
            return false;
        }
        Scratch info = scratch(32);
        return isInterposed(
                name -> { // where it begins: struct Dl_info { char *fname; void *fbase; two more; }
                    long function = Library.getDefault().getSymbolAddress(name);
                    return dl.dladdr(function, info.address) == 0 ? 0 : info.bytes.getLong(8);
                });
    }

    @Override
    protected Scratch scratch() {
        return scratch.get();
    }

    @Override
    protected int peekInt(long address) {
        return memory.getInt(address);
    }

    @Override
    protected byte peekByte(long address) {
        return memory.getByte(address);
    }

    @Override
    protected void pokeLong(long address, long value) {
        memory.putLong(address, value);
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
    protected int fcntl(int fd, int command, int argument) {
        return result(libc.fcntl(fd, command, argument));
    }

    @Override
    protected int ioctl(Scratch scratch, int fd, long request, long argument) {
        return result(libc.ioctl(fd, request, argument));
    }

    @Override
    protected int open(long path, int flags, int mode) {
        return result(libc.open(path, flags, mode));
    }

    @Override
    public int readv(int fd, long list, int count) {
        return result((int) libc.readv(fd, list, count));
    }

    @Override
    public int writev(int fd, long list, int count) {
        return result((int) libc.writev(fd, list, count));
    }

    @Override
    public int pread(int fd, ByteBuffer direct, int at, int length, long offset) {
        long into = memory.getDirectBufferAddress(direct) + at;
        return result((int) libc.pread(fd, into, length, offset));
    }

    @Override
    public int recv(int fd, ByteBuffer direct, int at, int length, int flags) {
        long into = memory.getDirectBufferAddress(direct) + at;
        return result((int) libc.recv(fd, into, length, flags));
    }

    @Override
    public int send(int fd, ByteBuffer direct, int at, int length, int flags) {
        long from = memory.getDirectBufferAddress(direct) + at;
        return result((int) libc.send(fd, from, length, flags));
    }

    @Override
    protected int plainAccept(int fd) {
        return result(libc.accept(fd, 0, 0));
    }

    @Override
    protected int accept4(int fd, int flags) {
        return accept4 == null ? -errno().ENOSYS : result(accept4.accept4(fd, 0, 0, flags));
    }

    @Override
    protected int connect(Scratch own, int fd, long address, int length) {
        return result(libc.connect(fd, address, length));
    }

    @Override
    public int shutdown(int fd, int how) {
        return result(libc.shutdown(fd, how));
    }

    @Override
    protected int sendfile(Scratch own, int to, int file, long offset, int count) {
        return sendfile == null
                ? -errno().ENOSYS
                : result((int) sendfile.sendfile(to, file, offset, count));
    }

    @Override
    protected int splice(int from, int to, int count, int flags) {
        return splice == null ? -errno().ENOSYS : result(splice.splice(from, to, count, flags));
    }

    @Override
    protected int lseek(int fd, long offset, int whence) {
        return result((int) Math.min(0, libc.lseek(fd, offset, whence)));
    }

    @Override
    protected int plainPipe(long fds) {
        return result(libc.pipe(fds));
    }

    @Override
    protected int pipe2(long fds, int flags) {
        return pipe2 == null ? -errno().ENOSYS : result(pipe2.pipe2(fds, flags));
    }

    @Override
    protected int socketpair(int domain, int type, int protocol, long fds) {
        return result(libc.socketpair(domain, type, protocol, fds));
    }

    @Override
    protected int getsockopt(Scratch own, int fd, int level, int name, long value, long length) {
        return result(libc.getsockopt(fd, level, name, value, length));
    }

    @Override
    protected int fstat(Scratch own, int fd) {
        return result(
                fstat == null ? fxstat.__fxstat(0, fd, own.address) : fstat.fstat(fd, own.address));
    }

    @Override
    protected int eventfd(int value, int flags) {
        return epoll == null ? -errno().ENOSYS : result(epoll.eventfd(value, flags));
    }

    @Override
    protected int epoll_create1(int flags) {
        return epoll == null ? -errno().ENOSYS : result(epoll.epoll_create1(flags));
    }

    @Override
    protected int dup3(int from, int to, int flags) {
        return epoll == null ? -errno().ENOSYS : result(epoll.dup3(from, to, flags));
    }

    @Override
    protected int epoll_ctl(Scratch own, int epfd, int op, int fd, long event) {
        return epoll == null ? -errno().ENOSYS : result(epoll.epoll_ctl(epfd, op, fd, event));
    }

    @Override
    protected int epoll_wait(int epfd, long events, int capacity, int millis) {
        return epoll == null
                ? -errno().ENOSYS
                : result(epoll.epoll_wait(epfd, events, capacity, millis));
    }

    @Override
    protected int epoll_pwait2(Scratch own, int epfd, long events, int capacity, long timeout) {
        return epollPwait2 == null
                ? -errno().ENOSYS
                : result(epollPwait2.epoll_pwait2(epfd, events, capacity, timeout, 0));
    }

    @Override
    protected int plainKqueue() {
        return kqueue == null ? -errno().ENOSYS : result(kqueue.kqueue());
    }

    @Override
    protected int kevent(
            Scratch own, int kq, long changes, int count, long events, int capacity, long timeout) {
        return kqueue == null
                ? -errno().ENOSYS
                : result(kqueue.kevent(kq, changes, count, events, capacity, timeout));
    }

    @Override
    public int poll(long fds, int count, int millis) {
        return result(libc.poll(fds, count, millis));
    }

    @Override
    protected int ppoll(Scratch own, long fds, int count, long timeout) {
        return ppoll == null ? -errno().ENOSYS : result(ppoll.ppoll(fds, count, timeout, 0));
    }

    @Override
    protected int select(
            Scratch own, int nfds, long reads, long writes, long excepts, long timeout) {
        return result(libc.select(nfds, reads, writes, excepts, timeout));
    }

    private int result(int rc) {
        return rc < 0 ? -LastError.getLastError(runtime) : rc;
    }
}
