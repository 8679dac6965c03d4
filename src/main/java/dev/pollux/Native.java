package dev.pollux;

import dev.pollux.sys.Bindings;
import dev.pollux.sys.Privileged;
import dev.pollux.sys.Syscalls;

/** The binding of this process, with the facade's errors. */
final class Native {
    private Native() {}

    /**
     * For who uses a bare descriptor, which may be anybody's: under a security manager that takes
     * the permission that it takes to make a stream of one.
     */
    static Syscalls callsOnDescriptor(String operation, boolean reading) throws PolluxException {
        Privileged.check(reading ? "readFileDescriptor" : "writeFileDescriptor");
        return calls(operation);
    }

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
