package dev.pollux.kernel;

import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One kqueue of {@link BsdKqueue}: its descriptor is an epoll's, in which there is one epoll more
 * for each knote that is enabled; that one has the descriptor that the knote is about. So a knote
 * is level-triggered or not by itself, reports by the kernel's own hand when it is active, may be
 * disabled without forgetting that it is active, and can be thrown away although its descriptor was
 * closed and the file is open still. What it does is in {@code kqueue_register}, {@code
 * kqueue_scan} of FreeBSD's sys/kern/kern_event.c, and {@code kevent_register}, {@code
 * knote_process} of xnu's bsd/kern/kern_event.c.
 *
 * <p>A knote goes away when its number is closed. That is seen here when it would be used next:
 * epoll does not know the number, or not as this file. (A number that was closed and opened again
 * as the same file, by {@code dup2}, is not noticed.)
 *
 * <p>Allocates nothing once warm.
 */
final class Knotes {
    private static final int EV_ENABLE = 4; // the same everywhere
    private static final int EV_ONESHOT = 16;
    private static final int MAX_NESTED_KQ = 10; // bsd/kern/kern_event.c

    private final BsdKqueue owner;
    private final KqueueModel model;
    private final Syscalls real;
    private final Layout epoll;
    private final Layout layout;
    private final Errno errno;
    private final int kq;
    private final KnoteFilters filters;
    private final int whenBroken; // flags of the last event of a pipe's write knote
    private final ByteBuffer count = KnoteFilters.direct(8).putLong(0, 1); // of an eventfd

    /** All of these under the lock, which is this. */
    private final Knote[][] byIdent = {{}, {}, {}, {}};

    private Knote[] notes = new Knote[16];
    private int queued; // how many of them are in the queue, reported at level
    private Knote[] spare = new Knote[16];
    private int spares;
    private int generations;
    private int level; // kq_level
    private boolean closed;

    /** What a kqueue that watches this one sees of the queue. */
    private final KnoteQueue queue;

    /** The waiting thread's. */
    private ByteBuffer active;

    private int room = 64;

    Knotes(BsdKqueue owner, int kq) {
        this.owner = owner;
        this.kq = kq;
        model = owner.model;
        real = owner.real;
        epoll = real.layout();
        layout = owner.layout();
        errno = real.errno();
        filters = new KnoteFilters(owner);
        queue = new KnoteQueue(real);
        whenBroken = model.dropsBrokenPipes() ? EV_ONESHOT : 0;
        active = KnoteFilters.direct(room * epoll.epollEventSize);
    }

    private int kind(int filter) {
        if (filter == layout.EVFILT_READ) {
            return Knote.READ;
        }
        if (filter == layout.EVFILT_WRITE) {
            return Knote.WRITE;
        }
        if (filter == layout.EVFILT_EXCEPT && filter != 0) {
            return Knote.EXCEPT;
        }
        return filter == layout.EVFILT_USER && filter != 0 ? Knote.USER : -1;
    }

    private int filter(int kind) {
        return kind == Knote.READ
                ? layout.EVFILT_READ
                : kind == Knote.WRITE
                        ? layout.EVFILT_WRITE
                        : kind == Knote.EXCEPT ? layout.EVFILT_EXCEPT : layout.EVFILT_USER;
    }

    /** Makes a change; 0 or an error number. */
    synchronized int change(int ident, int filter, int flags, int fflags, long data, long udata) {
        int kind = kind(filter);
        if (kind < 0) {
            return errno.EINVAL;
        }
        if (kind != Knote.USER && model.looksAtDescriptorFirst() && real.isOpen(ident) < 0) {
            return errno.EBADF;
        }
        Knote note = find(kind, ident);
        if (note == null) {
            return (flags & layout.EV_ADD) == 0
                    ? errno.ENOENT
                    : attach(kind, ident, flags, fflags, data, udata);
        }
        if ((flags & layout.EV_DELETE) != 0) {
            drop(note);
            return 0;
        }
        boolean enables = (flags & EV_ENABLE) != 0 && note.isDisabled; // EV_ADD alone does not
        if (model.looksWhenTouched()
                || (flags & layout.EV_ADD) != 0
                || enables && model.looksWhenEnabled()) {
            touch(note, fflags, data, udata);
        }
        if ((flags & layout.EV_DISABLE) != 0) {
            disable(note);
        } else if (enables) {
            note.isDisabled = false;
            watch(note);
        }
        return 0;
    }

    /**
     * "The user may change some filter values after the initial EV_ADD": udata, fflags, data. The
     * flags stay as they are, and whether it is active is found out again.
     */
    private void touch(Knote note, int fflags, long data, long udata) {
        note.udata = udata;
        note.saved = fflags;
        note.data = data;
        if (note.kind == Knote.USER) {
            trigger(note);
        } else if (!note.isInCircle) {
            filters.look(note);
        }
    }

    /** Not what belonged to a number before it was closed. */
    private Knote find(int kind, int ident) {
        Knote[] all = byIdent[kind];
        Knote note = ident >= 0 && ident < all.length ? all[ident] : null;
        if (note != null && !isAlive(note)) {
            drop(note);
            return null;
        }
        return note;
    }

