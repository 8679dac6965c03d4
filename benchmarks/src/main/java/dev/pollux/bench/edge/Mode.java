package dev.pollux.bench.edge;

import dev.pollux.Backend;
import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;

/** How a server listens to its connections, with what belongs to it. */
public enum Mode {
    /** The habit of most servers; the others are compared with it. */
    LEVEL_ONCE(Trigger.LEVEL, "LEVEL, one read an event"),

    /** Tells what the reading on is worth, and so what of EDGE's gain is the trigger's. */
    LEVEL_SHORT(Trigger.LEVEL, "LEVEL until a short read"),

    EDGE_EAGAIN(Trigger.EDGE, "EDGE until EAGAIN"),

    /** The shortcut of {@code man 7 epoll}, question 9: a stream that gives less has no more. */
    EDGE_SHORT(Trigger.EDGE, "EDGE until a short read"),

    /** As the first and the last of these, to tell what the backend does. */
    URING_LEVEL_ONCE(Trigger.LEVEL, "uring: LEVEL, one read an event", Backend.URING),

    URING_EDGE_SHORT(Trigger.EDGE, "uring: EDGE until a short read", Backend.URING);

    /** For charts and tables. */
    public final String text;

    public final Trigger trigger;

    private final Backend backend; // null: the best that works here

    Mode(Trigger trigger, String text) {
        this(trigger, text, null);
    }

    Mode(Trigger trigger, String text, Backend backend) {
        this.trigger = trigger;
        this.text = text;
        this.backend = backend;
    }

    /** Why it cannot be had here; null if it can. */
    public String unavailableBecause() {
        return backend == null ? null : backend.unavailableBecause();
    }

    /** A selector to listen with. */
    FdSelector open() throws PolluxException {
        return backend == null ? DefaultSelector.open() : FdSelector.open(backend);
    }

    /** Whether to read again. */
    boolean readsOn(int got, int room) {
        return switch (this) {
            case LEVEL_ONCE, URING_LEVEL_ONCE -> false;
            case EDGE_EAGAIN -> got > 0;
            case LEVEL_SHORT, EDGE_SHORT, URING_EDGE_SHORT -> got == room;
        };
    }

    /** LEVEL would be reported by every poll that it can write; EDGE asks once and for all. */
    Interest interest(boolean stuck) {
        return trigger == Trigger.EDGE || stuck
                ? Interest.READ.plus(Interest.WRITE)
                : Interest.READ;
    }
}
