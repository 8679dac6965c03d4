package dev.pollux;

import dev.pollux.sys.Errno;
import java.io.IOException;
import java.util.Set;

/**
 * Every way in which the library can fail. Eight kinds have a type of their own, which means that
 * one thing only; an instance of this class itself is any other error of the kernel, such as a
 * connection that was reset.
 *
 * <p>Wrong arguments and wrong use are {@link IllegalArgumentException}, {@link
 * IllegalStateException} and {@link NullPointerException}, as everywhere.
 *
 * <pre>{@code
 * try {
 *     selector.register(fd, Interest.READ, Trigger.LEVEL, null);
 * } catch (PolluxException.NotPollable e) {
 *     readAtOnce(e.fd()); // a regular file is always ready
 * }
 * }</pre>
 */
public sealed class PolluxException extends IOException {
    private static final long serialVersionUID = 1L;

    private static final String SEE_MANUAL = "see the manual page of the call";

    private static final String[] PEER_IS_GONE = {
        "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT"
    };

    private static final Set<String> TRANSFERS =
            Set.of(
                    "read",
                    "write",
                    "readv",
                    "writev",
                    "close",
                    "receive",
                    "send",
                    "sendfile",
                    "relay");

    /** The descriptor, or -1. */
    private final int fd;

    /** The kernel's error number, or 0. */
    private final int errno;

    /** The operation that failed. */
    private final String operation;

    PolluxException(String operation, int fd, int errno, String message) {
        super(message);
        this.operation = operation;
        this.fd = fd;
        this.errno = errno;
    }

    /** {@return the descriptor that the operation was about; -1 if it was about none} */
    public int fd() {
        return fd;
    }

    /** {@return the kernel's error number, {@code man 3 errno}; 0 if the kernel was not asked} */
    public int errno() {
        return errno;
    }

    /** {@return the operation that failed: {@code "register"}, {@code "read"}, …} */
    public String operation() {
        return operation;
    }

    /**
     * The descriptor is not open, or not for this operation: opened with {@code O_PATH} it can be
     * neither watched nor read.
     */
    public static final class BadDescriptor extends PolluxException {
        private static final long serialVersionUID = 1L;

        BadDescriptor(String operation, int fd, int errno, String message) {
            super(operation, fd, errno, message);
        }
    }

    /** The descriptor is registered with this selector already. The first registration stays. */
    public static final class AlreadyRegistered extends PolluxException {
        private static final long serialVersionUID = 1L;

        AlreadyRegistered(String operation, int fd, int errno, String message) {
            super(operation, fd, errno, message);
        }
    }

    /** The key is not, or no longer, registered with this selector. */
    public static final class NotRegistered extends PolluxException {
        private static final long serialVersionUID = 1L;

        NotRegistered(String operation, int fd, String message) {
            super(operation, fd, 0, message);
        }
    }

    /**
     * The descriptor can never be waited for: a file on a disk, a directory, /dev/null. Most files
     * of /proc and /sys are not among these, see {@link FdSelector#register}.
     */
    public static final class NotPollable extends PolluxException {
        private static final long serialVersionUID = 1L;

        NotPollable(String operation, int fd, int errno, String message) {
            super(operation, fd, errno, message);
        }
    }

    /** The descriptor is open, and of another kind than is asked for; the message says of which. */
    public static final class WrongKind extends PolluxException {
        private static final long serialVersionUID = 1L;

        WrongKind(String operation, int fd, String message) {
            super(operation, fd, 0, message);
        }
    }

    /** This backend, binding or platform cannot do that. */
    public static final class Unsupported extends PolluxException {
        private static final long serialVersionUID = 1L;

        Unsupported(String operation, int fd, int errno, String message) {
            super(operation, fd, errno, message);
        }
    }

    /**
     * The kernel has no room left: descriptors, watches, memory, or selectors that watch one
     * another. The message names the limit.
     */
    public static final class LimitReached extends PolluxException {
        private static final long serialVersionUID = 1L;

        LimitReached(String operation, int fd, int errno, String message) {
            super(operation, fd, errno, message);
        }
    }

    /** The selector is closed. */
    public static final class Closed extends PolluxException {
        private static final long serialVersionUID = 1L;

        Closed(String operation) {
            super(operation, -1, 0, operation + ": the selector is closed; open another one");
        }
    }

