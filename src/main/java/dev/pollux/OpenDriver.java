package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.sys.Syscalls;
import dev.pollux.sys.jfr.Recorder;
import java.lang.ref.Cleaner;

/**
 * A driver that is open. Any thread signals it, until it is closed: once, by its selector, or by a
 * cleaner when that became unreachable without having been closed. It does not hold the selector.
 */
final class OpenDriver implements Runnable {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final Runnable RECORDER_CLOSED = () -> Recorder.closed(CLEANER);

    /** A stack takes a tenth of an opening, and more where it is deep: see {@link #stack}. */
    private static final int WITH_STACK = 1_000;

    private static final int ONE_IN = 16;
    private static final String NOT_KEPT =
            " (of so many, the place is kept of one in 16, and of each with -Dpollux.strict=true)";

    private static long openings; // of the process; any thread's, so about

    private final Driver driver;
    private final String name; // for people
    private final Throwable opened; // where; null: that was not kept
    private final StrictReports strict; // null: it is off
    private final WaitingThread waiting = new WaitingThread();
    private boolean closed; // guarded by this
    private Runnable whenClosed; // guarded by this; null: nothing is to be done
    private Cleaner.Cleanable cleanable;

    /**
     * @param name of the selector's backend and binding
     * @param strict null: it is off
     */
    OpenDriver(Driver driver, String name, StrictMode strict) {
        this.driver = driver;
        this.name = name;
        this.strict = strict == null ? null : new StrictReports(strict);
        this.opened = stack(strict != null);
    }

    /**
     * Where a selector is opened: of the first thousand always, then of one in sixteen. Whoever
     * opens so many opens them at the same few places.
     */
    private static Throwable stack(boolean always) {
        long number = openings++;
        boolean kept = always || number < WITH_STACK || number % ONE_IN == 0;
        return kept ? new Throwable("the selector was opened here") : null;
    }

    /** A driver, with the facade's errors. */
    private static Driver open(Backend backend, Syscalls sys) throws PolluxException {
        try {
            return backend.open(sys);
        } catch (Driver.OpenFailed e) {
            String call = "open(" + backend + "): " + e.call;
            PolluxException why =
                    e.advice == null
                            ? PolluxException.of(sys.errno(), "open", -1, call, e.errno)
                            : new PolluxException.Unsupported(
                                    "open",
                                    -1,
                                    e.errno,
                                    "open(" + backend + "): " + e.getMessage());
            why.initCause(e);
            throw why;
        }
    }

    /**
     * A selector on one.
     *
     * @param strict null: it is off
     */
    static FdSelector selector(Backend backend, Syscalls sys, StrictMode strict)
            throws PolluxException {
        Driver driver = open(backend, sys);
        FdSelector selector = null;
        try {
            BusyPolling.set(backend, driver);
            selector = new FdSelector(backend, driver, strict);
            return selector;
        } finally {
            if (selector == null) {
                driver.close(); // a property that is refused; or no memory
            }
        }
    }

    /** {@code EPOLL/jni} */
    String name() {
        return name;
    }

    /** In strict mode, before anything is registered. */
    void observe(Registrar registrar) {
        if (strict != null) {
            registrar.observers.add(new Strict(driver, registrar, strict));
        }
    }

    /** From now on the driver is closed when this selector is unreachable. */
    void closeWithout(FdSelector selector) {
        whenClosed = RECORDER_CLOSED;
        Recorder.opened();
        boolean registered = false;
        try {
            cleanable = CLEANER.register(selector, this); // last
            registered = true;
        } finally {
            if (!registered) { // no memory
                Recorder.closed(CLEANER);
            }
        }
    }

    /** With the lock held, so that nothing is written to a number that is another's by now. */
    synchronized void signal() {
        if (!closed) {
            driver.signal();
        }
    }

    /** Closes it; the cleaner has nothing left to do. */
    void close() {
        closeOnce();
        cleanable.clean();
    }

    /** Whether it is open still: then this is run once it is closed, by whomever. */
    synchronized boolean whenClosed(Runnable action) {
        if (closed) {
            return false;
        }
        Runnable before = whenClosed;
        whenClosed = before == null ? action : () -> runBoth(before, action);
        return true;
    }

    private static void runBoth(Runnable first, Runnable second) {
        try {
            first.run();
        } finally {
            second.run();
        }
    }

    /** Runs what is to be run once it is closed: foreign code, so without a lock. */
    void runWhenClosed() {
        Runnable action;
        synchronized (this) {
            action = whenClosed;
            whenClosed = null;
        }
        if (action != null) {
            action.run();
        }
    }

    /** The thread that waits for virtual ones; it ends with the driver. */
    WaitingThread waiting() {
        return waiting;
    }

    private boolean closeOnce() {
        waiting.end(); // nobody polls any more
        synchronized (this) {
            if (closed) {
                return false;
            }
            closed = true;
            driver.close();
            return true;
        }
    }

    /** Called by the cleaner; by {@link #close} too, when there is nothing to do any more. */
    @Override
    public void run() {
        if (closeOnce()) {
            System.Logger log = System.getLogger(FdSelector.class.getName());
            log.log(
                    System.Logger.Level.WARNING,
                    "a selector ("
                            + name
                            + ") became unreachable without having been closed; its descriptors are"
                            + " released now: close() it where it was opened"
                            + (opened == null ? NOT_KEPT : ""),
                    opened);
            if (strict != null) {
                strict.unreachable("a selector (" + name + ")", opened);
            }
            runWhenClosed();
        }
    }
}
