package dev.pollux.sys;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the C headers say, for the bindings that have no compiler to ask, jnr-ffi's and the FFM one.
 *
 * <p>The headers were read in these releases: Linux with glibc 2.36, libkqueue of July 2026, macOS
 * 15.4 (xnu-11417.101.15), FreeBSD 13.0 and of {@code <sys/event.h>} 15, OpenBSD 7.8, NetBSD 10.
 * Before them:
 *
 * <ul>
 *   <li>FreeBSD's {@code struct kevent} has {@code ext}, and its {@code dev_t} and {@code ino_t} 64
 *       bits, since 12: older releases are not served.
 *   <li>OpenBSD has {@code EVFILT_USER} since 7.8: the older {@code kevent} says {@code EINVAL}.
 *   <li>NetBSD's {@code EV_RECEIPT} and {@code EV_DISPATCH} are younger than its event.h 1.24 of
 *       2015, and in 7.99.34 of 2016: before 8 it is not served. {@code EVFILT_USER} it has since
 *       10: the older {@code kevent} says {@code EINVAL}.
 * </ul>
 */
public final class Platform {
    /**
     * A column is a platform, a line a constant, in the spelling of the headers; 0 is what a
     * platform has not. First those of {@link Layout}, in its order; last those of {@link Errno}.
     *
     * <p>{@code linux/x64} packs {@code struct epoll_event}; {@code linux} is of the processors
     * with the kernel's generic {@code struct stat}; {@code linux/ppc} is also of s390x. The
     * POLLRDHUP of newer FreeBSDs (0x4000) is left out: older ones and other files answer {@code
     * POLLNVAL} to what is beyond {@code POLLSTANDARD} (poll_no_poll in sys/kern/sys_generic.c).
     */
    private static final String TABLE =
            """
                         linux/x64      linux  linux/ppc     macos    freebsd   openbsd     netbsd
        -- struct epoll_event: <sys/epoll.h>
        epollEventSize          12         16         16         0          0         0          0
        epollEventEvents         0          0          0         0          0         0          0
        epollEventData           4          8          8         0          0         0          0
        EPOLL_CTL_ADD            1          1          1         0          0         0          0
        EPOLL_CTL_DEL            2          2          2         0          0         0          0
        EPOLL_CTL_MOD            3          3          3         0          0         0          0
        EPOLLIN              0x001      0x001      0x001         0          0         0          0
        EPOLLPRI             0x002      0x002      0x002         0          0         0          0
        EPOLLOUT             0x004      0x004      0x004         0          0         0          0
        EPOLLERR             0x008      0x008      0x008         0          0         0          0
        EPOLLHUP             0x010      0x010      0x010         0          0         0          0
        EPOLLRDHUP          0x2000     0x2000     0x2000         0          0         0          0
        EPOLLEXCLUSIVE  0x10000000 0x10000000 0x10000000         0          0         0          0
        EPOLLONESHOT    0x40000000 0x40000000 0x40000000         0          0         0          0
        EPOLLET         0x80000000 0x80000000 0x80000000         0          0         0          0
        -- struct kevent: <sys/event.h>, on Linux libkqueue's
        keventSize              32         32         32        32         64        32         40
        keventIdent              0          0          0         0          0         0          0
        keventFilter             8          8          8         8          8         8          8
        keventFlags             10         10         10        10         10        10         12
        keventFflags            12         12         12        12         12        12         16
        keventData              16         16         16        16         16        16         24
        keventUdata             24         24         24        24         24        24         32
        keventFlagsSize          2          2          2         2          2         2          4
        EVFILT_READ             -1         -1         -1        -1         -1        -1          0
        EVFILT_WRITE            -2         -2         -2        -2         -2        -2          1
        EVFILT_EXCEPT            0          0          0       -15          0        -9          0
        EVFILT_USER            -11        -11        -11       -10        -11       -10          8
        EV_ADD              0x0001     0x0001     0x0001    0x0001     0x0001    0x0001     0x0001
        EV_DELETE           0x0002     0x0002     0x0002    0x0002     0x0002    0x0002     0x0002
        EV_DISABLE          0x0008     0x0008     0x0008    0x0008     0x0008    0x0008     0x0008
        EV_CLEAR            0x0020     0x0020     0x0020    0x0020     0x0020    0x0020     0x0020
        EV_RECEIPT          0x0040     0x0040     0x0040    0x0040     0x0040    0x0040     0x0040
        EV_DISPATCH         0x0080     0x0080     0x0080    0x0080     0x0080    0x0080     0x0080
        EV_EOF              0x8000     0x8000     0x8000    0x8000     0x8000    0x8000     0x8000
        EV_ERROR            0x4000     0x4000     0x4000    0x4000     0x4000    0x4000     0x4000
        NOTE_OOB                 0          0          0         2          0         4          0
        NOTE_TRIGGER     0x1000000  0x1000000  0x1000000 0x1000000  0x1000000 0x1000000  0x1000000
        kqueueIsEmulated         1          1          1         0          0         0          0
        -- struct pollfd: <poll.h>
        pollfdSize               8          8          8         8          8         8          8
        pollfdFd                 0          0          0         0          0         0          0
        pollfdEvents             4          4          4         4          4         4          4
        pollfdRevents            6          6          6         6          6         6          6
        POLLIN              0x0001     0x0001     0x0001    0x0001     0x0001    0x0001     0x0001
        POLLPRI             0x0002     0x0002     0x0002    0x0002     0x0002    0x0002     0x0002
        POLLOUT             0x0004     0x0004     0x0004    0x0004     0x0004    0x0004     0x0004
        POLLERR             0x0008     0x0008     0x0008    0x0008     0x0008    0x0008     0x0008
        POLLHUP             0x0010     0x0010     0x0010    0x0010     0x0010    0x0010     0x0010
        POLLNVAL            0x0020     0x0020     0x0020    0x0020     0x0020    0x0020     0x0020
        POLLRDHUP           0x2000     0x2000     0x2000         0          0         0          0
        -- types of files: <sys/stat.h>
        S_IFMT             0170000    0170000    0170000   0170000    0170000   0170000    0170000
        S_IFREG            0100000    0100000    0100000   0100000    0100000   0100000    0100000
        S_IFDIR            0040000    0040000    0040000   0040000    0040000   0040000    0040000
        S_IFBLK            0060000    0060000    0060000   0060000    0060000   0060000    0060000
        S_IFCHR            0020000    0020000    0020000   0020000    0020000   0020000    0020000
        S_IFIFO            0010000    0010000    0010000   0010000    0010000   0010000    0010000
        S_IFSOCK           0140000    0140000    0140000   0140000    0140000   0140000    0140000
        -- of these bindings alone: <sys/stat.h>, <sys/time.h>, <fcntl.h>, <sys/socket.h>
        statSize               144        128        144       144        224       128        152
        statDev                  0          0          0         0          0         4          0
        statIno                  8          8          8         8          8         8         16
        statMode                24         16         24         4         24         0          8
        statRdev                40         32         40        24         40        28         40
        devSize                  8          8          8         4          8         4          8
        modeSize                 4          4          4         2          2         4          4
        usecSize                 8          8          8         4          8         8          4
        O_NONBLOCK           0x800      0x800      0x800       0x4        0x4       0x4        0x4
        O_CLOEXEC          0x80000    0x80000    0x80000 0x1000000   0x100000   0x10000   0x400000
        SOCK_NONBLOCK        0x800      0x800      0x800         0 0x20000000    0x4000 0x20000000
        SOCK_CLOEXEC       0x80000    0x80000    0x80000         0 0x10000000    0x8000 0x10000000
        SOL_SOCKET               1          1          1    0xffff     0xffff    0xffff     0xffff
        SO_TYPE                  3          3          3    0x1008     0x1008    0x1008     0x1008
        SO_ERROR                 4          4          4    0x1007     0x1007    0x1007     0x1007
        SO_ACCEPTCONN           30         30         30         2          2         2          2
        O_NOCTTY             0x100      0x100      0x100   0x20000     0x8000    0x8000     0x8000
        AF_INET6                10         10         10        30         28        24         24
        sockaddrUnSize         110        110        110       106        106       106        106
        -- <errno.h>
        EPERM                    1          1          1         1          1         1          1
        ENOENT                   2          2          2         2          2         2          2
        EINTR                    4          4          4         4          4         4          4
        EIO                      5          5          5         5          5         5          5
        ENXIO                    6          6          6         6          6         6          6
        EBADF                    9          9          9         9          9         9          9
        EAGAIN                  11         11         11        35         35        35         35
        ENOMEM                  12         12         12        12         12        12         12
        EACCES                  13         13         13        13         13        13         13
        EFAULT                  14         14         14        14         14        14         14
        EEXIST                  17         17         17        17         17        17         17
        ENODEV                  19         19         19        19         19        19         19
        ENOTDIR                 20         20         20        20         20        20         20
        EISDIR                  21         21         21        21         21        21         21
        EINVAL                  22         22         22        22         22        22         22
        ENFILE                  23         23         23        23         23        23         23
        EMFILE                  24         24         24        24         24        24         24
        ENOTTY                  25         25         25        25         25        25         25
        EFBIG                   27         27         27        27         27        27         27
        ENOSPC                  28         28         28        28         28        28         28
        ESPIPE                  29         29         29        29         29        29         29
        EPIPE                   32         32         32        32         32        32         32
        ENOSYS                  38         38         38        78         78        78         78
        ELOOP                   40         40         40        62         62        62         62
        ENOTSOCK                88         88         88        38         38        38         38
        EOPNOTSUPP              95         95         95       102         45        45         45
        EADDRINUSE              98         98         98        48         48        48         48
        ECONNABORTED           103        103        103        53         53        53         53
        ECONNRESET             104        104        104        54         54        54         54
        ENOBUFS                105        105        105        55         55        55         55
        EISCONN                106        106        106        56         56        56         56
        ENOTCONN               107        107        107        57         57        57         57
        ETIMEDOUT              110        110        110        60         60        60         60
        ECONNREFUSED           111        111        111        61         61        61         61
        EHOSTUNREACH           113        113        113        65         65        65         65
        ENETUNREACH            101        101        101        51         51        51         51
        EALREADY               114        114        114        37         37        37         37
        EINPROGRESS            115        115        115        36         36        36         36
        EMSGSIZE                90         90         90        40         40        40         40
        ECANCELED              125        125        125        89         85        88         87
        EAFNOSUPPORT            97         97         97        47         47        47         47
        """;

