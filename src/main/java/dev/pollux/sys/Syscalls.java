package dev.pollux.sys;

import java.nio.ByteBuffer;
import java.nio.channels.Channel;

/**
 * The system-call contract: one method for each call, implemented by three bindings.
 *
 * <p>Every method returns its result, or the negated {@code errno}; none throws, retries or
 * decides. Addresses are {@code long}s, buffers are direct. Policy (deadlines, {@code EINTR},
 * fallbacks) is the drivers' business. All methods may be called by any thread.
 */
public interface Syscalls {

    /** What {@link #socketType} says of a stream socket, on every system. */
    int STREAM = 1;

    /** Of a datagram socket. */
    int DATAGRAM = 2;

    /** Of a raw socket. */
    int RAW = 3;

    /** {@code O_RDONLY}, on every system. */
    int TO_READ = 0;

    /** {@code O_WRONLY}. */
    int TO_WRITE = 1;

    /** {@code O_RDWR}. */
    int TO_READ_AND_WRITE = 2;

    /** {@code SHUT_WR} of {@code man 2 shutdown}, on every system. */
    int SHUT_WRITING = 1;

    /** {@code "jni"}, {@code "ffm"} or {@code "jnr"}. */
    String binding();

    /** Where the native code that makes the calls was loaded from; for people. */
    default String loadedFrom() {
        return getClass().getName();
    }

    /**
     * Whether also the calls that come often are left to libc, because the property {@link
     * Bindings#LIBC} says so or another library takes the place of libc's functions. Then waits are
     * in milliseconds.
     */
    default boolean throughLibc() {
        return false;
    }

    /**
     * Whether the processor's return predictor is renewed after a system call, and why; for people:
     * {@code "renewed: ..."} or {@code "kept: ..."}. See {@link Bindings#RETURNS}.
     */
    default String returns() {
        return "kept: all calls go through libc";
    }

    /** Whether the system is Linux. */
    default boolean isLinux() {
        return layout().epollEventSize != 0;
    }

    /** Sizes, offsets and flags of this platform. */
    Layout layout();

    /** The error numbers of this platform. */
    Errno errno();

    /** One constant of {@link Layout}, by its place there. */
    long layout(int index);

    /** One error number of {@link Errno}, by its place there. */
    int errorNumber(int index);

    /** {@code man 3 strerror}: writes the text, without a final zero, and returns its length. */
    int errorText(int error, long text, int capacity);

    /**
     * {@code man 3 calloc}: zeros, as a direct buffer that no collection frees. Null: there is no
     * memory. For {@link NativeMemory} alone.
     */
    ByteBuffer allocate(int bytes);

    /** {@code man 3 free}: what {@link #allocate} returned; nothing uses it any more. */
    void free(ByteBuffer allocated);

    /** Where a direct buffer's memory begins. */
    long address(ByteBuffer direct);

    /** {@code man 2 read} into {@code direct}, from absolute position {@code at}; 0 is the end. */
    int read(int fd, ByteBuffer direct, int at, int length);

    /** {@code man 2 write} from {@code direct}, from absolute position {@code at}. */
    int write(int fd, ByteBuffer direct, int at, int length);

    /** {@code man 2 close}. Never repeated: the descriptor is gone also after {@code EINTR}. */
    int close(int fd);

    /**
     * {@code man 2 open} of what is there: non-blocking, close-on-exec, never the controlling
     * terminal.
     *
     * @param path bytes with a final zero
     * @param access {@link #TO_READ}, {@link #TO_WRITE} or {@link #TO_READ_AND_WRITE}
     */
    int open(long path, int access);

    /** {@code man 2 pipe}: two ints, the reading end first; close-on-exec, non-blocking. */
    int pipe(long fds);

    /** {@code man 2 socketpair}: two ints, unix stream sockets; close-on-exec, non-blocking. */
    int socketpair(long fds);

    /** {@code man 2 fcntl}: sets or clears {@code O_NONBLOCK}. */
    int setNonBlocking(int fd, boolean on);

