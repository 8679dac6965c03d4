package dev.pollux.support;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.kenai.jffi.MemoryIO;
import dev.pollux.Fd;
import dev.pollux.remote.Remote;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.constants.Constant;
import jnr.constants.platform.AddressFamily;
import jnr.constants.platform.Errno;
import jnr.constants.platform.Fcntl;
import jnr.constants.platform.OpenFlags;
import jnr.constants.platform.Sock;
import jnr.constants.platform.SocketLevel;
import jnr.constants.platform.SocketOption;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.Variadic;

/**
 * What tests need of libc and the library does not have, independent of its bindings; that of
 * another machine where the suite is sent there. Every failure is an IOException with the error's
 * name.
 */
public final class Libc {
    public static final int SHUT_RD = 0;
    public static final int SHUT_WR = 1;
    static final int SHUT_RDWR = 2;

    private static final int MSG_OOB = 1; // <sys/socket.h>, as on all systems
    private static final int MSG_DONTWAIT = 0x40; // on Linux, as the next
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SO_DOMAIN = 39;
    private static final int O_ACCMODE = 3; // everywhere
    private static final int MSG_ERRQUEUE = 0x2000;
    private static final int O_PATH = 0x200000;
    private static final int CLONE_NEWNS = 0x20000;
    private static final long MS_REC = 0x4000;
    private static final long MS_PRIVATE = 1 << 18;
    private static final int IP_RECVERR = 11;
    private static final int SO_SELECT_ERR_QUEUE = 45;
    private static final int SOCKADDR_SIZE = 128;
    private static final int FD_CLOEXEC = 1;

    /**
     * libc under its own names, not all of which are on every system; public because the classes
     * that jnr-ffi makes implement it. A {@code long} is C's, and does for addresses and sizes.
     * What is variadic must be said to be, or Apple's arm64 does not find the last argument; open,
     * called without a mode, has none.
     */
    public interface Calls {
        int dup(int fd);

        int dup2(int from, int to);

        int open(String path, int flags);

        @Variadic(fixedCount = 2)
        int fcntl(int fd, int command, int argument);

        int mkfifo(String path, int mode);

        int shutdown(int fd, int how);

        long send(int fd, @In byte[] bytes, long length, int flags);

        long send(int fd, long bytes, long length, int flags);

        int getsockopt(int fd, int level, int option, long value, long length);

        int socket(int domain, int type, int protocol);

        int bind(int fd, @In byte[] address, int length);

        int listen(int fd, int backlog);

        int accept(int fd, @Out byte[] address, int[] length);

        int connect(int fd, @In byte[] address, int length);

        int getsockname(int fd, @Out byte[] address, int[] length);

        int setsockopt(int fd, int level, int option, @In byte[] value, int length);

        int posix_openpt(int flags);

        int grantpt(int fd);

        int unlockpt(int fd);

        int ptsname_r(int fd, @Out byte[] name, long length);

        int eventfd(int value, int flags);

        int timerfd_create(int clock, int flags);

        int timerfd_settime(int fd, int flags, @In byte[] value, @Out byte[] old);

        int inotify_init1(int flags);

        int unshare(int flags);

        int mount(String source, String target, String type, long flags, String data);

        int umount2(String target, int flags);

        long recv(int fd, long bytes, long length, int flags);
    }

    private static final Calls C =
            Remote.isOn()
                    ? Remote.libc()
                    : LibraryLoader.create(Calls.class).searchDefault().load();
    private static final MemoryIO MEMORY = MemoryIO.getInstance();
    private static final Runtime RUNTIME = Remote.isOn() ? null : Runtime.getRuntime(C);
    private static final int EPIPE = number(Errno.EPIPE);

    private Libc() {}

    private static int check(String call, long rc) throws IOException {
        if (rc < 0) {
            throw new IOException(call + ": " + lastError());
        }
        return (int) rc;
    }

    private static String lastError() {
        return Remote.isOn()
                ? Remote.sys().errno().describe(Remote.libc().lastError())
                : Errno.valueOf(LastError.getLastError(RUNTIME)).toString();
    }

    /** What the headers say where the tests run. */
    private static int number(Constant constant) {
        return Remote.isOn() ? Remote.constant(constant.name()) : constant.intValue();
    }

