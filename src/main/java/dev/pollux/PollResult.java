package dev.pollux;

/**
 * Why a poll ended. When several reasons meet, the first of {@link #INTERRUPT}, {@link #WAKEUP},
 * {@link #EVENTS}, {@link #TIMEOUT} is returned; the events that were there have been handled in
 * any case.
 *
 * <pre>{@code
 * switch (selector.poll(1, TimeUnit.SECONDS, handler)) {
 *     case EVENTS -> { }
 *     case WAKEUP -> runTasks();
 *     case TIMEOUT -> closeIdlePeers();
 *     case INTERRUPT -> running = false;
 * }
 * }</pre>
 */
public enum PollResult {
    /** The handler was called at least once. */
    EVENTS,

    /** The time is over and the handler was not called. */
    TIMEOUT,

    /** {@link FdSelector#wakeup()} was called. The handler may have been called, too. */
    WAKEUP,

    /**
     * The thread is interrupted; its interrupt status stays set. The handler may have been called,
     * too. A wakeup that came at the same time is used up.
     */
    INTERRUPT
}
