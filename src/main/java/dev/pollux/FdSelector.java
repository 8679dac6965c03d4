package dev.pollux;

import dev.pollux.driver.Deadline;
import dev.pollux.driver.Driver;
import dev.pollux.driver.ReadyEvents;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Syscalls;
import dev.pollux.sys.jdk.VirtualThreads;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits until any of many file descriptors is ready.
 *
 * <p>One thread polls; any thread may register, modify, unregister, wake and close at the same
 * time, and what it changes takes effect on a poll that is already blocked. A poll in steady state
 * allocates nothing; it takes no lock of this library's while it waits, and on epoll none at all.
 * The other operations take one for the length of a system call.
 *
 * <p>The descriptor stays the caller's. Unregister it, then close it; a descriptor that is closed
 * while it is registered disappears from epoll and kqueue silently, and is reported once with
 * {@link Ready#isError()} and an invalid key by poll and select.
 *
 * <pre>{@code
 * try (var selector = DefaultSelector.open()) {
 *     selector.register(fd, Interest.READ, Trigger.EDGE, connection);
 *     while (selector.poll(handler) != PollResult.INTERRUPT) { }
 * }
 * }</pre>
 *
 * <p>A virtual thread that polls gives its carrier back while it waits, on JDK 24 and later with
 * epoll and kqueue. Otherwise it keeps it: poll on a platform thread there.
 */
public final class FdSelector implements AutoCloseable {
    private static final VarHandle STATE;
    private static final VarHandle WAKEUP_ASKED;
    private static final VarHandle WAITS;

    static {
        try {
            var lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(FdSelector.class, "state", long.class);
            WAKEUP_ASKED = lookup.findVarHandle(FdSelector.class, "wakeupAsked", boolean.class);
            WAITS = lookup.findVarHandle(FdSelector.class, "waits", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
        // Loads them now: a process without a free descriptor could not, and has to be told of it.
        PolluxException.class.getPermittedSubclasses();
        PollResult.values();
    }

    /** Values of {@link #state} that are no thread's id. */
    private static final long IDLE = 0;

    private static final long NOTING = -1; // somebody outside a poll notes a change
    private static final long GONE = -2; // closed, all given back

    private static final int FIRST_EVENTS = 256;

    private static final long ANEW_PAUSE_NANOS = 100_000_000;

    /** What is told, by interest: the interest itself, and what is told to everybody. */
    private static final int[] TOLD = new int[8];

    static {
        for (int interest = 0; interest < TOLD.length; interest++) {
            int writeClosed = (interest & Ready.WRITE) != 0 ? Ready.WRITE_CLOSED : 0;
            TOLD[interest] = interest | Ready.READ_CLOSED | Ready.ERROR | writeClosed;
        }
    }

    private final Backend backend;
    private final Driver driver;
    private final Errno errno;
    private final Interruption interruption;

    /** Guards the registrations, and the driver's descriptors against being closed while used. */
    private final Object lock = new Object();

    private final Registrations registrations = new Registrations(); // written under lock

    /** Guards the driver's descriptors against being closed while they are signalled. */
    private final Object signalLock = new Object();

    private boolean gaveBack; // under signalLock
    private volatile boolean closed; // written under lock
    private volatile Thread closer; // waits until the poll has left

    /** Who polls: its thread id, or one of the constants above. */
    private long state;

    private volatile boolean nested; // fd() was called: somebody may wait for what a change brings

    private boolean wakeupAsked; // a wakeup that no poll has told yet; any thread's

    /** The polling thread's, handed on from poll to poll through {@link #state}. */
    private final ReadyEvents events = new ReadyEvents(FIRST_EVENTS);

    private final NotedChanges noted = new NotedChanges();

    private final Strays strays = new Strays();
    private boolean closeOnLeaving; // a handler has called close
    private long waits; // how many have begun; others read it, see armedAt
    private long anewNotBefore; // on the clock of System.nanoTime, after a failure
    private boolean anewFailed;
    private boolean anewDue; // before the next wait: not before this batch has said what has fired

    /**
     * Opens a selector on this backend.
     *
     * @param backend the kernel interface to stand on
     * @return the selector; close it
     * @throws PolluxException.LimitReached if there is no descriptor or no memory left
     * @throws PolluxException.Unsupported if the backend does not work here
     */
    public static FdSelector open(Backend backend) throws PolluxException {
        Syscalls sys = Native.calls("open");
        return open(backend, sys);
    }

    static FdSelector open(Backend backend, Syscalls sys) throws PolluxException {
        try {
            return new FdSelector(backend, backend.open(sys));
        } catch (Driver.OpenFailed e) {
            String call = "open(" + backend + "): " + e.call;
            PolluxException why = PolluxException.of(sys.errno(), "open", -1, call, e.errno);
            why.initCause(e);
            throw why;
        }
    }

    private FdSelector(Backend backend, Driver driver) {
        this.backend = backend;
        this.driver = driver;
        this.errno = driver.sys().errno();
        this.interruption = new Interruption(this::signal);
    }

    /** {@return the kernel interface that this stands on} */
    public Backend backend() {
        return backend;
    }

    /**
     * {@return whether {@link #register} takes this trigger, with {@link Interest#READ} at least}
     * Otherwise it refuses.
     *
     * @param trigger how often to be told
     */
    public boolean supports(Trigger trigger) {
        return supports(Interest.READ, trigger);
    }

    /**
     * {@return whether {@link #register} takes this interest together with this trigger} Otherwise
     * it refuses. {@link Interest#PRIORITY} is not for exclusive triggers, and not for kqueue on
     * FreeBSD, on NetBSD and through libkqueue.
     *
     * @param interest what to wait for
     * @param trigger how often to be told
     */
    public boolean supports(Interest interest, Trigger trigger) {
        return driver.supports(interest.bits(), trigger.bits());
    }

    /**
     * A descriptor that is readable when a poll would report something: register it with another
     * selector to nest this one in it, and poll this one with a time-out of 0 when it is ready.
     * Never read, write or close it. Registering again is due when a descriptor that is open under
     * a second number was closed and unregistered here, since this selector may then start anew.
     *
     * @return the descriptor
     * @throws PolluxException.Unsupported on poll and select, which have none, and with libkqueue
     * @throws PolluxException.Closed after close
     */
    public int fd() throws PolluxException {
        requireOpen("fd");
        if (driver.fd() < 0) {
            throw new PolluxException.Unsupported(
                    "fd",
                    -1,
                    0,
                    "fd: " + backend + " has no descriptor of its own that can be watched");
        }
        nested = true;
        if (STATE.compareAndSet(this, IDLE, NOTING)) {
            boolean any = !noted.isEmpty();
            STATE.setRelease(this, IDLE);
            if (any) {
                signal(); // whoever watches the descriptor polls this, which hands them over
            }
        }
        return driver.fd();
    }

    /**
     * Registers a descriptor, for polls that come and for one that is blocked already.
     *
     * <p>If the same number is registered but was closed and reused since, the old registration is
     * dropped and its key becomes invalid.
     *
     * @param fd an open descriptor; use it without blocking
     * @param interest what to wait for
     * @param trigger how often to be told
     * @param attachment what {@link FdKey#attachment()} will return; may be null
     * @return the registration
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException.AlreadyRegistered if it is registered; that registration stays, but
     *     on kqueue an edge-triggered one may be reported once more
     * @throws PolluxException.NotPollable if it is a regular file, a directory or the like
     * @throws PolluxException.Unsupported if the backend does not have the trigger, or not together
     *     with {@link Interest#PRIORITY}; see {@link #supports(Interest, Trigger)}
     * @throws PolluxException.LimitReached if the kernel has no room
     * @throws PolluxException.Closed after close
     * @throws IllegalArgumentException if it is negative, or a descriptor of this selector's own
     */
    public FdKey register(int fd, Interest interest, Trigger trigger, Object attachment)
            throws PolluxException {
        Objects.requireNonNull(interest, "interest");
        Objects.requireNonNull(trigger, "trigger");
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
        synchronized (lock) {
            requireOpen("register");
            driver.holdChanges();
            try {
                return add(fd, interest, trigger, attachment);
            } finally {
                driver.releaseChanges();
            }
        }
    }

    private FdKey add(int fd, Interest interest, Trigger trigger, Object attachment)
            throws PolluxException {
        assert Thread.holdsLock(lock);
        FdKey old = registrations.of(fd);
        long token = registrations.nextToken();
        int want = FdKey.want(interest, trigger);
        int rc = driver.add(fd, interest.bits(), trigger.bits(), token);
        if (rc == -errno.EEXIST && old == null) {
            // Left behind when its number was closed while it was open under another one; the
            // number is the same file's again, so it can be removed now.
            driver.remove(fd, token);
            rc = driver.add(fd, interest.bits(), trigger.bits(), token);
        }
        if (rc < 0) {
            throw PolluxException.of(
                    errno, "register", fd, call("register", fd, interest, trigger), -rc);
        }
        var key = new FdKey(this, fd, token, want, attachment);
        key.armedAt = armedAt();
        registrations.put(key);
        if (old != null) {
            drop(old); // its descriptor was closed, or the kernel would not have taken this one
        }
        return key;
    }

    /**
     * The wait that may be under way when something has just been armed. What it reports may be of
     * before, and so does not count as fired: rather told twice after a new start than never. Read
     * after the system call: a wait that fired it before that call has its number written by then.
     */
    private long armedAt() {
        return (long) WAITS.getAcquire(this);
    }

    /** The descriptor of this key is not what it was. */
    private void drop(FdKey key) {
        assert Thread.holdsLock(lock);
        key.state = FdKey.DROPPED;
        registrations.remove(key);
    }

    /**
     * Changes what a registration waits for; the trigger stays. As {@link #modify(FdKey, Interest,
     * Trigger)}.
     *
     * @param key the registration
     * @param interest what to wait for from now on
     * @throws PolluxException as there
     */
    public void modify(FdKey key, Interest interest) throws PolluxException {
        modify(key, interest, key.trigger());
    }

    /**
     * Changes what a registration waits for, and how often it is told; the attachment stays. Arms
     * {@link Trigger#ONESHOT} again; under {@link Trigger#EDGE} a descriptor that is still ready is
     * reported again.
     *
     * <p>While another thread's poll is under way, and once {@link #fd()} was called, this takes
     * effect at once. Otherwise, and in a handler, it is remembered and handed over together with
     * the next wait, as its net effect: any number of changes to one registration costs one system
     * call, or none if they cancel out. If the kernel refuses it then, because the descriptor was
     * closed meanwhile, that poll reports the key once with {@link Ready#isError()}, and the key is
     * invalid.
     *
     * @param key the registration
     * @param interest what to wait for from now on
     * @param trigger how often to be told from now on
     * @throws PolluxException.NotRegistered if the key is not registered here
     * @throws PolluxException.BadDescriptor if its descriptor is found closed at once; the
     *     registration stays as it was
     * @throws PolluxException.Unsupported as {@link #register}; the registration stays as it was
     * @throws PolluxException.LimitReached if the kernel has no room, which happens only from or to
     *     an exclusive trigger; the registration stays as it was, unless the message says otherwise
     * @throws PolluxException.Closed after close
     */
    public void modify(FdKey key, Interest interest, Trigger trigger) throws PolluxException {
        Objects.requireNonNull(interest, "interest");
        Objects.requireNonNull(trigger, "trigger");
        requireOpen("modify");
        requireRegistered("modify", key);
        int want = FdKey.want(interest, trigger);
        if (want != key.want()) {
            requireSupported("modify", key.fd, interest, trigger);
        }
        if (((FdKey.triggerBits(key.want()) | trigger.bits()) & Driver.EXCLUSIVE) != 0) {
            modifyNow(key, interest, trigger); // a removal and an addition: their errors are yours
            return;
        }
        if (nested) {
            modifyNow(key, interest, trigger);
        } else if ((long) STATE.getOpaque(this) == Thread.currentThread().getId()) {
            noted.add(
                    key,
                    want); // only this thread can have put its own id there: it is in a handler
        } else if (STATE.compareAndSet(this, IDLE, NOTING)) {
            try {
                noted.add(key, want); // nobody polls, and nobody begins to before this is over
            } finally {
                STATE.setRelease(this, IDLE);
            }
            if (nested) {
                signal(); // fd() was called since: it may have looked too early to do so
            }
        } else {
            modifyNow(key, interest, trigger);
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
                if (rc < 0) {
                    throw refused(key, interest, trigger, rc);
                }
                int want = FdKey.want(interest, trigger);
                key.sent = want;
                key.want(want);
                key.armedAt = armedAt();
            } finally {
                driver.releaseChanges();
            }
        }
    }

    private PolluxException refused(FdKey key, Interest interest, Trigger trigger, int rc) {
        String call = call("modify", key.fd, interest, trigger);
        if (rc != Driver.LOST) {
            return PolluxException.of(errno, "modify", key.fd, call, -rc);
        }
        drop(key);
        return new PolluxException.LimitReached(
                "modify",
                key.fd,
                errno.ENOSPC,
                call + ": the kernel had no room to put it back; it is not registered any more");
    }

    /**
     * Ends a registration, and forgets a change that was remembered for it. Once this has returned,
     * no event of it is delivered any more, whoever called; one whose delivery by the polling
     * thread had begun before may still be in its handler.
     *
     * <p>Succeeds also when the descriptor was closed before, which the kernel may have noticed.
     *
     * @param key the registration
     * @throws PolluxException.NotRegistered if the key is not registered here, or was unregistered
     * @throws PolluxException.Closed after close
     */
    public void unregister(FdKey key) throws PolluxException {
        Objects.requireNonNull(key, "key");
        synchronized (lock) {
            requireOpen("unregister");
            if (key.selector == this && key.state == FdKey.DROPPED) {
                key.state = FdKey.UNREGISTERED;
                return;
            }
            requireRegistered("unregister", key);
            driver.holdChanges();
            try {
                // Refused if it was closed: then it is gone from the kernel by itself, unless it is
                // open under another number; see Strays.
                driver.remove(key.fd, key.token);
                key.state = FdKey.UNREGISTERED;
                registrations.remove(key);
            } finally {
                driver.releaseChanges();
            }
        }
    }

    /**
     * {@return the registrations of this moment, in no order} A copy.
     *
     * @throws PolluxException.Closed after close
     */
    public List<FdKey> keys() throws PolluxException {
        synchronized (lock) {
            requireOpen("keys");
            return List.copyOf(registrations.list());
        }
    }

    /**
     * Polls without end. As {@link #poll(long, TimeUnit, ReadyHandler)}.
     *
     * @param handler called by this thread, for one event after another
     * @return why it ended; never {@link PollResult#TIMEOUT}
     * @throws IOException as there
     */
    public PollResult poll(ReadyHandler handler) throws IOException {
        return pollFor(Driver.FOREVER, handler);
    }

    /**
     * Waits until a descriptor is ready, the time is over, {@link #wakeup} is called or the thread
     * is interrupted, and gives each event to the handler. A registration has at most one event in
     * a poll.
     *
     * <p>Events that were left when a handler threw are delivered first, without a wait. Allocates
     * nothing once its buffers have grown to the number of events that come at once.
     *
     * <p>JDK 17's own {@code Thread.interrupt} can, very rarely, miss a thread that is just about
     * to block, here as in {@code java.nio}: the status is set and this waits on. {@link #wakeup}
     * is never missed.
     *
     * @param timeout how long to wait at most; 0 looks once and does not block. Kept to the
     *     nanosecond where the kernel can, rounded up where it cannot. Signals ({@code EINTR})
     *     neither end nor lengthen the wait. More than 292 years is for ever
     * @param unit of the time-out
     * @param handler called by this thread, for one event after another
     * @return why it ended
     * @throws PolluxException.Closed after close, also when it comes while this waits, or from the
     *     handler
     * @throws PolluxException if the kernel fails the wait itself
     * @throws IOException from the handler; the rest of the events is kept for the next poll
     * @throws IllegalArgumentException if the time-out is negative
     * @throws IllegalStateException if another thread polls, or the handler does
     */
    public PollResult poll(long timeout, TimeUnit unit, ReadyHandler handler) throws IOException {
        if (timeout < 0) {
            throw new IllegalArgumentException(
                    "poll(timeout=" + timeout + "): negative; poll(handler) waits for ever");
        }
        return pollFor(unit.toNanos(timeout), handler);
    }

    private PollResult pollFor(long timeoutNanos, ReadyHandler handler) throws IOException {
        Objects.requireNonNull(handler, "handler");
        enter();
        try {
            return run(timeoutNanos, handler);
        } finally {
            leave();
        }
    }

    private void enter() throws PolluxException {
        long me = Thread.currentThread().getId();
        while (!STATE.compareAndSet(this, IDLE, me)) {
            long other = (long) STATE.getAcquire(this);
            if (other == GONE) {
                throw new PolluxException.Closed("poll");
            }
            if (other > 0) {
                throw new IllegalStateException(
                        other == me
                                ? "poll: called by a handler of this very poll"
                                : "poll: thread "
                                        + other
                                        + " is polling; one thread polls at once");
            }
            Thread.yield(); // a change is being noted, or the state has just changed
        }
    }

    private void leave() {
        if (closeOnLeaving) {
            giveBack();
            return;
        }
        if (nested && (events.hasNext() || !noted.isEmpty())) {
            signal(); // there is something to poll for that the kernel does not know of
        }
        STATE.setRelease(this, IDLE);
        if (closed) {
            LockSupport.unpark(closer); // if this read came too early, the closer looks again soon
        }
    }

    private PollResult run(long timeoutNanos, ReadyHandler handler) throws IOException {
        requireOpen("poll");
        boolean woken = isWakeupAsked();
        if (events.hasNext() && deliver(handler)) {
            return reason(woken, true);
        }
        boolean bounded = timeoutNanos != 0 && timeoutNanos != Driver.FOREVER;
        long deadline = bounded ? Deadline.after(System.nanoTime(), timeoutNanos) : 0;
        long left = woken ? 0 : timeoutNanos;
        while (true) {
            int rc = await(left);
            if (rc < 0 && rc != -errno.EINTR) {
                throw PolluxException.of(errno, "poll", -1, "poll", -rc);
            }
            woken = isWakeupAsked(); // its signal may still be on its way: that hurts nobody
            requireOpen("poll");
            boolean delivered = rc > 0 && deliver(handler);
            PollResult reason = reason(woken, delivered);
            if (reason != null) {
                return reason;
            }
            if (bounded) {
                left = Deadline.remaining(System.nanoTime(), deadline);
            }
            if (left == 0 && rc != -errno.EINTR) {
                return PollResult.TIMEOUT;
            }
        }
    }

    private boolean isWakeupAsked() {
        return (boolean) WAKEUP_ASKED.getAcquire(this);
    }

    /** Why to end now; null if nothing has happened but, maybe, that the time is over. */
    private PollResult reason(boolean woken, boolean delivered) {
        if (woken) {
            // A wakeup that comes before this is one with those before; one that comes after is
            // new.
            WAKEUP_ASKED.setVolatile(this, false);
        }
        if (Thread.currentThread().isInterrupted()) {
            return PollResult.INTERRUPT;
        }
        if (woken) {
            return PollResult.WAKEUP;
        }
        return delivered ? PollResult.EVENTS : null;
    }

    private int await(long timeoutNanos) {
        events.clear();
        if (anewDue) {
            startAnew();
        }
        WAITS.setOpaque(this, waits + 1);
        if (timeoutNanos == 0) {
            noted.handOver(driver, events, waits);
            return driver.poll(0, events);
        }
        if (VirtualThreads.canAwait() && driver.fd() >= 0) {
            return awaitWithoutCarrier(timeoutNanos);
        }
        return awaitInKernel(timeoutNanos);
    }

    /**
     * A virtual thread that blocks in the kernel keeps its carrier from the others; one that waits
     * for the driver's own descriptor does not. What is signalled is looked for in between: the
     * first look takes the signal off that descriptor, and who signals has said why before.
     */
    private int awaitWithoutCarrier(long timeoutNanos) {
        noted.handOver(driver, events, waits);
        int rc = driver.poll(0, events);
        if (rc != 0 || isWakeupAsked() || closed || Thread.currentThread().isInterrupted()) {
            return rc;
        }
        if (VirtualThreads.await(driver.fd(), timeoutNanos == Driver.FOREVER ? 0 : timeoutNanos)) {
            return driver.poll(0, events);
        }
        return awaitInKernel(timeoutNanos);
    }

    private int awaitInKernel(long timeoutNanos) {
        interruption.watch(); // runs foreign code: not with changes held
        try {
            noted.handOver(driver, events, waits);
            return driver.poll(timeoutNanos, events);
        } finally {
            interruption.unwatch();
        }
    }

    /** Whether the handler was called. */
    private boolean deliver(ReadyHandler handler) throws IOException {
        boolean any = false;
        while (events.hasNext()) {
            int i = events.next();
            long token = events.token(i);
            int ready = events.bits(i);
            FdKey key = registrations.find(token);
            if (key == null || (ready & ~told(key)) != 0 || key.isDisarmed()) {
                // The kernel may know already what another thread is still to put down here: a
                // register, or a modify to this interest. After the lock it has.
                synchronized (lock) {
                    key = registrations.find(token);
                    if (key != null && ready == Driver.GONE) {
                        drop(key);
                        ready = Ready.ERROR;
                    } else if (key != null && key.isDisarmed()) {
                        continue; // a hang-up of one that was carried over
                    }
                }
                if (key == null) {
                    anewDue |= strays.isForEver(token, waits);
                    continue;
                }
                ready &= told(key);
            }
            if (ready != 0) { // otherwise a change in between, undone already: nothing has fired
                key.firedAt = waits;
                any = true;
                handler.onReady(key, Ready.of(ready));
                requireOpen("poll");
            }
        }
        return any;
    }

    private static int told(FdKey key) {
        return TOLD[FdKey.interestBits(key.want())];
    }

    /** Between two waits. Edge-triggered registrations that are ready are reported once more. */
    private void startAnew() {
        if (anewFailed && System.nanoTime() - anewNotBefore < 0) {
            return; // it goes over all registrations: not with every wait
        }
        anewDue = false;
        synchronized (lock) {
            if (closed) {
                return;
            }
            driver.holdChanges();
            try {
                anewFailed = !renew();
                anewNotBefore = System.nanoTime() + ANEW_PAUSE_NANOS;
            } finally {
                driver.releaseChanges();
            }
        }
    }

    /** All or nothing; whether it was all. Where there was no room, a stray event asks again. */
    private boolean renew() {
        assert Thread.holdsLock(lock);
        if (driver.beginRebuild() < 0) {
            return false;
        }
        boolean all = true;
        for (FdKey key : registrations.list()) {
            int interest = key.isDisarmed() ? 0 : FdKey.interestBits(key.sent);
            int rc = driver.addToRebuild(key.fd, interest, FdKey.triggerBits(key.sent), key.token);
            if (rc == -errno.ENOENT) {
                if (!key.queued) { // otherwise its change is refused next, and that is told
                    drop(key);
                }
            } else if (rc < 0) {
                all = false;
                break;
            }
        }
        driver.endRebuild(all);
        return all;
    }

    /**
     * Ends the current poll, or else the next one, with {@link PollResult#WAKEUP}. Many calls
     * before that count as one. Does nothing after close. Never blocks; costs at most one system
     * call, and none when a wakeup is pending.
     */
    public void wakeup() {
        if (WAKEUP_ASKED.compareAndSet(this, false, true)) {
            signal();
        }
    }

    /** Under a lock, so that nothing is written to a number that is another's by now. */
    private void signal() {
        synchronized (signalLock) {
            if (!gaveBack) {
                driver.signal();
            }
        }
    }

    /**
     * Gives back every descriptor of this selector's own; the registered ones stay open, their keys
     * become invalid. A poll that is blocked in another thread throws {@link
     * PolluxException.Closed}, and this waits until it has left; called by a handler, this returns
     * at once, and that poll closes when it leaves. Closing again does nothing, and does not wait.
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closer = Thread.currentThread();
            closed = true;
            driver.signal();
        }
        if ((long) STATE.getOpaque(this) == Thread.currentThread().getId()) {
            closeOnLeaving = true;
            return;
        }
        boolean interrupted = false; // must not make the parking below a spinning
        while (!STATE.compareAndSet(this, IDLE, GONE)) {
            LockSupport.parkNanos(this, 1_000_000); // a poll that is about to leave unparks
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        giveBack();
    }

    private void giveBack() {
        synchronized (lock) {
            synchronized (signalLock) {
                gaveBack = true;
                driver.close();
            }
            for (FdKey key : registrations.list()) {
                key.state = FdKey.UNREGISTERED;
                registrations.remove(key);
            }
        }
        closer = null;
        STATE.setVolatile(this, GONE);
    }

    /** For people: {@code FdSelector[EPOLL/jni, 3 registered]}. */
    @Override
    public String toString() {
        String end;
        synchronized (lock) {
            end = closed ? "closed]" : registrations.size() + " registered]";
        }
        return "FdSelector[" + backend + "/" + driver.sys().binding() + ", " + end;
    }

    private void requireOpen(String operation) throws PolluxException {
        if (closed) {
            throw new PolluxException.Closed(operation);
        }
    }

    private void requireRegistered(String operation, FdKey key) throws PolluxException {
        if (key.selector != this || key.state != FdKey.REGISTERED) {
            requireOpen(operation); // may have been closed since the caller looked
            String why =
                    key.selector != this
                            ? "it belongs to another selector"
                            : key.state == FdKey.DROPPED
                                    ? "its descriptor was closed"
                                    : "it was unregistered";
            throw new PolluxException.NotRegistered(
                    operation, key.fd, operation + "(" + key + "): " + why + "; register again");
        }
    }

    private void requireSupported(String operation, int fd, Interest interest, Trigger trigger)
            throws PolluxException {
        if (supports(interest, trigger)) {
            return;
        }
        String what =
                supports(trigger)
                        ? "PRIORITY" + (supports(interest, Trigger.LEVEL) ? " with " + trigger : "")
                        : trigger.toString();
        throw new PolluxException.Unsupported(
                operation,
                fd,
                0,
                call(operation, fd, interest, trigger)
                        + ": "
                        + backend
                        + " does not have "
                        + what
                        + "; ask supports(interest, trigger) first");
    }

    private static String call(String operation, int fd, Interest interest, Trigger trigger) {
        return operation + "(fd=" + fd + ", interest=" + interest + ", trigger=" + trigger + ")";
    }
}