    // The same on all of them.
    public static final int FD_CLOEXEC = 1;
    public static final int F_SETFD = 2;
    public static final int F_GETFL = 3;
    public static final int F_SETFL = 4;
    public static final int SOCK_STREAM = 1;
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int SEEK_CUR = 1;
    public static final int EINVAL = 22;

    // Linux alone: <linux/fcntl.h>, <bits/fcntl-linux.h>
    static final int F_SETPIPE_SZ = 1031;
    static final int SPLICE_F_MOVE = 1;
    static final int SPLICE_F_NONBLOCK = 2;

    private static final Set<String> GENERIC = Set.of("aarch64", "riscv64", "loongarch64");
    private static final Set<String> POWER = Set.of("ppc64le", "ppc64", "s390x");

    /** Which function of libc goes by another name; the others by their own. */
    private final Map<String, String> symbols;

    private final int[] layout = new int[Layout.COUNT];
    private final Map<String, Integer> constants = new LinkedHashMap<>();

    public final int statSize;
    public final int statDev;
    public final int statIno;
    public final int statMode;
    public final int statRdev;

    /** Bytes of {@code dev_t}: 8 unsigned, or 4 signed. */
    public final int devSize;

    /** Bytes of {@code mode_t}: 4 or 2, unsigned. */
    public final int modeSize;

