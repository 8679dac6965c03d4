package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.StrictMode;
import dev.pollux.StrictReport;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.LostAgent;
import dev.pollux.support.Poller;
import dev.pollux.support.StrictTrial;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link StrictMode}: faults of one moment, and who is told of them. */
@ExtendWith(LostAgent.class)
class StrictUseContract {

    // ---- closed under its registration

    @EveryBackend
    void a_number_that_is_registered_again_after_it_was_closed(Pair pair) throws IOException {
        Capability.FORGETS_WHAT_WAS_CLOSED.require();
        Capability.DISTINGUISHES_PIPES.require();
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] old = fds.pipe();
            int[] fresh = fds.pipe();
            FdKey key = trial.selector.register(old[0], Interest.READ, Trigger.LEVEL, null);
            fds.reuse(old[0], fresh[0]);
            trial.selector.register(old[0], Interest.READ, Trigger.LEVEL, null);
            trial.assertNamed(
                    trial.named(Kind.CLOSED), key, "another file's", "unregisterAndClose");
        }
    }

    @EveryBackend
    void a_descriptor_that_was_closed_is_found_by_a_look(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] right = fds.pipe();
            int[] wrong = fds.pipe();
            FdSelector selector = trial.selector;
            FdKey unregistered = selector.register(right[0], Interest.READ, Trigger.LEVEL, null);
            FdKey key = selector.register(wrong[0], Interest.READ, Trigger.LEVEL, null);
            selector.unregister(unregistered);
            fds.close(right[0]);
            fds.close(wrong[0]);
            StrictReport report = trial.named(Kind.CLOSED, (k, ready) -> {});
            trial.assertNamed(report, key, "was closed while it was registered");
        }
    }

    @EveryBackend
    void a_number_that_another_file_has_is_found_by_a_look(Pair pair) throws IOException {
        Capability.DISTINGUISHES_PIPES.require();
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] old = fds.pipe();
            int[] fresh = fds.pipe();
            FdKey key = trial.selector.register(old[0], Interest.READ, Trigger.LEVEL, null);
            fds.reuse(old[0], fresh[0]);
            StrictReport report = trial.named(Kind.CLOSED, (k, ready) -> {});
            trial.assertNamed(report, key, "another file's now");
        }
    }

    @EveryBackend
    void a_change_that_the_kernel_refuses_since_it_was_closed(Pair pair) throws IOException {
        Capability.FORGETS_WHAT_WAS_CLOSED.require();
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] wrong = fds.pipe();
            FdSelector selector = trial.selector;
            selector.poll(0, TimeUnit.SECONDS, Poller.UNEXPECTED);
            FdKey key = selector.register(wrong[0], Interest.READ, Trigger.LEVEL, null);
            fds.close(wrong[0]);
            selector.modify(key, Interest.READ, Trigger.ONESHOT);
            StrictReport report = trial.named(Kind.CLOSED, (k, ready) -> {});
            trial.assertNamed(report, key, "unregister first");
        }
    }

    // ---- may block

    @EveryBackend
    void a_socket_that_blocks(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] both = fds.socketpair();
            Fd.setNonBlocking(both[0], false);
            trial.selector.register(both[1], Interest.READ, Trigger.LEVEL, "right");
            FdKey key = trial.selector.register(both[0], Interest.READ, Trigger.LEVEL, null);
            trial.assertNamed(trial.named(Kind.BLOCKING), key, "Fd.setNonBlocking");
        }
    }

    @EveryBackend
    void a_pipe_that_blocks_and_is_to_be_written_or_drained(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] pipe = fds.pipe();
            Fd.setNonBlocking(pipe[0], false);
            Fd.setNonBlocking(pipe[1], false);
            FdSelector selector = trial.selector;
            FdKey once = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "right");
            assertEquals(List.of(), trial.reports, "one read for each report does not block");
            FdKey writes = selector.register(pipe[1], Interest.WRITE, Trigger.LEVEL, null);
            trial.assertNamed(trial.named(Kind.BLOCKING), writes);
            if (selector.supports(Trigger.EDGE)) {
                trial.reports.clear();
                selector.unregister(once);
                FdKey drained = selector.register(pipe[0], Interest.READ, Trigger.EDGE, null);
                trial.assertNamed(trial.named(Kind.BLOCKING), drained);
            }
        }
    }

    // ---- a handler that takes long

    @EveryBackend
    void a_handler_that_holds_the_loop(Pair pair) throws IOException {
        var reports = new ArrayList<StrictReport>();
        var mode = new StrictMode(reports::add, Duration.ofDays(1), Duration.ofMillis(20));
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), pair.sys(), mode)) {
            int[] slow = fds.pipe();
            FdKey key = selector.register(slow[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(slow[1], 1);
            selector.poll((k, ready) -> spin(20_000_000));
            selector.poll((k, ready) -> spin(20_000_000));
            assertEquals(1, reports.size(), "once for each registration");
            assertEquals(Kind.SLOW_HANDLER, reports.get(0).kind());
            StrictTrial.assertDocumented(reports.get(0));
            assertEquals(key, reports.get(0).key());
            assertTrue(reports.get(0).message().contains("another thread"));
            selector.unregister(key);
            FdKey again = selector.register(slow[0], Interest.READ, Trigger.LEVEL, null);
            assertThrows(
                    IOException.class,
                    () ->
                            selector.poll(
                                    (k, ready) -> {
                                        spin(20_000_000);
                                        throw new IOException("and throws");
                                    }));
            assertEquals(again, reports.get(1).key());
        }
    }

    private static void spin(long nanos) {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin <= nanos) {
            Thread.onSpinWait();
        }
    }

    // ---- unreachable

    @EveryBackend
    void a_selector_that_nobody_closes_and_what_it_had(Pair pair) throws IOException {
        try (var fds = new Fds()) {
            List<StrictReport> reports = new CopyOnWriteArrayList<>();
            int fd = fds.pipe()[0];
            int done = fds.pipe()[0];
            abandon(pair, new StrictMode(reports::add), fd, done);
            Poller.await(
                    "it is named",
                    () -> {
                        System.gc();
                        return reports.size() >= 2;
                    });
            assertEquals(2, reports.size(), reports.toString());
            assertEquals(Kind.UNREACHABLE, reports.get(0).kind());
            assertEquals(-1, reports.get(0).fd());
            StrictTrial.assertDocumented(reports.get(0));
            assertTrue(reports.get(0).message().contains("without having been closed"));
            assertEquals(Kind.UNREACHABLE, reports.get(1).kind());
            assertEquals(fd, reports.get(1).fd());
            for (StrictReport report : reports) {
                StackTraceElement[] stack = report.registered().getStackTrace();
                assertTrue(
                        List.of(stack).toString().contains("abandon"), "where it was registered");
            }
        }
    }

    /** In a frame of its own, which is gone when this returns. */
    private static void abandon(Pair pair, StrictMode mode, int fd, int done) throws IOException {
        FdSelector selector = Internals.open(pair.backend(), pair.sys(), mode);
        selector.register(fd, Interest.READ, Trigger.LEVEL, null);
        selector.unregister(selector.register(done, Interest.READ, Trigger.LEVEL, null));
    }

    // ---- who is told

    @EveryBackend
    void a_listener_that_throws_loses_nothing(Pair pair) throws IOException {
        var mode =
                new StrictMode(
                        report -> {
                            throw new IllegalStateException("of the listener");
                        },
                        Duration.ofMillis(20),
                        Duration.ofMillis(20));
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), pair.sys(), mode)) {
            int[] slow = fds.socketpair();
            int[] other = fds.pipe();
            Fd.setNonBlocking(slow[0], false); // the first report
            selector.register(slow[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(other[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(slow[1], 1);
            Fds.write(other[1], 1);
            var reported = new ArrayList<Integer>();
            selector.poll(
                    (key, ready) -> {
                        spin(20_000_000); // another two
                        reported.add(key.fd());
                    });
            assertEquals(2, reported.size());
            fds.close(slow[0]); // one more, before a wait
            assertEquals(PollResult.EVENTS, selector.poll((key, ready) -> Fds.drain(other[0])));
        }
    }

    @EveryBackend
    void a_log_that_throws_loses_no_event(Pair pair) throws IOException {
        assumeTrue(
                pair.backend() == Backend.POLL || pair.backend() == Backend.SELECT,
                () -> pair + ": a closed descriptor is not reported");
        var log = Logger.getLogger(FdSelector.class.getName());
        var full = new FullLog();
        var mode = new StrictMode(report -> {});
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), pair.sys(), mode)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.poll(0, TimeUnit.SECONDS, Poller.UNEXPECTED); // looks, and not soon again
            fds.close(pipe[0]);
            log.addHandler(full);
            var reported = new ArrayList<FdKey>();
            for (int i = 0; i < 3; i++) {
                try {
                    selector.poll(0, TimeUnit.SECONDS, (k, ready) -> reported.add(k));
                } catch (IllegalStateException e) {
                    assertEquals("the log is full", e.getMessage());
                }
            }
            assertEquals(List.of(key), reported);
        } finally {
            log.removeHandler(full);
        }
    }

    @EveryBackend
    void a_log_that_throws_leaves_no_registration_without_a_key(Pair pair) throws IOException {
        var log = Logger.getLogger(FdSelector.class.getName());
        var full = new FullLog();
        var mode = new StrictMode(report -> {});
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), pair.sys(), mode)) {
            int socket = fds.socketpair()[0];
            Fd.setNonBlocking(socket, false);
            log.addHandler(full);
            assertThrows(
                    IllegalStateException.class,
                    () -> selector.register(socket, Interest.READ, Trigger.LEVEL, null));
            assertEquals(List.of(), selector.keys());
        } finally {
            log.removeHandler(full);
        }
    }

    private static final class FullLog extends Handler {
        @Override
        public void publish(LogRecord entry) {
            throw new IllegalStateException("the log is full");
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @EveryBackend
    void a_listener_may_unregister_and_close(Pair pair) throws IOException {
        var reports = new ArrayList<StrictReport>();
        try (var fds = new Fds();
                FdSelector selector =
                        Internals.open(
                                pair.backend(),
                                pair.sys(),
                                new StrictMode(
                                        report -> {
                                            reports.add(report);
                                            report.key().selector().close();
                                        },
                                        Duration.ofMillis(20),
                                        Duration.ofMinutes(10)))) {
            int[] wrong = fds.pipe();
            FdKey key = selector.register(wrong[0], Interest.READ, Trigger.LEVEL, null);
            fds.close(wrong[0]);
            // Not reported by epoll: it would wait for ever.
            assertThrows(PolluxException.Closed.class, () -> selector.poll((k, ready) -> {}));
            assertEquals(key, reports.get(0).key());
        }
    }

    @Test
    void durations_are_positive_and_nothing_is_null() {
        Duration day = Duration.ofDays(1);
        assertThrows(NullPointerException.class, () -> new StrictMode(null));
        var e =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new StrictMode(report -> {}, Duration.ZERO, day));
        assertTrue(e.getMessage().contains("patience"), e.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> new StrictMode(report -> {}, day, Duration.ofNanos(-1)));
    }

    @EveryBackend
    void a_duration_may_be_for_ever(Pair pair) throws IOException {
        Duration ever = Duration.ofSeconds(Long.MAX_VALUE);
        var mode = new StrictMode(report -> {}, ever, ever);
        try (FdSelector selector = Internals.open(pair.backend(), pair.sys(), mode)) {
            assertEquals(
                    PollResult.TIMEOUT,
                    selector.poll(1, TimeUnit.MILLISECONDS, (key, ready) -> {}));
        }
    }

    @EveryBackend
    void it_opens_what_open_does(Pair pair) throws IOException {
        assumeTrue(pair.binding().equals("jni"), () -> pair + ": the binding is the process's");
        try (FdSelector selector = new StrictMode(report -> {}).open(pair.backend());
                FdSelector best = new StrictMode(report -> {}).open()) {
            assertEquals(pair.backend(), selector.backend());
            assertTrue(List.of(Backend.values()).contains(best.backend()));
        }
    }
}
