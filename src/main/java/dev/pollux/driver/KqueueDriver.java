package dev.pollux.driver;

import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.util.Arrays;

/**
 * kqueue, {@code man 2 kqueue}: macOS and the BSDs; on Linux by libkqueue, which emulates it with
 * epoll. This class waits and merges what it finds; {@link KqueueControl} changes what the kernel
 * watches, and {@link KqueueRegistrations} is what both know of it. What is odd about waiting, and
 * what the code below does about it:
 *
 * <ul>
 *   <li>(a) Reading and writing are filters of their own, each with an event of its own. {@link
 *       #merge} makes one event of what belongs to one registration, by its descriptor.
 *   <li>(b) {@code EV_DISPATCH} disarms the filter that fired, not its twin. {@link #disarmTwins}
 *       does.
 *   <li>(c) {@code EV_EOF} on the read filter is the peer's end, on the write filter one's own; an
 *       error only if {@code fflags} says which. On macOS the filter for out-of-band data reports
 *       the end too.
 *   <li>(d) A pipe whose reader is closed may have no write filter, or lose it with the event that
 *       says so: {@link #reportBroken}. Or the write filter says nothing, and a read filter does.
 *       See {@link KqueueControl}.
 *   <li>(e) A time-out may not be too long: see {@link Deadline#nanos}.
 *   <li>(f) libkqueue never returns more than 512 events and drops what it found beyond them, edges
 *       for good: after a full list {@link #rearmDropped} arms edges again. Its descriptor cannot
 *       be watched.
 * </ul>
 */
public final class KqueueDriver implements Driver {
    private static final int EV_ONESHOT = 0x10; // the same everywhere; nobody here asks for it
    private static final int FIRST_CAPACITY = 512; // (a): two for each registration; (f)
    private static final int LAST_CAPACITY = 16384;

    private final Syscalls sys;
    private final NativeMemory memory;
    private final Layout layout;
    private final boolean emulated; // (f)
    private final int kq;
    private final KqueueWakeup wakeup;
    private final KqueueNesting nesting;
    private final KqueueRegistrations registrations = new KqueueRegistrations();
    private final KqueueControl control;

    /** The polling thread's. */
    private final KeventList list;

    private boolean guarded; // (d): a read filter may be a guard

    private int[] placeOf = {}; // by descriptor: where in the batch its event is, if it is
    private long[] fired = {}; // by event: descriptor << 3 | filters that fired, if it is ONESHOT

    /** Opens kqueue, and a pipe if need be; the memory is its own from then on. */
    public KqueueDriver(Syscalls sys, NativeMemory memory) throws OpenFailed {
        this.sys = sys;
        this.memory = memory;
        layout = sys.layout();
        emulated = layout.kqueueIsEmulated != 0;
        list = new KeventList(sys, memory, FIRST_CAPACITY);
        kq = sys.kqueue();
        if (kq < 0) {
            throw new OpenFailed(sys, "kqueue", kq);
        }
        nesting = new KqueueNesting(sys, kq);
        KqueueWakeup opened = null;
        try {
            opened = new KqueueWakeup(sys, memory, kq);
            control = new KqueueControl(sys, memory, kq, opened, nesting, registrations);
        } catch (OpenFailed | OutOfMemoryError e) {
            if (opened != null) {
                opened.close();
            }
            sys.close(kq);
            throw e;
        }
        wakeup = opened;
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
        return fd == kq || wakeup.owns(fd);
    }

    @Override
    public int fd() {
        if (emulated) {
            return -1; // (f)
        }
        nesting.handOut();
        return kq;
    }

    @Override
    public int add(int fd, int interest, int trigger, long token) {
        return control.add(fd, interest, trigger, token);
    }

    @Override
    public int modify(int fd, int oldWas, int interest, int trigger, long token) {
        return control.modify(fd, interest, trigger, token);
    }

    @Override
    public int remove(int fd, long token) {
        return control.remove(fd, token);
    }

    @Override
    public void holdChanges() {
        control.hold();
    }

    @Override
    public void releaseChanges() {
        control.release();
    }

    @Override
    public void reserve(int count, ReadyEvents events) {
        control.reserve(count);
        makeRoom(events, most() + count);
    }

    /** The events that one wait can end with: those of the kernel's, and what is added to them. */
    private int most() {
        int rearmed = emulated ? registrations.end() : 0; // (f)
        return list.capacity() + registrations.brokenCount() + rearmed;
    }

    private void makeRoom(ReadyEvents events, int count) {
        if (events.capacity() < count) {
            events.grow(count);
        }
        if (fired.length < events.capacity()) {
            fired = Arrays.copyOf(fired, events.capacity());
        }
    }

    @Override
    public void change(int fd, int interest, int trigger, long token) {
        control.change(fd, interest, trigger, token);
    }

    @Override
    public void abandonChanges() {
        control.abandon();
    }

    @Override
    public int poll(long timeoutNanos, ReadyEvents events) {
        makeRoom(events, most()); // what is thrown after the wait loses what it has found
        if (control.hasPending()) {
            control.sendPending(events);
        }
        long nanos = timeoutNanos == FOREVER ? -1 : Deadline.nanos(timeoutNanos); // (e)
        int gone = events.size();
        registrations.beginWait();
        int rc = sys.keventWait(kq, list.address(), list.capacity(), gone > 0 ? 0 : nanos);
        boolean oneShots = false;
        placeOf = registrations.places(); // after the wait: there is room for all it has found
        guarded = registrations.hasGuards();
        for (int i = 0; i < rc; i++) {
            oneShots |= report(i, events);
        }
        if (emulated && rc == FIRST_CAPACITY) {
            rearmDropped(list.ident(rc - 1), events); // (f)
        }
        if (oneShots || registrations.brokenCount() > 0) {
            control.hold();
            try {
                reportBroken(events);
                disarmTwins(gone, events);
            } finally {
                control.release();
            }
        }
        if (rc == list.capacity() && rc < LAST_CAPACITY && !emulated) {
            list.reserve(rc * 2); // last: the next poll delivers what is found, if this throws
        }
        return rc < 0 && events.size() == 0 ? rc : events.size();
    }

