package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
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
import dev.pollux.support.Recorded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordedEvent;

/** What the flight recorder gets to see, and what it changes: nothing. */
class RecorderContract {
    private static final Map<String, String> ALL =
            Map.of(
                    "dev.pollux.Poll#threshold", "0 ms",
                    "dev.pollux.Dispatch#threshold", "0 ms",
                    "dev.pollux.Wakeup#enabled", "true");

    @EveryBackend
    void a_poll_says_what_it_waited_for_and_why_it_ended(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var recorded = new Recorded(ALL)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.poll(0, SECONDS, Poller.UNEXPECTED);
            selector.poll(7, MILLISECONDS, Poller.UNEXPECTED);
            selector.modify(key, Interest.WRITE, Trigger.ONESHOT);
            selector.modify(key, Interest.READ, Trigger.ONESHOT);
            Fds.write(pipe[1], 1);
            selector.poll((k, ready) -> {});
            assertThrows(
                    IOException.class,
                    () -> {
                        selector.modify(key, Interest.READ, Trigger.LEVEL);
                        selector.poll(
                                (k, ready) -> {
                                    throw new IOException("of the handler");
                                });
                    });
            List<RecordedEvent> polls = recorded.events("Poll");
            assertEquals(
                    List.of(
                            "PT0S 0 0 TIMEOUT",
                            "PT0.007S 0 0 TIMEOUT",
                            "forever 1 1 EVENTS",
                            "forever 1 1 java.io.IOException"),
                    polls.stream().map(RecorderContract::described).collect(Collectors.toList()));
            Duration waited = polls.get(1).getDuration("waited");
            assertTrue(waited.toMillis() >= 7, waited.toString());
            assertTrue(polls.get(1).getDuration().compareTo(waited) >= 0, polls.get(1) + "");
            String backend = selector.toString();
            assertTrue(backend.contains(polls.get(0).getString("backend")), polls.get(0) + "");
            assertTrue(polls.get(0).getStackTrace() != null);
        }
    }

    private static String described(RecordedEvent poll) {
        boolean forever = poll.getLong("timeout") == Long.MAX_VALUE;
        return (forever ? "forever" : poll.getDuration("timeout"))
                + (" " + poll.getInt("events") + " " + poll.getLong("changes"))
                + (" " + poll.getString("endedBy"));
    }

    @EveryBackend
    void a_dispatch_says_of_what_and_how_long(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var recorded = new Recorded(ALL)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "attached");
            Fds.write(pipe[1], 1);
            selector.poll((key, ready) -> hold(5));
            selector.poll((key, ready) -> {});
            List<RecordedEvent> dispatches = recorded.events("Dispatch");
            assertEquals(2, dispatches.size());
            RecordedEvent slow = dispatches.get(0);
            assertEquals(pipe[0], slow.getInt("fd"));
            assertEquals("READ", slow.getString("interest"));
            assertEquals("LEVEL", slow.getString("trigger"));
            assertEquals("READ", slow.getString("ready"));
            assertEquals("java.lang.String", slow.getClass("attachment").getName());
            assertTrue(slow.getDuration().toMillis() >= 5, slow.toString());
            assertTrue(slow.getDuration().compareTo(dispatches.get(1).getDuration()) > 0);
        }
    }

    @EveryBackend
    void by_default_only_what_takes_long_is_written(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var recorded = new Recorded()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            selector.wakeup();
            for (int i = 0; i < 1000; i++) {
                selector.poll((key, ready) -> {});
            }
            selector.poll((key, ready) -> hold(200));
            List<RecordedEvent> events = recorded.events();
            // Where others hold the processor, one of the thousand may take long, too.
            assertTrue(events.size() < 100, events.toString());
            assertTrue(
                    events.stream().allMatch(e -> e.getDuration().toMillis() >= 20), events + "");
            for (String type : List.of("dev.pollux.Poll", "dev.pollux.Dispatch")) {
                Duration longest =
                        events.stream()
                                .filter(event -> event.getEventType().getName().equals(type))
                                .map(RecordedEvent::getDuration)
                                .max(Duration::compareTo)
                                .orElseThrow();
                assertTrue(longest.toMillis() >= 200, events.toString());
            }
        }
    }

    private static void hold(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @EveryBackend
    void a_wakeup_says_by_whom_and_whether_one_was_pending(FdSelector selector) throws Exception {
        try (var recorded = new Recorded(ALL)) {
            var waking = new Thread(selector::wakeup, "waking");
            waking.start();
            waking.join();
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, selector.poll(Poller.UNEXPECTED));
            List<RecordedEvent> wakeups = recorded.events("Wakeup");
            assertEquals(2, wakeups.size());
            assertEquals("waking", wakeups.get(0).getThread().getJavaName());
            assertFalse(wakeups.get(0).getBoolean("pending"));
            assertTrue(wakeups.get(1).getBoolean("pending"));
            assertTrue(wakeups.get(1).getStackTrace().toString().contains("RecorderContract"));
        }
    }

    @EveryBackend
    @PlantsFaults(Kind.CLOSED)
    void a_change_that_the_kernel_refuses_is_written(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var recorded = new Recorded()) {
            int closed = fds.pipe()[0];
            FdKey key = selector.register(closed, Interest.READ, Trigger.LEVEL, null);
            selector.poll(0, SECONDS, Poller.UNEXPECTED);
            fds.close(closed);
            selector.modify(key, Interest.READ, Trigger.ONESHOT);
            assertEquals(closed + " ERROR", Fds.pollNow(selector));
            List<RecordedEvent> refused = recorded.events("RefusedChange");
            assertEquals(1, refused.size(), refused.toString());
            assertEquals(closed, refused.get(0).getInt("fd"));
            assertEquals("ONESHOT", refused.get(0).getString("trigger"));
            assertEquals("its descriptor is closed", refused.get(0).getString("why"));
        }
    }

    /** One byte goes round in the loop, while the recorder comes and goes. */
    @EveryBackend
    void switched_on_and_off_under_load_nothing_is_lost(Pair pair) throws Exception {
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            int[] pipe = fds.pipe();
            ByteBuffer one = ByteBuffer.allocateDirect(1);
            var rounds = new AtomicLong();
            ReadyHandler round =
                    (key, ready) -> {
                        assertEquals(1, Fd.read(pipe[0], one.clear()));
                        rounds.incrementAndGet();
                        selector.modify(key, Interest.READ, Trigger.ONESHOT);
                        Fd.write(pipe[1], one.flip());
                    };
            selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            Fds.write(pipe[1], 1);
            Poller loop =
                    Poller.run(
                            () -> {
                                while (selector.poll(round) == PollResult.EVENTS) {}
                                return null;
                            });
            for (int i = 0; i < 5; i++) {
                try (var recorded = new Recorded(i % 2 == 0 ? ALL : Map.of())) {
                    goesOn(rounds, loop);
                    assertTrue(isClockRunning(), "while it records");
                    assertTrue(i % 2 == 1 || !recorded.events("Dispatch").isEmpty());
                }
                goesOn(rounds, loop);
            }
            Poller.await("its clock ends", () -> !isClockRunning());
            selector.wakeup();
            loop.result();
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector), "the byte is there");
        }
    }

    private static void goesOn(AtomicLong rounds, Poller loop) {
        long before = rounds.get();
        Poller.await("100 rounds more", () -> loop.isDone() || rounds.get() > before + 100);
        assertFalse(loop.isDone());
    }

    private static boolean isClockRunning() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("pollux-recorder-clock"));
    }

    @EveryBackend
    void a_selector_that_is_opened_while_it_records_is_recorded(Pair pair) throws Exception {
        try (var recorded = new Recorded(ALL)) {
            try (FdSelector selector = pair.open()) {
                selector.poll(0, SECONDS, Poller.UNEXPECTED);
            }
            Poller.await("without a selector no clock", () -> !isClockRunning());
            try (FdSelector selector = pair.open()) {
                selector.poll(0, SECONDS, Poller.UNEXPECTED);
                assertEquals(2, recorded.events("Poll").size());
            }
        }
    }
}
