package dev.pollux;

import dev.pollux.sys.Syscalls;

/** What tests in other packages need of this one and no user has. */
@SuppressWarnings("exports") // of Syscalls, which no user sees
public final class Internals {
    public static final String BACKEND_PROPERTY = DefaultSelector.PROPERTY;

    private Internals() {}

    /**
     * A selector on these system calls, which a test has written or listens to: not in strict mode,
     * whose own would be among them.
     */
    public static FdSelector open(Backend backend, Syscalls sys) throws PolluxException {
        return open(backend, sys, null);
    }

    /** As {@link FdSelector#open} does, on other system calls. */
    public static FdSelector openAsUsersDo(Backend backend, Syscalls sys) throws PolluxException {
        return open(backend, sys, StrictMode.ofProperty());
    }

    /** In strict mode; null: not. */
    public static FdSelector open(Backend backend, Syscalls sys, StrictMode strict)
            throws PolluxException {
        return OpenDriver.selector(backend, sys, strict);
    }

    /** Whether a thread waits in a poll of this selector, or is about to. */
    public static boolean isWaiting(FdSelector selector) {
        return selector.loop.isToBeSignalled();
    }

    /** What {@code pollux.strict=true} means from now on; whether it is that. */
    public static boolean strictByProperty(StrictMode mode) {
        StrictMode.ofProperty(mode);
        return StrictMode.ofProperty() != null;
    }
}
