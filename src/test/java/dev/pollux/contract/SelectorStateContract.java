package dev.pollux.contract;

import static dev.pollux.support.Poller.UNEXPECTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** What a selector says of itself, and a time-out that is a {@code Duration}. */
class SelectorStateContract {
    @EveryBackend
    void it_is_open_until_it_is_closed(Pair pair) throws IOException {
        FdSelector selector = pair.open();
        assertTrue(selector.isOpen());
        selector.close();
        assertFalse(selector.isOpen());
        assertThrows(PolluxException.Closed.class, selector::size);
    }

    @EveryBackend
    void it_is_not_open_for_the_rest_of_a_handler_that_has_closed_it(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            selector.register(fds.socketpair()[0], Interest.WRITE, Trigger.LEVEL, null);
            assertThrows(
                    PolluxException.Closed.class,
                    () ->
                            selector.poll(
                                    (key, ready) -> {
                                        selector.close();
                                        assertFalse(selector.isOpen());
                                    }));
        }
    }

    @EveryBackend
    void its_size_is_how_many_keys_it_has(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            assertEquals(0, selector.size());
            FdKey one = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            FdKey other = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            assertEquals(2, selector.size());
            selector.unregister(one);
            assertEquals(1, selector.size());
            assertEquals(List.of(other), selector.keys());
            selector.unregister(other);
            assertEquals(0, selector.size());
        }
    }

    @EveryBackend
    void a_duration_is_never_cut_short_and_a_negative_one_is_refused(FdSelector selector)
            throws IOException {
        for (Duration timeout : List.of(Duration.ZERO, Duration.ofNanos(1), Duration.ofMillis(3))) {
            long start = System.nanoTime();
            assertEquals(PollResult.TIMEOUT, selector.poll(timeout, UNEXPECTED));
            long elapsed = System.nanoTime() - start;
            assertTrue(elapsed >= timeout.toNanos(), elapsed + " ns of " + timeout);
        }
        for (long seconds : new long[] {-1, Long.MIN_VALUE}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> selector.poll(Duration.ofSeconds(seconds), UNEXPECTED));
        }
        assertThrows(NullPointerException.class, () -> selector.poll((Duration) null, UNEXPECTED));
    }

    @EveryBackend
    void the_longest_duration_is_for_ever(FdSelector selector) throws Exception {
        Poller poll =
                Poller.run(() -> selector.poll(Duration.ofSeconds(Long.MAX_VALUE, 1), UNEXPECTED));
        poll.awaitBlocked();
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, poll.result());
    }
}