    /** Bytes of {@code tv_usec} in {@code struct timeval}, where 16 are: 8 or 4. */
    public final int usecSize;

    public final int O_NONBLOCK;
    public final int O_CLOEXEC;
    public final int SOCK_NONBLOCK;
    public final int SOCK_CLOEXEC;
    public final int SOL_SOCKET;
    public final int SO_TYPE;
    public final int SO_ERROR;
    public final int SO_ACCEPTCONN;
    public final int O_NOCTTY;
    public final int AF_INET6;

    /** Bytes of {@code struct sockaddr_un}, in which the path begins at 2 and has a final zero. */
    public final int sockaddrUnSize;

    /** The platform of one column. */
    public Platform(String name, Map<String, String> symbols) {
        this.symbols = symbols;
        int column = 1 + names().indexOf(name);
        int next = 0;
        for (String line : TABLE.lines().skip(1).filter(each -> !each.startsWith("--")).toList()) {
            String[] cells = line.split(" +");
            int value = Long.decode(cells[column]).intValue();
            constants.put(cells[0], value);
            if (next < layout.length) {
                layout[next++] = value;
            }
        }
        statSize = constant("statSize");
        statDev = constant("statDev");
        statIno = constant("statIno");
        statMode = constant("statMode");
        statRdev = constant("statRdev");
        devSize = constant("devSize");
        modeSize = constant("modeSize");
        usecSize = constant("usecSize");
        O_NONBLOCK = constant("O_NONBLOCK");
        O_CLOEXEC = constant("O_CLOEXEC");
        SOCK_NONBLOCK = constant("SOCK_NONBLOCK");
        SOCK_CLOEXEC = constant("SOCK_CLOEXEC");
        SOL_SOCKET = constant("SOL_SOCKET");
        SO_TYPE = constant("SO_TYPE");
        SO_ERROR = constant("SO_ERROR");
        SO_ACCEPTCONN = constant("SO_ACCEPTCONN");
        O_NOCTTY = constant("O_NOCTTY");
        AF_INET6 = constant("AF_INET6");
        sockaddrUnSize = constant("sockaddrUnSize");
    }

