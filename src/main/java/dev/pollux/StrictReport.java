package dev.pollux;

import java.util.Objects;

/**
 * One fault that strict mode has found; see {@link StrictMode}.
 *
 * <pre>{@code
 * var strict = new StrictMode(report -> {
 *     System.err.println(report.kind() + ": " + report.message());
 *     report.registered().printStackTrace();
 * });
 * }</pre>
 *
 * @param kind what is wrong
 * @param key the registration; null for a selector that became unreachable
 * @param fd its descriptor; -1 for the selector itself
 * @param message for people: what was seen, and what to do about it
 * @param registered with the stack of where it was registered, or the selector opened
 */
public record StrictReport(Kind kind, FdKey key, int fd, String message, Throwable registered) {

    /** What strict mode knows to find. */
    public enum Kind {
        /**
         * Under {@link Trigger#EDGE} the handler has left something unread, and nothing reports it
         * again; or a descriptor with nothing but WRITE interest writable, which is sure to be
         * reported again only after a write that would block.
         */
        UNDRAINED_EDGE,

        /**
         * Under {@link Trigger#LEVEL} every wait reports it, and nobody reads, modifies or
         * unregisters: data, a hang-up, an error.
         */
        SPINNING,

        /** Under {@link Trigger#LEVEL} every wait reports WRITE, and nobody writes. */
        WRITE_KEPT,

        /** {@link Trigger#ONESHOT} has fired, there is more to read, and nobody re-arms it. */
        ONESHOT_NOT_REARMED,

        /** It is ready, and the kernel does not report it. */
        NEVER_REPORTED,

        /** The descriptor was closed while it was registered; the number may be another file's. */
        CLOSED,

        /** A read or write of it may block the loop: {@code O_NONBLOCK} is not set. */
        BLOCKING,

        /** A handler has held the loop for longer than {@link StrictMode#handlerLimit}. */
        SLOW_HANDLER,

        /** A selector that nobody closed, or what was registered with it, is garbage. */
        UNREACHABLE
    }

    /**
     * Made by strict mode; by a test of a listener, too.
     *
     * @param kind what is wrong
     * @param key the registration; null if the selector itself is meant
     * @param fd its descriptor, which may be another file's by now; -1 without one
     * @param message what is wrong and what to do about it, in one line
     * @param registered where it was registered, or opened
     */
    public StrictReport {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(message, "message");
        Objects.requireNonNull(registered, "registered");
    }
}