    /** Whether this is of a registration that is ONESHOT. */
    private boolean report(int index, ReadyEvents events) {
        long token = list.udata(index);
        if (token == SIGNAL) {
            wakeup.acknowledge();
            return false;
        }
        int filter = list.filter(index);
        int flags = list.flags(index);
        int ready = toInterest(filter);
        if (isEnd(flags)) {
            ready = toReady(ready, list.fflags(index));
            if ((flags & EV_ONESHOT) != 0) {
                control.drop(list.ident(index), token); // (d)
            }
        }
        if (guarded && filter == layout.EVFILT_READ) {
            ready = toReady(list.ident(index), token, flags, list.fflags(index));
            if (ready == 0) {
                return false;
            }
        }
        boolean oneShot = (flags & layout.EV_DISPATCH) != 0;
        int fd = list.ident(index);
        merge(fd, token, ready, oneShot ? firedBy(fd, toInterest(filter)) : 0, events);
        return oneShot;
    }

    /** (d): of a read filter, which may be a guard; 0 if that has nothing to report. */
    private int toReady(int fd, long token, int flags, int fflags) {
        int interest = control.guarded(fd, token, (flags & layout.EV_EOF) != 0);
        return interest != 0 && isEnd(flags) ? toReady(interest, fflags) : interest;
    }

    /** (a): a descriptor whose place is not its event's has had none in this batch. */
    private void merge(int fd, long token, int ready, long firedBy, ReadyEvents events) {
        if (isReported(fd, token, events)) {
            int place = placeOf[fd];
            if (events.bits(place) != GONE) { // or gone, and the kernel reported it all the same
                events.merge(place, ready);
                fired[place] |= firedBy;
            }
        } else {
            if (fd < placeOf.length) { // or broken, and registered since the wait
                placeOf[fd] = events.size();
            }
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

    private boolean isEnd(int flags) {
        return (flags & (layout.EV_EOF | layout.EV_ERROR)) != 0;
    }

    /**
     * Of an event that is an end. More than the interest may be set here; the facade, which knows
     * the interest, masks it.
     */
    private int toReady(int asked, int fflags) {
        int ready = asked == WRITE ? WRITE | WRITE_CLOSED : READ | READ_CLOSED; // (c)
        if (asked == PRIORITY && fflags == layout.NOTE_OOB) {
            return ready | PRIORITY; // urgent data after one's own shutdown: no error
        }
        return fflags == 0 ? ready : ready | READ | WRITE | ERROR;
    }

    /** (d). */
    private void reportBroken(ReadyEvents events) {
        int last = registrations.brokenCount() - 1;
        for (int i = last; i >= 0 && events.size() < events.capacity(); i--) {
            int fd = control.takeBroken(i);
            if (fd >= 0) {
                long firedBy = registrations.isOneShot(fd) ? firedBy(fd, WRITE) : 0;
                merge(fd, registrations.token(fd), WRITE | WRITE_CLOSED, firedBy, events);
            }
        }
        if (registrations.brokenCount() > 0) {
            wakeup.signal(); // the next wait
        }
    }

    /**
     * (b). Another thread's modify may have re-armed a registration while the wait was under way;
     * then nobody can say whether what the wait found was of before or after. Its event is dropped
     * and the registration re-armed, so that it is neither lost nor reported twice: what still
     * holds is found by the next wait.
     */
    private void disarmTwins(int from, ReadyEvents events) {
        for (int place = from; place < events.size(); place++) {
            int fd = (int) (fired[place] >> 3);
            boolean ours = fired[place] != 0 && registrations.token(fd) == events.token(place);
            if (!ours || !registrations.isOneShot(fd)) {
                continue; // another trigger, or changed since
            }
            if (registrations.isArmedInWait(fd)) {
                events.remove(place);
                fired[place--] = fired[events.size()];
                rearm(fd, events);
            } else {
                control.disarm(fd, (int) fired[place] & (READ | WRITE | PRIORITY));
            }
        }
        control.sendDisarms();
    }

    /** (f): whose edge is not in the batch, or only one of two in its last event. */
    private void rearmDropped(int last, ReadyEvents events) {
        control.hold();
        try {
            int end = registrations.end();
            for (int i = 1; i <= end; i++) {
                int fd = (last + i) % end; // those behind it first: all have their turn
                long token = registrations.token(fd);
                boolean whole = fd != last || Integer.bitCount(registrations.present(fd)) < 2;
                if (registrations.isEdge(fd) && !(whole && isReported(fd, token, events))) {
                    rearm(fd, events);
                }
            }
        } finally {
            control.release();
        }
    }

    private boolean isReported(int fd, long token, ReadyEvents events) {
        int place = fd < placeOf.length ? placeOf[fd] : events.size();
        return place < events.size() && events.token(place) == token;
    }

    private void rearm(int fd, ReadyEvents events) {
        long token = registrations.token(fd);
        if (!control.rearm(fd)) {
            makeRoom(events, events.size() + 1); // is there, but for what was registered since
            fired[events.size()] = 0;
            events.add(token, GONE);
        }
    }

    @Override
    public void signal() {
        wakeup.signal();
    }

    @Override
    public void close() {
        nesting.close();
        wakeup.close();
        sys.close(kq);
        memory.close();
    }
}
