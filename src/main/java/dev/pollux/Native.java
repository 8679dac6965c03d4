package dev.pollux;

import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;

/** The binding of this process, with the facade's errors. */
final class Native {
    private Native() {}

    static Syscalls calls(String operation) throws PolluxException {
        try {
            return Bindings.current();
        } catch (Bindings.Unavailable e) {
            var why =
                    new PolluxException.Unsupported(
                            operation, -1, 0, operation + ": " + e.getMessage());
            why.initCause(e);
            throw why;
        }
    }
}
