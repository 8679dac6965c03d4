package dev.pollux;

/**
 * What a poll without a handler has found, event after event: for loops with local variables. The
 * poll goes on until {@link #next} has returned false, or {@link #close}; all that is said of a
 * {@link ReadyHandler} and of what it may do holds for the body of such a loop. One object for each
 * selector, which every poll returns again; nothing is allocated.
 *
 * <pre>{@code
 * PollResult result;
 * int drained = 0; // no field, no array of one
 * do {
 *     try (ReadyBatch batch = selector.poll(1, TimeUnit.SECONDS)) {
 *         while (batch.next()) {
 *             drained += drain(batch.key()) ? 1 : 0;
 *         }
 *         result = batch.result();
 *     }
 * } while (result != PollResult.INTERRUPT);
 * }</pre>
 *
 * <p>An event is done when the next one is asked for. A body that is left before, by an exception
 * or a {@code break}, leaves its event to the next poll, as a handler that throws does, and what
 * comes after it in the batch as well; so it may find nothing to do then.
 *
 * <p>Used by the thread that has polled. Until the end of the batch nobody else polls this
 * selector, and its {@link FdSelector#close} by another thread waits: write {@code try}.
 */
public final class ReadyBatch implements AutoCloseable {
    private final PollLoop loop;
    private final Delivery delivery;
    private final Registrar registrar;

    /** The polling thread's, as all that follows. */
    private boolean open;

    private boolean again; // there is something to be delivered again
    private boolean waited; // it is what a wait has found; otherwise what an earlier poll has left
    private FdKey ahead; // the first one, which the poll has taken to see that there is one
    private FdKey key; // of the event that is under way; null: none
    private int bits; // of either
    private boolean woken; // a wakeup had been asked for when it was filled
    private PollResult result; // at its end
    private LoopObserver observer; // null: there is none

    ReadyBatch(PollLoop loop, Delivery delivery, Registrar registrar) {
        this.loop = loop;
        this.delivery = delivery;
        this.registrar = registrar;
    }

    // ---- what the poll does

    /** A poll begins, with nothing found. */
    void reset() {
        ahead = null;
        waited = false;
        woken = false;
    }

    /** Looks whether there is an event, which is the first one then. */
    boolean fill(boolean again, boolean waited) {
        this.again = again;
        this.waited = waited;
        ahead = take();
        return ahead != null;
    }

    /** There are events: why the poll ends shows at its end. */
    PollResult reasonLater(boolean woken) {
        this.woken = woken;
        return PollResult.EVENTS;
    }

    /** From here on it is its caller's. */
    void begin(PollResult result, LoopObserver observer) {
        if (observer != null && waited) {
            observer.batchBegins();
        }
        this.result = result;
        this.observer = observer;
        open = true;
    }

    /** The poll has failed: the event that was taken already is delivered again. */
    void abandon() {
        if (ahead != null) {
            delivery.failed.add(ahead, bits);
            ahead = null;
        }
    }

    // ---- what its caller does

    /**
     * Goes on to the next event; the one before is done.
     *
     * @return false: there is none, and the poll is over
     * @throws PolluxException.Closed if the selector was closed meanwhile; the poll is over
     * @throws IllegalStateException if another thread has polled
     */
    public boolean next() throws PolluxException {
        if (!isOpen()) {
            return false;
        }
        boolean more = false;
        try {
            observeDone();
            key = null;
            registrar.requireOpen("poll");
            key = first();
            if (key == null) {
                result = result == PollResult.EVENTS ? loop.reason(woken, true) : result;
                return false;
            }
            if (observer != null) {
                observer.delivering(key, Delivery.words(bits));
            }
            more = true;
            return true;
        } finally {
            if (!more) {
                end();
            }
        }
    }

    /**
     * {@return the registration of this event} It is {@linkplain FdKey#isValid() invalid} as {@link
     * ReadyHandler#onReady} says.
     *
     * @throws IllegalStateException if {@link #next} has not returned true
     */
    public FdKey key() {
        requireEvent();
        return key;
    }

    /**
     * {@return what it is ready for}
     *
     * @throws IllegalStateException if {@link #next} has not returned true
     */
    public Ready ready() {
        requireEvent();
        return Delivery.words(bits);
    }

    /**
     * {@return why the poll has ended} There may be events, whatever it is; after {@link
     * PollResult#EVENTS} there is none only if another thread has just unregistered it. Before the
     * end: what it is if nothing else happens. If the batch is closed before its end, the next poll
     * reports the wakeup or the interrupt again.
     */
    public PollResult result() {
        if (!open) {
            return result;
        }
        if (Thread.currentThread().isInterrupted()) {
            return PollResult.INTERRUPT;
        }
        return woken ? PollResult.WAKEUP : result;
    }

    /**
     * Ends the poll. The events that are left are the next poll's, and so is the one that is under
     * way. Does nothing after {@link #next} has returned false, or has thrown.
     *
     * @throws IllegalStateException if another thread has polled
     */
    @Override
    public void close() {
        if (!isOpen()) {
            return;
        }
        try {
            observeDone();
        } finally {
            end();
        }
    }

    private boolean isOpen() {
        if (open && !loop.isPollingThread()) {
            throw new IllegalStateException("batch: it is of a poll of another thread");
        }
        return open;
    }

    private void requireEvent() {
        if (key == null) {
            throw new IllegalStateException("batch: no event is under way; next() comes first");
        }
    }

    private void observeDone() {
        if (key != null && observer != null) {
            observer.delivered(key, Delivery.words(bits));
        }
    }

    /** The one ahead, if it still is an event; otherwise the next. */
    private FdKey first() {
        FdKey first = ahead;
        if (first == null) {
            return take();
        }
        ahead = null;
        bits = Delivery.due(first, bits); // another thread may have ended it
        return bits != 0 ? first : take();
    }

    private FdKey take() {
        FdKey next = delivery.next(again);
        if (next == null && again && waited) {
            next = delivery.nextFailed();
        }
        if (next != null) {
            bits = delivery.ready;
        }
        return next;
    }

    /** An event that was taken and is not done is delivered again. */
    private void end() {
        Object me = loop.state;
        FdKey undone = key != null ? key : ahead;
        LoopObserver observing = observer;
        key = null;
        ahead = null;
        observer = null;
        result = result();
        open = false;
        try {
            if (undone != null) {
                delivery.failed.add(undone, bits);
            }
            if (observing != null) {
                if (waited) {
                    observing.batchEnded();
                }
                observing.pollEnded(result, null);
            }
        } finally {
            try {
                loop.leave();
            } catch (Throwable e) { // no stack, maybe not for one call
                if (loop.state == me) {
                    loop.state = PollLoop.IDLE; // as at the end of a poll with a handler
                }
                throw e;
            }
        }
    }
}
