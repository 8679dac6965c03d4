package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.OpenFile;
import dev.pollux.sys.Errno;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.channels.SelectableChannel;
import java.util.List;

/**
 * Makes, changes and ends the registrations of one selector: what the driver has and what the table
 * here says change in one step, under one lock, with the driver's changes held. Any thread's.
 */
final class Registrar {
    private static final VarHandle WAITS;

    static {
        try {
            WAITS = MethodHandles.lookup().findVarHandle(Registrar.class, "waits", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Guards the registrations, and the driver's descriptors against being closed while used. */
    final Object lock = new Object();

    final Observers observers = new Observers();

    private final FdSelector owner;
    private final Driver driver;
    private final Errno errno;
    final Registrations registrations = new Registrations(); // written under lock
    private volatile boolean closed; // written under lock
    private long waits; // how many have begun; written by the polling thread, see armedAt

    /**
     * @param owner what keys will name as their selector
     */
    Registrar(FdSelector owner, Driver driver) {
        this.owner = owner;
        this.driver = driver;
        this.errno = driver.sys().errno();
    }

    // ---- what users ask for

    FdKey add(
            int fd,
            Interest interest,
            Trigger trigger,
            Object attachment,
            SelectableChannel channel)
            throws PolluxException {
        LoopObserver observer = observers.now;
        FdKey old;
        FdKey key;
        synchronized (lock) {
            requireOpen("register");
            old = registrations.of(fd);
            long token = registrations.nextToken();
            int want = FdKey.want(interest, trigger);
            key = new FdKey(owner, fd, token, want, attachment, channel);
            if (observer != null) {
                observer.adding(key);
            }
            driver.holdChanges();
            try {
                addHeld(key, old, interest, trigger);
            } finally {
                driver.releaseChanges();
                Reference.reachabilityFence(owner); // or the cleaner closes the driver meanwhile
            }
        }
        if (observer != null) {
            boolean observed = false;
            try {
                observer.added(key, old);
                observed = true;
            } finally {
                if (!observed) { // a log that throws: its caller gets no key to unregister
                    remove(key);
                }
            }
        }
        return key;
    }

    private void addHeld(FdKey key, FdKey old, Interest interest, Trigger trigger)
            throws PolluxException {
        registrations.reserve(key); // memory first: when there is none, nothing is registered
        int rc = driver.add(key.fd, interest.bits(), trigger.bits(), key.token);
        if (rc == -errno.EEXIST && old == null) {
            rc = addAgain(key, interest, trigger);
        }
        if (rc < 0) {
            throw refused("register", key.fd, interest, trigger, rc);
        }
        key.armedAt = armedAt();
        registrations.put(key);
        if (old != null) {
            drop(old); // its descriptor was closed, or the kernel would not have taken this one
        }
    }

    /**
     * The kernel has a registration that was left behind when its number was closed while it was
     * open under another one; the number is the same file's again, so it can be removed now.
     */
    int addAgain(FdKey key, Interest interest, Trigger trigger) {
        driver.remove(key.fd, key.token);
        return driver.add(key.fd, interest.bits(), trigger.bits(), key.token);
    }

    void modify(FdKey key, Interest interest, Trigger trigger) throws PolluxException {
        LoopObserver observer = observers.now;
        try {
            modifyNow(key, interest, trigger);
        } catch (PolluxException e) {
            if (observer != null) {
                observer.refused(key, e);
            }
            throw e;
        }
        if (observer != null) {
            observer.modified(key);
        }
    }

    private void modifyNow(FdKey key, Interest interest, Trigger trigger) throws PolluxException {
        synchronized (lock) {
            requireOpen("modify");
            driver.holdChanges();
            try {
                requireRegistered("modify", key);
                int rc =
                        driver.modify(key.fd, key.sent, interest.bits(), trigger.bits(), key.token);
                if (rc == Driver.LOST) {
                    throw lost(key, interest, trigger);
                }
                if (rc < 0) {
                    throw refused("modify", key.fd, interest, trigger, rc);
                }
                int want = FdKey.want(interest, trigger);
                key.sent = (byte) want;
                VarHandle.fullFence(); // for PendingChanges.dropIfCancelledOut
                key.want(want);
                key.armedAt = armedAt();
            } finally {
                driver.releaseChanges();
                Reference.reachabilityFence(owner); // or the cleaner closes the driver meanwhile
            }
        }
    }

    /** Why the driver did not take a registration, or a change of one. */
    PolluxException refused(String operation, int fd, Interest interest, Trigger trigger, int rc) {
        String call = call(operation, fd, interest, trigger);
        if (rc == -errno.EBADF && OpenFile.of(driver.sys(), fd) != null) { // open by O_PATH
            return PolluxException.openedAsPath(errno, operation, fd, call);
        }
        if (rc == -errno.EINVAL && (trigger.bits() & Driver.EXCLUSIVE) != 0) {
            return PolluxException.exclusiveSelector(errno, operation, fd, call);
        }
        return PolluxException.of(errno, operation, fd, call, -rc);
    }

    private PolluxException lost(FdKey key, Interest interest, Trigger trigger) {
        String call = call("modify", key.fd, interest, trigger);
        drop(key);
        return new PolluxException.LimitReached(
                "modify",
                key.fd,
                errno.ENOSPC,
                call + ": the kernel had no room to put it back; it is not registered any more");
    }

    /** Whether its descriptor was not found closed: if it was, the number may be another's. */
    boolean remove(FdKey key) throws PolluxException {
        boolean isOurs = removeNow(key);
        LoopObserver observer = observers.now;
        if (observer != null) {
            observer.removed(key, isOurs);
        }
        return isOurs;
    }

    private boolean removeNow(FdKey key) throws PolluxException {
        synchronized (lock) {
            requireOpen("unregister");
            if (key.selector == owner && key.state == FdKey.DROPPED) {
                key.state = FdKey.UNREGISTERED;
                return false;
            }
            requireRegistered("unregister", key);
            driver.holdChanges();
            try {
                // Refused if it was closed: then it is gone from the kernel by itself, unless it is
                // open under another number; see OrphanedRegistrations.
                int rc = driver.remove(key.fd, key.token);
                key.state = FdKey.UNREGISTERED;
                registrations.remove(key);
                return rc != -errno.ENOENT && rc != -errno.EBADF;
            } finally {
                driver.releaseChanges();
                Reference.reachabilityFence(owner); // or the cleaner closes the driver meanwhile
            }
        }
    }

    List<FdKey> keys() throws PolluxException {
        synchronized (lock) {
            requireOpen("keys");
            return List.copyOf(registrations.list());
        }
    }

    // ---- what the poll loop asks for

    /** The registration that this token names, or null. The polling thread's, without the lock. */
    FdKey find(long token) {
        return registrations.find(token);
    }

    /** All of them; a copy. */
    List<FdKey> list() {
        assert Thread.holdsLock(lock);
        return registrations.list();
    }

    /** The descriptor of this key is not what it was. */
    void drop(FdKey key) {
        assert Thread.holdsLock(lock);
        key.state = FdKey.DROPPED;
        registrations.remove(key);
    }

    /** Counts a wait that begins; returns its number. The polling thread's. */
    long beginWait() {
        long wait = waits + 1;
        WAITS.setOpaque(this, wait);
        return wait;
    }

    /**
     * The wait that may be under way when something has just been armed. What it reports may be of
     * before, and so does not count as fired: rather reported twice after a rebuild than never.
     * Read after the system call: a wait that fired it before that call has its number written by
     * then.
     */
    long armedAt() {
        return (long) WAITS.getAcquire(this);
    }

    // ---- what is asked to be shown

    /** All of them, without the lock; one that comes or goes meanwhile may be in it or not. */
    List<FdKey> glance() {
        return registrations.glance();
    }

    /** How many there are; without the lock, so that it may be of before or after a change. */
    int size() {
        return registrations.size();
    }

    /** How many waits have begun. */
    long waits() {
        return armedAt();
    }

    // ---- the end

    boolean isClosed() {
        return closed;
    }

    /** From here on nothing is registered or changed. */
    void close() {
        assert Thread.holdsLock(lock);
        closed = true;
    }

    /** Ends all registrations, once the driver is closed. */
    void endAll() {
        assert Thread.holdsLock(lock);
        for (FdKey key : registrations.list()) {
            key.state = FdKey.UNREGISTERED;
            registrations.remove(key);
        }
    }

    // ---- refusals

    void requireRegistrable(int fd, Interest interest, Trigger trigger) throws PolluxException {
        requireOpen("register"); // first: its own numbers are others' by then
        if (fd < 0 || driver.owns(fd)) {
            throw new IllegalArgumentException(
                    call("register", fd, interest, trigger)
                            + (fd < 0
                                    ? ": a descriptor is not negative"
                                    : ": it belongs to this selector itself; to nest selectors,"
                                            + " register fd() with another one"));
        }
        requireSupported("register", fd, interest, trigger);
    }

    void requireSupported(String operation, int fd, Interest interest, Trigger trigger)
            throws PolluxException {
        if (owner.supports(interest, trigger)) {
            return;
        }
        String what =
                owner.supports(trigger)
                        ? "PRIORITY"
                                + (owner.supports(interest, Trigger.LEVEL)
                                        ? " with " + trigger
                                        : "")
                        : trigger.toString();
        throw new PolluxException.Unsupported(
                operation,
                fd,
                0,
                call(operation, fd, interest, trigger)
                        + ": "
                        + owner.backend()
                        + " does not have "
                        + what
                        + "; ask supports(interest, trigger) first");
    }

    void requireOpen(String operation) throws PolluxException {
        if (closed) {
            throw new PolluxException.Closed(operation);
        }
    }

    void requireRegistered(String operation, FdKey key) throws PolluxException {
        if (key.selector != owner || key.state != FdKey.REGISTERED) {
            requireOpen(operation); // may have been closed since the caller looked
            String why =
                    key.selector != owner
                            ? "it belongs to another selector"
                            : key.state == FdKey.DROPPED
                                    ? "its descriptor was closed"
                                    : "it was unregistered";
            throw new PolluxException.NotRegistered(
                    operation, key.fd, operation + "(" + key + "): " + why + "; register again");
        }
    }

    /** An operation and its arguments, as messages begin. */
    static String call(String operation, int fd, Interest interest, Trigger trigger) {
        return operation + "(fd=" + fd + ", interest=" + interest + ", trigger=" + trigger + ")";
    }

    /** {@code [EPOLL/jni, 3 registered]}, for {@link FdSelector#toString}. */
    String describe(Backend backend) {
        String end;
        synchronized (lock) {
            end = closed ? "closed]" : registrations.size() + " registered]";
        }
        String libc = driver.sys().throughLibc() ? "/libc, " : ", ";
        return "[" + backend + "/" + driver.sys().binding() + libc + end;
    }
}
