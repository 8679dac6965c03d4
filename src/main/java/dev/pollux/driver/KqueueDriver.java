package dev.pollux.driver;

import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * kqueue, {@code man 2 kqueue}: macOS and the BSDs; on Linux by libkqueue, which makes it of epoll.
 * What is odd about it, and what the code below does about it:
 *
 * <ul>
 *   <li>(a) Reading and writing are filters of their own, each with an event of its own. {@link
 *       #poll} merges what belongs to one registration, by the slot of its token.
 *   <li>(b) {@code EV_DISPATCH} disarms the filter that fired, not its twin. {@link #disarmTwins}
 *       does.
 *   <li>(c) {@code EV_ADD} of what is there changes it without a word. The driver keeps a list of
 *       what it has added and asks the kernel, by a change that adds nothing, whether that is still
 *       there: {@code ENOENT} means that the descriptor was closed meanwhile. Being asked, the
 *       kernel looks whether it is ready, so that an edge that was told may be told once more.
 *   <li>(d) {@code EV_ADD} of what is there may leave the trigger as it was, and need not report
 *       again what is ready still: so it is deleted first.
 *   <li>(e) A call that makes changes and waits as well shows the changes' errors first, and events
 *       perhaps never. Changes go in calls of their own, each with a receipt, where there are
 *       receipts, and one by one where not (NetBSD before 10).
 *   <li>(f) {@code EV_EOF} on the read filter is the peer's end, on the write filter one's own; an
 *       error only if {@code fflags} says which. That for out-of-band data is told of the end too,
 *       and on macOS of any data, from the low-water mark on: so that is set as high as it goes,
 *       which is a full receive buffer (filt_soread_common in xnu's bsd/kern/uipc_socket.c).
 *   <li>(g) A pipe whose reader is gone may refuse the write filter with {@code EPIPE} (FreeBSD) or
 *       {@code EBADF} (NetBSD): registered, and ready for ever. What has no out-of-band data
 *       refuses the filter for it with {@code EINVAL}: registered, and never ready.
 *   <li>(h) Regular files and directories are taken, see {@link FileKind}; some devices are refused
 *       with {@code EINVAL}.
 *   <li>(i) {@code EVFILT_USER} is missing on older systems: there, a pipe.
 *   <li>(j) A time-out may not be too long: see {@link Deadline#nanos}.
 *   <li>(k) libkqueue does not notice that a descriptor was closed, so (c) compares device and
 *       inode there; it has one epoll registration for both filters, so that all is deleted
 *       whatever changes; it never reports more than 512 events, and drops what it had beyond them,
 *       edges for good, so that a full list arms edges again; and its descriptor cannot be watched.
 * </ul>
 */
public final class KqueueDriver implements Driver {
    private static final int FIRST_CAPACITY = 512; // (a): twice the events; (k)
    private static final int LAST_CAPACITY = 16384;
    private static final int RECEIPTS = 256; // in one call; (k)

    /** The most changes that one registration needs: each filter deleted, each added. */
    private static final int CHANGES_EACH = 6;

    /**
     * In a trigger << 8 | interest: filters that the kernel refused, by their interest bits (g).
     */
    private static final int REFUSED = 12;

    /** (f): {@code <sys/event.h>}, the same wherever there is a filter for out-of-band data. */
    private static final int NOTE_LOWAT = 1;

    /** What no kernel has; 0 is a filter of NetBSD's, and FreeBSD passes it over. */
    private static final int NO_FILTER = Short.MAX_VALUE;

    private static final long NONE = -1;

    /** What a change carries for a token if it does not matter whether it is refused. */
    private static final long NEVER_MIND = -2;

    private final Syscalls sys;
    private final Errno errno;
    private final Layout layout;
    private final boolean emulated; // (k)
    private final int kq;
    private final WakeupPipe pipe; // (i); null if it is not needed
    private final KeventList trigger; // what signals; never changed

    /** The polling thread's. */
    private final KeventList list;

    private int[] placeOf = new int[256]; // by slot: where in the batch its event is, if it is
    private long[] fired = {}; // by event: descriptor << 3 | filters that fired, if it is ONESHOT
    private volatile long waits; // how many have begun

    private final ReentrantLock lock = new ReentrantLock(); // guards all that follows
    private final FileKind kind;
    private final KeventList few; // changes of one registration
    private final KeventList noted; // changes that go before the next wait
    private final KeventList disarming;

    /** By descriptor. */
    private long[] tokens = {};

    private short[] wants = {}; // REFUSED, trigger << 8, interest
    private long[] armedIn = {}; // the wait that may have been under way when it was armed last
    private long[] devices = {}; // (k)
    private long[] inodes = {};

    private int[] broken = new int[8]; // (g): descriptors whose write filter the kernel refused
    private volatile int brokenCount;

    /** Opens kqueue, and a pipe if need be. */
    public KqueueDriver(Syscalls sys) throws OpenFailed {
        this.sys = sys;
        errno = sys.errno();
        layout = sys.layout();
        emulated = layout.kqueueIsEmulated != 0;
        // Memory first: when there is none, no descriptor is to be given back.
        kind = new FileKind(sys);
        list = new KeventList(sys, FIRST_CAPACITY);
        few = new KeventList(sys, 2 * CHANGES_EACH);
        noted = new KeventList(sys, RECEIPTS);
        disarming = new KeventList(sys, RECEIPTS);
        trigger = new KeventList(sys, 1);
        trigger.add(0, layout.EVFILT_USER, 0, layout.NOTE_TRIGGER, SIGNAL);
        kq = sys.kqueue();
        if (kq < 0) {
            throw new OpenFailed(sys, "kqueue", kq);
        }
        try {
            pipe = watchUser() ? null : watchedPipe(); // (i)
        } catch (OpenFailed | OutOfMemoryError e) {
            sys.close(kq);
            throw e;
        }
    }

    /** Whether the kernel has this filter. */
    private boolean watchUser() throws OpenFailed {
        if (layout.EVFILT_USER == 0) {
            return false;
        }
        few.clear();
        few.add(0, layout.EVFILT_USER, layout.EV_ADD | layout.EV_CLEAR, 0, SIGNAL);
        int rc = sys.keventChange(kq, few.address(), 1, 0);
        if (rc < 0 && rc != -errno.EINVAL) {
            throw new OpenFailed(sys, "kevent", rc);
        }
        return rc >= 0;
    }

    private WakeupPipe watchedPipe() throws OpenFailed {
        var fresh = new WakeupPipe(sys);
        few.clear();
        few.add(fresh.reader(), layout.EVFILT_READ, layout.EV_ADD, 0, SIGNAL);
        int rc = sys.keventChange(kq, few.address(), 1, 0);
        if (rc < 0) {
            fresh.close();
            throw new OpenFailed(sys, "kevent", rc);
        }
        return fresh;
    }

    @Override
    public Syscalls sys() {
        return sys;
    }

    @Override
    public boolean supports(int interest, int trigger) {
        return (trigger & EXCLUSIVE) == 0
                && ((interest & PRIORITY) == 0 || layout.EVFILT_EXCEPT != 0);
    }

    @Override
    public boolean owns(int fd) {
        return fd == kq || pipe != null && pipe.owns(fd);
    }

    @Override
    public int fd() {
        return emulated ? -1 : kq; // (k)
    }

    @Override
    public int add(int fd, int interest, int trigger, long token) {
        lock.lock();
        try {
            int rc = kind.look(fd);
            if (rc < 0) {
                return rc;
            }
            if (isRegistered(fd)) {
                return -errno.EEXIST; // (c)
            }
            rc = kind.check(fd);
            if (rc < 0) {
                return rc;
            }
            reserve(fd);
            few.clear();
            if (emulated) {
                deleteAll(fd, few); // (k): of a former owner of the number
            }
            addFilters(fd, interest, trigger, token, few);
            rc = make(few);
            if (rc < 0) {
                drop(fd);
                return rc == -errno.EINVAL ? -errno.EPERM : rc; // (h)
            }
            tokens[fd] = token;
            devices[fd] = kind.device();
            inodes[fd] = kind.inode();
            armed(fd, interest, trigger, rc);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    /** (c): whether the number is what it was when it was registered. {@link #kind} has looked. */
    private boolean isRegistered(int fd) {
        if (token(fd) == NONE) {
            return false;
        }
        int present = present(fd);
        if (emulated || present == 0) {
            return isSameFile(fd);
        }
        few.clear();
        askFor(fd, present, tokens[fd], few);
        return make(few) != -errno.ENOENT;
    }

    /** (k). Sockets have no inode on some systems: only where the kernel cannot be asked. */
    private boolean isSameFile(int fd) {
        return devices[fd] == kind.device() && inodes[fd] == kind.inode();
    }

    private long token(int fd) {
        return fd < tokens.length ? tokens[fd] : NONE;
    }

    private void reserve(int fd) {
        int old = tokens.length;
        if (fd >= old) {
            int length = Math.max(fd + 1, Math.max(64, old * 2));
            wants = Arrays.copyOf(wants, length);
            armedIn = Arrays.copyOf(armedIn, length);
            devices = Arrays.copyOf(devices, length);
            inodes = Arrays.copyOf(inodes, length);
            long[] more = Arrays.copyOf(tokens, length);
            Arrays.fill(more, old, length, NONE);
            tokens = more; // last: its length says how much room there is
        }
    }

    /** After the kernel was told: a wait that was under way then has begun by now. */
    private void armed(int fd, int interest, int trigger, int refused) {
        wants[fd] = (short) (trigger << 8 | interest);
        armedIn[fd] = waits;
        mend(fd);
        refused(fd, refused);
    }

    private int interest(int fd) {
        return wants[fd] & (READ | WRITE | PRIORITY);
    }

    private int trigger(int fd) {
        return wants[fd] >> 8 & (EDGE | ONESHOT);
    }

    /** The filters that the kernel has, if the descriptor is what it was. */
    private int present(int fd) {
        return interest(fd) & ~(wants[fd] >> REFUSED);
    }

    /** (g). */
    private void refused(int fd, int filters) {
        wants[fd] |= (short) (filters << REFUSED);
        if ((filters & WRITE) != 0) {
            breakDown(fd);
        }
    }

    /** Ready from now on. Whoever waits is to look. */
    private void breakDown(int fd) {
        if (brokenCount == broken.length) {
            broken = Arrays.copyOf(broken, brokenCount * 2);
        }
        broken[brokenCount] = fd;
        brokenCount++; // under the lock
        signal();
    }

    private void mend(int fd) {
        for (int i = 0; i < brokenCount; i++) {
            if (broken[i] == fd) {
                broken[i] = broken[brokenCount - 1];
                brokenCount--;
                return;
            }
        }
    }

    /** What leads from what the kernel has to what is wanted. */
    private void plan(int fd, int interest, int trigger, long token, KeventList into) {
        int old = present(fd);
        if (emulated) {
            deleteAll(fd, into); // (k)
            addFilters(fd, interest, trigger, token, into);
        } else if (trigger == 0 && trigger(fd) == 0) {
            addFilters(fd, interest & ~old, trigger, token, into);
            askFor(fd, interest & old, token, into);
            deleteFilters(fd, old & ~interest, token, into);
        } else {
            deleteFilters(fd, old, token, into); // (d)
            addFilters(fd, interest, trigger, token, into);
        }
    }

    private void addFilters(int fd, int interest, int trigger, long token, KeventList into) {
        int flags = layout.EV_ADD;
        if ((trigger & EDGE) != 0) {
            flags |= layout.EV_CLEAR;
        }
        if ((trigger & ONESHOT) != 0) {
            flags |= layout.EV_DISPATCH;
        }
        change(fd, interest, flags, token, into);
    }

    /** (c): a change that changes nothing. */
    private void askFor(int fd, int interest, long token, KeventList into) {
        change(fd, interest, 0, token, into);
    }

    /** The filters that the kernel must have, unless the descriptor was closed (c). */
    private void deleteFilters(int fd, int interest, long token, KeventList into) {
        change(fd, interest, layout.EV_DELETE, token, into);
    }

    /** Whatever there is. */
    private void deleteAll(int fd, KeventList into) {
        int all = layout.EVFILT_EXCEPT == 0 ? READ | WRITE : READ | WRITE | PRIORITY;
        change(fd, all, layout.EV_DELETE, NEVER_MIND, into);
    }

    private void drop(int fd) {
        few.clear();
        deleteAll(fd, few);
        make(few);
    }

    private void change(int fd, int interest, int flags, long token, KeventList into) {
        int all = flags | layout.EV_RECEIPT; // (e)
        if ((interest & READ) != 0) {
            into.add(fd, layout.EVFILT_READ, all, 0, token);
        }
        if ((interest & WRITE) != 0) {
            into.add(fd, layout.EVFILT_WRITE, all, 0, token);
        }
        if ((interest & PRIORITY) != 0) {
            into.add(fd, layout.EVFILT_EXCEPT, all, layout.NOTE_OOB | NOTE_LOWAT, token);
            into.data(into.count() - 1, Integer.MAX_VALUE);
        }
    }

    /**
     * Makes changes, and puts down what became of each in its data (e).
     *
     * @return the filters that were refused for good (g), by interest, or else the first error that
     *     is worth minding
     */
    private int make(KeventList changes) {
        int count = changes.count();
        for (int from = 0; from < count; from += RECEIPTS) {
            make(changes, from, Math.min(from + RECEIPTS, count));
        }
        int refused = 0;
        for (int i = 0; i < count; i++) {
            int error = (int) changes.data(i);
            if (error != 0 && changes.udata(i) != NEVER_MIND) {
                int filter = refusal(changes.ident(i), changes.filter(i), error);
                if (filter == 0) {
                    return -error;
                }
                refused |= filter;
            }
        }
        return refused;
    }

    /** (g): the filter, by interest, if that is what the error means. */
    private int refusal(int fd, int filter, int error) {
        if (filter == layout.EVFILT_WRITE) {
            boolean broken = error == errno.EPIPE || error == errno.EBADF && sys.isOpen(fd) == 0;
            return broken ? WRITE : 0;
        }
        boolean except = filter == layout.EVFILT_EXCEPT && filter != 0;
        return except && error == errno.EINVAL ? PRIORITY : 0;
    }

    private void make(KeventList changes, int from, int to) {
        if (layout.EV_RECEIPT != 0) {
            int count = to - from;
            int rc = sys.keventChange(kq, changes.address(from), count, count);
            for (int i = from; i < to && rc < 0; i++) {
                changes.data(i, -rc); // the call itself failed
            }
            return;
        }
        for (int i = from; i < to; i++) {
            int rc = sys.keventChange(kq, changes.address(i), 1, 0);
            changes.data(i, Math.max(0, -rc));
        }
    }

    @Override
    public int modify(int fd, int oldWas, int interest, int trigger, long token) {
        lock.lock();
        try {
            int rc = checkSame(fd, token);
            if (rc < 0) {
                return rc;
            }
            few.clear();
            plan(fd, interest, trigger, token, few);
            rc = make(few);
            if (rc >= 0) {
                armed(fd, interest, trigger, rc);
                return 0;
            }
            return restore(fd, rc) ? rc : LOST;
        } finally {
            lock.unlock();
        }
    }

    /** (k), (g): a kernel tells by itself, unless it has no filter of this registration. */
    private int checkSame(int fd, long token) {
        if (token(fd) != token) {
            return -errno.ENOENT;
        }
        if (!emulated && present(fd) != 0) {
            return 0;
        }
        int rc = kind.look(fd);
        return rc < 0 ? rc : isSameFile(fd) ? 0 : -errno.ENOENT;
    }

    /** Puts back what a modify that failed has taken away; whether it could. */
    private boolean restore(int fd, int rc) {
        drop(fd);
        if (rc == -errno.ENOENT || rc == -errno.EBADF) {
            return true; // it was closed, and so not there before
        }
        few.clear();
        addFilters(fd, interest(fd), trigger(fd), tokens[fd], few);
        int refused = make(few);
        if (refused < 0) {
            tokens[fd] = NONE;
            mend(fd);
            return false;
        }
        armed(fd, interest(fd), trigger(fd), refused);
        return true;
    }

    @Override
    public int remove(int fd, long token) {
        lock.lock();
        try {
            if (token(fd) != token) {
                return -errno.ENOENT;
            }
            tokens[fd] = NONE;
            mend(fd);
            drop(fd);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void holdChanges() {
        lock.lock();
    }

    @Override
    public void releaseChanges() {
        lock.unlock();
    }

    @Override
    public void reserve(int count, ReadyEvents events) {
        noted.reserve(count * CHANGES_EACH);
        makeRoom(events, list.capacity() + count);
    }

    private void makeRoom(ReadyEvents events, int count) {
        if (events.capacity() < count) {
            events.grow(count);
        }
        if (fired.length < events.capacity()) {
            fired = Arrays.copyOf(fired, events.capacity());
        }
    }

    /** The changes are held, so the lock is. */
    @Override
    public void change(int fd, int interest, int trigger, long token) {
        int rc = checkSame(fd, token);
        if (rc < 0) {
            noted.add(fd, NO_FILTER, layout.EV_RECEIPT, 0, token); // refused, and so told
        } else {
            plan(fd, interest, trigger, token, noted);
            armed(fd, interest, trigger, 0);
        }
    }

    @Override
    public int poll(long timeoutNanos, ReadyEvents events) {
        makeRoom(events, list.capacity());
        if (noted.count() > 0) {
            try {
                makeNoted(events);
            } finally {
                noted.clear();
                lock.unlock();
            }
        }
        long nanos = timeoutNanos == FOREVER ? -1 : Deadline.nanos(timeoutNanos); // (j)
        int refused = events.size();
        waits = waits + 1; // only this thread writes it
        int rc = sys.keventWait(kq, list.address(), list.capacity(), refused > 0 ? 0 : nanos);
        boolean oneShots = false;
        for (int i = 0; i < rc; i++) {
            oneShots |= report(i, events);
        }
        if (emulated && rc == FIRST_CAPACITY) {
            armDropped(list.ident(rc - 1), events); // (k)
        }
        if (oneShots || brokenCount > 0) {
            lock.lock();
            try {
                reportBroken(events);
                disarmTwins(refused, events);
            } finally {
                lock.unlock();
            }
        }
        if (rc == list.capacity() && rc < LAST_CAPACITY && !emulated) {
            list.reserve(rc * 2);
        }
        return rc < 0 && events.size() == 0 ? rc : events.size();
    }

    /** What the kernel refuses is gone: closed, or closed and reused (c). */
    private void makeNoted(ReadyEvents events) {
        if (make(noted) == 0) {
            return;
        }
        for (int i = 0; i < noted.count(); i++) {
            int error = (int) noted.data(i);
            int fd = noted.ident(i);
            if (error == 0 || token(fd) != noted.udata(i)) {
                continue; // or one of those that do not matter, or told already
            }
            int refused = refusal(fd, noted.filter(i), error);
            if (refused != 0) {
                refused(fd, refused);
                continue;
            }
            giveUp(fd, events);
        }
    }

    /** Whether this is of a registration that is ONESHOT. */
    private boolean report(int index, ReadyEvents events) {
        long token = list.udata(index);
        if (token == SIGNAL) {
            if (pipe != null) {
                pipe.drain();
            }
            return false;
        }
        int filter = list.filter(index);
        int flags = list.flags(index);
        int ready = toReady(filter, flags, list.fflags(index));
        boolean oneShot = (flags & layout.EV_DISPATCH) != 0;
        merge(token, ready, oneShot ? firedBy(list.ident(index), toInterest(filter)) : 0, events);
        return oneShot;
    }

    /** (a): a slot whose place is not its event's has had none in this batch. */
    private void merge(long token, int ready, long firedBy, ReadyEvents events) {
        int slot = (int) token;
        if (slot >= placeOf.length) {
            placeOf = Arrays.copyOf(placeOf, Math.max(slot + 1, placeOf.length * 2));
        }
        int place = placeOf[slot];
        if (place < events.size() && events.token(place) == token) {
            if (events.bits(place) != GONE) { // or given up, and the kernel told of it all the same
                events.merge(place, ready);
                fired[place] |= firedBy;
            }
        } else {
            placeOf[slot] = events.size();
            fired[events.size()] = firedBy;
            events.add(token, ready);
        }
    }

    private int toInterest(int filter) {
        return filter == layout.EVFILT_READ
                ? READ
                : filter == layout.EVFILT_WRITE ? WRITE : PRIORITY;
    }

    private static long firedBy(int fd, int filters) {
        return (long) fd << 3 | filters;
    }

    /** More than the interest may be set here; the facade, which knows the interest, masks it. */
    private int toReady(int filter, int flags, int fflags) {
        int asked = toInterest(filter);
        if ((flags & (layout.EV_EOF | layout.EV_ERROR)) == 0) {
            return asked;
        }
        int ready = asked == WRITE ? WRITE | WRITE_CLOSED : READ | READ_CLOSED; // (f)
        if (asked == PRIORITY && fflags == layout.NOTE_OOB) {
            return ready | PRIORITY; // urgent data after one's own shutdown: no error
        }
        return fflags == 0 ? ready : ready | READ | WRITE | ERROR;
    }

    /** (g). */
    private void reportBroken(ReadyEvents events) {
        makeRoom(events, events.size() + brokenCount);
        for (int i = brokenCount - 1; i >= 0; i--) {
            int fd = broken[i];
            if (kind.look(fd) < 0 || !isSameFile(fd)) {
                mend(fd); // closed: the kernel would have forgotten a filter
                continue;
            }
            int trigger = trigger(fd);
            long firedBy = (trigger & ONESHOT) != 0 ? firedBy(fd, WRITE) : 0;
            merge(tokens[fd], WRITE | WRITE_CLOSED, firedBy, events);
            if (trigger != 0) {
                mend(fd); // told once
            }
        }
        if (brokenCount > 0) {
            signal(); // the next wait
        }
    }

    /**
     * (b). Another thread's modify may have armed a registration again while the wait was under
     * way; then nobody can say whether what the wait found was of before or after. It is forgotten
     * and the registration armed once more, so that it is neither lost nor told twice: what holds
     * still is found by the next wait.
     */
    private void disarmTwins(int from, ReadyEvents events) {
        disarming.clear();
        for (int place = from; place < events.size(); place++) {
            int fd = (int) (fired[place] >> 3);
            boolean ours = fired[place] != 0 && token(fd) == events.token(place);
            if (!ours || (trigger(fd) & ONESHOT) == 0) {
                continue; // another trigger, or changed since
            }
            if (armedIn[fd] == waits) {
                events.remove(place);
                fired[place--] = fired[events.size()];
                armAgain(fd, events);
                continue;
            }
            int twins = present(fd) & ~(int) (fired[place] & (READ | WRITE | PRIORITY));
            if (twins != 0) {
                disarming.reserve(disarming.count() + CHANGES_EACH);
                change(fd, twins, layout.EV_DISABLE, NEVER_MIND, disarming);
            }
        }
        if (disarming.count() > 0) {
            make(disarming);
        }
    }

    /** (k): whose edge is not in the batch, or only one of two in its last event. */
    private void armDropped(int last, ReadyEvents events) {
        lock.lock();
        try {
            for (int i = 1; i <= tokens.length; i++) {
                int fd = (last + i) % tokens.length; // those behind it first: all have their turn
                long token = tokens[fd];
                boolean edge = token != NONE && (trigger(fd) & EDGE) != 0;
                boolean whole = fd != last || Integer.bitCount(present(fd)) < 2;
                if (edge && !(whole && isTold(token, events)) && checkSame(fd, token) == 0) {
                    armAgain(fd, events);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isTold(long token, ReadyEvents events) {
        int slot = (int) token;
        int place = slot < placeOf.length ? placeOf[slot] : events.size();
        return place < events.size() && events.token(place) == token;
    }

    private void armAgain(int fd, ReadyEvents events) {
        few.clear();
        plan(fd, interest(fd), trigger(fd), tokens[fd], few);
        int refused = make(few);
        if (refused >= 0) {
            armed(fd, interest(fd), trigger(fd), refused);
        } else if (refused != -errno.ENOENT && refused != -errno.EBADF) { // or else it was closed
            giveUp(fd, events);
        }
    }

    /** The kernel does not have it any more, and would not take it. */
    private void giveUp(int fd, ReadyEvents events) {
        makeRoom(events, events.size() + 1);
        fired[events.size()] = 0;
        events.add(tokens[fd], GONE);
        tokens[fd] = NONE;
        mend(fd);
        drop(fd);
    }

    @Override
    public void signal() {
        if (pipe != null) {
            pipe.signal();
            return;
        }
        int rc;
        do {
            rc = sys.keventChange(kq, trigger.address(), 1, 0);
        } while (rc == -errno.EINTR);
    }

    @Override
    public void close() {
        if (pipe != null) {
            pipe.close();
        }
        sys.close(kq);
    }
}
