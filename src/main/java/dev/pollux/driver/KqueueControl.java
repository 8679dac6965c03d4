package dev.pollux.driver;

import static dev.pollux.driver.Driver.GONE;
import static dev.pollux.driver.Driver.LOST;
import static dev.pollux.driver.Driver.READ;
import static dev.pollux.driver.Driver.WRITE;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Changes what a kqueue watches, and undoes changes that failed. It does not wait; see {@link
 * KqueueDriver}. What is odd about changing, and what the code below does about it:
 *
 * <ul>
 *   <li>(a) {@code EV_ADD} of a filter that is there changes it without an error. {@link
 *       KqueueRegistrations} says what was added, and the kernel is asked, by a change that adds
 *       nothing, whether that is still there: {@code ENOENT} means that the descriptor was closed
 *       meanwhile. When asked, some kernels check readiness (macOS, FreeBSD, NetBSD 10), so that an
 *       edge may be reported once more; others do nothing (OpenBSD 7.3, NetBSD before 10).
 *   <li>(b) {@code EV_ADD} of a filter that is there may leave the trigger as it was, and need not
 *       report again what is still ready: so the filter is deleted first.
 *   <li>(c) A filter that is refused as {@link KnoteChanges} says is no failure. Without its write
 *       filter a registration is broken, and ready for ever; without that for out-of-band data it
 *       never has any.
 *   <li>(d) Regular files and directories are accepted, see {@link FileKind}; devices that have no
 *       filters are refused with {@code EINVAL} (macOS), {@code ENODEV} (FreeBSD), {@code EPERM}
 *       (NetBSD) or {@code EOPNOTSUPP} (OpenBSD). Kqueues in a circle are refused with {@code
 *       EINVAL} by macOS, which also refuses what once was the other way round and more than ten
 *       levels (kqueue_kqfilter), and accepted by the others, see {@link KqueueNesting}.
 *   <li>(e) libkqueue does not notice that a descriptor was closed, so (a) compares device and
 *       inode there. It has one epoll registration for both filters, so that all of them are
 *       deleted whatever changes.
 *   <li>(f) FreeBSD drops the write filter of a pipe whose reader is closed, with the event that
 *       says so, which has {@code EV_ONESHOT} (knlist_cleardel in sys/kern/kern_event.c). From then
 *       on it is a filter that was refused, see (c).
 *   <li>(g) OpenBSD and NetBSD do not notify the write filter of a full pipe when the reader is
 *       closed: they look at it before they mark the end. The read filter of the writing end they
 *       do notify. So that one is added as a guard, to pipes that have neither device nor inode:
 *       those are the pipes of these two.
 *   <li>(h) Deleting and adding, see (b), are two changes. Of a number that is closed and opened
 *       again between them, the new file gets the filter, with the token of the old registration:
 *       found out by device and inode when that file is registered. One that has neither is taken
 *       for the old one until that is unregistered.
 * </ul>
 */
final class KqueueControl extends KqueueKnotes {
    private final ReentrantLock lock = new ReentrantLock(); // guards all that is here and above
    private final KnoteChanges pending; // sent before the next wait
    private final KnoteChanges disarms; // sent after a wait

    KqueueControl(
            Syscalls sys,
            NativeMemory memory,
            int kq,
            KqueueWakeup wakeup,
            KqueueNesting nesting,
            KqueueRegistrations registrations) {
        super(sys, memory, kq, wakeup, nesting, registrations);
        pending = new KnoteChanges(sys, memory, kq, KnoteChanges.RECEIPTS);
        disarms = new KnoteChanges(sys, memory, kq, KnoteChanges.RECEIPTS);
    }

    /** As {@link Driver#holdChanges}. */
    void hold() {
        lock.lock();
    }

    /** As {@link Driver#releaseChanges}. */
    void release() {
        lock.unlock();
    }

    // ---- changes that are made at once, by any thread

