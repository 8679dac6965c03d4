package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** What nobody can reach any more: its descriptors are released, its memory is let go. */
@PlantsFaults(Kind.UNREACHABLE)
class UnreachableContract {
    private static final String NAMED_TOO = "its registrations are named beside it";

    /** What the selectors' logger is given, instead of the console. */
    private static final class Log extends Handler implements AutoCloseable {
        final List<LogRecord> records = new CopyOnWriteArrayList<>();
        private final Logger logger = Logger.getLogger(FdSelector.class.getName());

        Log() {
            logger.addHandler(this);
            logger.setUseParentHandlers(false);
        }

        @Override
        public void publish(LogRecord entry) {
            records.add(entry);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            logger.removeHandler(this);
            logger.setUseParentHandlers(true);
        }
    }

    @EveryBackend
    void an_unreachable_selector_is_closed_and_named(Pair pair) throws IOException {
        Host.requireNotStrict(NAMED_TOO);
        try (var fds = new Fds()) {
            pair.open().close();
            int read = fds.pipe()[0];
            int before = Fds.openCount();
            try (var log = new Log()) {
                WeakReference<FdSelector> selector = abandoned(pair, read);
                assertTrue(Fds.openCount() > before, "the control: it has descriptors");
                Poller.collectUntil("it is named", () -> !log.records.isEmpty());
                Fds.assertOpenCount(before);
                assertEquals(null, selector.get());
                assertEquals(1, log.records.size());
                LogRecord entry = log.records.get(0);
                assertTrue(entry.getMessage().contains("close()"), entry.getMessage());
            }
        }
    }

    /** After many openings the stack is kept of one in 16, so that an opening costs less. */
    @EveryBackend
    void of_many_that_were_opened_some_say_where_and_all_say_what_to_do(Pair pair)
            throws IOException {
        Host.requireNotStrict(NAMED_TOO);
        for (int i = 0; i < 1_000; i++) {
            pair.open().close();
        }
        try (var log = new Log()) {
            for (int i = 0; i < 16; i++) {
                abandonedAlone(pair);
            }
            Poller.collectUntil("all are named", () -> log.records.size() == 16);
            List<LogRecord> placed =
                    log.records.stream().filter(each -> each.getThrown() != null).toList();
            assertEquals(1, placed.size());
            assertTrue(isOpenedIn("abandonedAlone", placed.get(0)), "it says where it was opened");
            for (LogRecord each : log.records) {
                assertTrue(each.getMessage().contains("close()"), each.getMessage());
                assertEquals(
                        each.getThrown() == null,
                        each.getMessage().contains("-Dpollux.strict=true"),
                        each.getMessage());
            }
        }
    }

    private static boolean isOpenedIn(String method, LogRecord entry) {
        return Stream.of(entry.getThrown().getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals(method));
    }

    /** In a frame of its own, which is gone when this returns. */
    private static WeakReference<FdSelector> abandoned(Pair pair, int fd) throws IOException {
        FdSelector selector = pair.open();
        selector.register(fd, Interest.READ, Trigger.LEVEL, selector);
        assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, Poller.UNEXPECTED));
        return new WeakReference<>(selector);
    }

    @EveryBackend
    void a_selector_that_somebody_polls_is_not_unreachable(Pair pair) throws Exception {
        Host.requireNotStrict(NAMED_TOO);
        Host.requirePlatformThreads("its stack may keep what it used longer");
        try (var fds = new Fds();
                var log = new Log()) {
            polled(pair, fds.pipe());
            Poller.collectUntil("now it is unreachable", () -> log.records.size() == 1);
        }
    }

    /** In a frame of its own, which is gone when this returns. */
    private static void polled(Pair pair, int[] pipe) throws Exception {
        Poller poller = polling(pair, pipe[0]);
        var gone = new WeakReference<>(new Object());
        Poller.collectUntil("the collector runs", () -> gone.get() == null);
        System.gc();
        Fds.write(pipe[1], 1);
        assertEquals(PollResult.EVENTS, poller.result());
        poller.thread().join(); // its stack holds the selector
    }

    private static Poller polling(Pair pair, int fd) throws IOException {
        FdSelector selector = pair.open();
        selector.register(fd, Interest.READ, Trigger.LEVEL, null);
        return Poller.poll(selector, (key, ready) -> {}).awaitBlocked();
    }

    @EveryBackend
    void a_closed_selector_is_not_named(Pair pair) throws IOException {
        Host.requirePlatformThreads("its stack may keep what it used longer");
        try (var log = new Log()) {
            WeakReference<FdSelector> selector = closed(pair);
            Poller.collectUntil("it is collected", () -> selector.get() == null);
            WeakReference<FdSelector> later = abandonedAlone(pair);
            Poller.collectUntil("one that is not closed is named", () -> !log.records.isEmpty());
            assertEquals(1, log.records.size());
            assertEquals(null, later.get());
        }
    }

    private static WeakReference<FdSelector> closed(Pair pair) throws IOException {
        FdSelector selector = pair.open();
        selector.close();
        return new WeakReference<>(selector);
    }

    private static WeakReference<FdSelector> abandonedAlone(Pair pair) throws IOException {
        return new WeakReference<>(pair.open());
    }

    @EveryBackend
    void a_key_with_a_pending_change_is_let_go_when_it_is_unregistered(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            FdKey stays = selector.register(pair[1], Interest.READ, Trigger.LEVEL, null);
            WeakReference<FdKey> key = unregistered(selector, pair[0], stays);
            Poller.collectUntil("the key is collected", () -> key.get() == null);
            Fds.write(pair[0], 1);
            assertEquals(
                    Interest.READ.plus(Interest.WRITE),
                    stays.interest(),
                    "the other change is still pending");
            assertEquals(pair[1] + " READ|WRITE", Fds.pollNow(selector));
        }
    }

    private static WeakReference<FdKey> unregistered(FdSelector selector, int fd, FdKey other)
            throws IOException {
        FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
        selector.modify(key, Interest.WRITE);
        selector.modify(other, Interest.READ.plus(Interest.WRITE));
        selector.unregister(key);
        return new WeakReference<>(key);
    }
}
