package dev.pollux.sys.jni;

import dev.pollux.sys.Bindings;
import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;

/** The JNI binding: native methods, in the order of the table in {@code native/pollux.c}. */
public final class JniSyscalls implements Syscalls {
    private final boolean throughLibc;
    private final String returns;
    private final Layout layout;
    private final Errno errno;

    /** Loads the native library; throws {@link UnsatisfiedLinkError} with every reason. */
    public JniSyscalls() {
        int libc = Bindings.libcWish();
        String wish = Bindings.returnsWish();
        NativeLibrary.load(this);
        throughLibc = useLibc(libc);
        returns = throughLibc ? Syscalls.super.returns() : Returns.decide(this, wish).toString();
        layout = new Layout(this);
        errno = new Errno(this);
    }

    @Override
    public String binding() {
        return "jni";
    }

    @Override
    public String loadedFrom() {
        return NativeLibrary.loadedFrom();
    }

    @Override
    public boolean throughLibc() {
        return throughLibc;
    }

    private native boolean useLibc(int wish);

    @Override
    public String returns() {
        return returns;
    }

    /** AMD's family of processors, 0 of another maker; -errno: nothing is to be filled here. */
    native int returnsFamily();

    /** See {@link Returns.Facts#times}. */
    native long returnsTimes();

    /** Whether the return stack buffer is filled after each call from now on. */
    native void fillReturns(boolean fill);

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public Errno errno() {
        return errno;
    }

    @Override
    public int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes) {
        return epollWait0(epfd, events, capacity, millis, changes == null ? 0 : changes.handOver());
    }

    @Override
    public int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        return epollPwait20(
                epfd, events, capacity, nanos, changes == null ? 0 : changes.handOver());
    }

    @Override
    public native long layout(int index);

    @Override
    public native int errorNumber(int index);

    @Override
    public native int errorText(int error, long text, int capacity);

    @Override
    public native ByteBuffer allocate(int bytes);

    @Override
    public native void free(ByteBuffer allocated);

    @Override
    public native long address(ByteBuffer direct);

    @Override
    public native int read(int fd, ByteBuffer direct, int at, int length);

    @Override
    public native int write(int fd, ByteBuffer direct, int at, int length);

    @Override
    public native int close(int fd);

    @Override
    public native int open(long path, int access);

    @Override
    public native int pipe(long fds);

    @Override
    public native int socketpair(long fds);

    @Override
    public native int setNonBlocking(int fd, boolean on);

    @Override
    public native int isNonBlocking(int fd);

    @Override
    public native int setCloseOnExec(int fd);

    @Override
    public native int unread(int fd);

    @Override
    public native int isOpen(int fd);

    @Override
    public native int socketType(int fd);

    @Override
    public native int fileStatus(int fd, long status);

    @Override
    public native int readv(int fd, long list, int count);

    @Override
    public native int writev(int fd, long list, int count);

    @Override
    public native int pread(int fd, ByteBuffer direct, int at, int length, long offset);

    @Override
    public native int recv(int fd, ByteBuffer direct, int at, int length, int flags);

    @Override
    public native int send(int fd, ByteBuffer direct, int at, int length, int flags);

    @Override
    public native int accept(int fd);

    @Override
    public native int connect(int fd, long address, int length, int port, int scope);

    @Override
    public native int connectUnix(int fd, long path, int length);

    @Override
    public native int socketError(int fd);

    @Override
    public native int isListening(int fd);

    @Override
    public native int shutdown(int fd, int how);

    @Override
    public native int sendfile(int to, int file, long offset, int count);

    @Override
    public native int splice(int from, int to, int count);

    @Override
    public native int pipeCapacity(int fd, int bytes);

    @Override
    public native int channelDescriptor(Channel channel);

    @Override
    public native Object trustedLookup();

    @Override
    public native int eventfd();

    @Override
    public native int epollCreate();

    @Override
    public native int epollReplace(int fresh, int epfd);

    @Override
    public native int epollSetParams(int epfd, long params);

    @Override
    public native int epollParams(int epfd, long params);

    @Override
    public native int epollCtl(int epfd, int op, int fd, int events, long data);

    private native int epollWait0(int epfd, long events, int capacity, int millis, long changes);

    private native int epollPwait20(int epfd, long events, int capacity, long nanos, long changes);

    @Override
    public int uringOpen(int entries, int flags, long ring) {
        return throughLibc ? -errno.ENOSYS : uringOpen0(entries, flags, ring);
    }

    private native int uringOpen0(int entries, int flags, long ring);

    @Override
    public native ByteBuffer uringMemory(long ring);

    @Override
    public native int uringClose(long ring);

    @Override
    public native int uringChange(long ring, int epfd, int op, long list, int count);

    @Override
    public native int uringWatch(long ring, int fd, int number, int earlier);

    @Override
    public native int seccomp();

    @Override
    public native int kqueue();

    @Override
    public native int keventChange(int kq, long changes, int count, int receipts);

    @Override
    public native int keventWait(int kq, long events, int capacity, long nanos);

    @Override
    public native int poll(long fds, int count, int millis);

    @Override
    public native int ppoll(long fds, int count, long nanos);

    @Override
    public native int select(int nfds, long reads, long writes, long excepts, long micros);
}