    private boolean isAlive(Knote note) {
        if (note.kind == Knote.USER) {
            return true;
        }
        int rc = real.epollCtl(note.epoll, epoll.EPOLL_CTL_ADD, note.ident, 0, 0);
        return rc == -errno.EEXIST || note.isInCircle && rc == -errno.ELOOP;
    }

    private int attach(int kind, int ident, int flags, int fflags, long data, long udata) {
        Knote note = (spares > 0 ? spare[--spares] : new Knote()).reset(ident, kind);
        note.flags = flags & ~(layout.EV_ADD | layout.EV_DELETE | EV_ENABLE | layout.EV_DISABLE);
        note.saved = fflags;
        note.data = data;
        note.udata = udata;
        note.isDisabled = (flags & layout.EV_DISABLE) != 0;
        int error = kind == Knote.USER ? openUser(note) : filters.open(note, kq);
        if (error == 0 && note.inner != null && model.countsNesting() && !nest(note.inner)) {
            real.close(note.epoll);
            error = errno.EINVAL;
        }
        if (error != 0) {
            keepSpare(note);
            return error;
        }
        place(note);
        queued += note.isQueued ? 1 : 0;
        if (!note.isDisabled) {
            int rc = watch(note);
            if (rc == -errno.ELOOP && note.inner.reaches(this)) {
                rc = model.acceptsCircles() ? giveUp(note) : -errno.EINVAL;
            }
            if (rc < 0) {
                drop(note);
                return -rc;
            }
        }
        return 0;
    }

    private int openUser(Knote note) {
        note.epoll = real.eventfd();
        if (note.epoll < 0) {
            return -note.epoll;
        }
        trigger(note);
        return 0;
    }

    /** {@code filt_usertouch}. */
    private void trigger(Knote note) {
        if ((note.saved & layout.NOTE_TRIGGER) != 0 && !note.isTriggered) {
            note.isTriggered = true;
            real.write(note.epoll, count.putLong(0, 1), 0, 8);
        }
    }

    private void place(Knote note) {
        Knote[] all = byIdent[note.kind];
        if (note.ident >= all.length) {
            all = Arrays.copyOf(all, Math.max(note.ident + 1, all.length * 2));
            byIdent[note.kind] = all;
        }
        all[note.ident] = note;
        int index = 0;
        while (index < notes.length && notes[index] != null) {
            index++;
        }
        if (index == notes.length) {
            notes = Arrays.copyOf(notes, index * 2);
        }
        notes[index] = note;
        note.index = index;
        note.generation = ++generations;
    }

    private int watch(Knote note) {
        long data = (long) note.generation << 32 | note.index;
        return real.epollCtl(kq, epoll.EPOLL_CTL_ADD, note.epoll, epoll.EPOLLIN, data);
    }

    /**
     * kqueue_kqfilter of xnu: levels only ever rise, so that a kqueue that was watched once may not
     * watch the one that did, although there is no circle any more.
     */
    private boolean nest(Knotes inner) {
        if (level > 0 && level < inner.level) {
            return false;
        }
        int above = Math.max(level == 0 ? 2 : level, inner.level + 1);
        if (above > MAX_NESTED_KQ) {
            return false;
        }
        level = above;
        inner.level = Math.max(inner.level, 1);
        return true;
    }

    /** Whether it is this one, or watches it, or one that does. */
    private synchronized boolean reaches(Knotes other) {
        if (this == other) {
            return true;
        }
        for (Knote note : notes) {
            boolean nests = note != null && note.inner != null && !note.isInCircle;
            if (nests && note.inner != this && note.inner.reaches(other)) {
                return true;
            }
        }
        return false;
    }

    /** kqueues that watch each other: epoll has no such thing. It never reports anything here. */
    private int giveUp(Knote note) {
        note.isInCircle = true;
        real.epollCtl(note.epoll, epoll.EPOLL_CTL_DEL, note.ident, 0, 0);
        real.epollCtl(note.epoll, epoll.EPOLL_CTL_DEL, note.inner.remains(), 0, 0);
        return watch(note);
    }

    /** What is active stays in the queue until that is looked at, on most. */
    private void disable(Knote note) {
        if (note.isDisabled) {
            return;
        }
        if (model.dequeuesWhenDisabled()) {
            setQueued(note, false);
        } else if (note.kind != Knote.USER && (note.flags & layout.EV_CLEAR) == 0) {
            int ready = filters.readiness(note);
            setQueued(note, ready != 0 && !filters.isQuiet(note, ready));
        }
        hide(note);
        queue.show(queued > 0, false);
    }

    private void hide(Knote note) {
        note.isDisabled = true;
        real.epollCtl(kq, epoll.EPOLL_CTL_DEL, note.epoll, 0, 0);
    }

    private void drop(Knote note) {
        setQueued(note, false);
        byIdent[note.kind][note.ident] = null;
        notes[note.index] = null;
        real.close(note.epoll);
        keepSpare(note);
        queue.show(queued > 0, false);
    }

