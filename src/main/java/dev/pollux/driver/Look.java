package dev.pollux.driver;

import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/** What one descriptor says at this moment, and whether asking takes it away. */
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
     * Whether a look at this descriptor takes nothing away for certain: it is a socket or a pipe,
     * which hold their state whoever looks; or it is not open.
     */
    public static boolean takesNothing(Syscalls sys, int fd) {
        OpenFile file = OpenFile.of(sys, fd);
        return file == null || file.isSocketOrPipe();
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