    /** As {@link Driver#add}. */
    int add(int fd, int interest, int trigger, long token) {
        lock.lock();
        try {
            int rc = kind.look(fd);
            if (rc < 0) {
                return rc;
            }
            if (isRegistered(fd)) {
                return -errno.EEXIST; // (a)
            }
            rc = kind.check(fd);
            if (rc < 0) {
                return rc;
            }
            registrations.reserve(fd);
            if (!nesting.watch(fd)) {
                return -errno.ELOOP;
            }
            changes.clear();
            if (emulated) {
                changes.deleteAny(fd); // (e): of a former owner of the number
            }
            boolean nameless = kind.isNamelessPipe();
            changes.add(fd, registrations.filters(nameless, interest), trigger, token);
            rc = changes.send();
            if (rc < 0) {
                deleteAny(fd);
                nesting.unwatch(fd);
                return isWithoutFilter(rc) ? whyWithout(interest) : rc; // (d)
            }
            registrations.registerArmed(fd, token, kind, interest, trigger);
            setRefused(fd, rc);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    private boolean isWithoutFilter(int rc) {
        return rc == -errno.EINVAL
                || rc == -errno.ENODEV
                || rc == -errno.EOPNOTSUPP
                || rc == -errno.EPERM;
    }

    /** (d): a kqueue, which says that it is a pipe, is readable unless it is in a circle. */
    private int whyWithout(int interest) {
        return kind.isPipe() && interest == READ ? -errno.ELOOP : -errno.EPERM;
    }

    /** (f): the event said so. Takes the lock. */
    void drop(int fd, long token) {
        lock.lock();
        try {
            if (registrations.token(fd) == token && (registrations.present(fd) & WRITE) != 0) {
                registrations.setRefused(fd, WRITE);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * What an event of the read filter stands for: READ, or WRITE if the filter is a guard (g); 0
     * if it stands for nothing, and then that guard is deleted. Takes the lock.
     */
    int guarded(int fd, long token, boolean ended) {
        lock.lock();
        try {
            if (registrations.token(fd) != token || !registrations.isGuarded(fd)) {
                return READ;
            }
            if (ended) {
                return WRITE;
            }
            changes.clear(); // a pipe's reader, which somebody wants to write to
            changes.delete(fd, READ, token);
            changes.send();
            registrations.setRefused(fd, READ);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    /** As {@link Driver#modify}. */
    int modify(int fd, int interest, int trigger, long token) {
        lock.lock();
        try {
            int rc = checkSame(fd, token);
            if (rc < 0) {
                return rc;
            }
            changes.clear();
            plan(fd, interest, trigger, token, changes);
            rc = changes.send();
            if (rc == -errno.ENOENT && kind.look(fd) >= 0 && isDropped(fd)) {
                changes.clear();
                plan(fd, interest, trigger, token, changes); // without that filter
                rc = changes.send();
            }
            if (rc >= 0) {
                setArmed(fd, interest, trigger, rc);
                return 0;
            }
            return restore(fd, rc) ? rc : LOST;
        } finally {
            lock.unlock();
        }
    }

    /** Puts back what a modify that failed has taken away; whether it could. */
    private boolean restore(int fd, int rc) {
        deleteAny(fd);
        if (rc == -errno.ENOENT || rc == -errno.EBADF) {
            return true; // it was closed, and so not there before
        }
        int interest = registrations.interest(fd);
        int trigger = registrations.trigger(fd);
        changes.clear();
        int filters = registrations.filters(fd, interest);
        changes.add(fd, filters, trigger, registrations.token(fd));
        int refused = changes.send();
        if (refused < 0) {
            forget(fd); // one of its filters may have been taken
            return false;
        }
        setArmed(fd, interest, trigger, refused);
        return true;
    }

    /** As {@link Driver#remove}. */
    int remove(int fd, long token) {
        lock.lock();
        try {
            if (registrations.token(fd) != token) {
                return -errno.ENOENT;
            }
            forget(fd);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    // ---- pending changes; the polling thread's, under the lock

    /** Makes room for so many pending changes. */
    void reserve(int count) {
        pending.reserve(count * KnoteChanges.EACH);
    }

    /** As {@link Driver#change}. */
    void change(int fd, int interest, int trigger, long token) {
        int rc = checkSame(fd, token);
        if (rc < 0) {
            pending.refuse(fd, token); // and so it is reported
        } else {
            plan(fd, interest, trigger, token, pending);
            setArmed(fd, interest, trigger, 0);
        }
    }

    /** As {@link Driver#abandonChanges}. */
    void abandon() {
        unsure |= pending.count() > 0;
        pending.clear();
        while (lock.isHeldByCurrentThread()) {
            lock.unlock();
        }
    }

    boolean hasPending() {
        return pending.count() > 0;
    }

    /**
     * Makes the pending changes and releases the lock. A registration whose change the kernel
     * refuses is gone, closed or closed and reused (a), and reported as {@link Driver#GONE}.
     */
    void sendPending(ReadyEvents events) {
        unsure = true;
        try {
            int rc = pending.send();
            unsure = false;
            if (rc == 0) {
                return;
            }
            for (int i = 0; i < pending.count(); i++) {
                int fd = pending.fd(i);
                long token = registrations.token(fd);
                if (pending.error(i) == 0 || token != pending.token(i)) {
                    continue; // or it may fail, or is reported already
                }
                int refused = pending.refused(i);
                if (refused != 0) {
                    setRefused(fd, refused);
                    continue;
                }
                events.add(token, GONE);
                forget(fd);
            }
        } finally {
            pending.clear();
            lock.unlock();
        }
    }

    // ---- after a wait; the polling thread's, under the lock

    /** The {@code index}th broken registration, if it is to be reported; -1 if it was closed. */
    int takeBroken(int index) {
        int fd = registrations.broken(index);
        boolean closed =
                kind.look(fd) < 0
                        || !registrations.isSameFile(fd, kind)
                        || kind.isNamelessPipe() && !isRegistered(fd); // asks
        if (closed || registrations.trigger(fd) != 0) {
            registrations.removeBroken(fd); // no filter outlives its descriptor; or reported once
        }
        return closed ? -1 : fd;
    }

    /** Disables the filters that have not fired. Takes effect with {@link #sendDisarms}. */
    void disarm(int fd, int fired) {
        int twins = registrations.present(fd) & ~fired;
        if (twins != 0) {
            if (disarms.count() + KnoteChanges.EACH > KnoteChanges.RECEIPTS) {
                sendDisarms();
            }
            disarms.disable(fd, twins);
        }
    }

    void sendDisarms() {
        if (disarms.count() > 0) {
            disarms.send();
            disarms.clear();
        }
    }

    /**
     * Arms a registration again as it is; false if the kernel refuses, which ends it. One whose
     * descriptor was closed stays until it is removed.
     */
    boolean rearm(int fd) {
        int interest = registrations.interest(fd);
        int trigger = registrations.trigger(fd);
        long token = registrations.token(fd);
        if (checkSame(fd, token) < 0) {
            return true;
        }
        changes.clear();
        plan(fd, interest, trigger, token, changes);
        int refused = changes.send();
        if (refused >= 0) {
            setArmed(fd, interest, trigger, refused);
        } else if (refused == -errno.ENOENT || refused == -errno.EBADF) {
            deleteAny(fd); // what has its number by now may have been given the filters
        } else {
            forget(fd);
            return false;
        }
        return true;
    }
}