    /** {@code man 2 fcntl}: whether {@code O_NONBLOCK} is set: 1 or 0. */
    int isNonBlocking(int fd);

    /** {@code man 2 fcntl}: sets {@code FD_CLOEXEC}. */
    int setCloseOnExec(int fd);

    /**
     * {@code FIONREAD} of {@code man 2 ioctl}: how many bytes a read would find; of a datagram
     * socket those of the next datagram. An error where a descriptor does not count, as one that
     * listens.
     */
    int unread(int fd);

    /**
     * Whether the descriptor is open, and not with {@code O_PATH} alone: 0, or {@code -EBADF}. By
     * {@code man 2 lseek} to where it is.
     */
    int isOpen(int fd);

    /**
     * {@code man 2 readv}. The list has two longs for each buffer, its address and its size; it is
     * not the caller's any more afterwards: a binding may have written to it.
     */
    int readv(int fd, long list, int count);

    /** {@code man 2 writev}; the list is as that of {@link #readv}. */
    int writev(int fd, long list, int count);

    /** {@code man 2 pread} into {@code direct}, from absolute position {@code at}. */
    int pread(int fd, ByteBuffer direct, int at, int length, long offset);

    /** {@code man 2 recv}, with the flags of this system. */
    int recv(int fd, ByteBuffer direct, int at, int length, int flags);

    /** {@code man 2 send}, with the flags of this system. */
    int send(int fd, ByteBuffer direct, int at, int length, int flags);

    /** {@code man 2 accept}: close-on-exec, non-blocking. */
    int accept(int fd);

    /**
     * {@code man 2 connect} to an address of the internet.
     *
     * @param address 4 or 16 bytes
     * @param scope the index of an interface, for a link-local address of IPv6; or 0
     */
    int connect(int fd, long address, int length, int port, int scope);

    /** {@code man 2 connect} to a path; {@code -EINVAL} if it is too long for a struct. */
    int connectUnix(int fd, long path, int length);

    /** {@code SO_ERROR} of {@code man 7 socket}, which is taken: the number, or 0. */
    int socketError(int fd);

    /** {@code SO_ACCEPTCONN} of {@code man 7 socket}: 1 or 0. */
    int isListening(int fd);

    /** {@code man 2 shutdown}, see {@link #SHUT_WRITING}. */
    int shutdown(int fd, int how);

    /**
     * {@code man 2 sendfile} as Linux has it, which leaves the file's own position alone; {@code
     * -ENOSYS} elsewhere.
     */
    int sendfile(int to, int file, long offset, int count);

    /** {@code man 2 splice} of Linux, which does not wait for the pipe; or {@code -ENOSYS}. */
    int splice(int from, int to, int count);

    /** {@code F_SETPIPE_SZ} of Linux's {@code man 2 fcntl}: the new size; or {@code -ENOSYS}. */
    int pipeCapacity(int fd, int bytes);

    /** {@code SO_TYPE} of {@code man 7 socket}, see {@link #STREAM}; 0 if it is no socket. */
    int socketType(int fd);

    /** {@code man 2 fstat}: writes four longs: device, inode, mode, number of a device file. */
    int fileStatus(int fd, long status);

    /**
     * The descriptor of a {@code java.nio} channel of the JDK's own. {@code -EINVAL}: not such a
     * channel; {@code -ENOSYS}: this binding, or this VM, has no way to it.
     */
    int channelDescriptor(Channel channel);

    /**
     * The JDK's own lookup, to which no member is closed ({@code
     * MethodHandles.Lookup.IMPL_LOOKUP}); null: this binding, or this VM, has no way to it. For
     * {@code sys.jdk} alone.
     */
    default Object trustedLookup() {
        return null;
    }

    /** {@code man 2 eventfd}: counter 0; close-on-exec, non-blocking. */
    int eventfd();

    /** {@code man 2 epoll_create1}: close-on-exec. */
    int epollCreate();

    /** {@code man 2 dup3}: the number {@code epfd} refers to the epoll instance {@code fresh}. */
    int epollReplace(int fresh, int epfd);

