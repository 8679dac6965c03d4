package dev.pollux.kernel;

import dev.pollux.support.Libc;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int EXCEPT = 2;
    private static final int USER = 3;

    private static final int EV_ENABLE = 4; // the same everywhere
    private static final int EV_ONESHOT = 16;
    private static final int NOTE_LOWAT = 1;

    /** Stands for {@code so_error}: asking for the real one would take it away. */
    private static final int SOME_ERROR = 104; // ECONNRESET

    private static final class Knote {
        int index; // in notes
        int generation; // of that place
        int ident;
        int kind;
        int epoll; // its own; of USER, an eventfd
        int flags; // as it was added
        int fflags; // what has happened, xnu
        int saved; // fflags as asked for
        long data; // as asked for
        long udata;
        boolean isSocket;
        boolean isStream;
        boolean isDisabled;
        boolean isTriggered; // USER
        boolean isUnconnected;
    }

    private final BsdKqueue owner;
    private final KqueueModel model;
    private final Syscalls real;
    private final Layout epoll;
    private final Layout layout;
    private final Errno errno;
    private final int kq;
    private final ByteBuffer status = direct(32);
    private final ByteBuffer one; // struct epoll_event
    private final ByteBuffer count = direct(8).putLong(0, 1); // of an eventfd

    /** All of these under the lock, which is this. */
    private final Knote[][] byIdent = {{}, {}, {}, {}};

    private Knote[] notes = new Knote[16];
    private Knote[] spare = new Knote[16];
    private int spares;
    private int generations;
    private boolean closed;

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
        one = direct(epoll.epollEventSize);
        active = direct(room * epoll.epollEventSize);
    }

    private static ByteBuffer direct(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    private int kind(int filter) {
        if (filter == layout.EVFILT_READ) {
            return READ;
        }
        if (filter == layout.EVFILT_WRITE) {
            return WRITE;
        }
        if (filter == layout.EVFILT_EXCEPT && filter != 0) {
            return EXCEPT;
        }
        return filter == layout.EVFILT_USER && filter != 0 ? USER : -1;
    }

    private int filter(int kind) {
        return kind == READ
                ? layout.EVFILT_READ
                : kind == WRITE
                        ? layout.EVFILT_WRITE
                        : kind == EXCEPT ? layout.EVFILT_EXCEPT : layout.EVFILT_USER;
    }

    /** Makes a change; 0 or an error number. */
    synchronized int change(int ident, int filter, int flags, int fflags, long data, long udata) {
        int kind = kind(filter);
        if (kind < 0) {
            return errno.EINVAL;
        }
        if (kind != USER && model.looksAtDescriptorFirst() && real.isOpen(ident) < 0) {
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
        // "The user may change some filter values after the initial EV_ADD": udata, fflags, data.
        // The flags stay as they are, and whether it is active is found out again.
        note.udata = udata;
        note.saved = fflags;
        note.data = data;
        if (kind == USER) {
            trigger(note);
        } else {
            real.epollCtl(note.epoll, epoll.EPOLL_CTL_MOD, ident, bits(note), 0);
        }
        if ((flags & layout.EV_DISABLE) != 0) {
            disable(note);
        } else if ((flags & EV_ENABLE) != 0 && note.isDisabled) { // EV_ADD alone does not
            note.isDisabled = false;
            watch(note);
        }
        return 0;
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
        if (note.kind == USER) {
            return true;
        }
        int rc = real.epollCtl(note.epoll, epoll.EPOLL_CTL_ADD, note.ident, 0, 0);
        return rc == -errno.EEXIST;
    }

    private int attach(int kind, int ident, int flags, int fflags, long data, long udata) {
        Knote note = spares > 0 ? spare[--spares] : new Knote();
        note.ident = ident;
        note.kind = kind;
        note.flags = flags & ~(layout.EV_ADD | layout.EV_DELETE | EV_ENABLE | layout.EV_DISABLE);
        note.fflags = 0;
        note.saved = fflags;
        note.data = data;
        note.udata = udata;
        note.isDisabled = (flags & layout.EV_DISABLE) != 0;
        note.isTriggered = false;
        note.isUnconnected = false;
        int error = kind == USER ? openUser(note) : open(note);
        if (error != 0) {
            keepSpare(note);
            return error;
        }
        place(note);
        if (!note.isDisabled) {
            int rc = watch(note);
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

    private int open(Knote note) {
        int rc = real.fileStatus(note.ident, real.address(status));
        if (rc < 0) {
            return -rc;
        }
        int type = (int) status.getLong(16) & layout.S_IFMT;
        note.isSocket = type == layout.S_IFSOCK;
        note.isStream = note.isSocket && Libc.isStream(note.ident, status, real.address(status));
        boolean isKqueue = owner.kqueue(note.ident) != null;
        if (note.kind == EXCEPT && !note.isSocket
                || isKqueue && (note.ident == kq || note.kind != READ)) {
            return errno.EINVAL;
        }
        note.epoll = real.epollCreate();
        if (note.epoll < 0) {
            return -note.epoll;
        }
        rc = real.epollCtl(note.epoll, epoll.EPOLL_CTL_ADD, note.ident, epoll.EPOLLOUT, 0);
        boolean broken = rc >= 0 && note.kind == WRITE && type == layout.S_IFIFO && isBroken(note);
        if (rc < 0 || broken) {
            real.close(note.epoll);
            // Files of a type that epoll refuses have their own filters; devices say EINVAL.
            return broken
                    ? errno.number(model.brokenPipe())
                    : rc == -errno.EPERM ? errno.EINVAL : -rc;
        }
        real.epollCtl(note.epoll, epoll.EPOLL_CTL_MOD, note.ident, bits(note), 0);
        return 0;
    }

    private boolean isBroken(Knote note) {
        return model.brokenPipe() != null && (readiness(note) & epoll.EPOLLERR) != 0;
    }

    /** What epoll is asked for. */
    private int bits(Knote note) {
        int bits = note.kind == WRITE ? epoll.EPOLLOUT : epoll.EPOLLIN | epoll.EPOLLRDHUP;
        if (note.kind == EXCEPT) {
            bits |= epoll.EPOLLPRI;
            if ((note.saved & NOTE_LOWAT) != 0 && note.data > 1) {
                bits &= ~epoll.EPOLLIN; // not for less than so much; taken for never here
            }
        }
        boolean onChange = (note.flags & layout.EV_CLEAR) != 0 || note.isUnconnected;
        return onChange ? bits | epoll.EPOLLET : bits;
    }

    /** What a knote's own epoll has to report; that of an EV_CLEAR knote is then reported. */
    private int readiness(Knote note) {
        int rc = real.epollWait(note.epoll, real.address(one), 1, 0, null);
        return rc <= 0 ? 0 : one.getInt(epoll.epollEventEvents);
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

    private void disable(Knote note) {
        if (!note.isDisabled) {
            note.isDisabled = true;
            real.epollCtl(kq, epoll.EPOLL_CTL_DEL, note.epoll, 0, 0);
        }
    }

    private void drop(Knote note) {
        byIdent[note.kind][note.ident] = null;
        notes[note.index] = null;
        real.close(note.epoll);
        keepSpare(note);
    }

    private void keepSpare(Knote note) {
        if (spares < spare.length) {
            spare[spares++] = note;
        }
    }

    synchronized void close() {
        closed = true;
        for (Knote note : notes) {
            if (note != null) {
                real.close(note.epoll);
            }
        }
    }

    /** Waits for events. One thread at a time. */
    int wait(long events, int capacity, long nanos) {
        if (capacity > room) {
            room = capacity;
            active = direct(room * epoll.epollEventSize);
        }
        long begin = nanos > 0 ? System.nanoTime() : 0;
        long left = nanos;
        while (true) {
            int rc = waitForActive(capacity, left);
            if (rc <= 0) {
                return rc;
            }
            int found = collect(rc, events);
            if (found > 0) {
                owner.found.run();
            }
            if (found > 0 || nanos == 0) {
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

    /** {@code kqueue_scan}: what is active still is reported. */
    private synchronized int collect(int ready, long events) {
        int found = 0;
        for (int i = 0; i < ready && !closed; i++) {
            long data = active.getLong(i * epoll.epollEventSize + epoll.epollEventData);
            Knote note = (int) data < notes.length ? notes[(int) data] : null;
            if (note == null || note.generation != (int) (data >> 32) || note.isDisabled) {
                continue; // changed meanwhile
            }
            if (note.kind == USER ? report(note, events, found) : find(note, events, found)) {
                found++;
            }
        }
        return found;
    }

    private boolean report(Knote note, long events, int index) {
        if (!note.isTriggered) {
            return false;
        }
        int fflags = note.saved & ~layout.NOTE_TRIGGER;
        owner.put(events, index, note.ident, layout.EVFILT_USER, note.flags, fflags, note.udata);
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
        int ready = readiness(note);
        if (ready == 0 || isUnconnected(note, ready)) {
            return false;
        }
        int flags = note.flags;
        int fflags = 0;
        boolean ended =
                note.kind != WRITE
                        ? (ready & (epoll.EPOLLRDHUP | epoll.EPOLLHUP)) != 0
                        : note.isSocket ? cannotSend(note, ready) : (ready & epoll.EPOLLERR) != 0;
        if (note.kind == EXCEPT && (ready & epoll.EPOLLPRI) != 0) {
            note.fflags |= layout.NOTE_OOB;
            ended = false;
        }
        if (ended) {
            flags |= layout.EV_EOF;
            // An error without an end, of UDP, is an event that does not say so.
            fflags = note.isSocket && (ready & epoll.EPOLLERR) != 0 ? SOME_ERROR : 0;
        } else {
            fflags = note.fflags; // it stays there
        }
        owner.put(events, index, note.ident, filter(note.kind), flags, fflags, note.udata);
        if ((flags & EV_ONESHOT) != 0) {
            drop(note);
            return true;
        }
        if ((flags & layout.EV_CLEAR) != 0) {
            note.fflags = 0;
        }
        if ((flags & layout.EV_DISPATCH) != 0) {
            disable(note);
        }
        return true;
    }

    /**
     * A stream socket before it is connected hangs up, on Linux. Not here: neither readable nor
     * writable. It is asked again when something changes.
     */
    private boolean isUnconnected(Knote note, int ready) {
        boolean was = note.isUnconnected;
        note.isUnconnected =
                note.isStream
                        && (ready & epoll.EPOLLHUP) != 0
                        && (ready & (epoll.EPOLLRDHUP | epoll.EPOLLERR)) == 0
                        && (note.kind != WRITE || !isReadShutDown(note));
        if (was != note.isUnconnected) {
            real.epollCtl(note.epoll, epoll.EPOLL_CTL_MOD, note.ident, bits(note), 0);
        }
        return note.isUnconnected;
    }

    private boolean isReadShutDown(Knote note) {
        status.putInt(epoll.pollfdFd, note.ident);
        status.putShort(epoll.pollfdEvents, (short) epoll.POLLRDHUP);
        real.poll(real.address(status), 1, 0);
        return (status.getShort(epoll.pollfdRevents) & epoll.POLLRDHUP) != 0;
    }

    /** {@code SBS_CANTSENDMORE}: either side has seen to it that nothing more can be written. */
    private boolean cannotSend(Knote note, int ready) {
        return (ready & epoll.EPOLLHUP) != 0
                || note.isStream
                        && ((ready & epoll.EPOLLERR) != 0 || Libc.isSendShutDown(note.ident));
    }
}
