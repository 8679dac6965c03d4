package dev.pollux.sys.jnr;

import com.kenai.jffi.Library;
import dev.pollux.sys.Platform;
import java.util.List;
import java.util.stream.Stream;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.Variadic;

/**
 * The functions of libc, sorted by which systems have them; public because the classes that jnr-ffi
 * makes implement them.
 *
 * <p>A {@code long} is C's, of 8 bytes, and serves also for addresses, which jnr-ffi then passes
 * without an object, and for every {@code size_t}; where {@code nfds_t} is narrower the callee
 * looks at the lower half. Type aliases are not used: jnr-ffi has no table of them for all these
 * systems.
 */
public final class C {
    private C() {}

    /** On every system. */
    public interface Everywhere {
        long calloc(long count, long bytes);

        void free(long address);

        int close(int fd);

        /**
         * Variadic, which is not a detail: on Apple's arm64 what follows the fixed arguments
         * travels on the stack, where a function declared without it would not have put it.
         */
        @Variadic(fixedCount = 2)
        int fcntl(int fd, int command, int argument);

        @Variadic(fixedCount = 2)
        int ioctl(int fd, long request, long argument);

        @Variadic(fixedCount = 2)
        int open(long path, int flags, int mode);

        long readv(int fd, long list, int count);

        long writev(int fd, long list, int count);

        long pread(int fd, long buffer, long length, long offset);

        long recv(int fd, long buffer, long length, int flags);

        long send(int fd, long buffer, long length, int flags);

        int accept(int fd, long address, long length);

        int connect(int fd, long address, int length);

        int shutdown(int fd, int how);

        long lseek(int fd, long offset, int whence);

        int pipe(long fds);

        int getsockopt(int fd, int level, int name, long value, long length);

        int socketpair(int domain, int type, int protocol, long fds);

        long read(int fd, long buffer, long length);

        long write(int fd, long buffer, long length);

        int poll(long fds, long count, int millis);

        int select(int nfds, long reads, long writes, long excepts, long timeout);

        long strerror(int error);
    }

    /** Not on macOS. */
    public interface Pipe2 {
        int pipe2(long fds, int flags);
    }

    /** Not on macOS. */
    public interface Accept4 {
        int accept4(int fd, long address, long length, int flags);
    }

    /** Of Linux; others have another function of this name, or none. */
    public interface Sendfile {
        long sendfile(int to, int file, long offset, long count);
    }

    /** Not on macOS. */
    public interface Ppoll {
        int ppoll(long fds, long count, long timeout, long mask);
    }

    /** Not in glibc before 2.33, where it is a macro. */
    public interface Fstat {
        int fstat(int fd, long status);
    }

    /** In glibc before 2.33: {@code version} 0 is the kernel's {@code struct stat}. */
    public interface Fxstat {
        int __fxstat(int version, int fd, long status);
    }

    /** On Linux. */
    public interface Epoll {
        int eventfd(int value, int flags);

        int epoll_create1(int flags);

        int epoll_ctl(int epfd, int op, int fd, long event);

        int epoll_wait(int epfd, long events, int capacity, int millis);

        int dup3(int from, int to, int flags);
    }

    /** In libc, or in libdl, which a JVM has loaded. */
    public interface DlAddr {
        int dladdr(long address, long info);
    }

    /** In glibc since 2.35, whatever the kernel has; without it milliseconds do. */
    public interface EpollPwait2 {
        int epoll_pwait2(int epfd, long events, int capacity, long timeout, long mask);
    }

    /** These functions, or null where libc has not all of them. */
    static <T> T loadIfThere(Class<T> functions, Platform platform) {
        return missing(functions, platform).isEmpty() ? load(functions, platform) : null;
    }

    /**
     * These functions; throws {@link UnsatisfiedLinkError} if libc has not all of them, which
     * jnr-ffi itself finds out when one is called. libc is loaded already, and needs no name, which
     * would be another one on each system, with a version.
     */
    static <T> T load(Class<T> functions, Platform platform) {
        List<String> missing = missing(functions, platform);
        if (!missing.isEmpty()) {
            throw new UnsatisfiedLinkError("libc has no " + String.join(", ", missing));
        }
        return LibraryLoader.create(functions)
                .searchDefault()
                .mapper((name, context) -> platform.symbol(name))
                .failImmediately()
                .load();
    }

    private static List<String> missing(Class<?> functions, Platform platform) {
        return Stream.of(functions.getMethods())
                .map(method -> platform.symbol(method.getName()))
                .filter(symbol -> Library.getDefault().getSymbolAddress(symbol) == 0)
                .sorted()
                .toList();
    }
}
