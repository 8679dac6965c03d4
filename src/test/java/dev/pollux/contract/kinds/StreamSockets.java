package dev.pollux.contract.kinds;

import dev.pollux.Backend;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.Fds;
import java.io.IOException;

/** What connected sockets are brought into a state by. */
final class StreamSockets {
    private StreamSockets() {}

    /** By a selector of its own. */
    static void awaitReadable(int fd) throws IOException {
        await(fd, Interest.READ);
    }

    private static boolean await(int fd, Interest interest) throws IOException {
        return await(fd, interest, Trial.LIMIT_MILLIS);
    }

    private static boolean await(int fd, Interest interest, long millis) throws IOException {
        try (FdSelector selector = FdSelector.open(Backend.POLL)) {
            selector.register(fd, interest, Trigger.LEVEL, null);
            return !Trial.poll(selector, millis).isEmpty();
        }
    }

    /** Writes until it takes nothing more, also when the other side has taken what it can. */
    static void fillAll(int fd) throws IOException {
        do {
            while (Fds.fill(fd) > 0) {
                Thread.onSpinWait();
            }
        } while (await(fd, Interest.WRITE, 20));
    }

    static void drainUntilRoom(int reader, int writer) throws IOException {
        do {
            Fds.drain(reader);
        } while (!await(writer, Interest.WRITE, 1));
    }
}
