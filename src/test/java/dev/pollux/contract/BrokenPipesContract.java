package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/** A pipe whose reader goes away is reported to its writer, by each trigger as often as it says. */
class BrokenPipesContract {
    private static List<Trigger> triggers(FdSelector selector) {
        return Stream.of(Trigger.LEVEL, Trigger.EDGE, Trigger.ONESHOT)
                .filter(trigger -> selector.supports(Interest.WRITE, trigger))
                .toList();
    }

    /** Polls once; how often this was reported as writable. */
    private static int writable(FdSelector selector, int fd) throws IOException {
        int[] count = {0};
        selector.poll(
                0,
                TimeUnit.NANOSECONDS,
                (key, ready) -> {
                    assertEquals(fd, key.fd());
                    assertTrue(ready.isWritable(), ready::toString);
                    count[0]++;
                });
        return count[0];
    }

    private static FdKey register(FdSelector selector, int fd, Trigger trigger) throws IOException {
        return selector.register(fd, Interest.WRITE, trigger, null);
    }

    private static void assertReported(FdSelector selector, FdKey key) throws IOException {
        boolean level = key.trigger() == Trigger.LEVEL;
        assertEquals(1, writable(selector, key.fd()), key.trigger()::toString);
        assertEquals(level ? 1 : 0, writable(selector, key.fd()), key.trigger()::toString);
        assertEquals(level ? 1 : 0, writable(selector, key.fd()), key.trigger()::toString);
        assertTrue(key.isValid());
    }

    /** A FIFO can have another reader: then it is writable, and no longer broken. */
    @EveryBackend
    void a_fifo_whose_reader_closes_is_writable_until_another_one_comes(
            FdSelector selector, @TempDir Path dir) throws IOException {
        Capability.FIFOS_WITHOUT_A_READER.require();
        for (Trigger trigger : triggers(selector)) {
            try (var fds = new Fds()) {
                Path path = dir.resolve(trigger.name());
                Libc.mkfifo(path);
                int reader = fds.keep(Libc.openToRead(path));
                int writer = fds.keep(Libc.openToWrite(path));
                FdKey key = register(selector, writer, trigger);
                assertReported(selector, key);
                for (int i = 0; i < 2; i++) {
                    fds.close(reader);
                    selector.modify(key, Interest.WRITE);
                    assertReported(selector, key);
                    reader = fds.keep(Libc.openToRead(path));
                    selector.modify(key, Interest.WRITE);
                    assertEquals(writer + " WRITE", Fds.pollNow(selector), trigger::toString);
                    Fds.fill(writer);
                    selector.modify(key, Interest.WRITE);
                    assertEquals("TIMEOUT", Fds.pollNow(selector), trigger::toString);
                    Fds.drain(reader);
                }
                selector.unregister(key);
            }
        }
    }

    @EveryBackend
    void a_full_pipe_whose_reader_closes_is_writable(FdSelector selector) throws IOException {
        for (Trigger trigger : triggers(selector)) {
            try (var fds = new Fds()) {
                int[] pipe = fds.pipe();
                Fds.fill(pipe[1]);
                FdKey key = register(selector, pipe[1], trigger);
                assertEquals(0, writable(selector, pipe[1]));
                fds.close(pipe[0]);
                assertReported(selector, key);
                for (int i = 0; i < 2; i++) {
                    selector.modify(key, Interest.WRITE);
                    assertReported(selector, key);
                }
                selector.unregister(key);
                assertEquals(0, writable(selector, pipe[1]));
            }
        }
    }

    @EveryBackend
    void a_pipe_with_room_whose_reader_closes_stays_writable(FdSelector selector)
            throws IOException {
        for (Trigger trigger : triggers(selector)) {
            try (var fds = new Fds()) {
                int[] pipe = fds.pipe();
                FdKey key = register(selector, pipe[1], trigger);
                assertEquals(1, writable(selector, pipe[1]));
                fds.close(pipe[0]);
                if (trigger == Trigger.ONESHOT) {
                    assertEquals(0, writable(selector, pipe[1]), "it has fired");
                    selector.modify(key, Interest.WRITE);
                }
                assertReported(selector, key);
                for (Trigger next : triggers(selector)) {
                    selector.modify(key, Interest.WRITE, next);
                    assertReported(selector, key);
                }
                selector.unregister(key);
                assertEquals(0, writable(selector, pipe[1]));
            }
        }
    }

    @EveryBackend
    void a_poll_that_blocks_ends_when_the_reader_of_a_full_pipe_closes(FdSelector selector)
            throws Exception {
        for (Trigger trigger : triggers(selector)) {
            try (var fds = new Fds()) {
                int[] pipe = fds.pipe();
                Fds.fill(pipe[1]);
                FdKey key = register(selector, pipe[1], trigger);
                var seen = new AtomicInteger();
                var poll = Poller.poll(selector, (k, ready) -> seen.set(k.fd()));
                poll.awaitBlocked();
                fds.close(pipe[0]);
                assertEquals(PollResult.EVENTS, poll.result());
                assertEquals(pipe[1], seen.get());
                selector.unregister(key);
            }
        }
    }

    @EveryBackend
    void a_broken_pipe_is_registered_until_it_is_unregistered(FdSelector selector)
            throws IOException {
        for (Trigger trigger : triggers(selector)) {
            try (var fds = new Fds()) {
                int[] pipe = fds.pipe();
                Fds.fill(pipe[1]);
                FdKey key = register(selector, pipe[1], trigger);
                fds.close(pipe[0]);
                assertReported(selector, key);
                assertThrows(
                        PolluxException.AlreadyRegistered.class,
                        () -> register(selector, pipe[1], trigger));
                assertTrue(key.isValid());
                selector.unregister(key);
                FdKey again = register(selector, pipe[1], trigger);
                assertFalse(key.isValid());
                assertReported(selector, again);
                selector.unregister(again);
            }
        }
    }

    /** The number is another pipe's, which is neither broken nor registered. */
    @EveryBackend
    @PlantsFaults(Kind.CLOSED)
    void a_number_that_was_a_broken_pipes_can_be_registered_again(FdSelector selector)
            throws IOException {
        Capability.REPLACES_REUSED_PIPES.require();
        Capability.FORGETS_WHAT_WAS_CLOSED.require();
        assumeTrue(selector.supports(Interest.WRITE, Trigger.LEVEL));
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int[] other = fds.pipe();
            Fds.fill(pipe[1]);
            register(selector, pipe[1], Trigger.LEVEL);
            fds.close(pipe[0]);
            assertEquals(1, writable(selector, pipe[1]));
            fds.reuse(pipe[1], other[1]);
            FdKey key = register(selector, pipe[1], Trigger.LEVEL);
            assertEquals(1, writable(selector, pipe[1]));
            Fds.fill(pipe[1]);
            assertEquals(0, writable(selector, pipe[1]));
            assertTrue(key.isValid());
        }
    }

    /** What is read there is nobody's business who wants to write. */
    @EveryBackend
    void data_in_a_pipe_is_not_reported_to_whom_it_is_not_of_interest(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int[] reader = fds.pipe();
            register(selector, reader[0], Trigger.LEVEL);
            FdKey key = register(selector, pipe[1], Trigger.LEVEL);
            for (int i = 0; i < 3; i++) {
                Fds.write(reader[1], 1);
                Fds.write(pipe[1], 1);
                int[] own = {0};
                selector.poll(0, TimeUnit.NANOSECONDS, (k, ready) -> own[0] += k == key ? 1 : 0);
                assertEquals(1, own[0]);
            }
        }
    }
}
