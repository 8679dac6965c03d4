package dev.pollux;

import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.util.Objects;

/**
 * Moves bytes between two descriptors, in both directions or in one, as a proxy does. On Linux they
 * stay in the kernel, {@code man 2 splice}; where that is refused they are read and written.
 *
 * <p>It takes no more from one than the other accepts: the sender is held up, as without a relay.
 * The end of one direction is passed on as {@link FdSocket#shutdownOutput}, and the other direction
 * goes on. When both have ended, or one has failed, both descriptors are closed.
 *
 * <p>It is registered with a selector and is the attachment of both keys: the handler of that
 * selector hands it what is reported.
 *
 * <pre>{@code
 * int other = Fd.socketpair()[0];
 * Relay.start(selector, fd, other, relay -> System.out.println(relay.movedThere() + " bytes"));
 * ReadyHandler dispatch = (key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready);
 * while (selector.poll(dispatch) != PollResult.INTERRUPT) { }
 * }</pre>
 *
 * <p>Each direction has a pipe of its own, two descriptors. All is the business of the thread that
 * polls; it may be started by any. Nothing allocates between the start and the end.
 */
public final class Relay implements ReadyHandler {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    /** What to do when a relay is over. */
    @FunctionalInterface
    public interface End {
        /**
         * Both descriptors are closed. Called by the thread that polls, once.
         *
         * @param relay the one that is over; see {@link Relay#failure}
         * @throws IOException passed on to the caller of {@code poll}
         */
        void onEnd(Relay relay) throws IOException;
    }

    private final FdSelector selector;
    private final Trigger trigger;
    private final Flow there;
    private final Flow back; // null: one way
    private final End end;
    private FdKey first;
    private FdKey second;
    private volatile boolean started; // both are registered
    private boolean over;
    private PolluxException failure;

    private Relay(FdSelector selector, Flow there, Flow back, End end) {
        this.selector = selector;
        this.trigger = selector.supports(Trigger.EDGE) ? Trigger.EDGE : Trigger.ONESHOT;
        this.there = there;
        this.back = back;
        this.end = end;
    }

    /**
     * Starts one in both directions. From now on the two belong to it; it makes them non-blocking.
     *
     * @param selector that reports them
     * @param first a descriptor to read and to write, not registered there
     * @param second another one
     * @param end what to do when it is over
     * @return the relay
     * @throws PolluxException as {@link FdSelector#register} and {@link Fd#pipe}; both descriptors
     *     are still the caller's, and not registered
     */
    public static Relay start(FdSelector selector, int first, int second, End end)
            throws PolluxException {
        return start(selector, first, second, true, end);
    }

    /**
     * As {@link #start(FdSelector, int, int, End)}, in one direction: over when the source has
     * ended and all of it is written. What comes from the target is not read: a connection is reset
     * when it is closed with bytes unread.
     *
     * @param selector that reports them
     * @param from a descriptor to read
     * @param to a descriptor to write
     * @param end what to do when it is over
     * @return the relay
     * @throws PolluxException as there
     */
    public static Relay startOneWay(FdSelector selector, int from, int to, End end)
            throws PolluxException {
        return start(selector, from, to, false, end);
    }

    private static Relay start(FdSelector selector, int first, int second, boolean both, End end)
            throws PolluxException {
        Objects.requireNonNull(selector, "selector");
        Objects.requireNonNull(end, "end");
        Syscalls sys = Native.callsOnDescriptor("relay", true);
        Native.callsOnDescriptor("relay", false);
        Fd.setNonBlocking(first, true);
        Fd.setNonBlocking(second, true);
        Flow there = new Flow(sys, first, second);
        Flow back = null;
        boolean started = false;
        try {
            back = both ? new Flow(sys, second, first) : null;
            var relay = new Relay(selector, there, back, end);
            relay.register();
            started = true;
            return relay;
        } finally {
            if (!started) {
                there.release();
                if (back != null) {
                    back.release();
                }
            }
        }
    }

