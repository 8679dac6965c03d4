package dev.pollux.driver;

import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;

/**
 * epoll, {@code man 7 epoll}. What is odd about it, and what the code below does about it:
 *
 * <ul>
 *   <li>(a) It watches open files, not descriptors. A file that is still open under another number,
 *       or in a child process, keeps reporting events after the registered number was closed. Such
 *       an orphaned registration cannot be removed: {@code EBADF}. {@link #beginRebuild} starts a
 *       new instance without it.
 *   <li>(b) A number that was closed and reused is a new file: adding it succeeds, changing or
 *       removing it says {@code ENOENT}.
 *   <li>(c) Closing an epoll descriptor wakes nobody who waits on it; an eventfd does. It is
 *       edge-triggered and never read, since each write is a new edge.
 *   <li>(d) An exclusive registration cannot be changed, only removed and added; it does not take
 *       {@code EPOLLRDHUP} or {@code EPOLLPRI}.
 *   <li>(e) {@code epoll_wait} counts milliseconds. {@code epoll_pwait2} counts nanoseconds, but is
 *       missing before Linux 5.11 ({@code ENOSYS}) and refused by old seccomp filters ({@code
 *       EPERM}).
 *   <li>(f) {@code struct epoll_event} is packed on x86-64 only.
 *   <li>(g) {@code EPOLLERR} with {@code EPOLLPRI} and without a hang-up is how a file of /proc or
 *       /sys says that it has changed: no error.
 * </ul>
 */
public class EpollDriver implements Driver {
    private static final int FIRST_CAPACITY = 256;
    private static final int LAST_CAPACITY = 8192;
    private static final int CHANGES = 32;

    private final Syscalls sys;
    private final Errno errno;
    private final Layout layout;
    private final int[] events; // of the kernel's, by interest and trigger
    private final int eventSize;
    private final int eventsAt;
    private final int dataAt;
    private final NativeMemory memory;
    private final NativeMemory.Block one; // what is written to the eventfd
    private final EpollChanges changes;
    private final ExclusiveChange exclusive;
    private final int epfd;
    private final int eventfd;

    private final NativeMemory.Block buffer; // struct epoll_event[capacity]; the polling thread's
    private int capacity = FIRST_CAPACITY;
    private boolean precise = true; // (e); the polling thread's
    private NativeMemory.Block busyPoll; // struct epoll_params; null: as the system does
    private int rebuilt = -1; // the new epoll instance, between beginRebuild and endRebuild

    /** Opens epoll and its eventfd; the memory is its own from then on. */
    public EpollDriver(Syscalls sys, NativeMemory memory) throws OpenFailed {
        this.sys = sys;
        errno = sys.errno();
        layout = sys.layout();
        eventSize = layout.epollEventSize;
        eventsAt = layout.epollEventEvents;
        dataAt = layout.epollEventData;
        events = Table.of(layout).events;
        // Memory first: when there is none, no descriptor has to be closed.
        this.memory = memory;
        one = memory.allocate(8);
        one.bytes().putLong(0, 1);
        changes = new EpollChanges(sys, memory, CHANGES);
        exclusive = new ExclusiveChange(sys, memory);
        buffer = memory.allocate(capacity * eventSize);
        epfd = sys.epollCreate();
        if (epfd < 0) {
            throw new OpenFailed(sys, "epoll_create1", epfd);
        }
        eventfd = sys.eventfd();
        if (eventfd < 0) {
            sys.close(epfd);
            throw new OpenFailed(sys, "eventfd", eventfd);
        }
        int rc = watchEventfd(epfd);
        if (rc < 0) {
            close();
            throw new OpenFailed(sys, "epoll_ctl", rc);
        }
    }

    private int watchEventfd(int epoll) {
        int events = layout.EPOLLIN | layout.EPOLLET; // (c)
        return sys.epollCtl(epoll, layout.EPOLL_CTL_ADD, eventfd, events, SIGNAL);
    }

    @Override
    public Syscalls sys() {
        return sys;
    }

    @Override
    public boolean supports(int interest, int trigger) {
        return (trigger & EXCLUSIVE) == 0 || (interest & PRIORITY) == 0; // (d)
    }

    @Override
    public boolean owns(int fd) {
        return fd == epfd || fd == eventfd || changes.owns(fd);
    }

    @Override
    public int fd() {
        return epfd;
    }

    @Override
    public int add(int fd, int interest, int trigger, long token) {
        return sys.epollCtl(epfd, layout.EPOLL_CTL_ADD, fd, toEpoll(interest, trigger), token);
    }

