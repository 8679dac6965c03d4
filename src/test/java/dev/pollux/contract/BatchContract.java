package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.ReadyBatch;
import dev.pollux.StrictMode;
import dev.pollux.StrictReport;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Poller;
import dev.pollux.support.Polling;
import dev.pollux.support.Recorded;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/**
 * A poll whose events are taken one after another in a loop: what a handler is promised holds for
 * the body of the loop. Where {@link Polling} appears, one test holds both forms to it.
 */
class BatchContract {
    private static List<FdKey> registerWritable(FdSelector selector, Fds fds, Trigger trigger)
            throws IOException {
        var keys = new ArrayList<FdKey>();
        for (int i = 0; i < 3; i++) {
            int fd = fds.socketpair()[0];
            keys.add(selector.register(fd, Interest.WRITE, trigger, null));
        }
        return keys;
    }

    private static String pollNow(FdSelector selector) throws IOException {
        var text = new StringBuilder();
        try (ReadyBatch batch = selector.poll(0, NANOSECONDS)) {
            while (batch.next()) {
                text.append(batch.key().fd()).append(' ').append(batch.ready()).append(' ');
            }
            return text.append(batch.result()).toString();
        }
    }

    // ---- what it has

    @EveryBackend
    void a_batch_has_the_events_and_says_why_the_wait_has_ended(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", pollNow(selector));
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ EVENTS", pollNow(selector));
            selector.wakeup();
            assertEquals(pipe[0] + " READ WAKEUP", pollNow(selector));
            Fds.drain(pipe[0]);
            selector.wakeup();
            try (ReadyBatch batch = selector.poll()) {
                assertFalse(batch.next());
                assertEquals(PollResult.WAKEUP, batch.result());
            }
            selector.wakeup();
            Fds.write(pipe[1], 1);
            try (ReadyBatch batch = selector.poll()) {
                assertTrue(batch.next());
                assertEquals(PollResult.WAKEUP, batch.result(), "if it ended now");
            }
            assertEquals(pipe[0] + " READ WAKEUP", pollNow(selector), "closed before its end");
            Fds.drain(pipe[0]);
            Thread.currentThread().interrupt();
            try (ReadyBatch batch = selector.poll()) {
                assertEquals(PollResult.INTERRUPT, batch.result());
                assertTrue(Thread.interrupted());
            }
            assertEquals("TIMEOUT", pollNow(selector));
        }
    }

    @EveryBackend
    void a_poll_waits_until_there_is_an_event(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Poller poll =
                    Poller.run(
                            () -> {
                                try (ReadyBatch batch = selector.poll()) {
                                    assertTrue(batch.next());
                                    assertSame(key, batch.key());
                                    assertFalse(batch.next());
                                    return batch.result();
                                }
                            });
            poll.awaitBlocked();
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, poll.result());
            assertThrows(IllegalArgumentException.class, () -> selector.poll(-1, SECONDS));
        }
    }

    @EveryBackend
    void a_batch_that_is_at_its_end_says_so_and_is_closed(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            registerWritable(selector, fds, Trigger.LEVEL);
            ReadyBatch batch = selector.poll(0, NANOSECONDS);
            assertThrows(IllegalStateException.class, batch::key);
            assertThrows(IllegalStateException.class, batch::ready);
            for (int i = 0; i < 3; i++) {
                assertTrue(batch.next());
            }
            for (int i = 0; i < 2; i++) {
                assertFalse(batch.next());
                assertThrows(IllegalStateException.class, batch::key);
                batch.close();
                assertEquals(PollResult.EVENTS, batch.result());
            }
            assertSame(batch, selector.poll(0, NANOSECONDS), "nothing is allocated");
            batch.close();
        }
    }

    // ---- in the middle of a batch

    @EveryBackend
    void what_the_body_unregisters_or_asks_no_more_for_is_not_delivered(FdSelector selector)
            throws IOException {
        for (Polling form : Polling.values()) {
            try (var fds = new Fds()) {
                var keys = registerWritable(selector, fds, Trigger.LEVEL);
                var delivered = new ArrayList<FdKey>();
                form.pollNow(
                        selector,
                        (key, ready) -> {
                            delivered.add(key);
                            FdKey next = keys.get((keys.indexOf(key) + 1) % 3);
                            FdKey last = keys.get((keys.indexOf(key) + 2) % 3);
                            selector.unregister(next);
                            selector.modify(last, Interest.READ);
                        });
                assertEquals(1, delivered.size(), form.toString());
                for (FdKey key : selector.keys()) {
                    selector.unregister(key);
                }
            }
        }
    }

    @EveryBackend
    void what_has_fired_is_disarmed_until_the_body_re_arms_it(FdSelector selector)
            throws IOException {
        for (Polling form : Polling.values()) {
            try (var fds = new Fds()) {
                var keys = registerWritable(selector, fds, Trigger.ONESHOT);
                var delivered = new ArrayList<FdKey>();
                form.pollNow(
                        selector,
                        (key, ready) -> {
                            delivered.add(key);
                            if (key == keys.get(1)) {
                                selector.modify(key, Interest.WRITE);
                            }
                        });
                assertEquals(3, delivered.size(), form.toString());
                form.pollNow(selector, (key, ready) -> delivered.add(key));
                assertEquals(keys.get(1), delivered.get(3), form.toString());
                assertEquals(4, delivered.size(), form.toString());
                for (FdKey key : selector.keys()) {
                    selector.unregister(key);
                }
            }
        }
    }

    @EveryBackend
    void what_another_thread_unregisters_before_the_body_gets_it_is_not_delivered(
            FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            try (ReadyBatch batch = selector.poll(0, NANOSECONDS)) {
                Poller.run(
                                () -> {
                                    selector.unregister(key);
                                    return null;
                                })
                        .result();
                assertFalse(batch.next());
                assertEquals(PollResult.EVENTS, batch.result());
            }
            assertEquals("TIMEOUT", pollNow(selector));
        }
    }

    @EveryBackend
    @PlantsFaults(Kind.CLOSED)
    void a_descriptor_that_was_closed_is_reported_once_by_an_invalid_key(Pair pair)
            throws IOException {
        assumeTrue(
                pair.backend() == Backend.POLL || pair.backend() == Backend.SELECT,
                pair + " does not report a closed descriptor");
        for (Polling form : Polling.values()) {
            try (var fds = new Fds();
                    FdSelector selector = pair.open()) {
                int[] pipe = fds.pipe();
                FdKey closed = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                fds.close(pipe[0]);
                var delivered = new ArrayList<String>();
                for (int polls = 0; polls < 2; polls++) {
                    form.pollNow(
                            selector,
                            (key, ready) -> {
                                assertSame(closed, key);
                                assertFalse(key.isValid());
                                delivered.add(ready.toString());
                            });
                }
                assertEquals(List.of("ERROR"), delivered, form.toString());
            }
        }
    }

    @EveryBackend
    void a_change_in_the_body_goes_with_the_next_wait(FdSelector selector) throws IOException {
        for (Polling form : Polling.values()) {
            try (var fds = new Fds()) {
                var keys = registerWritable(selector, fds, Trigger.LEVEL);
                selector.startCounting(false);
                form.pollNow(selector, (key, ready) -> selector.modify(key, Interest.READ));
                assertEquals(3, selector.counters().pendingChanges(), form.toString());
                assertEquals(3, selector.counters().events(), form.toString());
                assertEquals(1, selector.counters().polls(), form.toString());
                for (FdKey key : keys) {
                    selector.unregister(key);
                }
            }
        }
    }

    // ---- left early

    @EveryBackend
    void the_event_of_a_body_that_was_left_is_delivered_again_after_the_rest(FdSelector selector)
            throws IOException {
        for (Trigger trigger : Trigger.values()) {
            if (!selector.supports(trigger)) {
                continue; // refused by register, see RegisteringContract
            }
            try (var fds = new Fds()) {
                registerWritable(selector, fds, trigger);
                FdKey left;
                try (ReadyBatch batch = selector.poll(0, NANOSECONDS)) {
                    assertTrue(batch.next());
                    left = batch.key();
                }
                var delivered = new ArrayList<FdKey>();
                for (int polls = 0; !delivered.contains(left); polls++) {
                    assertTrue(polls < 2, trigger + ": lost");
                    Polling.BATCH.pollNow(selector, (key, ready) -> delivered.add(key));
                    if (polls == 0) {
                        assertEquals(2, delivered.size(), trigger + ": the rest comes first");
                    }
                }
                for (FdKey key : selector.keys()) {
                    selector.unregister(key);
                }
            }
        }
    }

    @EveryBackend
    void a_batch_that_nobody_has_looked_at_is_the_next_poll_s(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            registerWritable(selector, fds, Trigger.ONESHOT);
            selector.poll(0, NANOSECONDS).close();
            var delivered = new ArrayList<FdKey>();
            for (int polls = 0; polls < 2; polls++) {
                selector.poll(0, NANOSECONDS, (key, ready) -> delivered.add(key));
            }
            assertEquals(3, delivered.stream().distinct().count());
            assertEquals(3, delivered.size());
        }
    }

    @EveryBackend
    void what_a_body_has_unregistered_before_it_was_left_is_not_delivered_again(FdSelector selector)
            throws IOException {
        for (Polling form : Polling.values()) {
            try (var fds = new Fds()) {
                var keys = registerWritable(selector, fds, Trigger.LEVEL);
                selector.unregister(keys.get(1));
                selector.unregister(keys.get(2));
                assertThrows(
                        IOException.class,
                        () ->
                                form.pollNow(
                                        selector,
                                        (key, ready) -> {
                                            selector.unregister(key);
                                            throw new IOException("left");
                                        }));
                assertEquals("TIMEOUT", pollNow(selector), form.toString());
            }
        }
    }

    @EveryBackend
    void a_batch_that_is_left_has_a_selector_above_it_look_again(Pair pair) throws IOException {
        Capability.NESTS.require();
        assumeTrue(
                dev.pollux.support.Reported.isEpoll(pair.backend())
                        || pair.backend() == Backend.KQUEUE,
                pair + " has no descriptor of its own");
        for (boolean nestedBefore : new boolean[] {true, false}) {
            try (var fds = new Fds();
                    FdSelector inner = pair.open();
                    FdSelector above = pair.open()) {
                registerWritable(inner, fds, Trigger.ONESHOT);
                FdKey nested = null;
                if (nestedBefore) {
                    nested = above.register(inner.fd(), Interest.READ, Trigger.LEVEL, null);
                    assertEquals(nested.fd() + " READ", Fds.pollNow(above));
                }
                try (ReadyBatch batch = inner.poll(0, NANOSECONDS)) {
                    assertTrue(batch.next());
                }
                if (!nestedBefore) {
                    nested = above.register(inner.fd(), Interest.READ, Trigger.LEVEL, null);
                }
                assertEquals(nested.fd() + " READ", Fds.pollNow(above), "before: " + nestedBefore);
            }
        }
    }

    // ---- who else

    @EveryBackend
    void the_body_cannot_poll_the_selector(FdSelector selector) throws IOException {
        for (Polling form : Polling.values()) {
            try (var fds = new Fds()) {
                registerWritable(selector, fds, Trigger.ONESHOT);
                var delivered = new ArrayList<FdKey>();
                form.pollNow(
                        selector,
                        (key, ready) -> {
                            delivered.add(key);
                            for (Polling inner : Polling.values()) {
                                assertThrows(
                                        IllegalStateException.class,
                                        () -> inner.pollNow(selector, Poller.UNEXPECTED));
                            }
                        });
                assertEquals(3, delivered.size(), form.toString());
                for (FdKey key : selector.keys()) {
                    selector.unregister(key);
                }
            }
        }
    }

    @EveryBackend
    void another_thread_neither_polls_nor_takes_of_it_before_its_end(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            registerWritable(selector, fds, Trigger.LEVEL);
            ReadyBatch batch = selector.poll(0, NANOSECONDS);
            for (Poller.Body<?> foreign :
                    List.<Poller.Body<?>>of(
                            batch::next,
                            () -> {
                                batch.close();
                                return null;
                            },
                            () -> selector.poll(0, NANOSECONDS),
                            () -> selector.poll(Poller.UNEXPECTED))) {
                Poller other = Poller.run(foreign);
                assertThrows(IllegalStateException.class, other::result);
            }
            assertTrue(batch.next());
            batch.close();
            assertEquals(
                    PollResult.EVENTS,
                    Poller.run(() -> Polling.BATCH.pollNow(selector, (key, ready) -> {})).result());
        }
    }

    // ---- closed

    @EveryBackend
    void a_body_that_closes_the_selector_gets_no_other_event(Pair pair) throws IOException {
        for (Polling form : Polling.values()) {
            int before = Fds.openCount();
            try (var fds = new Fds()) {
                FdSelector selector = pair.open();
                var keys = registerWritable(selector, fds, Trigger.LEVEL);
                var delivered = new ArrayList<FdKey>();
                assertThrows(
                        PolluxException.Closed.class,
                        () ->
                                form.pollNow(
                                        selector,
                                        (key, ready) -> {
                                            delivered.add(key);
                                            selector.close();
                                        }),
                        form.toString());
                assertEquals(1, delivered.size());
                assertTrue(keys.stream().noneMatch(FdKey::isValid));
            }
            Fds.assertOpenCount(before);
        }
    }

    @EveryBackend
    void a_body_that_closes_the_selector_may_leave_by_a_break(Pair pair) throws IOException {
        int before = Fds.openCount();
        try (var fds = new Fds()) {
            FdSelector selector = pair.open();
            registerWritable(selector, fds, Trigger.LEVEL);
            try (ReadyBatch batch = selector.poll(0, NANOSECONDS)) {
                assertTrue(batch.next());
                selector.close();
            }
            assertThrows(PolluxException.Closed.class, () -> selector.poll(0, NANOSECONDS));
        }
        Fds.assertOpenCount(before);
    }

    @EveryBackend
    void a_close_by_another_thread_waits_for_the_body_and_no_event_comes_after_it(Pair pair)
            throws Exception {
        for (Polling form : Polling.values()) {
            try (var fds = new Fds()) {
                FdSelector selector = pair.open();
                registerWritable(selector, fds, Trigger.LEVEL);
                var delivered = new ArrayList<FdKey>();
                var closing = new Poller[1];
                assertThrows(
                        PolluxException.Closed.class,
                        () ->
                                form.poll(
                                        selector,
                                        1,
                                        DAYS,
                                        (key, ready) -> {
                                            delivered.add(key);
                                            closing[0] =
                                                    Poller.run(
                                                            () -> {
                                                                selector.close();
                                                                return null;
                                                            });
                                            Poller.await("close", () -> !selector.isOpen());
                                            assertFalse(closing[0].isDone());
                                        }),
                        form.toString());
                closing[0].result();
                assertEquals(1, delivered.size(), form.toString());
            }
        }
    }

    // ---- who observes

    @EveryBackend
    void strict_mode_names_a_body_that_takes_long(Pair pair) throws IOException {
        for (Polling form : Polling.values()) {
            var reports = new CopyOnWriteArrayList<StrictReport>();
            var mode = new StrictMode(reports::add, Duration.ofDays(1), Duration.ofMillis(20));
            try (var fds = new Fds();
                    FdSelector selector = Internals.open(pair.backend(), pair.sys(), mode)) {
                int[] pipe = fds.pipe();
                FdKey slow = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                Fds.write(pipe[1], 1);
                form.pollNow(selector, (key, ready) -> hold(50));
                assertEquals(1, reports.size(), form + ": " + reports);
                assertEquals(Kind.SLOW_HANDLER, reports.get(0).kind(), form.toString());
                assertTrue(reports.get(0).message().contains("fd=" + slow.fd()), form.toString());
            }
        }
    }

    @EveryBackend
    void the_recorder_gets_the_poll_and_each_event_of_it(FdSelector selector) throws IOException {
        for (Polling form : Polling.values()) {
            try (var fds = new Fds();
                    var recorded =
                            new Recorded(
                                    Map.of(
                                            "dev.pollux.Poll#threshold", "0 ms",
                                            "dev.pollux.Dispatch#threshold", "0 ms"))) {
                registerWritable(selector, fds, Trigger.LEVEL);
                selector.startCounting(true); // two observers
                form.pollNow(selector, (key, ready) -> hold(2));
                assertThrows(
                        IOException.class,
                        () ->
                                form.pollNow(
                                        selector,
                                        (key, ready) -> {
                                            throw new IOException("left");
                                        }));
                assertTrue(
                        selector.counters().handlerNanos() >= 6_000_000,
                        form + ": " + selector.counters());
                var events = recorded.events();
                var dispatches =
                        events.stream()
                                .filter(e -> e.getEventType().getName().endsWith("Dispatch"));
                var polls =
                        events.stream().filter(e -> e.getEventType().getName().endsWith("Poll"));
                var each = dispatches.toList();
                assertEquals(4, each.size(), form + ": " + events);
                assertTrue(each.get(0).getDuration().toMillis() >= 2, form + ": " + each);
                assertEquals(2, polls.count(), form + ": " + events);
                for (FdKey key : selector.keys()) {
                    selector.unregister(key);
                }
                selector.poll(0, NANOSECONDS, Poller.UNEXPECTED);
            }
        }
    }

    private static void hold(int millis) {
        try {
            assertFalse(new CountDownLatch(1).await(millis, MILLISECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
