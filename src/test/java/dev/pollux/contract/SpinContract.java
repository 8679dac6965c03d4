package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Poller;
import dev.pollux.support.Setting;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

/** The chapter "Waiting", where a poll looks for a while before it waits: {@code pollux.spin}. */
class SpinContract {
    private static final String PROPERTY = "pollux.spin";
    private static final ReadyHandler NOTHING = (key, ready) -> {};
    private static final long LONG = SECONDS.toNanos(Poller.LIMIT);

    private final Setting property = new Setting(PROPERTY);

    @BeforeEach
    void onPlatformThreads() {
        Assumptions.assumeFalse(Host.VIRTUAL, "a virtual thread does not spin");
    }

    @AfterEach
    void restore() {
        property.close();
    }

    private static FdSelector open(Pair pair, Intercepted calls, long nanos) throws IOException {
        System.setProperty(PROPERTY, Long.toString(nanos));
        return Internals.open(pair.backend(), calls.sys);
    }

    /** A poll of a thread that spins by now. */
    private static Poller spinning(FdSelector selector, Intercepted calls, AtomicInteger seen) {
        calls.waits();
        Poller poller = Poller.run(() -> selector.poll((key, ready) -> seen.incrementAndGet()));
        Poller.await("a look", () -> !calls.calls().isEmpty());
        return poller;
    }

    @EveryBackend
    void what_comes_while_it_spins_is_reported_without_a_wait(Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        var seen = new AtomicInteger();
        try (var fds = new Fds();
                FdSelector selector = open(pair, calls, LONG)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Poller poller = spinning(selector, calls, seen);
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, poller.result());
            assertEquals(1, seen.get());
            assertEquals(Set.of(0L), Set.copyOf(calls.waits()));
        }
    }

    @EveryBackend
    void a_wakeup_an_interrupt_and_a_close_end_it(Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        var seen = new AtomicInteger();
        FdSelector selector = open(pair, calls, LONG);
        Poller poller = spinning(selector, calls, seen);
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, poller.result());
        poller = spinning(selector, calls, seen);
        poller.thread().interrupt();
        assertEquals(PollResult.INTERRUPT, poller.result());
        poller = spinning(selector, calls, seen);
        selector.close();
        assertThrows(PolluxException.Closed.class, poller::result);
        assertEquals(0, seen.get());
    }

    @EveryBackend
    void a_change_by_another_thread_takes_effect_while_it_spins(Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        var seen = new AtomicInteger();
        try (var fds = new Fds();
                FdSelector selector = open(pair, calls, LONG)) {
            Poller poller = spinning(selector, calls, seen);
            selector.register(fds.socketpair()[0], Interest.WRITE, Trigger.ONESHOT, null);
            assertEquals(PollResult.EVENTS, poller.result());
        }
    }

    /** What was spun is taken off the time-out. */
    @EveryBackend
    void it_spins_and_then_waits_and_no_longer_than_it_was_asked_to(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (FdSelector selector = open(pair, calls, 2_000_000)) {
            long begin = System.nanoTime();
            assertEquals(PollResult.TIMEOUT, selector.poll(50_000_000, NANOSECONDS, NOTHING));
            assertTrue(System.nanoTime() - begin >= 50_000_000);
            List<Long> waits = calls.waits();
            assertEquals(0, waits.get(0), "first a look");
            for (long wait : waits) {
                assertTrue(wait <= 48_000_000 + 1_000_000, "rounded up to milliseconds: " + waits);
            }
        }
        try (FdSelector selector = open(pair, calls, LONG)) {
            calls.waits();
            assertEquals(PollResult.TIMEOUT, selector.poll(3_000_000, NANOSECONDS, NOTHING));
            assertEquals(Set.of(0L), Set.copyOf(calls.waits()), "less than it would spin");
        }
    }

    @EveryBackend
    void without_it_a_poll_waits_at_once_and_a_wrong_value_says_so(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        for (String none : List.of("", "0", " ")) {
            System.setProperty(PROPERTY, none);
            try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
                calls.waits();
                selector.poll(1_000_000, NANOSECONDS, NOTHING);
                assertTrue(calls.waits().get(0) > 0);
            }
        }
        int open = Fds.openCount();
        for (String wrong : List.of("-1", "1us", "1.5")) {
            System.setProperty(PROPERTY, wrong);
            var e =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> Internals.open(pair.backend(), calls.sys));
            assertTrue(e.getMessage().startsWith(PROPERTY + "=" + wrong + " is no number"), wrong);
        }
        Fds.assertOpenCount(open);
    }
}
