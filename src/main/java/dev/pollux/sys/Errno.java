package dev.pollux.sys;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Error numbers of a platform: number to name to text. See {@code man 3 errno}. */
public final class Errno {
    /** The errors that have a name here, in the order in which a binding is asked for them. */
    public static final List<String> NAMES =
            List.of(
                    ("EPERM ENOENT EINTR EIO ENXIO EBADF EAGAIN ENOMEM EACCES EFAULT EEXIST ENODEV"
                                    + " ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY EFBIG ENOSPC"
                                    + " ESPIPE EPIPE ENOSYS ELOOP ENOTSOCK EOPNOTSUPP EADDRINUSE"
                                    + " ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ETIMEDOUT"
                                    + " ECONNREFUSED EHOSTUNREACH ENETUNREACH EALREADY EINPROGRESS"
                                    + " EMSGSIZE ECANCELED EAFNOSUPPORT")
                            .split(" "));

    public final int EPERM;
    public final int ENOENT;
    public final int EINTR;
    public final int EBADF;
    public final int EAGAIN;
    public final int ENOMEM;
    public final int EEXIST;
    public final int ENODEV;
    public final int EINVAL;
    public final int ENFILE;
    public final int EMFILE;
    public final int ENOSPC;
    public final int EPIPE;
    public final int ENOSYS;
    public final int ELOOP;
    public final int ENOTSOCK;
    public final int EOPNOTSUPP;
    public final int EINPROGRESS;
    public final int EAFNOSUPPORT;
    public final int ECONNABORTED;

    private final Syscalls sys;
    private final int[] numbers;

    /** Asks a binding for each number. */
    public Errno(Syscalls sys) {
        this.sys = sys;
        numbers = new int[NAMES.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = sys.errorNumber(i);
        }
        EPERM = number("EPERM");
        ENOENT = number("ENOENT");
        EINTR = number("EINTR");
        EBADF = number("EBADF");
        EAGAIN = number("EAGAIN");
        ENOMEM = number("ENOMEM");
        EEXIST = number("EEXIST");
        ENODEV = number("ENODEV");
        EINVAL = number("EINVAL");
        ENFILE = number("ENFILE");
        EMFILE = number("EMFILE");
        ENOSPC = number("ENOSPC");
        EPIPE = number("EPIPE");
        ENOSYS = number("ENOSYS");
        ELOOP = number("ELOOP");
        ENOTSOCK = number("ENOTSOCK");
        EOPNOTSUPP = number("EOPNOTSUPP");
        EINPROGRESS = number("EINPROGRESS");
        EAFNOSUPPORT = number("EAFNOSUPPORT");
        ECONNABORTED = number("ECONNABORTED");
    }

    /** The number of one of {@link #NAMES}. */
    public int number(String name) {
        return numbers[NAMES.indexOf(name)];
    }

    /** For people: {@code "EBADF Bad file descriptor"}, or {@code "errno 200 …"}. */
    public String describe(int error) {
        String name = "errno " + error;
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] == error) {
                name = NAMES.get(i);
                break;
            }
        }
        byte[] bytes;
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block text = memory.allocate(128);
            bytes = new byte[sys.errorText(error, text.address(), 128)];
            text.bytes().get(0, bytes);
        }
        if (bytes.length == 0) {
            return name;
        }
        // In the language of the C locale, which the launcher sets from the environment.
        Charset charset = StandardCharsets.UTF_8;
        return name + " " + new String(bytes, charset);
    }
}
