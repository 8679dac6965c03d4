package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;

/** What a backend can tell of what there is to tell. */
final class Told {
    private Told() {}

    /** These flags, without those that this backend does not know of. */
    static String by(FdSelector selector, String flags) {
        if (selector.backend() != Backend.SELECT) {
            return flags;
        }
        return flags.replaceAll("\\|(READ_CLOSED|WRITE_CLOSED|ERROR)", "");
    }

    /**
     * Fails unless a descriptor, registered with this interest for a moment, is soon reported with
     * these flags and none else; {@code "TIMEOUT"} is for nothing at all, now.
     */
    static void assertReady(FdSelector selector, int fd, Interest interest, String flags)
            throws IOException {
        FdKey key = selector.register(fd, interest, Trigger.LEVEL, null);
        String expected = flags.equals("TIMEOUT") ? flags : fd + " " + by(selector, flags);
        String told =
                flags.equals("TIMEOUT")
                        ? Fds.pollNow(selector)
                        : Fds.eventually(selector, expected);
        selector.unregister(key);
        assertEquals(expected, told, () -> "with interest " + interest);
    }
}
