package dev.pollux;

import dev.pollux.sys.Privileged;
import dev.pollux.sys.Syscalls;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The descriptors that a service manager has passed to this process at its start, as {@code man 3
 * sd_listen_fds} has it: numbers from 3 on, as many as {@code LISTEN_FDS} says, named by {@code
 * LISTEN_FDNAMES}, if {@code LISTEN_PID} is this process. systemd passes them, and {@code
 * systemd-socket-activate}.
 *
 * <pre>{@code
 * for (ListenFds.Passed passed : ListenFds.ofEnvironment()) {
 *     if (passed.name().equals("http")) {
 *         server = ChannelFd.adoptServerSocket(passed.fd());
 *     }
 * }
 * }</pre>
 */
public final class ListenFds {
    private static final int FIRST = 3;
    private static final String UNNAMED = "unknown"; // as sd_listen_fds_with_names has it

    /**
     * One of them.
     *
     * @param fd the descriptor
     * @param name what the unit calls it ({@code FileDescriptorName=}); {@code "unknown"} if the
     *     manager says nothing
     */
    public record Passed(int fd, String name) {}

    private ListenFds() {}

    /**
     * What was passed to this process, in order; empty if nothing was, or it was meant for another
     * process. Sets close-on-exec on each. The same each time: whoever adopts one, or closes it,
     * keeps that in mind. Any thread; takes a few system calls.
     *
     * @return what was passed; unmodifiable
     * @throws IllegalArgumentException if a variable is malformed: it is named, and what it says
     * @throws PolluxException.BadDescriptor if one of the descriptors is not open
     */
    public static List<Passed> ofEnvironment() throws PolluxException {
        Syscalls sys = Native.callsOnDescriptor("ListenFds", true);
        UnaryOperator<String> environment = name -> Privileged.call(() -> System.getenv(name));
        return of(environment, ProcessHandle.current().pid(), sys);
    }

    /** {@code environment}: null of a variable that is not set. */
    static List<Passed> of(UnaryOperator<String> environment, long self, Syscalls sys)
            throws PolluxException {
        String pid = environment.apply("LISTEN_PID");
        String fds = environment.apply("LISTEN_FDS");
        if (pid == null || fds == null || number("LISTEN_PID", pid, Integer.MAX_VALUE) != self) {
            return List.of();
        }
        int count = number("LISTEN_FDS", fds, Integer.MAX_VALUE - FIRST);
        String all = environment.apply("LISTEN_FDNAMES");
        String[] names = all == null ? null : all.split(":", -1);
        if (names != null && names.length != count) {
            throw new IllegalArgumentException(
                    "LISTEN_FDNAMES=" + all + ": " + names.length + " names for " + count);
        }
        var passed = new ArrayList<Passed>();
        for (int i = 0; i < count; i++) {
            int fd = FIRST + i;
            int rc = sys.setCloseOnExec(fd);
            if (rc < 0) {
                String call = "LISTEN_FDS=" + fds + ": descriptor " + fd;
                throw PolluxException.of(sys.errno(), "ListenFds", fd, call, -rc);
            }
            passed.add(new Passed(fd, names == null ? UNNAMED : names[i]));
        }
        return List.copyOf(passed);
    }

    private static int number(String variable, String value, int most) {
        try {
            int number = Integer.parseInt(value);
            if (number > 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw malformed(variable, value, most, e);
        }
        throw malformed(variable, value, most, null);
    }

    private static IllegalArgumentException malformed(
            String variable, String value, int most, Throwable cause) {
        return new IllegalArgumentException(
                variable + "=" + value + ": not a number from 1 to " + most, cause);
    }
}
