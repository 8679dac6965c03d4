/* What the recipes need of libc and Pollux does not have; not an example of its own. */
package recipes;

import dev.pollux.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.constants.platform.Errno;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.Variadic;

/** Calls and constants of Linux. What fails is an IOException with the error's name. */
final class LibC {
    static final int NONBLOCK = 0x800; // O_, SOCK_, EFD_, TFD_ and IN_NONBLOCK are one number
    static final int CLOEXEC = 0x80000;
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_NOCTTY = 0x100;
    static final int SOCK_STREAM = 1;
    static final int SOCK_RAW = 3;

    private static final int SYS_PIDFD_OPEN = 434; // on all processors

    /** Its man pages are in section 2 or 3. A {@code long} is C's, and does for sizes. */
    public interface Calls {
        @Variadic(fixedCount = 2)
        int open(String path, int flags, int mode);

        @Variadic(fixedCount = 2)
        int ioctl(int fd, long request, Pointer argument);

        @Variadic(fixedCount = 1)
        long syscall(long number, long a, long b, long c, long d, long e);

        int posix_spawn_file_actions_init(Pointer actions);

        int posix_spawn_file_actions_adddup2(Pointer actions, int fd, int as);

        int posix_spawn_file_actions_destroy(Pointer actions);

        int posix_spawn(
                @Out int[] pid,
                String path,
                Pointer actions,
                Pointer attributes,
                @In String[] arguments,
                @In String[] environment);

        int waitpid(int pid, @Out int[] status, int options);

        int posix_openpt(int flags);

        int grantpt(int fd);

        int unlockpt(int fd);

        int ptsname_r(int fd, @Out byte[] name, long length);

        int tcgetattr(int fd, Pointer termios);

        void cfmakeraw(Pointer termios);

        int cfsetspeed(Pointer termios, int speed);

        int tcsetattr(int fd, int when, Pointer termios);

        int inotify_init1(int flags);

        int inotify_add_watch(int fd, String path, int mask);

        int timerfd_create(int clock, int flags);

        int timerfd_settime(int fd, int flags, @In byte[] value, Pointer old);

        int eventfd(int value, int flags);

        @Variadic(fixedCount = 2)
        int mq_open(String name, int flags, int mode, Pointer attributes);

        int mq_unlink(String name);

        int mq_send(int fd, @In byte[] bytes, long length, int priority);

        long mq_receive(int fd, @Out byte[] bytes, long length, @Out int[] priority);

        int unshare(int flags);

        int socket(int domain, int type, int protocol);

        int bind(int fd, @In byte[] address, int length);

        int listen(int fd, int backlog);

        int getsockname(int fd, @Out byte[] address, @In @Out int[] length);

        int if_nametoindex(String name);
    }

    static final Calls C = LibraryLoader.create(Calls.class).searchDefault().load();
    static final Runtime RUNTIME = Runtime.getRuntime(C);

    private LibC() {}

    /** What this system or this user does not have: the recipe is skipped, with the reason. */
    static final class Unavailable extends IOException {
        private static final long serialVersionUID = 1L;

        Unavailable(String why) {
            super(why);
        }
    }

    static int check(String call, long rc) throws IOException {
        if (rc >= 0) {
            return (int) rc;
        }
        Errno errno = Errno.valueOf(LastError.getLastError(RUNTIME));
        String what = call + ": " + errno.name() + " " + errno.description();
        switch (errno) {
            case EPERM, EACCES, ENOSYS -> throw new Unavailable(what);
            case EAFNOSUPPORT, EPROTONOSUPPORT, EOPNOTSUPP -> throw new Unavailable(what);
            default -> throw new IOException(what);
        }
    }

    /** Whether the last call failed because nothing was there. */
    static boolean wouldBlock() {
        return LastError.getLastError(RUNTIME) == Errno.EAGAIN.intValue();
    }

    /** Memory of C's, zero, until it is unreachable. */
    static Pointer memory(int size) {
        return Memory.allocateDirect(RUNTIME, size, true);
    }

    /** A struct to be filled in. */
    static ByteBuffer struct(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    static String text(byte[] zeroTerminated, int from) {
        int end = from;
        while (end < zeroTerminated.length && zeroTerminated[end] != 0) {
            end++;
        }
        return new String(zeroTerminated, from, end - from, StandardCharsets.UTF_8);
    }

    /** Non-blocking and close-on-exec, as all that is opened here. */
    static int open(String path, int flags) throws IOException {
        if (!Files.exists(Path.of(path))) {
            throw new Unavailable("there is no " + path);
        }
        return check("open(" + path + ")", C.open(path, flags | NONBLOCK | CLOEXEC, 0));
    }

    static int socket(int domain, int type, int protocol) throws IOException {
        String call = "socket(" + domain + ", " + type + ", " + protocol + ")";
        return check(call, C.socket(domain, type | NONBLOCK | CLOEXEC, protocol));
    }

    // ---- processes

    /** Starts a program whose standard streams are these; they stay open here. */
    static int spawn(int in, int out, int err, String... command) throws IOException {
        Pointer actions = memory(256); // posix_spawn_file_actions_t has 80 bytes
        int[] pid = new int[1];
        C.posix_spawn_file_actions_init(actions);
        try {
            int[] streams = {in, out, err};
            for (int i = 0; i < streams.length; i++) {
                Fd.setNonBlocking(streams[i], false); // a program expects them so
                C.posix_spawn_file_actions_adddup2(actions, streams[i], i);
            }
            int errno = C.posix_spawn(pid, command[0], actions, null, command, new String[0]);
            if (errno != 0) {
                throw new IOException(command[0] + ": " + Errno.valueOf(errno).description());
            }
            return pid[0];
        } finally {
            C.posix_spawn_file_actions_destroy(actions);
        }
    }

    /** A descriptor that is ready to read once the process has ended. */
    static int pidfd(int pid) throws IOException {
        return check("pidfd_open", C.syscall(SYS_PIDFD_OPEN, pid, NONBLOCK, 0, 0, 0));
    }

    /** The exit status of a child that has ended. */
    static int exitStatus(int pid) throws IOException {
        int[] status = new int[1];
        check("waitpid", C.waitpid(pid, status, 0));
        return status[0] >> 8 & 0xff; // WEXITSTATUS
    }

    // ---- serial lines

    /** Bytes as they come: no lines, no echo, no character that means something. */
    static void makeRaw(int fd, int speed) throws IOException {
        Pointer termios = memory(256); // struct termios has 60 bytes
        check("tcgetattr", C.tcgetattr(fd, termios));
        C.cfmakeraw(termios);
        check("cfsetspeed", C.cfsetspeed(termios, speed));
        check("tcsetattr", C.tcsetattr(fd, 0, termios));
    }

    /** A pseudo-terminal: the side of the device, and that of the program. */
    static int[] pty() throws IOException {
        int device = check("posix_openpt", C.posix_openpt(O_RDWR | O_NOCTTY | CLOEXEC));
        try {
            check("grantpt", C.grantpt(device));
            check("unlockpt", C.unlockpt(device));
            byte[] name = new byte[64];
            if (C.ptsname_r(device, name, name.length) != 0) {
                throw new IOException("ptsname_r failed");
            }
            Fd.setNonBlocking(device, true);
            return new int[] {device, open(text(name, 0), O_RDWR | O_NOCTTY)};
        } catch (IOException e) {
            Fd.close(device);
            throw e;
        }
    }
}
