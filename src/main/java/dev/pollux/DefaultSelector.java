package dev.pollux;

import dev.pollux.sys.Privileged;
import dev.pollux.sys.Syscalls;
import java.util.Locale;

/**
 * The way in: opens a selector on the best backend that works here.
 *
 * <pre>{@code
 * try (var selector = DefaultSelector.open()) {
 *     selector.register(fd, Interest.READ, Trigger.LEVEL, null);
 *     selector.poll(1, TimeUnit.SECONDS, (key, ready) -> System.out.println(ready));
 * }
 * }</pre>
 */
public final class DefaultSelector {
    /** Names the backend to take: {@code epoll}, {@code kqueue}, {@code poll} and so on. */
    static final String PROPERTY = "pollux.backend";

    private DefaultSelector() {}

    /**
     * Opens a selector on the first {@link Backend} that works here, in the order in which they are
     * declared, {@link Backend#URING} excepted; or on the one that the system property {@code
     * pollux.backend} names.
     *
     * <p>Each selector owns one to three descriptors, closed by {@link FdSelector#close()}.
     *
     * @return the selector; close it
     * @throws PolluxException.LimitReached if there is no descriptor or no memory left
     * @throws PolluxException.Unsupported if no backend works here, or the one that is named does
     *     not; the message says why of each
     * @throws IllegalArgumentException if a property of Pollux has a value that it does not know
     */
    public static FdSelector open() throws PolluxException {
        return open(StrictMode.ofProperty());
    }

    /**
     * @param strict null: it is off
     */
    static FdSelector open(StrictMode strict) throws PolluxException {
        String name = Privileged.property(PROPERTY, "").strip();
        if (!name.isEmpty()) {
            return OpenDriver.selector(named(name), Native.calls("open"), strict);
        }
        // Without a binding no backend works: said once, not by each of them.
        return firstOn(Native.calls("open"), strict);
    }

    static FdSelector firstOn(Syscalls sys, StrictMode strict) throws PolluxException {
        var reasons = new StringBuilder();
        for (Backend backend : Backend.values()) {
            if (backend == Backend.URING) {
                continue; // for those who name it
            }
            try {
                return OpenDriver.selector(backend, sys, strict);
            } catch (PolluxException.Unsupported e) {
                reasons.append(reasons.length() == 0 ? "" : "; ").append(e.getMessage());
            }
        }
        throw new PolluxException.Unsupported(
                "open", -1, 0, "open: no backend works here: " + reasons);
    }

    private static Backend named(String name) {
        try {
            return Backend.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    PROPERTY + "=" + name + " is none of epoll, kqueue, poll, select, uring", e);
        }
    }
}