    /**
     * {@code EPIOCSPARAMS} of {@code man 2 ioctl_eventpoll}, Linux 6.9: how this epoll instance
     * polls busily. {@code -ENOTTY}: an older kernel; {@code -ENOSYS}: this binding, or this
     * system, has none.
     *
     * <pre>{@code
     * struct epoll_params { uint32_t busy_poll_usecs; uint16_t busy_poll_budget;
     *                       uint8_t prefer_busy_poll; uint8_t pad; };
     * }</pre>
     */
    default int epollSetParams(int epfd, long params) {
        return -errno().ENOSYS;
    }

    /** {@code EPIOCGPARAMS}: writes what {@link #epollSetParams} has set. */
    default int epollParams(int epfd, long params) {
        return -errno().ENOSYS;
    }

    /** {@code man 2 epoll_ctl}. */
    int epollCtl(int epfd, int op, int fd, int events, long data);

    /**
     * {@code man 2 epoll_wait}, after the given changes have been made. {@code changes} may be
     * null; otherwise the caller holds its lock, which is released between the changes and the
     * wait. When a change is refused the wait does not block. {@code millis}: -1 waits for ever.
     */
    int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes);

    /** {@code man 2 epoll_pwait2}; as {@link #epollWait}, with a time-out in nanoseconds. */
    int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes);

    /**
     * {@code man 2 io_uring_setup}, and the memory of the new ring; close-on-exec. Writes what it
     * consists of, for {@link Ring}. {@code -ENOSYS}: this binding, or this system, has none.
     */
    default int uringOpen(int entries, int flags, long ring) {
        return -errno().ENOSYS;
    }

    /** What a ring shares with the kernel, until it is closed; null: there is no memory. */
    default ByteBuffer uringMemory(long ring) {
        throw new UnsupportedOperationException("no ring was opened");
    }

    /** Unmaps a ring's memory, and {@code man 2 close}. */
    default int uringClose(long ring) {
        throw new UnsupportedOperationException("no ring was opened");
    }

    /**
     * {@code man 2 epoll_ctl} for each change of a list of {@link EpollChanges}, through a ring as
     * far as that goes; each has its result in the list.
     *
     * @return how many were refused
     */
    default int uringChange(long ring, int epfd, int op, long list, int count) {
        throw new UnsupportedOperationException("no ring was opened");
    }

    /**
     * {@code IORING_OP_POLL_ADD}: watches a descriptor for input, once, under a number; and {@code
     * IORING_OP_POLL_REMOVE} of an earlier one. 0 in place of either number is none.
     *
     * @return 0, or a negated error number: the ring is of no more use
     */
    default int uringWatch(long ring, int fd, int number, int earlier) {
        throw new UnsupportedOperationException("no ring was opened");
    }

    /**
     * {@code PR_GET_SECCOMP} of {@code man 2 prctl}: not 0 if a filter decides which system calls
     * this thread may make.
     */
    default int seccomp() {
        return -errno().ENOSYS;
    }

    /** {@code man 2 kqueue}: close-on-exec; {@code -ENOSYS} where there is none. */
    int kqueue();

    /**
     * {@code man 2 kevent}: makes changes and does not wait. Up to {@code receipts} answers take
     * the place of the changes.
     */
    int keventChange(int kq, long changes, int count, int receipts);

    /** {@code man 2 kevent}: changes nothing and waits. {@code nanos}: -1 waits for ever. */
    int keventWait(int kq, long events, int capacity, long nanos);

    /** {@code man 2 poll}. {@code millis}: -1 waits for ever. */
    int poll(long fds, int count, int millis);

    /** {@code man 2 ppoll}, no signal mask; {@code -ENOSYS} where the system has none. */
    int ppoll(long fds, int count, long nanos);

    /**
     * {@code man 2 select}, over sets of any size: arrays of native longs, bit {@code fd % 64} of
     * word {@code fd / 64}. {@code micros}: -1 waits for ever.
     */
    int select(int nfds, long reads, long writes, long excepts, long micros);
}
