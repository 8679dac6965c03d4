package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.ReadyHandler;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.util.ArrayList;

/** An event whose handler threw is delivered again, under every trigger, and keeps nobody up. */
class ThrowingHandlersContract {
    private static final ReadyHandler THROWS =
            (key, ready) -> {
                throw new IOException("of " + key);
            };

    private static void assertThrowing(FdSelector selector) {
        assertThrows(IOException.class, () -> selector.poll(0, NANOSECONDS, THROWS));
    }

    @EveryBackend
    void the_event_whose_handler_threw_is_delivered_again(FdSelector selector) throws IOException {
        for (Trigger trigger : Trigger.values()) {
            if (!selector.supports(trigger)) {
                continue;
            }
            try (var fds = new Fds()) {
                int[] pipe = fds.pipe();
                FdKey key = selector.register(pipe[0], Interest.READ, trigger, null);
                Fds.write(pipe[1], 1);
                assertThrowing(selector);
                assertThrowing(selector);
                assertEquals(pipe[0] + " READ", Fds.pollNow(selector), trigger.toString());
                Fds.drain(pipe[0]);
                assertEquals("TIMEOUT", Fds.pollNow(selector), trigger.toString());
                selector.unregister(key);
            }
        }
    }

    @EveryBackend
    void without_a_wait(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            Fds.write(pipe[1], 1);
            assertThrowing(selector);
            var again = Poller.poll(selector, (key, ready) -> {});
            assertEquals(PollResult.EVENTS, again.result());
        }
    }

    @EveryBackend
    void a_handler_that_always_throws_keeps_no_event_from_the_others(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] bad = fds.pipe();
            int[] good = fds.pipe();
            FdKey throwing = selector.register(bad[0], Interest.READ, Trigger.ONESHOT, null);
            selector.register(good[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(bad[1], 1);
            assertThrowing(selector);
            var seen = new ArrayList<FdKey>();
            for (int i = 1; i <= 3; i++) {
                Fds.write(good[1], 1);
                assertThrows(
                        IOException.class,
                        () ->
                                selector.poll(
                                        (key, ready) -> {
                                            if (key == throwing) {
                                                throw new IOException();
                                            }
                                            seen.add(key);
                                            Fds.drain(key.fd());
                                        }));
                assertEquals(i, seen.size());
            }
        }
    }

    @EveryBackend
    void with_what_is_ready_then_it_is_one_event(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            FdKey key =
                    selector.register(
                            pair[0], Interest.READ.plus(Interest.WRITE), Trigger.LEVEL, null);
            assertThrowing(selector); // of WRITE
            Fds.write(pair[1], 1);
            assertEquals(
                    pair[0] + " READ|WRITE", Fds.eventually(selector, pair[0] + " READ|WRITE"));
            assertTrue(key.isValid());
        }
    }

    @EveryBackend
    void not_of_what_the_handler_unregistered_or_is_not_asked_for_any_more(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int[] other = fds.socketpair();
            Fds.write(pipe[1], 1);
            selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            assertThrows(
                    IOException.class,
                    () ->
                            selector.poll(
                                    (key, ready) -> {
                                        selector.unregister(key);
                                        throw new IOException();
                                    }));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            Fds.write(other[1], 1);
            FdKey key = selector.register(other[0], Interest.READ, Trigger.ONESHOT, null);
            assertThrowing(selector);
            selector.unregister(key);
            assertEquals("TIMEOUT", Fds.pollNow(selector), "unregistered after it threw");
            key = selector.register(other[0], Interest.READ, Trigger.ONESHOT, null);
            assertThrowing(selector);
            Fds.fill(other[0]);
            selector.modify(key, Interest.WRITE);
            assertEquals("TIMEOUT", Fds.pollNow(selector), "readable, and full");
        }
    }

    @EveryBackend
    @PlantsFaults(Kind.CLOSED)
    void a_key_whose_descriptor_was_closed_is_reported_again(Pair pair) throws IOException {
        assumeTrue(
                pair.backend() == Backend.POLL || pair.backend() == Backend.SELECT,
                pair + " does not report a closed descriptor");
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            fds.close(pipe[0]);
            assertThrowing(selector);
            assertFalse(key.isValid());
            assertEquals(pipe[0] + " ERROR", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }
}
