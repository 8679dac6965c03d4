package dev.pollux.contract.kinds;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Fd;
import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import jnr.constants.platform.Errno;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.Variadic;

/**
 * Calls that only Linux has, or only the kinds of descriptors here need. What fails is a {@link
 * Failed} with the error's name.
 */
final class Kernel {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_NETLINK = 16;
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_RAW = 3;
    static final int SOCK_SEQPACKET = 5;
    static final int NONBLOCK = 0x800; // O_, SOCK_, EFD_ and the like
    static final int CLOEXEC = 0x80000;
    static final int SOL_SOCKET = 1;
    static final int SO_ERROR = 4;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int MSG_OOB = 1;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_ERRQUEUE = 0x2000;
    static final int CLONE_NEWNS = 0x20000;
    static final int CLONE_NEWUTS = 0x4000000;
    static final int CLONE_NEWNET = 0x40000000;
    static final int SIGKILL = 9;
    private static final short POLLPRI = 2;

    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;

    /** Numbers of system calls that libc has no function for, or not everywhere. */
    private enum Call {
        MMAP(9, 222), // jnr-ffi loses the sixth argument of libc's
        PERF_EVENT_OPEN(298, 241),
        USERFAULTFD(323, 282),
        CAPGET(125, 90),
        CAPSET(126, 91),
        IO_URING_SETUP(425, 425),
        IO_URING_ENTER(426, 426),
        PIDFD_OPEN(434, 434);

        private final Map<String, Integer> number;

        Call(int onX86, int elsewhere) {
            number = Map.of("amd64", onX86, "aarch64", elsewhere, "riscv64", elsewhere);
        }

        long number() {
            Integer known = number.get(System.getProperty("os.arch"));
            assumeTrue(known != null, () -> "the number of " + this + " is not known here");
            return known;
        }
    }

    /** What failed, and how. */
    static final class Failed extends IOException {
        private static final long serialVersionUID = 1L;

        final Errno errno;

        Failed(String call, Errno errno) {
            super(call + ": " + errno);
            this.errno = errno;
        }
    }

    /** Public because the classes that jnr-ffi makes implement it. */
    public interface Calls {
        @Variadic(fixedCount = 1)
        long syscall(long number, long a, long b, long c, long d, long e, long f);

        @Variadic(fixedCount = 2)
        int open(String path, int flags, int mode);

        int socket(int domain, int type, int protocol);

        int socketpair(int domain, int type, int protocol, @Out int[] fds);

        int bind(int fd, @In byte[] address, int length);

        int listen(int fd, int backlog);

        int connect(int fd, @In byte[] address, int length);

        int getsockname(int fd, @Out byte[] address, int[] length);

        int setsockopt(int fd, int level, int option, @In byte[] value, int length);

        int getsockopt(int fd, int level, int option, @Out byte[] value, int[] length);

        long recv(int fd, @Out byte[] bytes, long length, int flags);

        long sendto(int fd, @In byte[] bytes, long length, int flags, @In byte[] address, int size);

        long write(int fd, long address, long length);

        long lseek(int fd, long offset, int whence);

        int tcflush(int fd, int queue);

        int pthread_sigmask(int how, @In byte[] set, @Out byte[] old);

        int signalfd(int fd, @In byte[] set, int flags);

        int raise(int signal);

        int timerfd_settime(int fd, int flags, @In byte[] value, @Out byte[] old);

        int inotify_add_watch(int fd, String path, int mask);

        int fanotify_init(int flags, int eventFlags);

        int fanotify_mark(int fd, int flags, long mask, int directory, String path);

        @Variadic(fixedCount = 2)
        int mq_open(String name, int flags, int mode, Pointer attributes);

        int mq_unlink(String name);

        int mq_send(int fd, @In byte[] bytes, long length, int priority);

        long mq_receive(int fd, @Out byte[] bytes, long length, long priority);

        int unshare(int flags);

        int mount(String source, String target, String type, long flags, String data);

        int umount2(String target, int flags);

        int sethostname(@In byte[] name, long length);

        @Variadic(fixedCount = 2)
        int ioctl(int fd, long request, long argument);

        int munmap(long address, long length);

        int posix_spawn(
                @Out int[] pid,
                String path,
                Pointer actions,
                Pointer attributes,
                @In String[] arguments,
                @In String[] environment);

        int waitpid(int pid, @Out int[] status, int options);

        int kill(int pid, int signal);

        int poll(@In @Out byte[] fds, long count, int millis);
    }

    private static final Runtime RUNTIME;
    static final Calls C;

    static {
        C = LibraryLoader.create(Calls.class).searchDefault().load();
        RUNTIME = Runtime.getRuntime(C);
    }

    private Kernel() {}