    @Override
    public void addAll(int[] fds, int interest, int trigger, long[] tokens, int[] results) {
        if (!changes.addAll(epfd, fds, toEpoll(interest, trigger), tokens, results)) {
            Driver.super.addAll(fds, interest, trigger, tokens, results);
        }
    }

    @Override
    public int modify(int fd, int oldWas, int interest, int trigger, long token) {
        int events = toEpoll(interest, trigger);
        if (((oldWas >> 3 | trigger) & EXCLUSIVE) == 0) {
            return sys.epollCtl(epfd, layout.EPOLL_CTL_MOD, fd, events, token);
        }
        return exclusive.make(epfd, fd, toEpoll(oldWas & 7, oldWas >> 3), events, token); // (d)
    }

    @Override
    public int remove(int fd, long token) {
        return sys.epollCtl(epfd, layout.EPOLL_CTL_DEL, fd, 0, 0);
    }

    @Override
    public void holdChanges() {
        changes.hold();
    }

    @Override
    public void beginChanges() {
        changes.holdForList();
    }

    @Override
    public void releaseChanges() {
        changes.release();
    }

    @Override
    public void reserve(int count, ReadyEvents events) {
        changes.reserve(count);
        makeRoom(events, capacity + count);
    }

    private static void makeRoom(ReadyEvents events, int count) {
        if (events.capacity() < count) {
            events.grow(count);
        }
    }

    @Override
    public void change(int fd, int interest, int trigger, long token) {
        changes.add(fd, toEpoll(interest, trigger), token);
    }

    /** Whether some are to be made by the next poll. */
    final boolean hasChanges() {
        return changes.count() != 0;
    }

    @Override
    public void abandonChanges() {
        changes.abandon();
    }

    @Override
    public int poll(long timeoutNanos, ReadyEvents events) {
        int sent = changes.count();
        makeRoom(events, capacity + sent);
        int rc = await(timeoutNanos, sent == 0 ? null : changes);
        if (sent != 0) {
            report(sent, events);
        }
        if (rc < 0) {
            return events.size() > 0 ? events.size() : rc;
        }
        if (eventSize == 12 && eventsAt == 0 && dataAt == 4) { // as constants, for the JIT compiler
            decode(rc, 12, 0, 4, events);
        } else {
            decode(rc, eventSize, eventsAt, dataAt, events);
        }
        if (rc == capacity && capacity < LAST_CAPACITY) {
            buffer.grow(2 * capacity * eventSize);
            capacity *= 2; // last: it must not exceed the memory, also when there was none
        }
        return events.size();
    }

    /** What the kernel has reported: so many events, their size, and what is where in each. */
    private void decode(int count, int size, int eventsAt, int dataAt, ReadyEvents events) {
        ByteBuffer from = buffer.bytes();
        long[] tokens = events.tokens();
        int[] bits = events.bits();
        int readable = layout.EPOLLIN; // what nearly all of many say
        int to = events.size();
        for (int i = 0; i < count; i++) {
            long token = from.getLong(i * size + dataAt);
            if (token != SIGNAL) {
                int said = from.getInt(i * size + eventsAt);
                tokens[to] = token;
                bits[to++] = said == readable ? READ : toReady(said);
            }
        }
        events.size(to);
    }

    private int await(long timeoutNanos, EpollChanges list) {
        if (timeoutNanos == 0) {
            return sys.epollWait(epfd, buffer.address(), capacity, 0, list);
        }
        EpollChanges left = list;
        if (precise && !Deadline.isWholeMillis(timeoutNanos)) { // (e)
            long nanos = Deadline.nanos(timeoutNanos);
            int rc = sys.epollPwait2(epfd, buffer.address(), capacity, nanos, left);
            if (rc != -errno.ENOSYS && rc != -errno.EPERM) {
                return rc;
            }
            precise = false;
            if (left != null && left.failed() > 0) {
                return 0; // to be reported at once
            }
            left = null;
        }
        return sys.epollWait(epfd, buffer.address(), capacity, Deadline.millis(timeoutNanos), left);
    }

    /** What the kernel refused is gone: closed, or closed and reused (b). */
    private void report(int sent, ReadyEvents events) {
        if (changes.failed() > 0) {
            for (int i = 0; i < sent; i++) {
                if (changes.rc(i) < 0) {
                    events.add(changes.data(i), GONE);
                }
            }
        }
        changes.clear();
    }

    @Override
    public void signal() {
        int rc;
        do {
            rc = sys.write(eventfd, one.bytes(), 0, 8);
        } while (rc == -errno.EINTR);
    }