    /**
     * The one table from error number to type.
     *
     * @param call how the call reads: {@code "register(fd=7, interest=READ, trigger=EDGE)"}
     */
    static PolluxException of(Errno table, String operation, int fd, String call, int errno) {
        String text = call + ": " + table.describe(errno) + "; ";
        boolean registers = operation.equals("register") || operation.equals("modify");
        if (errno == table.EBADF) {
            return new BadDescriptor(
                    operation,
                    fd,
                    errno,
                    text
                            + (registers || operation.equals("close")
                                    ? "the descriptor is not open: closed already, or never opened"
                                    : "it is not open, or not for this operation"));
        }
        if (registers && errno == table.ENOENT) {
            return new BadDescriptor(
                    operation,
                    fd,
                    errno,
                    text + "the descriptor was closed and its number reused: unregister the key");
        }
        if (registers && errno == table.EEXIST) {
            return new AlreadyRegistered(
                    operation, fd, errno, text + "modify or unregister the key that exists");
        }
        if (registers && errno == table.EPERM) {
            return new NotPollable(
                    operation,
                    fd,
                    errno,
                    text
                            + "regular files, directories and devices like /dev/null are always"
                            + " ready: read and write them without waiting");
        }
        if (!isTransfer(operation) && errno == table.ENOSPC) {
            return new LimitReached(
                    operation,
                    fd,
                    errno,
                    text
                            + "the limit /proc/sys/fs/epoll/max_user_watches is reached: raise it,"
                            + " or unregister what is not needed");
        }
        if (errno == table.EMFILE) {
            return new LimitReached(
                    operation,
                    fd,
                    errno,
                    text
                            + "the process's limit of open descriptors (ulimit -n, RLIMIT_NOFILE)"
                            + " is reached: raise it, or close some");
        }
        if (errno == table.ENFILE) {
            return new LimitReached(
                    operation,
                    fd,
                    errno,
                    text + "the system's limit of open files (/proc/sys/fs/file-max) is reached");
        }
        if (errno == table.ENOMEM) {
            return new LimitReached(
                    operation, fd, errno, text + "the kernel is out of memory for this");
        }
        if (registers && errno == table.EINVAL) {
            return new LimitReached(
                    operation,
                    fd,
                    errno,
                    text
                            + "the kernel lets 500 selectors watch a descriptor through another"
                            + " selector, and fewer through more than one: nest fewer");
        }
        if (registers && errno == table.ELOOP) {
            return new Unsupported(
                    operation,
                    fd,
                    errno,
                    text + "selectors may not watch one another in a circle, nor nest too deeply");
        }
        if (errno == table.ENOSYS) {
            return new Unsupported(
                    operation,
                    fd,
                    errno,
                    text + "this system does not have the call: use another backend");
        }
        return new PolluxException(
                operation,
                fd,
                errno,
                text + (isTransfer(operation) ? afterTransfer(table, errno) : SEE_MANUAL));
    }

    /** What was opened with {@code O_PATH}: open, but for nothing. */
    static BadDescriptor openedAsPath(Errno table, String operation, int fd, String call) {
        return new BadDescriptor(
                operation,
                fd,
                table.EBADF,
                call
                        + ": "
                        + table.describe(table.EBADF)
                        + "; it was opened with O_PATH, which can be neither watched nor read: open"
                        + " /proc/self/fd/"
                        + fd
                        + " for reading, and register that");
    }

    /** An exclusive trigger and a descriptor that is itself a selector's. */
    static Unsupported exclusiveSelector(Errno table, String operation, int fd, String call) {
        return new Unsupported(
                operation,
                fd,
                table.EINVAL,
                call
                        + ": "
                        + table.describe(table.EINVAL)
                        + "; a selector cannot be watched with an exclusive trigger: use LEVEL or"
                        + " EDGE");
    }

    /** Whether the descriptor is still of use, where that is known. */
    private static String afterTransfer(Errno table, int errno) {
        for (String name : PEER_IS_GONE) {
            if (errno == table.number(name)) {
                return "the peer is gone: unregister the key and close the descriptor";
            }
        }
        if (errno == table.number("ECONNREFUSED")) {
            return "nobody listens at the other end: a stream socket is of no more use, a datagram"
                    + " socket is";
        }
        if (errno == table.number("ENOBUFS")) {
            return "there was no room for all that came, and some is lost (netlink): the socket is"
                    + " still of use, ask for the whole state again";
        }
        if (errno == table.number("ECANCELED")) {
            return "the clock was set (timerfd): the timer is still of use, look at the time";
        }
        if (errno == table.EINVAL) {
            return "not for this descriptor, or with too small a buffer: inotify, eventfd, timerfd"
                    + " and signalfd hand out whole records only";
        }
        return SEE_MANUAL;
    }

    private static boolean isTransfer(String operation) {
        return TRANSFERS.contains(operation);
    }
}