    static int check(String call, long rc) throws Failed {
        if (rc < 0) {
            throw new Failed(call, Errno.valueOf(LastError.getLastError(RUNTIME)));
        }
        return (int) rc;
    }

    /** Skips the test, with the reason, where the kernel has no such call or it is not allowed. */
    static int require(String what, long rc) throws Failed {
        try {
            return check(what, rc);
        } catch (Failed e) {
            boolean cannot =
                    switch (e.errno) {
                        case EPERM, EACCES, ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT -> true;
                        case EINVAL, ENOENT, ENODEV, EOPNOTSUPP, ENOPROTOOPT -> true;
                        default -> false;
                    };
            assumeTrue(!cannot, e::getMessage);
            throw e;
        }
    }

    private static long syscall(Call call, long... arguments) {
        long[] all = java.util.Arrays.copyOf(arguments, 6);
        return C.syscall(call.number(), all[0], all[1], all[2], all[3], all[4], all[5]);
    }

    /** Memory that is zero, until it is unreachable. */
    static Pointer memory(int size) {
        return Memory.allocateDirect(RUNTIME, size, true);
    }

    static Pointer at(long address, long size) {
        return Pointer.wrap(RUNTIME, address, size);
    }

    static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    static int open(String path, int flags) throws Failed {
        return require("open(" + path + ")", C.open(path, flags | CLOEXEC | NONBLOCK, 0600));
    }

    // ---- sockets

    static int socket(int family, int type, int protocol) throws Failed {
        int fd = C.socket(family, type | NONBLOCK | CLOEXEC, protocol);
        return require("socket(" + family + ", " + type + ", " + protocol + ")", fd);
    }

    static int[] socketpair(int type) throws Failed {
        int[] fds = new int[2];
        check("socketpair", C.socketpair(AF_UNIX, type | NONBLOCK | CLOEXEC, 0, fds));
        return fds;
    }

    static void option(int fd, int level, int option, int value) throws Failed {
        byte[] bytes = bytes(4).putInt(value).array();
        require("setsockopt(" + option + ")", C.setsockopt(fd, level, option, bytes, 4));
    }

