package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;

/** The chapter "Registering": one method for each row. */
class RegisteringContract {
    @EveryBackend
    void register_of_a_closed_fd_says_bad_descriptor_and_registers_nothing(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            fds.close(pipe[0]);
            var e =
                    assertThrows(
                            PolluxException.BadDescriptor.class,
                            () -> selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null));
            assertEquals(pipe[0], e.fd());
            assertTrue(selector.keys().isEmpty());
        }
    }
}