    /** The columns of the table. */
    public static List<String> names() {
        return Arrays.asList(TABLE.lines().findFirst().orElseThrow().strip().split(" +"));
    }

    /** The one that this is; throws {@link UnsatisfiedLinkError} where there is none. */
    public static Platform current() {
        return of(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                System.getProperty("os.version"));
    }

    /** The one of these system properties. */
    static Platform of(String os, String arch, String version) {
        boolean x64 = arch.equals("amd64") || arch.equals("x86_64");
        boolean known = x64 || GENERIC.contains(arch) || POWER.contains(arch);
        if (known && os.equals("Linux")) {
            String name = x64 ? "linux/x64" : GENERIC.contains(arch) ? "linux" : "linux/ppc";
            return new Platform(name, Map.of());
        }
        if (known && os.equals("Mac OS X")) {
            // <sys/select.h>: the plain name refuses descriptors beyond 1024. <sys/stat.h>: on
            // x86-64 the plain name fills in the struct stat of before 10.5.
            String fstat = x64 ? "fstat$INODE64" : "fstat";
            return new Platform("macos", Map.of("select", "select$DARWIN_EXTSN", "fstat", fstat));
        }
        if (known && os.equals("FreeBSD") && major(version) >= 12) {
            return new Platform("freebsd", Map.of());
        }
        if (known && os.equals("OpenBSD")) {
            return new Platform("openbsd", Map.of());
        }
        if (known && os.equals("NetBSD") && major(version) >= 10) {
            // __RENAME in the headers: the plain names are those of before 5.0, with a 32-bit
            // time_t.
            return new Platform(
                    "netbsd",
                    Map.of(
                            "select", "__select50",
                            "fstat", "__fstat50",
                            "kevent", "__kevent50",
                            "ppoll", "__pollts50"));
        }
        throw new UnsatisfiedLinkError(
                "without C of its own a binding knows the layouts of 64-bit Linux, macOS, FreeBSD"
                        + " since 12, OpenBSD and NetBSD since 10, not of "
                        + String.join(" ", os, version, "on", arch));
    }

    /** "14.2-RELEASE" is 14; what is no number is 0. */
    private static int major(String version) {
        String digits = version.replaceFirst("\\D.*", "");
        return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    /** FIONREAD of {@code <sys/ioctl.h>}; no column of the table, which has s390x with ppc. */
    static long fionread() {
        boolean plain = System.getProperty("os.name").equals("Linux");
        return plain && !isPower() ? 0x541b : 0x4004667f;
    }

    private static boolean isPower() {
        return System.getProperty("os.arch").startsWith("ppc");
    }

    /** EPIOCSPARAMS of {@code <sys/epoll.h>}. */
    static long epiocsparams() {
        return isPower() ? 0x80088a01L : 0x40088a01;
    }

    /** EPIOCGPARAMS. */
    static long epiocgparams() {
        return isPower() ? 0x40088a02 : 0x80088a02L;
    }

    /** All constants by name, in the order of the table. */
    public Map<String, Integer> constants() {
        return Collections.unmodifiableMap(constants);
    }

    /** The constant of this name. */
    public int constant(String name) {
        return constants.get(name);
    }

    /** Whether it has epoll. */
    public boolean isLinux() {
        return constant("epollEventSize") != 0;
    }

    /** As {@link Syscalls#layout(int)}. */
    public long layout(int index) {
        return index < 0 || index >= layout.length ? -EINVAL : layout[index];
    }

    /** As {@link Syscalls#errorNumber(int)}. */
    public int errorNumber(int index) {
        return index < 0 || index >= Errno.NAMES.size()
                ? -EINVAL
                : constant(Errno.NAMES.get(index));
    }

    /** What the function is called in libc's table of symbols. */
    public String symbol(String function) {
        return symbols.getOrDefault(function, function);
    }
}