    /** SO_ERROR, which is taken away by that. */
    static Errno takeError(int fd) throws Failed {
        byte[] value = new byte[4];
        check("getsockopt", C.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, new int[] {4}));
        return Errno.valueOf(ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getInt());
    }

    /** 127.0.0.1 and this port. */
    static byte[] loopback(int port) {
        return inet(127 << 24 | 1, port);
    }

    /** struct sockaddr_in. */
    static byte[] inet(int address, int port) {
        ByteBuffer bytes = bytes(16).putShort(0, (short) AF_INET);
        bytes.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port).putInt(4, address);
        return bytes.array();
    }

    static int port(int socket) throws Failed {
        byte[] address = new byte[128];
        check("getsockname", C.getsockname(socket, address, new int[] {address.length}));
        return ByteBuffer.wrap(address).getShort(2) & 0xffff;
    }

    static void bind(int fd, byte[] address) throws Failed {
        require("bind", C.bind(fd, address, address.length));
    }

    /** Begins; what comes of it is seen later. */
    static void connect(int fd, byte[] address) throws Failed {
        try {
            check("connect", C.connect(fd, address, address.length));
        } catch (Failed e) {
            if (e.errno != Errno.EINPROGRESS && e.errno != Errno.ECONNREFUSED) {
                throw e;
            }
        }
    }

    static int receive(int fd, byte[] bytes, int flags) throws Failed {
        return check("recv", C.recv(fd, bytes, bytes.length, flags | MSG_DONTWAIT));
    }

    /** A port of the loopback address that nobody listens on. */
    static byte[] nobody(int type) throws IOException {
        int fd = socket(AF_INET, type, 0);
        try {
            bind(fd, loopback(0));
            return loopback(port(fd));
        } finally {
            Fd.close(fd);
        }
    }

    /** Until there is nothing; other errors are thrown. */
    static void receiveAll(int fd, int flags) throws IOException {
        while (true) {
            try {
                receive(fd, new byte[4096], flags);
            } catch (Failed e) {
                if (e.errno == Errno.EAGAIN) {
                    return;
                }
                throw e;
            }
        }
    }

    static void sendTo(int fd, byte[] bytes, byte[] address) throws Failed {
        check("sendto", C.sendto(fd, bytes, bytes.length, 0, address, address.length));
    }

    // ---- others

    /** A value of its own for each, in the kernel's order. */
    static byte[] signalSet(int signal) {
        return bytes(128).putLong(0, 1L << signal - 1).array();
    }

    /** struct itimerspec. */
    static void setTimer(int fd, long nanos, long everyNanos) throws Failed {
        byte[] value =
                bytes(32)
                        .putLong(everyNanos / 1_000_000_000)
                        .putLong(everyNanos % 1_000_000_000)
                        .putLong(nanos / 1_000_000_000)
                        .putLong(nanos % 1_000_000_000)
                        .array();
        check("timerfd_settime", C.timerfd_settime(fd, 0, value, new byte[32]));
    }

    static int ioctl(int fd, long request, Pointer argument) throws Failed {
        return require(
                "ioctl(0x" + Long.toHexString(request) + ")",
                C.ioctl(fd, request, argument.address()));
    }

    static int pidfd(int pid, int flags) throws Failed {
        return require("pidfd_open", syscall(Call.PIDFD_OPEN, pid, flags));
    }

    static int userfaultfd(int flags) throws Failed {
        return require("userfaultfd", syscall(Call.USERFAULTFD, flags));
    }

    static int perfEvent(Pointer attributes) throws Failed {
        long flags = 8; // PERF_FLAG_FD_CLOEXEC
        return require(
                "perf_event_open",
                syscall(Call.PERF_EVENT_OPEN, attributes.address(), 0, -1, -1, flags));
    }

    static int ioUringSetup(int entries, Pointer parameters) throws Failed {
        return require(
                "io_uring_setup", syscall(Call.IO_URING_SETUP, entries, parameters.address()));
    }

    static int ioUringEnter(int fd, int count, int completions, int flags) throws Failed {
        long rc = syscall(Call.IO_URING_ENTER, fd, count, completions, flags);
        return check("io_uring_enter", rc);
    }

    /** Maps a descriptor's memory, or with -1 pages of nobody's. */
    static Pointer map(int fd, long length, long offset) throws Failed {
        int shared = fd < 0 ? 0x22 : 1; // MAP_PRIVATE and MAP_ANONYMOUS, or MAP_SHARED
        long address = syscall(Call.MMAP, 0, length, 3, shared, fd, offset);
        check("mmap", address == -1 ? -1 : 0);
        return at(address, length);
    }

    static void unmap(Pointer memory) throws Failed {
        check("munmap", C.munmap(memory.address(), memory.size()));
    }

    /** A child process that is ours alone to wait for. */
    static int spawn(String... command) throws IOException {
        int[] pid = new int[1];
        int error = C.posix_spawn(pid, command[0], null, null, command, new String[0]);
        assumeTrue(error == 0, () -> command[0] + ": " + Errno.valueOf(error));
        return pid[0];
    }

    /** Kills it, and waits for it unless that is done already. */
    static void killAndWait(int pid) throws IOException {
        C.kill(pid, SIGKILL);
        C.waitpid(pid, new int[1], 0);
    }

    static void write(int fd, String text) throws Failed {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        Pointer memory = memory(bytes.length);
        memory.put(0, bytes, 0, bytes.length);
        check("write(" + text.strip() + ")", C.write(fd, memory.address(), bytes.length));
    }

    static void writeToFile(String path, String text) throws IOException {
        int fd = open(path, O_WRONLY);
        try {
            write(fd, text);
        } finally {
            Fd.close(fd);
        }
    }

    /** Takes CAP_SYS_RESOURCE from this thread. */
    static void dropResourceCapability() throws Failed {
        Pointer header = memory(8); // struct __user_cap_header_struct
        header.putInt(0, 0x20080522);
        Pointer sets = memory(24); // effective, permitted, inheritable; of the first 32, the next
        check("capget", syscall(Call.CAPGET, header.address(), sets.address()));
        sets.putInt(0, sets.getInt(0) & ~(1 << 24));
        check("capset", syscall(Call.CAPSET, header.address(), sets.address()));
    }

    static void seekToStart(int fd) throws Failed {
        check("lseek", C.lseek(fd, 0, 0));
    }

    /** Waits, by poll(2) itself, until it has something of priority. */
    static void awaitPriority(int fd) throws Failed {
        ByteBuffer one = bytes(8).putInt(fd).putShort(POLLPRI); // struct pollfd
        int ready = check("poll", C.poll(one.array(), 1, Poller.LIMIT * 1_000));
        assertTrue(ready == 1 && (one.getShort(6) & POLLPRI) != 0, "no POLLPRI");
    }

    static void mount(String source, String target, String type, long flags) throws Failed {
        require("mount(" + target + ")", C.mount(source, target, type, flags, null));
    }

    static void unmount(String target) throws Failed {
        check("umount(" + target + ")", C.umount2(target, 0));
    }

    static void setHostname(String name) throws Failed {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        require("sethostname", C.sethostname(bytes, bytes.length));
    }

    /** Skips the test where there is another kernel. */
    static void requireLinux() {
        Host.requireLinux("its descriptors");
    }
}