    /** A second number for the same open file. */
    public static int dup(int fd) throws IOException {
        return check("dup", C.dup(fd));
    }

    /** A second number, not smaller than this, for the same open file. */
    public static int dupAbove(int fd, int least) throws IOException {
        int dup = check("fcntl(F_DUPFD)", C.fcntl(fd, number(Fcntl.F_DUPFD), least));
        check("fcntl(F_SETFD)", C.fcntl(dup, number(Fcntl.F_SETFD), FD_CLOEXEC)); // close-on-exec
        return dup;
    }

    public static boolean isOpen(int fd) {
        return C.fcntl(fd, number(Fcntl.F_GETFD), 0) >= 0;
    }

    public static boolean isCloseOnExec(int fd) throws IOException {
        return (check("fcntl(F_GETFD)", C.fcntl(fd, number(Fcntl.F_GETFD), 0)) & FD_CLOEXEC) != 0;
    }

    public static boolean isNonBlocking(int fd) throws IOException {
        return (statusFlags(fd) & number(OpenFlags.O_NONBLOCK)) != 0;
    }

    public static int statusFlags(int fd) throws IOException {
        return check("fcntl(F_GETFL)", C.fcntl(fd, number(Fcntl.F_GETFL), 0));
    }

    /** Makes this number a second one for the same open file, whatever it was before. */
    public static int dup2(int from, int to) throws IOException {
        return check("dup2", C.dup2(from, to));
    }

    /** Opens for reading, and for writing if it can be. */
    public static int open(String path) throws IOException {
        int flags = number(OpenFlags.O_NONBLOCK) | number(OpenFlags.O_NOCTTY);
        if (Remote.isOn()) {
            int fd = C.open(path, flags | number(OpenFlags.O_RDWR));
            int mode = number(OpenFlags.O_RDONLY);
            return fd >= 0 ? fd : check("open(" + path + ")", C.open(path, flags | mode));
        }
        boolean both = Files.isWritable(Path.of(path)) && !Files.isDirectory(Path.of(path));
        int mode = both ? number(OpenFlags.O_RDWR) : number(OpenFlags.O_RDONLY);
        return check("open(" + path + ")", C.open(path, flags | mode));
    }

    public static int openToRead(Path path) throws IOException {
        int flags = number(OpenFlags.O_RDONLY) | number(OpenFlags.O_NONBLOCK);
        return check("open(" + path + ")", C.open(path.toString(), flags));
    }

    public static int openToWrite(Path path) throws IOException {
        int flags = number(OpenFlags.O_WRONLY) | number(OpenFlags.O_NONBLOCK);
        return check("open(" + path + ")", C.open(path.toString(), flags));
    }

    /** Opens for neither reading nor writing: a name of the file, {@code O_PATH}. */
    public static int openAsPath(Path path) throws IOException {
        Host.requireLinux("O_PATH");
        return check("open(" + path + ", O_PATH)", C.open(path.toString(), O_PATH));
    }

    /** An empty file. */
    public static void createFile(Path path) throws IOException {
        if (!Remote.isOn()) {
            Files.createFile(path);
            return;
        }
        int flags = number(OpenFlags.O_CREAT) | number(OpenFlags.O_WRONLY);
        Fd.close(check("open(" + path + ")", C.open(path.toString(), flags)));
    }

    public static void mkfifo(Path path) throws IOException {
        check("mkfifo", C.mkfifo(path.toString(), 0600));
    }

    public static void shutdown(int fd, int how) throws IOException {
        check("shutdown", C.shutdown(fd, how));
    }

    /** Sends one byte out of band. */
    public static void sendUrgent(int fd) throws IOException {
        check("send(MSG_OOB)", C.send(fd, new byte[1], 1, MSG_OOB));
    }

    /** Whether this is a stream socket. Needs native memory for two ints; allocates nothing. */
    public static boolean isStream(int socket, long ints) {
        return option(socket, number(SocketOption.SO_TYPE), ints) == number(Sock.SOCK_STREAM);
    }

    /** Whether this is a socket of AF_UNIX, on Linux; as the one before. */
    public static boolean isUnix(int socket, long ints) {
        return option(socket, SO_DOMAIN, ints) == number(AddressFamily.AF_UNIX);
    }

