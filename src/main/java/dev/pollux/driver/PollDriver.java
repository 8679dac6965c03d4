package dev.pollux.driver;

import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * {@code man 2 poll}. What is odd about it, beside what {@link ScanningDriver} lists:
 *
 * <ul>
 *   <li>(a) An entry that asks for nothing still reports a hang-up; one whose descriptor is
 *       negative is ignored.
 *   <li>(b) A closed descriptor is reported as {@code POLLNVAL}, by every call.
 *   <li>(c) It counts milliseconds; {@code ppoll} counts nanoseconds and is not everywhere. The
 *       whole milliseconds are waited for by {@code poll}, because of (e) there, and {@code ppoll}
 *       does the rest.
 *   <li>(d) {@code POLLHUP} means on Linux that both directions are closed; elsewhere perhaps one,
 *       and not which ({@code POLLRDHUP} is Linux's, too). There it names no direction here either,
 *       but reading to who has asked for neither.
 *   <li>(e) {@code POLLERR} with {@code POLLPRI} and without a hang-up is how Linux reports that a
 *       file of /proc or /sys has changed: no error.
 * </ul>
 */
public final class PollDriver extends ScanningDriver {
    private final Layout layout;
    private final int size;
    private final int pipeEntry = 0; // where the pipe is in the array

    private final NativeMemory.Block entries; // struct pollfd[capacity]
    private int count = 1; // entries in use
    private int[] fds = new int[64]; // descriptor by entry, also when (a) hides it from the kernel
    private int[] entryOf = new int[64]; // entry by descriptor; 0 is none
    private boolean precise = true; // (c)

    /** Opens the pipe; the memory is its own from then on. */
    public PollDriver(Syscalls sys, NativeMemory memory) throws OpenFailed {
        super(sys, memory);
        layout = sys.layout();
        size = layout.pollfdSize;
        try {
            entries = memory.allocate(fds.length * size);
        } catch (OutOfMemoryError e) {
            close();
            throw e;
        }
        put(pipeEntry, pipe.reader(), layout.POLLIN);
    }

    private void put(int entry, int fd, int events) {
        int at = entry * size;
        ByteBuffer bytes = entries.bytes();
        bytes.putInt(at + layout.pollfdFd, fd);
        bytes.putShort(at + layout.pollfdEvents, (short) events);
        bytes.putShort(at + layout.pollfdRevents, (short) 0);
    }

    @Override
    void ask(int fd, int interest) {
        int entry = fd < entryOf.length ? entryOf[fd] : 0;
        if (entry == 0) {
            entry = append(fd);
        }
        put(entry, interest == 0 ? -1 : fd, toPoll(interest)); // (a)
    }

    private int append(int fd) {
        if (fd >= entryOf.length) {
            entryOf = Arrays.copyOf(entryOf, Math.max(fd + 1, entryOf.length * 2));
        }
        if (count == fds.length) {
            int[] moreFds = Arrays.copyOf(fds, count * 2);
            entries.grow(count * 2 * size);
            fds = moreFds; // last: its length says how much room there is
        }
        fds[count] = fd;
        entryOf[fd] = count;
        return count++;
    }

    /** The last entry takes the place of the one that goes. */
    @Override
    void forget(int fd) {
        int entry = entryOf[fd];
        entryOf[fd] = 0;
        int last = --count;
        if (entry != last) {
            entries.bytes().put(entry * size, entries.bytes(), last * size, size);
            fds[entry] = fds[last];
            entryOf[fds[last]] = entry;
        }
    }

    @Override
    int await(long timeoutNanos) {
        if (precise && !Deadline.isWholeMillis(timeoutNanos)) { // (c)
            if (timeoutNanos > 1_000_000) {
                return sys.poll(entries.address(), count, Deadline.wholeMillis(timeoutNanos));
            }
            int rc = sys.ppoll(entries.address(), count, timeoutNanos);
            if (rc != -errno.ENOSYS && rc != -errno.EPERM) {
                return rc;
            }
            precise = false;
        }
        return sys.poll(entries.address(), count, Deadline.millis(timeoutNanos));
    }

    @Override
    int recover(int rc, ReadyEvents events) {
        return rc;
    }

    @Override
    void scan(int rc, ReadyEvents events) {
        int left = rc;
        if (revents(pipeEntry) != 0) {
            pipe.drain();
            left--;
        }
        for (int entry = 1; left > 0; entry++) {
            entry = nextReported(entry);
            if (entry == count) {
                return;
            }
            left--;
            int revents = revents(entry);
            if ((revents & layout.POLLNVAL) != 0) { // (b)
                report(fds[entry], GONE, events);
                entry--; // the last one has moved here
            } else {
                report(fds[entry], toReady(entry, revents), events);
            }
        }
    }

    /** The first entry from this one on that has something to report; the count if none has. */
    private int nextReported(int from) {
        ByteBuffer bytes = entries.bytes();
        int stride = size;
        int end = count * stride;
        int at = from * stride + layout.pollfdRevents;
        while (at < end && bytes.getShort(at) == 0) {
            at += stride;
        }
        return at / stride;
    }

    private short revents(int entry) {
        return entries.bytes().getShort(entry * size + layout.pollfdRevents);
    }

    /** (d): with PRIORITY alone there is no readiness that a hang-up could come with. */
    private int toReady(int entry, int revents) {
        int ready = toReady(layout, revents);
        if (layout.POLLRDHUP != 0 || (revents & layout.POLLHUP) == 0) {
            return ready;
        }
        int asked = entries.bytes().getShort(entry * size + layout.pollfdEvents);
        return (asked & (layout.POLLIN | layout.POLLOUT)) == 0 ? ready | READ_CLOSED : ready;
    }

    private int toPoll(int interest) {
        int events = 0;
        if ((interest & READ) != 0) {
            events |= layout.POLLIN | layout.POLLRDHUP;
        }
        if ((interest & WRITE) != 0) {
            events |= layout.POLLOUT;
        }
        if ((interest & PRIORITY) != 0) {
            events |= layout.POLLPRI;
        }
        return events;
    }

    /** More than the interest may be set here; the facade, which knows the interest, masks it. */
    static int toReady(Layout layout, int revents) {
        int ready = 0;
        if ((revents & layout.POLLIN) != 0) {
            ready |= READ;
        }
        if ((revents & layout.POLLOUT) != 0) {
            ready |= WRITE;
        }
        if ((revents & layout.POLLPRI) != 0) {
            ready |= PRIORITY;
        }
        if ((revents & layout.POLLRDHUP) != 0) {
            ready |= READ | READ_CLOSED;
        }
        if ((revents & layout.POLLHUP) != 0) {
            boolean both = layout.POLLRDHUP != 0; // (d)
            ready |= READ | WRITE | (both ? READ_CLOSED | WRITE_CLOSED : 0);
        }
        if ((revents & layout.POLLERR) != 0) {
            int notice = revents & (layout.POLLPRI | layout.POLLHUP);
            ready |= READ | WRITE | (notice == layout.POLLPRI ? 0 : ERROR); // (e)
        }
        return ready;
    }
}