    @Override
    public int setBusyPoll(BusyPoll how) {
        NativeMemory.Block params = how.in(memory); // kept: a rebuild needs no memory
        int rc = sys.epollSetParams(epfd, params.address());
        busyPoll = rc < 0 ? null : params;
        return rc;
    }

    @Override
    public int beginRebuild() {
        int created = sys.epollCreate();
        if (created < 0) {
            return created;
        }
        if (busyPoll != null) { // refused, when a right was dropped since: rather without
            sys.epollSetParams(created, busyPoll.address());
        }
        int rc = watchEventfd(created);
        if (rc < 0) {
            sys.close(created);
            return rc;
        }
        rebuilt = created;
        return 0;
    }

    /** If the number is still the same file, the old instance says that it has it already (b). */
    @Override
    public int addToRebuild(int fd, int interest, int trigger, long token) {
        int events = toEpoll(interest, trigger);
        int rc = sys.epollCtl(rebuilt, layout.EPOLL_CTL_ADD, fd, events, token);
        if (rc == 0) {
            rc = sys.epollCtl(epfd, layout.EPOLL_CTL_ADD, fd, 0, token);
            if (rc == -errno.EEXIST) {
                return 0;
            }
            sys.epollCtl(rebuilt, layout.EPOLL_CTL_DEL, fd, 0, 0);
            if (rc == 0) {
                sys.epollCtl(epfd, layout.EPOLL_CTL_DEL, fd, 0, 0);
                return -errno.ENOENT;
            }
        }
        return rc == -errno.EBADF || rc == -errno.EPERM ? -errno.ENOENT : rc;
    }

    @Override
    public void endRebuild(boolean commit) {
        if (commit) {
            sys.epollReplace(rebuilt, epfd); // refused: the old one goes on
        }
        sys.close(rebuilt);
        rebuilt = -1;
    }

    @Override
    public void close() {
        changes.close();
        sys.close(epfd); // first: it costs less than to have the eventfd leave it
        sys.close(eventfd);
        memory.close();
    }

    private int toEpoll(int interest, int trigger) {
        return events[interest | trigger << 3];
    }

    /**
     * What the kernel is asked for, by interest and trigger; made once, for there is one layout.
     */
    private static final class Table {
        private static volatile Table last;

        private final Layout layout;
        private final int[] events = new int[64];

        private Table(Layout layout) {
            this.layout = layout;
            for (int i = 0; i < events.length; i++) {
                events[i] = eventsOf(i & 7, i >> 3);
            }
        }

        static Table of(Layout layout) {
            Table table = last;
            if (table == null || table.layout != layout) {
                table = new Table(layout);
                last = table;
            }
            return table;
        }

        private int eventsOf(int interest, int trigger) {
            int events = 0;
            if ((interest & READ) != 0) {
                events |= layout.EPOLLIN | layout.EPOLLRDHUP;
            }
            if ((interest & WRITE) != 0) {
                events |= layout.EPOLLOUT;
            }
            if ((interest & PRIORITY) != 0) {
                events |= layout.EPOLLPRI;
            }
            if ((trigger & EDGE) != 0) {
                events |= layout.EPOLLET;
            }
            if ((trigger & ONESHOT) != 0) {
                events |= layout.EPOLLONESHOT;
            }
            if ((trigger & EXCLUSIVE) != 0) {
                events = events & ~layout.EPOLLRDHUP | layout.EPOLLEXCLUSIVE; // (d)
            }
            return events;
        }
    }

    /** More than the interest may be set here; the facade, which knows the interest, masks it. */
    private int toReady(int events) {
        int ready = 0;
        if ((events & layout.EPOLLIN) != 0) {
            ready |= READ;
        }
        if ((events & layout.EPOLLOUT) != 0) {
            ready |= WRITE;
        }
        if ((events & ~(layout.EPOLLIN | layout.EPOLLOUT)) == 0) {
            return ready;
        }
        if ((events & layout.EPOLLPRI) != 0) {
            ready |= PRIORITY;
        }
        if ((events & layout.EPOLLRDHUP) != 0) {
            ready |= READ | READ_CLOSED;
        }
        if ((events & layout.EPOLLHUP) != 0) {
            ready |= READ | WRITE | READ_CLOSED | WRITE_CLOSED;
        }
        if ((events & layout.EPOLLERR) != 0) {
            int notice = events & (layout.EPOLLPRI | layout.EPOLLHUP);
            ready |= READ | WRITE | (notice == layout.EPOLLPRI ? 0 : ERROR); // (g)
        }
        return ready;
    }
}