    private static int option(int socket, int option, long ints) {
        MEMORY.putInt(ints + 4, 4);
        C.getsockopt(socket, number(SocketLevel.SOL_SOCKET), option, ints, ints + 4);
        return MEMORY.getInt(ints);
    }

    /** Whether this is open, and can be written to. */
    public static boolean isOpenToWrite(int fd) {
        int flags = C.fcntl(fd, number(Fcntl.F_GETFL), 0);
        return flags >= 0 && (flags & O_ACCMODE) != number(OpenFlags.O_RDONLY);
    }

    /** Whether this is open, and can be read from. */
    public static boolean isOpenToRead(int fd) {
        int flags = C.fcntl(fd, number(Fcntl.F_GETFL), 0);
        return flags >= 0 && (flags & O_ACCMODE) != number(OpenFlags.O_WRONLY);
    }

    /** Whether a stream socket takes nothing more, ever. Sends nothing; allocates nothing. */
    public static boolean isSendShutDown(int stream) {
        return C.send(stream, 0, 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0
                && LastError.getLastError(RUNTIME) == EPIPE;
    }

    /** Skips the test where there is none; as do the next three. */
    public static int eventfd() throws IOException {
        Host.requireLinux("eventfd");
        return check("eventfd", C.eventfd(0, number(OpenFlags.O_NONBLOCK)));
    }

    public static int inotify() throws IOException {
        Host.requireLinux("inotify");
        return check("inotify_init1", C.inotify_init1(number(OpenFlags.O_NONBLOCK)));
    }

    /** A timer that goes off after this time. */
    public static int timer(long nanos) throws IOException {
        Host.requireLinux("timerfd");
        int fd = check("timerfd_create", C.timerfd_create(1, number(OpenFlags.O_NONBLOCK)));
        var value = ByteBuffer.allocate(32).order(ByteOrder.nativeOrder());
        value.putLong(16, nanos / 1_000_000_000).putLong(24, nanos % 1_000_000_000);
        check("timerfd_settime", C.timerfd_settime(fd, 0, value.array(), new byte[32]));
        return fd;
    }

    /** Gives this thread mounts of its own, which nobody else sees; skips where it may not. */
    public static void unshareMounts() throws IOException {
        Host.requireLinux("a mount namespace of a thread's own");
        Host.requireLocal("an agent's threads are one as the other");
        assumeTrue(C.unshare(CLONE_NEWNS) == 0, () -> "unshare(CLONE_NEWNS): " + lastError());
        check("mount(MS_PRIVATE)", C.mount("none", "/", null, MS_REC | MS_PRIVATE, null));
    }

    public static void mountMemory(Path dir) throws IOException {
        check("mount(" + dir + ")", C.mount("none", dir.toString(), "tmpfs", 0, null));
    }

    public static void unmount(Path dir) throws IOException {
        check("umount(" + dir + ")", C.umount2(dir.toString(), 0));
    }

    /** From now on errors of this datagram socket wait in its error queue as well. */
    public static void keepErrors(int udp) throws IOException {
        Host.requireLinux("an error queue");
        setOption(udp, 0, IP_RECVERR);
    }

    /** From now on a socket whose error queue is not empty is ready for PRIORITY. */
    public static void selectErrorQueue(int udp) throws IOException {
        setOption(udp, number(SocketLevel.SOL_SOCKET), SO_SELECT_ERR_QUEUE);
    }

    private static void setOption(int fd, int level, int option) throws IOException {
        var one = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, 1);
        check("setsockopt", C.setsockopt(fd, level, option, one.array(), 4));
    }

    /** Takes one entry out of a socket's error queue. */
    public static void takeError(int fd) throws IOException {
        check("recv(MSG_ERRQUEUE)", C.recv(fd, 0, 0, MSG_ERRQUEUE | MSG_DONTWAIT));
    }

    /** The master side of a new pseudo-terminal. */
    public static int ptyMaster() throws IOException {
        assumeTrue(
                Remote.system().matches("linux|.*bsd"),
                () -> Remote.system() + ": nobody has seen how its pseudo-terminals hang up");
        int flags = number(OpenFlags.O_RDWR) | number(OpenFlags.O_NOCTTY);
        int fd = check("posix_openpt", C.posix_openpt(flags));
        check("grantpt", C.grantpt(fd));
        check("unlockpt", C.unlockpt(fd));
        Fd.setNonBlocking(fd, true);
        return fd;
    }