    /** What another thread is handed meanwhile waits for the end of this. */
    private synchronized void register() throws PolluxException {
        first = selector.register(there.from, back == null ? Interest.READ : BOTH, trigger, this);
        boolean registered = false;
        try {
            second =
                    selector.register(
                            there.to, back == null ? Interest.WRITE : BOTH, trigger, this);
            registered = true;
        } finally {
            if (!registered) {
                selector.unregister(first);
            }
        }
        started = true;
    }

    /** Not if the second one was refused: then both are the caller's, and no byte is moved. */
    private synchronized boolean hasStarted() {
        return started;
    }

    /** {@return how many bytes have gone from the first descriptor to the second} */
    public long movedThere() {
        return there.moved;
    }

    /** {@return how many bytes have gone from the second descriptor to the first} */
    public long movedBack() {
        return back == null ? 0 : back.moved;
    }

    /** {@return whether it is over, and both descriptors are closed} */
    public boolean isOver() {
        return over;
    }

    /** {@return what it failed by; null if it has not, or both directions ended} */
    public PolluxException failure() {
        return failure;
    }

    /**
     * Moves what can be moved. For the handler of the selector.
     *
     * @param key one of the two
     * @param ready what was reported of it
     * @throws IOException from {@link End#onEnd}, or from closing the descriptors
     */
    @Override
    public void onReady(FdKey key, Ready ready) throws IOException {
        if (!started && !hasStarted() || over) {
            return;
        }
        try {
            boolean isFirst = key == first;
            turn(there, isFirst ? ready.isReadable() : there.state == Flow.WANTS_WRITE);
            turn(back, isFirst ? isWaitingToWrite(back) : ready.isReadable());
            if (there.state == Flow.OVER && (back == null || back.state == Flow.OVER)) {
                close();
                return;
            }
            if (trigger == Trigger.EDGE) {
                again(there, first);
                again(back, second);
            } else {
                rearm(first, there, back);
                rearm(second, back, there);
            }
        } catch (PolluxException e) {
            failure = e;
            close();
        }
    }

    private static boolean isWaitingToWrite(Flow flow) {
        return flow != null && flow.state == Flow.WANTS_WRITE;
    }

    private static void turn(Flow flow, boolean isReady) throws PolluxException {
        if (flow != null && (isReady || flow.state == Flow.WANTS_TURN)) {
            flow.move();
        }
    }

    /** Under EDGE what was not read to the end would not be reported again. */
    private void again(Flow flow, FdKey source) throws PolluxException {
        if (flow != null && flow.state == Flow.WANTS_TURN) {
            selector.modify(source, source.interest());
        }
    }

    /**
     * What one of the two is to be reported for next: nothing, if both directions wait for the
     * other.
     */
    private void rearm(FdKey key, Flow out, Flow in) throws PolluxException {
        boolean reads =
                out != null && (out.state == Flow.WANTS_READ || out.state == Flow.WANTS_TURN);
        boolean writes = isWaitingToWrite(in);
        if (reads || writes) {
            selector.modify(key, !writes ? Interest.READ : reads ? BOTH : Interest.WRITE);
        }
    }

    /**
     * Ends it now: what has come and not gone is lost, and both descriptors are closed. Does
     * nothing when it is over. For the thread that polls; or any, once its selector is closed.
     *
     * @throws IOException from {@link End#onEnd}, or from closing the descriptors
     */
    public void close() throws IOException {
        if (over) {
            return;
        }
        over = true;
        try {
            there.release();
            if (back != null) {
                back.release();
            }
        } finally {
            try {
                closeEnd(first);
            } finally {
                try {
                    closeEnd(second);
                } finally {
                    end.onEnd(this);
                }
            }
        }
    }

    private void closeEnd(FdKey key) throws IOException {
        try {
            selector.unregisterAndClose(key);
        } catch (PolluxException.Closed e) { // which has left it open
            if (key.state != FdKey.DROPPED) { // otherwise its number may be another's
                Fd.close(key.fd());
            }
        }
    }
}
