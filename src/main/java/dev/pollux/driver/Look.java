package dev.pollux.driver;

import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/** What {@code man 2 poll} says of one descriptor at this moment: for people who ask why. */
public final class Look {
    private Look() {}

    /**
     * Whether a look may take something away: Linux reports a change of some files (mountinfo, a
     * pressure trigger, and any epoll that has one of them) once, to whoever looks first.
     */
    public static boolean mayTake(Syscalls sys) {
        return sys.layout().POLLRDHUP != 0; // Linux alone has it
    }

    /**
     * Readiness bits of a descriptor for everything that can be asked; {@link Driver#GONE} if it is
     * not open; or a negated error number. Does not block.
     */
    public static int at(Syscalls sys, int fd) {
        Layout layout = sys.layout();
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block entry = memory.allocate(layout.pollfdSize);
            int all = layout.POLLIN | layout.POLLOUT | layout.POLLPRI | layout.POLLRDHUP;
            entry.bytes().putInt(layout.pollfdFd, fd);
            entry.bytes().putShort(layout.pollfdEvents, (short) all);
            int rc = sys.poll(entry.address(), 1, 0);
            if (rc <= 0) {
                return rc;
            }
            int revents = entry.bytes().getShort(layout.pollfdRevents);
            return (revents & layout.POLLNVAL) != 0
                    ? Driver.GONE
                    : PollDriver.toReady(layout, revents);
        }
    }
}