    private void setQueued(Knote note, boolean now) {
        queued += now == note.isQueued ? 0 : now ? 1 : -1;
        note.isQueued = now;
    }

    /** An eventfd that is readable while something is in the queue that was reported at level. */
    int remains() {
        return queue.remains();
    }

    /** How often the queue was looked at and found empty. */
    int emptied() {
        return queue.emptied();
    }

    private void keepSpare(Knote note) {
        if (spares < spare.length) {
            spare[spares++] = note;
        }
    }

    synchronized void close() {
        closed = true;
        queue.close();
        for (Knote note : notes) {
            if (note != null) {
                real.close(note.epoll);
            }
        }
    }

    /** Waits for events. One thread at a time. */
    int wait(long events, int capacity, long nanos) {
        if (capacity == 0) {
            return 0;
        }
        if (capacity > room) {
            room = capacity;
            active = KnoteFilters.direct(room * epoll.epollEventSize);
        }
        long begin = nanos > 0 ? System.nanoTime() : 0;
        long left = nanos;
        while (true) {
            boolean looks = hasQueued(); // and blocks after that
            int rc = waitForActive(capacity, looks ? 0 : left);
            if (rc < 0) {
                return rc;
            }
            int found = collect(rc, rc == capacity, events);
            if (found > 0) {
                owner.found.run();
            }
            if (found > 0 || nanos == 0 || rc == 0 && !looks) {
                return found;
            }
            if (nanos > 0) {
                left = Math.max(0, nanos - (System.nanoTime() - begin));
            }
        }
    }

    private int waitForActive(int capacity, long nanos) {
        long events = real.address(active);
        int rc = -errno.ENOSYS;
        if (nanos >= 0) {
            rc = real.epollPwait2(kq, events, capacity, nanos, null);
        }
        if (rc == -errno.ENOSYS) {
            long millis = nanos < 0 ? -1 : (nanos + 999_999) / 1_000_000;
            int some = (int) Math.min(millis, Integer.MAX_VALUE);
            rc = real.epollWait(kq, events, capacity, some, null);
        }
        return rc;
    }

    private synchronized boolean hasQueued() {
        return queued > 0;
    }

    /** {@code kqueue_scan}: what is active still is reported. */
    private synchronized int collect(int ready, boolean full, long events) {
        int found = 0;
        for (int i = 0; i < notes.length && queued > 0 && !full; i++) {
            if (notes[i] != null) {
                setQueued(notes[i], false);
            }
        }
        for (int i = 0; i < ready && !closed; i++) {
            long data = active.getLong(i * epoll.epollEventSize + epoll.epollEventData);
            Knote note = (int) data < notes.length ? notes[(int) data] : null;
            if (note == null || note.generation != (int) (data >> 32) || note.isDisabled) {
                continue; // changed meanwhile
            }
            if (note.kind == Knote.USER ? report(note, events, found) : find(note, events, found)) {
                found++;
            }
        }
        boolean isEmpty = queued == 0 && !full;
        queue.asked(isEmpty || model.renotifiesWatchers());
        queue.show(queued > 0, model.renotifiesWatchers());
        return found;
    }

    private boolean report(Knote note, long events, int index) {
        if (!note.isTriggered) {
            return false;
        }
        int fflags = note.saved & ~layout.NOTE_TRIGGER;
        owner.put(events, index, note.ident, layout.EVFILT_USER, note.flags, fflags, note.udata);
        setQueued(note, (note.flags & layout.EV_CLEAR) == 0);
        if ((note.flags & layout.EV_CLEAR) != 0) {
            note.isTriggered = false;
            real.read(note.epoll, count, 0, 8);
        }
        return true;
    }

    private boolean find(Knote note, long events, int index) {
        if (!isAlive(note)) {
            drop(note);
            return false;
        }
        int ready = filters.readiness(note);
        if (ready == 0 || note.isInCircle || filters.isQuiet(note, ready)) {
            return false;
        }
        int flags = note.flags;
        boolean ended = filters.hasEnded(note, ready);
        if (ended) {
            flags |= layout.EV_EOF;
            flags |= note.isPipe && !note.isFifo && note.kind == Knote.WRITE ? whenBroken : 0;
        }
        note.fflags |= filters.isUrgent(note, ready) ? layout.NOTE_OOB : 0;
        // An error without an end, of UDP, is an event that does not say so.
        int fflags = ended ? filters.error(note, ready) : note.fflags; // it stays there
        int filter = filter(note.kind);
        int added = model.keepsAdd() ? layout.EV_ADD : 0;
        owner.put(events, index, note.ident, filter, flags | added, fflags, note.udata);
        setQueued(note, (flags & (layout.EV_CLEAR | layout.EV_DISPATCH)) == 0);
        note.seen = note.inner == null ? 0 : note.inner.emptied();
        if ((flags & EV_ONESHOT) != 0) {
            drop(note);
            return true;
        }
        if ((flags & layout.EV_CLEAR) != 0) {
            note.fflags = 0;
        }
        if ((flags & layout.EV_DISPATCH) != 0) {
            hide(note);
        }
        return true;
    }
}
