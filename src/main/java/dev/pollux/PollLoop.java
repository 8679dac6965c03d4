package dev.pollux;

import dev.pollux.driver.Deadline;
import dev.pollux.driver.Driver;
import dev.pollux.driver.Look;
import dev.pollux.driver.OpenFile;
import dev.pollux.sys.Errno;
import dev.pollux.sys.jdk.VirtualThreads;
import dev.pollux.sys.jfr.Recorder;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The polling thread's part of a selector: enter, send what is pending, wait, deliver, leave. Other
 * threads come here to wake it, to leave a change for its next wait, and to close.
 *
 * <p>One word, {@link #state}, says who is inside. Everything that is the polling thread's is
 * handed on from poll to poll through it.
 */
final class PollLoop {
    private static final VarHandle STATE;
    private static final VarHandle WAKEUP_ASKED;
    private static final VarHandle WAITING;

    static {
        try {
            var lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(PollLoop.class, "state", Object.class);
            WAKEUP_ASKED = lookup.findVarHandle(PollLoop.class, "wakeupAsked", boolean.class);
            WAITING = lookup.findVarHandle(PollLoop.class, "waiting", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
        // Loads now what is needed only later: a process without a free descriptor could not.
        PolluxException.class.getPermittedSubclasses();
        PollResult.values();
        Trigger.values();
        VirtualThreads.exist();
        List.of(Deadline.class, Look.class, OpenFile.class, ChannelFd.class, Fd.class);
        List.of(ManyRegistrations.class);
        List.of(Transfers.class, Vectors.class, TransferBuffer.class, FdSocket.class);
        OpenFile.Type.values();
    }

    /** Values of {@link #state} that are no thread. */
    static final Object IDLE = null;

    private static final Object CHANGING = "changing"; // outside a poll a pending change is added
    private static final Object RELEASED = "released"; // closed, all released

    private final Driver driver;
    private final OpenDriver open; // the same: signalled by any thread, until it is closed
    private final Registrar registrar;
    private final Errno errno;
    private final Interruption interruption;
    private final VirtualWait virtual;
    private final Spin spin = new Spin();
    final WaitingThread.Wait ask = this::ask;
    private volatile Thread closer; // waits until the poll has left

    /** Who polls, or one of the constants above. */
    volatile Object state;

    private volatile boolean nested; // somebody may wait on the driver's own descriptor

    private final Observers observers; // of the registrar

    private volatile Counting counting; // one of them; null: off
    private final LoopRecording.Switch recording; // kept, for the recorder holds it weakly

    private boolean wakeupAsked; // a wakeup that no poll has reported yet; any thread's

    /**
     * The polling thread is about to wait, or does: to be signalled. It writes this before it looks
     * for a wakeup and for close; who asks for either writes that before he looks at this. So one
     * of the two sees the other, and nobody has to signal while a handler runs or nobody polls.
     */
    private boolean waiting;

    /** The polling thread's, as all that follows. */
    private final Delivery delivery;

    private final PendingChanges pending = new PendingChanges();
    private final ObservedHandler observed = new ObservedHandler();
    private final ReadyBatch batch;
    private boolean abandonDue; // the changes of a wait that did not come about are held still
    private boolean closeOnLeaving; // a handler has called close

    PollLoop(Driver driver, OpenDriver open, Registrar registrar) {
        this.driver = driver;
        this.open = open;
        this.interruption = new Interruption(open::signal);
        this.virtual = new VirtualWait(driver, open);
        this.registrar = registrar;
        this.observers = registrar.observers;
        this.delivery = new Delivery(driver, registrar);
        this.batch = new ReadyBatch(this, delivery, registrar);
        this.errno = driver.sys().errno();
        this.recording = new LoopRecording.Switch(observers, pending, open.name());
        Recorder.add(recording);
    }

    // ---- the polling thread

    PollResult poll(long timeoutNanos, ReadyHandler handler) throws IOException {
        Object me = enter();
        try {
            LoopObserver observer = observers.now;
            return observer == null
                    ? run(timeoutNanos, handler, null)
                    : observed(observer, timeoutNanos, handler);
        } finally {
            try {
                leave();
            } catch (Throwable e) { // no stack, maybe not for one call
                if (state == me) {
                    state = IDLE; // the next poll makes up for what leave has not done
                }
                throw e;
            }
        }
    }

    /**
     * A poll that leaves what it has found to its caller, and is left by the end of the batch.
     *
     * @throws PolluxException as the other one
     */
    ReadyBatch poll(long timeoutNanos) throws PolluxException {
        Object me = enter();
        LoopObserver observer = observers.now;
        boolean open = false;
        try {
            batch.reset();
            PollResult result =
                    observer == null
                            ? find(timeoutNanos, null)
                            : findObserved(timeoutNanos, observer);
            batch.begin(result, observer);
            open = true;
            return batch;
        } finally {
            if (!open) {
                try {
                    batch.abandon();
                } finally {
                    try {
                        leave();
                    } catch (Throwable e) { // no stack, maybe not for one call
                        if (state == me) {
                            state = IDLE; // the next poll makes up for what leave has not done
                        }
                        throw e;
                    }
                }
            }
        }
    }

    private PollResult findObserved(long timeoutNanos, LoopObserver observer)
            throws PolluxException {
        observer.pollBegins(timeoutNanos);
        try {
            return find(timeoutNanos, observer);
        } catch (Throwable e) {
            observer.pollEnded(null, e);
            throw e;
        }
    }

    private PollResult find(long timeoutNanos, LoopObserver observer) throws PolluxException {
        try {
            return run(timeoutNanos, null, observer);
        } catch (PolluxException e) {
            throw e;
        } catch (IOException e) {
            throw new AssertionError(e); // a handler's
        }
    }

    private Object enter() throws PolluxException {
        Object me = Thread.currentThread();
        while (!STATE.compareAndSet(this, IDLE, me)) {
            Object other = (Object) STATE.getAcquire(this);
            if (other == RELEASED) {
                throw new PolluxException.Closed("poll");
            }
            if (other instanceof Thread thread) {
                throw new IllegalStateException(
                        thread == me
                                ? "poll: called by a handler of this very poll, or before its batch"
                                        + " was closed"
                                : "poll: the thread \""
                                        + thread.getName()
                                        + "\" is polling; one thread polls at once");
            }
            Thread.yield(); // a pending change is being added, or the state has just changed
        }
        return me;
    }

    /** Whatever happens here, the next poll can begin. */
    void leave() {
        abandon();
        if (closeOnLeaving) {
            release();
            return;
        }
        if (nested && (delivery.hasMore() || !pending.isEmpty())) {
            open.signal(); // there is something to poll for that the kernel does not know of
        }
        STATE.setRelease(this, IDLE);
        if (registrar.isClosed()) {
            LockSupport.unpark(closer); // if this read came too early, the closer looks again soon
        }
    }

    private PollResult observed(LoopObserver observer, long timeoutNanos, ReadyHandler handler)
            throws IOException {
        PollResult result = null;
        Throwable thrown = null;
        observer.pollBegins(timeoutNanos);
        try {
            observed.begin(observer, handler);
            result = run(timeoutNanos, observed, observer);
            return result;
        } catch (Throwable e) {
            thrown = e;
            throw e;
        } finally {
            observed.end();
            observer.pollEnded(result, thrown);
        }
    }

    /**
     * @param handler null: the batch is to be filled
     * @param observer null: there is none
     */
    private PollResult run(long timeoutNanos, ReadyHandler handler, LoopObserver observer)
            throws IOException {
        registrar.requireOpen("poll");
        abandon();
        pending.dropIfCancelledOut(); // after the CAS of enter
        boolean again = delivery.beginPoll();
        boolean woken = isWakeupAsked();
        if (delivery.events.hasNext()) {
            if (handler == null && batch.fill(again, false)) {
                return batch.reasonLater(woken);
            }
            if (handler != null && delivery.deliver(handler, again)) {
                return reason(woken, true);
            }
        }
        boolean bounded = timeoutNanos != 0 && timeoutNanos != Driver.FOREVER;
        long deadline = bounded ? Deadline.after(System.nanoTime(), timeoutNanos) : 0;
        long left = woken || again ? 0 : timeoutNanos;
        while (true) {
            int rc = observer == null ? await(left) : await(left, observer);
            if (rc < 0 && rc != -errno.EINTR) {
                throw PolluxException.of(errno, "poll", -1, "poll", -rc);
            }
            woken = isWakeupAsked(); // its signal may still be on its way: that hurts nobody
            registrar.requireOpen("poll");
            boolean delivered = (rc > 0 || again) && deliverAll(handler, again, observer);
            if (handler == null && delivered) {
                return batch.reasonLater(woken);
            }
            PollResult reason = reason(woken, delivered);
            if (reason != null) {
                return reason;
            }
            if (timeoutNanos == Driver.FOREVER) {
                left = timeoutNanos;
            } else if (bounded) {
                left = Deadline.remaining(System.nanoTime(), deadline);
            }
            if (left == 0 && rc != -errno.EINTR) {
                return PollResult.TIMEOUT;
            }
        }
    }

    private boolean isWakeupAsked() {
        return (boolean) WAKEUP_ASKED.getVolatile(this); // not before waiting was written
    }

    /** Why to end now; null if nothing has happened but, maybe, that the time is over. */
    PollResult reason(boolean woken, boolean delivered) {
        if (woken) {
            // A wakeup that comes before this is one with those before; a later one is new.
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

    private int await(long timeoutNanos, LoopObserver observer) {
        long nanos = observer.atMost(timeoutNanos);
        observer.waitBegins(nanos);
        int rc = await(nanos);
        observer.waitEnded(rc, nanos);
        return rc;
    }

    /** What the wait has found, and what is to be delivered again. */
    private boolean deliverAll(ReadyHandler handler, boolean again, LoopObserver observer)
            throws IOException {
        if (handler == null) {
            return batch.fill(again, true);
        }
        if (observer == null) {
            return delivery.deliverAll(handler, again);
        }
        observer.batchBegins();
        try {
            return delivery.deliverAll(handler, again);
        } finally {
            observer.batchEnded();
        }
    }

    private int await(long timeoutNanos) {
        delivery.beginWait();
        if (timeoutNanos == 0) {
            return ask(0);
        }
        long nanos = timeoutNanos;
        if (spin.isOn() && !VirtualThreads.isCurrent()) {
            int found = spin.look(this, nanos);
            nanos = spin.left();
            if (found != 0 || nanos == 0) {
                return found;
            }
        }
        WAITING.setVolatile(this, true); // stays so if what follows throws: a signal too many
        int rc;
        if (isWakeupAsked() || registrar.isClosed()) {
            rc = ask(0);
        } else if (VirtualThreads.isCurrent()) {
            rc = virtual.await(this, nanos);
        } else {
            rc = awaitInKernel(nanos);
        }
        WAITING.setRelease(this, false);
        return rc;
    }

    /** By this thread, whatever it is. */
    int awaitInKernel(long timeoutNanos) {
        interruption.watch(); // runs foreign code: not with changes held
        try {
            return ask(timeoutNanos);
        } finally {
            interruption.unwatch();
        }
    }

    /** One wait, and the changes that are pending with it. */
    private int ask(long timeoutNanos) {
        try {
            pending.handOver(driver, delivery.events, delivery.wait);
            int rc =
                    timeoutNanos == 0 && !VirtualThreads.isCurrent()
                            ? driver.look(delivery.events)
                            : driver.poll(timeoutNanos, delivery.events);
            if (!pending.isEmpty()) {
                pending.made();
            }
            return rc;
        } catch (Throwable e) { // no memory, no stack
            abandonDue = true;
            abandon();
            throw e;
        }
    }

    /** Where there is no stack for this either, it is done with less of it in use. */
    private void abandon() {
        if (abandonDue) {
            pending.abandon(driver);
            abandonDue = false;
        }
    }

    /** Whether there is no reason to wait any more. */
    boolean isToEnd() {
        return isWakeupAsked() || registrar.isClosed() || Thread.currentThread().isInterrupted();
    }

    // ---- any thread

    /**
     * Leaves a change for the next wait, where that may be: in a handler, or while nobody polls.
     * Otherwise it is to be made at once, and this returns false.
     */
    boolean addPending(FdKey key, int want) {
        boolean pending = tryPending(key, want);
        LoopObserver observer = observers.now;
        if (pending && observer != null) {
            observer.pending(key);
        }
        return pending;
    }

    private boolean tryPending(FdKey key, int want) {
        if (nested) {
            return false;
        }
        if (isPollingThread()) {
            pending.add(key, want);
            return true;
        }
        if (!STATE.compareAndSet(this, IDLE, CHANGING)) {
            return false;
        }
        try {
            pending.add(key, want); // nobody polls, and nobody begins to before this is over
        } finally {
            STATE.setRelease(this, IDLE);
        }
        if (nested) {
            open.signal(); // nest() was called since: it may have looked too early to do so
        }
        return true;
    }

    /**
     * Forgets a pending change of a registration that has ended, so that its key is not kept. Where
     * it cannot, another thread polls, and sends what is pending before it waits again.
     */
    void cancelPending(FdKey key) {
        if (isPollingThread()) {
            pending.remove(key);
        } else if (key.pendingAt != 0 && STATE.compareAndSet(this, IDLE, CHANGING)) {
            pending.remove(key);
            STATE.setRelease(this, IDLE);
        }
    }

    /** Only this thread can have put itself there. */
    boolean isPollingThread() {
        return (Object) STATE.getAcquire(this) == Thread.currentThread();
    }

    /** Before a registration waits for {@link Interest#PRIORITY}. */
    void beforePriority(int fd) {
        virtual.beforePriority(fd);
    }

    /** From now on somebody may wait on the driver's own descriptor: nothing is left pending. */
    void nest() {
        boolean first = !nested;
        nested = true; // before the look for a wakeup, which is asked for before the look at this
        boolean any = isWakeupAsked();
        if (STATE.compareAndSet(this, IDLE, CHANGING)) {
            any |= delivery.hasMore() || !pending.isEmpty();
            STATE.setRelease(this, IDLE);
        } else {
            any |= first; // a poll that is leaving may have looked too early
        }
        if (any) {
            open.signal(); // whoever watches the descriptor polls, which sends and reports them
        }
    }

    /** Who polls at the moment, for people; without a lock. */
    String describe() {
        Object now = (Object) STATE.getAcquire(this);
        String who =
                now instanceof Thread thread
                        ? "polled by thread \"" + thread.getName() + "\""
                        : "nobody polls";
        return who + (isWakeupAsked() ? ", a wakeup is pending" : "");
    }

    void wakeup() {
        boolean first = WAKEUP_ASKED.compareAndSet(this, false, true);
        if (first) {
            boolean signalled = false;
            try {
                if (isToBeSignalled()) {
                    open.signal();
                }
                signalled = true;
            } finally {
                if (!signalled) { // no stack: the next call is to signal
                    WAKEUP_ASKED.setVolatile(this, false);
                }
            }
        }
        LoopObserver observer = observers.now;
        if (observer != null) {
            observer.wakeup(first);
        }
    }

    /** Whether somebody may be waiting who has not seen what the caller has just written. */
    boolean isToBeSignalled() {
        return (boolean) WAITING.getVolatile(this) || nested;
    }

    /** Counts from now on; from 0 if it was counting. */
    synchronized void startCounting(boolean times) {
        var fresh = new Counting(times, pending);
        observers.replace(counting, fresh);
        counting = fresh;
    }

    Counters counters() {
        Counting now = counting;
        if (now == null) {
            throw new IllegalStateException(
                    "counters: nothing has been counted; call startCounting first");
        }
        return now.snapshot(pending, registrar.size());
    }

    /** Whether it is open: then this is run when it is closed, also by the cleaner. */
    boolean whenClosed(Runnable action) {
        return open.whenClosed(action);
    }

    void close() {
        synchronized (registrar.lock) {
            if (registrar.isClosed()) {
                return;
            }
            closer = Thread.currentThread();
            registrar.close();
            if (isToBeSignalled()) {
                driver.signal();
            }
        }
        if (isPollingThread()) {
            closeOnLeaving = true;
            return;
        }
        boolean interrupted = false; // must not make the parking below a spinning
        while (!STATE.compareAndSet(this, IDLE, RELEASED)) {
            LockSupport.parkNanos(this, 1_000_000); // a poll that is about to leave unparks
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        release();
    }

    private void release() {
        synchronized (registrar.lock) {
            open.close();
            registrar.endAll();
        }
        closer = null;
        STATE.setVolatile(this, RELEASED);
        open.runWhenClosed();
        Recorder.remove(recording);
    }
}
