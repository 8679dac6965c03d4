package dev.pollux.sys.ffm;

import dev.pollux.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Set;
import java.util.TreeSet;

/**
 * The functions of libc, each a constant for the JIT; null where the system has none. What macOS,
 * or an old glibc, lacks is looked for as jnr-ffi's binding does it.
 */
final class Libc {
    static final Platform PLATFORM = Platform.current();
    private static final boolean LINUX = PLATFORM.isLinux();
    private static final Set<String> MISSING = new TreeSet<>();

    static final MethodHandle CALLOC = need("calloc");
    static final MethodHandle FREE = need("free");
    static final MethodHandle CLOSE = need("close");
    static final MethodHandle LSEEK = need("lseek");
    static final MethodHandle PIPE = need("pipe");
    static final MethodHandle GETSOCKOPT = need("getsockopt");
    static final MethodHandle SOCKETPAIR = need("socketpair");
    static final MethodHandle READ = need("read");
    static final MethodHandle WRITE = need("write");
    static final MethodHandle READV = need("readv");
    static final MethodHandle WRITEV = need("writev");
    static final MethodHandle PREAD = need("pread");
    static final MethodHandle RECV = need("recv");
    static final MethodHandle SEND = need("send");
    static final MethodHandle ACCEPT = need("accept");
    static final MethodHandle CONNECT = need("connect");
    static final MethodHandle SHUTDOWN = need("shutdown");
    static final MethodHandle POLL = need("poll");
    static final MethodHandle SELECT = need("select");
    static final MethodHandle STRERROR = need("strerror");

    /**
     * Variadic, which is not a detail: on Apple's arm64 what follows the fixed arguments travels on
     * the stack, where a function declared without it would not have put it.
     */
    static final MethodHandle FCNTL = variadic("fcntl", 2);

    static final MethodHandle OPEN = variadic("open", 2);

    static final MethodHandle IOCTL = variadic("ioctl", 2);

    static final MethodHandle PIPE2 = ifThere("pipe2");
    static final MethodHandle ACCEPT4 = ifThere("accept4");
    static final MethodHandle PPOLL = ifThere("ppoll");
    static final MethodHandle FSTAT = ifThere("fstat");
    static final MethodHandle FXSTAT = FSTAT != null ? null : need("__fxstat");
    static final MethodHandle DLADDR = ifThere("dladdr");

    static final MethodHandle EVENTFD = LINUX ? need("eventfd") : null;
    static final MethodHandle EPOLL_CREATE1 = LINUX ? need("epoll_create1") : null;
    static final MethodHandle EPOLL_CTL = LINUX ? need("epoll_ctl") : null;
    static final MethodHandle EPOLL_WAIT = LINUX ? need("epoll_wait") : null;
    static final MethodHandle SENDFILE = LINUX ? need("sendfile") : null; // elsewhere another one
    static final MethodHandle SPLICE = LINUX ? need("splice") : null;
    static final MethodHandle DUP3 = LINUX ? need("dup3") : null;
    static final MethodHandle EPOLL_PWAIT2 = LINUX ? ifThere("epoll_pwait2") : null;

    static {
        require(MISSING);
    }

    private Libc() {}

    /** Throws {@link UnsatisfiedLinkError} with these names, if there are any. */
    static void require(Set<String> missing) {
        if (!missing.isEmpty()) {
            throw new UnsatisfiedLinkError("libc has no " + String.join(", ", missing));
        }
    }

    /** Where a function is that goes by this name or, on this platform, by another. */
    static MemorySegment address(String function) {
        return Symbols.OF_THE_PROGRAM.find(PLATFORM.symbol(function));
    }

    private static MethodHandle ifThere(String function) {
        MemorySegment address = address(function);
        return address.address() == 0 ? null : Downcalls.of(address);
    }

    private static MethodHandle need(String function) {
        MethodHandle handle = ifThere(function);
        if (handle == null) {
            MISSING.add(PLATFORM.symbol(function));
        }
        return handle;
    }

    private static MethodHandle variadic(String function, int first) {
        return need(function) == null ? null : Downcalls.variadic(address(function), first);
    }
}