    /** Opens the other side. */
    public static int ptySlave(int master) throws IOException {
        byte[] name = new byte[64];
        check("ptsname_r", C.ptsname_r(master, name, name.length));
        int length = 0;
        while (name[length] != 0) {
            length++;
        }
        return open(new String(name, 0, length, StandardCharsets.US_ASCII));
    }

    /** A family and a type of sockets that listen and connect, or that send to one another. */
    public enum Socket {
        TCP_V4(AddressFamily.AF_INET, Sock.SOCK_STREAM, 16),
        TCP_V6(AddressFamily.AF_INET6, Sock.SOCK_STREAM, 28),
        UNIX(AddressFamily.AF_UNIX, Sock.SOCK_STREAM, 2),
        UNIX_DATAGRAM(AddressFamily.AF_UNIX, Sock.SOCK_DGRAM, 2),
        UDP_V4(AddressFamily.AF_INET, Sock.SOCK_DGRAM, 16),
        UDP_V6(AddressFamily.AF_INET6, Sock.SOCK_DGRAM, 28);

        private final AddressFamily family;
        private final Sock type;
        private final int addressSize;

        Socket(AddressFamily family, Sock type, int addressSize) {
            this.family = family;
            this.type = type;
            this.addressSize = addressSize;
        }

        /** A socket that is not bound, non-blocking. */
        public int open() throws IOException {
            int fd = check("socket", C.socket(number(family), number(type), 0));
            Fd.setNonBlocking(fd, true);
            return fd;
        }

        /** Binds to the loopback address and a port of the kernel's choice, or the like. */
        public void bind(int fd) throws IOException {
            if (family == AddressFamily.AF_UNIX && !Host.LINUX) {
                bindToFile(fd);
                return;
            }
            ByteBuffer address = address(addressSize);
            if (family == AddressFamily.AF_INET) {
                address.put(4, new byte[] {127, 0, 0, 1});
            } else if (family == AddressFamily.AF_INET6) {
                address.put(8 + 15, (byte) 1);
            } // of a unix socket the family alone: the kernel chooses an abstract name
            check("bind", C.bind(fd, address.array(), addressSize));
        }

        /** The name of a file that is removed in the end. */
        private void bindToFile(int fd) throws IOException {
            Path path = Files.createTempFile("pollux", ".sock");
            path.toFile().deleteOnExit();
            Files.delete(path); // bind makes it
            String there = Remote.isOn() ? Remote.libc().path(path) : path.toString();
            byte[] name = there.getBytes(StandardCharsets.UTF_8);
            ByteBuffer address = address(2 + name.length + 1).put(2, name);
            check("bind(" + path + ")", C.bind(fd, address.array(), address.capacity()));
        }

        /** struct sockaddr: the BSDs have its size in the first byte, the family in the second. */
        private ByteBuffer address(int size) {
            var address = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
            if (Host.LINUX) {
                return address.putShort(0, (short) number(family));
            }
            return address.put(0, (byte) size).put(1, (byte) number(family));
        }

        /** A socket that listens. */
        public int listen() throws IOException {
            int fd = open();
            bind(fd);
            check("listen", C.listen(fd, 16));
            return fd;
        }

        /** Connects to where another socket is bound; blocks until it is done. */
        public void connect(int fd, int other) throws IOException {
            byte[] address = new byte[SOCKADDR_SIZE];
            int[] length = {address.length};
            check("getsockname", C.getsockname(other, address, length));
            Fd.setNonBlocking(fd, false);
            check("connect", C.connect(fd, address, length[0]));
            Fd.setNonBlocking(fd, true);
        }
    }

    /** Accepts a connection that is there. */
    public static int accept(int listener) throws IOException {
        int[] length = {SOCKADDR_SIZE};
        int fd = check("accept", C.accept(listener, new byte[SOCKADDR_SIZE], length));
        Fd.setNonBlocking(fd, true);
        return fd;
    }

    /** From now on closing this connection resets it. */
    public static void resetOnClose(int fd) throws IOException {
        var linger = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(0, 1);
        int level = number(SocketLevel.SOL_SOCKET);
        int option = number(SocketOption.SO_LINGER);
        check("setsockopt", C.setsockopt(fd, level, option, linger.array(), 8));
    }
}
