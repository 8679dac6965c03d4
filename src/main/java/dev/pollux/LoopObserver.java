package dev.pollux;

/**
 * What observes a selector for people: counters, strict mode, a recorder. {@link Observers} has
 * those that are on. The loop calls them; they change nothing, and throw nothing but for want of
 * memory or stack. Those that say so are called by any thread, the others by the polling thread.
 */
abstract class LoopObserver {

    /** {@code timeoutNanos}: as of {@link dev.pollux.driver.Driver#poll}, here and below. */
    void pollBegins(long timeoutNanos) {}

    /** Before a handler is called, or its counterpart in a loop over a batch begins. */
    void delivering(FdKey key, Ready ready) {}

    /** It has returned, or thrown. */
    void delivered(FdKey key, Ready ready) {}

    /**
     * For how long the wait that is about to begin may take; called before {@link #waitBegins}, and
     * for foreign code as good as a handler. What is left to wait is waited for afterwards.
     */
    long atMost(long timeoutNanos) {
        return timeoutNanos;
    }

    /** Not called for what was left of a batch: that needs no wait. */
    void waitBegins(long timeoutNanos) {}

    /**
     * @param rc how many events there are, or a negated error number
     */
    void waitEnded(int rc, long timeoutNanos) {}

    /** What the wait has found is delivered, and after it what is to be delivered again. */
    void batchBegins() {}

    /** It is all delivered, or a handler has thrown. */
    void batchEnded() {}

    /**
     * @param result null: {@code thrown} was
     */
    void pollEnded(PollResult result, Throwable thrown) {}

    /** Any thread's. {@code first}: none was pending. */
    void wakeup(boolean first) {}

    /**
     * About to be registered: nothing can be reported of it yet. It may still be refused. Any
     * thread's, under the registrar's lock: no foreign code.
     */
    void adding(FdKey key) {}

    /**
     * Registered. Any thread's, after the lock; the polling thread may be ahead.
     *
     * @param old the registration that the number had until now; its descriptor was closed, and it
     *     is dropped. Mostly null
     */
    void added(FdKey key, FdKey old) {}

    /** Changed at once. Any thread's, after the lock. */
    void modified(FdKey key) {}

    /** A change is pending: sent with the next wait. Any thread's. */
    void pending(FdKey key) {}

    /**
     * Unregistered. Any thread's, after the lock.
     *
     * @param wasOpen false: its descriptor was found closed
     */
    void removed(FdKey key, boolean wasOpen) {}

    /**
     * A change was refused, mostly because its descriptor is closed. Any thread's, after the lock.
     *
     * @param why null: it is reported as an event, and the key is invalid
     */
    void refused(FdKey key, PolluxException why) {}
}
