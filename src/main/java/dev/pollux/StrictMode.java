package dev.pollux;

import dev.pollux.sys.Bindings;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Strict mode: a selector that names what is used wrongly, and what has gone wrong below it. For
 * tests, and for a bad day in production. What it finds is listed at {@link StrictReport.Kind};
 * each is named once for each registration, with the stack of where that was registered: in the log
 * of {@code dev.pollux.FdSelector}, as a warning, and to a listener. {@code docs/strict.md} says
 * what it does not name, and what it costs.
 *
 * <pre>{@code
 * var reports = new java.util.ArrayList<StrictReport>();
 * try (FdSelector selector = new StrictMode(reports::add).open()) {
 *     // ... what is to be tested
 * }
 * assert reports.isEmpty() : reports;
 * }</pre>
 *
 * <p>The system property {@code pollux.strict=true} opens every selector so, those of the java.nio
 * drop-in as well, without a listener. In strict mode a selector that became unreachable is always
 * named with the stack of its opening; otherwise that is kept of the first thousand openings of a
 * process, and then of one in sixteen.
 *
 * <p>The listener is called by the thread that polls, before a wait, or before or after a handler;
 * by the one that registers or changes something; or by the JVM's cleaner; under no lock of the
 * selector's. What it throws is logged, and nothing is lost by it.
 *
 * <p>A fault that shows in time is named when it has lasted for {@code patience}: an edge that was
 * not drained, a ONESHOT that was not re-armed, a level that spins, a key that is never reported.
 * Work on it that goes on, by whatever thread, starts that time anew, as far as the kernel shows
 * it: another number of unread bytes, a change of the registration, an event. So does a pause: what
 * takes longer than that over one message is named although nothing is wrong, unless somebody in
 * the same selector waits for WRITE, which may be why nobody reads. In between, a wait that blocks
 * is interrupted once in {@code patience}, to look at the registrations.
 *
 * @param listener gets each report; called by any thread
 * @param patience how long a fault lasts before it is named; not 0. 5 seconds if not given
 * @param handlerLimit for how long a handler may hold the loop; not 0. 5 seconds if not given
 */
public record StrictMode(
        Consumer<? super StrictReport> listener, Duration patience, Duration handlerLimit) {
    static final String PROPERTY = "pollux.strict";

    private static final Duration LONG = Duration.ofSeconds(5);
    private static final Duration EVER = Duration.ofNanos(Long.MAX_VALUE / 2);

    private static volatile StrictMode ofProperty = new StrictMode(report -> {});

    /**
     * With all that is to be said.
     *
     * @param listener gets each report; called by any thread
     * @param patience how long a fault lasts before it is named; not 0
     * @param handlerLimit for how long a handler may hold the loop; not 0
     * @throws IllegalArgumentException if a time is not positive
     */
    public StrictMode {
        Objects.requireNonNull(listener, "listener");
        requirePositive("patience", patience);
        requirePositive("handlerLimit", handlerLimit);
    }

    /**
     * With 5 seconds of patience, and for a handler.
     *
     * @param listener gets each report; called by any thread
     */
    public StrictMode(Consumer<? super StrictReport> listener) {
        this(listener, LONG, LONG);
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + "=" + duration + " is not positive");
        }
    }

    /**
     * Opens a selector, as {@link DefaultSelector#open()} does.
     *
     * @return the selector; close it
     * @throws PolluxException as there
     * @throws IllegalArgumentException as there
     */
    public FdSelector open() throws PolluxException {
        return DefaultSelector.open(this);
    }

    /**
     * Opens a selector, as {@link FdSelector#open(Backend)} does.
     *
     * @param backend the kernel interface to stand on
     * @return the selector; close it
     * @throws PolluxException as there
     * @throws IllegalArgumentException as there
     */
    public FdSelector open(Backend backend) throws PolluxException {
        return OpenDriver.selector(backend, Native.calls("open"), this);
    }

    long patienceNanos() {
        return nanos(patience);
    }

    long handlerLimitNanos() {
        return nanos(handlerLimit);
    }

    /** More than 146 years is for ever, and does not overflow. */
    private static long nanos(Duration duration) {
        return duration.compareTo(EVER) < 0 ? duration.toNanos() : EVER.toNanos();
    }

    /**
     * What the property says; null: it is off.
     *
     * @throws IllegalArgumentException if it is neither true nor false
     */
    static StrictMode ofProperty() {
        return Bindings.wish(PROPERTY) == 1 ? ofProperty : null;
    }

    /** Another one in its place: for tests, which fail by it. */
    static void ofProperty(StrictMode mode) {
        ofProperty = mode;
    }
}
