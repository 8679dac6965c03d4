package dev.pollux;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits in the kernel for a virtual thread, which parks meanwhile and so gives its carrier to
 * others. One platform thread of the selector's own, started at the first such wait and ended with
 * the selector. While nobody polls it holds nothing of the selector.
 */
final class WaitingThread implements Runnable {
    /** What is done by the thread: a wait for so long. */
    @FunctionalInterface
    interface Wait {
        int await(long timeoutNanos);
    }

    private Thread thread; // the polling thread's, and end's
    private volatile boolean ended;

    /** Not null from the moment it is asked for until it is over; publishes what follows. */
    private volatile Wait wait;

    private long timeoutNanos;
    private Thread asking;
    private int result;
    private Throwable thrown;

    /** Starts the thread, if it has not; false where the system has none left. */
    boolean start() {
        if (thread == null || !thread.isAlive()) {
            var fresh = new Thread(null, this, "pollux-wait", 0, false);
            fresh.setDaemon(true);
            fresh.setContextClassLoader(null); // it may outlive the application that started it
            try {
                fresh.start();
            } catch (OutOfMemoryError e) {
                return false; // no thread: the caller waits by itself
            }
            thread = fresh;
        }
        return true;
    }

    /**
     * Has the thread wait, and parks until it has. An interrupt signals, so that the wait ends; its
     * status is set again in the end.
     */
    int await(Wait what, long nanos, OpenDriver open) {
        timeoutNanos = nanos;
        asking = Thread.currentThread();
        wait = what;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        Throwable here = null; // no stack, or no memory, to park: the wait is to end
        while (wait != null) { // until then all that it uses is the thread's
            try {
                if (here == null) {
                    LockSupport.park(this);
                }
                if (here != null || Thread.interrupted()) { // which could not park any more
                    interrupted |= here == null;
                    open.signal();
                }
            } catch (Throwable e) {
                here = e;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Throwable failure = here != null ? here : thrown;
        thrown = null;
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (RuntimeException) failure; // the drivers declare no others
        }
        return result;
    }

    @Override
    public void run() {
        while (!ended) {
            if (wait == null) {
                LockSupport.park(this);
                Thread.interrupted(); // it is nobody's to interrupt, and could not park any more
            } else {
                waitOnce();
            }
        }
    }

    /** In a frame of its own, which holds nothing when it is over. */
    private void waitOnce() {
        try {
            result = wait.await(timeoutNanos);
        } catch (Throwable e) {
            thrown = e;
        }
        Thread waiting = asking;
        asking = null;
        wait = null;
        while (!unpark(waiting)) {
            Thread.yield();
        }
    }

    /** Whether it could: to continue a virtual thread may take memory. */
    private static boolean unpark(Thread waiting) {
        try {
            LockSupport.unpark(waiting);
            return true;
        } catch (OutOfMemoryError | RejectedExecutionException e) {
            return false;
        }
    }

    /** Ends the thread, if there is one, and waits until it has ended. Nobody polls any more. */
    void end() {
        ended = true;
        if (thread == null) {
            return;
        }
        LockSupport.unpark(thread);
        join(thread);
    }

    /** Until it has ended, whoever interrupts; the interrupt is set again in the end. */
    static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
