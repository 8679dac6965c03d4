package dev.pollux.contract;

import static dev.pollux.support.Poller.UNEXPECTED;
import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.Child;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Intercepted;
import dev.pollux.support.LostAgent;
import dev.pollux.support.Poller;
import dev.pollux.support.Reported;
import dev.pollux.support.Storm;
import dev.pollux.sys.Errno;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The chapter "Waiting": at least one method for each row. */
@ExtendWith(LostAgent.class)
class WaitingContract {
    private static final long DAY = DAYS.toNanos(1);

    // ---- time-outs

    @EveryBackend
    void a_timeout_in_nanoseconds_is_never_cut_short(FdSelector selector) throws IOException {
        long[] timeouts = {1, 999, 1_000, 1_001, 150_000, 999_999, 1_000_000, 1_000_001, 2_500_000};
        for (long timeout : timeouts) {
            for (int i = 0; i < 10; i++) {
                long start = System.nanoTime();
                assertEquals(PollResult.TIMEOUT, selector.poll(timeout, NANOSECONDS, UNEXPECTED));
                long elapsed = System.nanoTime() - start;
                assertTrue(elapsed >= timeout, elapsed + " of " + timeout + " ns");
            }
        }
    }

    @EveryBackend
    void the_kernel_is_asked_for_the_timeout_rounded_up_to_its_unit_if_at_all(Pair pair)
            throws IOException {
        Host.requirePlatformThreads("the JDK's poller makes the waits, not the binding");
        long unit = countsMillis(pair) ? 1_000_000 : 1_000;
        var calls = new Intercepted(pair);
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            for (long timeout : new long[] {1, 999, 1_001, 1_500_000, 2_999_999}) {
                calls.waits();
                selector.poll(timeout, NANOSECONDS, UNEXPECTED);
                long asked = calls.waits().get(0);
                if (pair.backend() == Backend.POLL && unit == 1_000 && timeout > 1_000_000) {
                    assertEquals(timeout / 1_000_000 * 1_000_000, asked, "see PollDriver (c)");
                } else {
                    assertTrue(
                            asked >= timeout && asked < timeout + unit, asked + " of " + timeout);
                }
            }
            for (long timeout : new long[] {1_000_000, 2_000_000, 7_000_000}) {
                selector.poll(timeout, NANOSECONDS, UNEXPECTED);
                assertEquals(timeout, calls.waits().get(0), "an exact value stays");
            }
        }
    }

    /**
     * epoll before Linux 5.11, or under an emulator that is older at heart; poll where there is no
     * ppoll.
     */
    private static boolean countsMillis(Pair pair) {
        int enosys = -pair.sys().errno().ENOSYS;
        return switch (pair.backend()) {
            case EPOLL, URING -> pair.sys().epollPwait2(-1, 0, 1, 0, null) == enosys;
            case POLL -> pair.sys().ppoll(0, 0, 0) == enosys;
            default -> false;
        };
    }

    @EveryBackend
    void without_a_call_that_counts_nanoseconds_milliseconds_do(Pair pair) throws IOException {
        for (String error : List.of("ENOSYS", "EPERM")) {
            int rc = -pair.sys().errno().number(error);
            var calls = new Intercepted(pair);
            calls.take(
                    (name, arguments, real) ->
                            name.equals("epollPwait2") || name.equals("ppoll") ? rc : real.make());
            try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
                calls.calls();
                for (long timeout : new long[] {1, 1_000_001, 2_500_000}) {
                    calls.waits();
                    long start = System.nanoTime();
                    assertEquals(
                            PollResult.TIMEOUT, selector.poll(timeout, NANOSECONDS, UNEXPECTED));
                    assertTrue(System.nanoTime() - start >= timeout);
                    for (long asked : calls.waits()) {
                        assertTrue(asked < timeout + 1_000_000, asked + " of " + timeout);
                    }
                }
                var made = new ArrayList<>(calls.calls());
                made.removeIf(name -> !name.equals("epollPwait2") && !name.equals("ppoll"));
                assertTrue(made.size() <= 1, "the missing call is tried once: " + made);
            }
        }
    }

    @EveryBackend
    void changes_travel_once_also_when_the_call_they_travel_with_is_missing(Pair pair)
            throws IOException {
        int rc = -pair.sys().errno().ENOSYS;
        var calls = new Intercepted(pair);
        var travelled = new AtomicInteger();
        calls.take(
                (name, arguments, real) -> {
                    if (name.startsWith("epoll") && Intercepted.isWait(name)) {
                        travelled.addAndGet(arguments[4] == null ? 0 : 1);
                    }
                    if (name.equals("epollPwait2")) {
                        real.make(); // makes the changes; LEVEL does not mind the wait
                        return rc;
                    }
                    return name.equals("ppoll") ? rc : real.make();
                });
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] both = fds.socketpair();
            FdKey key = selector.register(both[0], Interest.READ, Trigger.LEVEL, null);
            selector.modify(key, Interest.WRITE);
            var seen = new ArrayList<String>();
            selector.poll(1_500_000, NANOSECONDS, (k, ready) -> seen.add(ready.toString()));
            assertEquals(List.of("WRITE"), seen);
            assertTrue(travelled.get() <= 1);
            selector.modify(key, Interest.READ);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void poll_of_zero_looks_once_and_does_not_block(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            calls.calls();
            assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, UNEXPECTED));
            assertEquals(List.of(0L), calls.waits());
            assertEquals(1, calls.calls().size());
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertEquals(List.of(0L), calls.waits());
        }
    }

    @EveryBackend
    void poll_of_zero_consumes_a_pending_wakeup(FdSelector selector) throws IOException {
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, selector.poll(0, SECONDS, UNEXPECTED));
        assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, UNEXPECTED));
    }

    @EveryBackend
    void without_a_timeout_it_waits_until_something_happens(Pair pair) throws Exception {
        Host.requirePlatformThreads("the JDK's poller makes the waits, not the binding");
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var poller = Poller.poll(selector, (k, ready) -> assertSame(key, k)).awaitBlocked();
            assertFalse(poller.isDone());
            assertEquals(List.of(-1L), calls.waits(), "no time-out, no round");
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, poller.result());
        }
    }

    @EveryBackend
    void a_negative_timeout_is_an_illegal_argument(FdSelector selector) throws IOException {
        for (long timeout : new long[] {-1, -1_000_000, Long.MIN_VALUE}) {
            for (TimeUnit unit : TimeUnit.values()) {
                assertThrows(
                        IllegalArgumentException.class,
                        () -> selector.poll(timeout, unit, UNEXPECTED));
            }
        }
        assertEquals("TIMEOUT", Fds.pollNow(selector));
    }

    @EveryBackend
    void a_null_handler_is_refused_and_the_selector_stays_usable(FdSelector selector)
            throws IOException {
        assertThrows(NullPointerException.class, () -> selector.poll(null));
        assertThrows(NullPointerException.class, () -> selector.poll(0, SECONDS, null));
        assertThrows(NullPointerException.class, () -> selector.poll(0, null, UNEXPECTED));
        assertEquals("TIMEOUT", Fds.pollNow(selector));
    }

    @EveryBackend
    void a_very_large_timeout_saturates(Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        long[] timeouts = {
            Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MAX_VALUE / 2, 25 * DAY, 1L << 53, 1L << 41
        };
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            for (long timeout : timeouts) {
                calls.waits();
                blocksUntilWoken(selector, timeout, NANOSECONDS);
                for (long asked : calls.waits()) { // one, unless the poll was woken by chance
                    assertTrue(asked >= -1 && asked <= DAY, asked + " of " + timeout);
                }
            }
            blocksUntilWoken(selector, Long.MAX_VALUE, DAYS);
            blocksUntilWoken(selector, Long.MAX_VALUE / 1_000, MILLISECONDS);
        }
    }

    private static void blocksUntilWoken(FdSelector selector, long timeout, TimeUnit unit)
            throws Exception {
        var poller = Poller.run(() -> selector.poll(timeout, unit, UNEXPECTED)).awaitBlocked();
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, poller.result(), timeout + " " + unit);
    }

    @EveryBackend
    void who_is_woken_after_a_day_waits_on(Pair pair) throws Exception {
        Host.requirePlatformThreads("the JDK's poller makes the waits, not the binding");
        var calls = new Intercepted(pair);
        var days = new AtomicInteger();
        calls.take( // a day passes at once
                (name, arguments, real) ->
                        Intercepted.isWait(name) && days.incrementAndGet() < 100 ? 0 : real.make());
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            var poller = Poller.run(() -> selector.poll(1_000, DAYS, UNEXPECTED));
            Poller.await("a hundred days", () -> days.get() >= 100);
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, poller.result());
        }
    }

    /** The kernel begins select and ppoll again with what was left when the process stopped. */
    @Test
    void a_stop_of_the_process_does_not_lengthen_the_wait() throws IOException {
        Host.requirePlatformThreads("it is about the waits of the kernel");
        Host.requireLinux("kill -STOP, and what is done about it");
        Child.Result result =
                Child.here().withProperties().withJnr().withAllElse().run(StoppedProcess.class);
        List<String> waits = result.ok().lines(StoppedProcess.WAITED);
        assertFalse(waits.isEmpty());
        for (String wait : waits) {
            String[] words = wait.split(" ");
            long millis = Long.parseLong(words[1]);
            assertTrue(millis >= StoppedProcess.STOP_MILLIS, "it was not stopped: " + wait);
            assertTrue(millis < StoppedProcess.TOO_LONG_MILLIS, wait);
        }
    }

    // ---- EINTR

    @EveryBackend
    void a_storm_of_signals_neither_ends_nor_shortens_the_wait(Pair pair) throws Exception {
        Host.requirePlatformThreads("no signal can be sent to it");
        var calls = new Intercepted(pair);
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            // Each EINTR begins again with what is left: not with all of it. On a busy machine the
            // storm may not have its turn in one wait.
            for (int rounds = 0; rounds < 2 || calls.interrupted() < 10; rounds++) {
                assertTrue(rounds < 100, calls.interrupted() + " times EINTR");
                long timeout = rounds % 2 == 0 ? 300_000_000 : 50_000_001;
                var poller =
                        Poller.run(
                                () -> {
                                    try (var storm = new Storm()) {
                                        storm.blowOverMe();
                                        long start = System.nanoTime();
                                        PollResult result =
                                                selector.poll(timeout, NANOSECONDS, UNEXPECTED);
                                        assertEquals(PollResult.TIMEOUT, result);
                                        return System.nanoTime() - start;
                                    }
                                });
                long elapsed = (Long) poller.result();
                assertTrue(elapsed >= timeout, elapsed + " of " + timeout + " ns");
            }
        }
    }

    @EveryBackend
    void a_storm_of_signals_does_not_end_a_wait_without_timeout(Pair pair) throws Exception {
        Host.requirePlatformThreads("no signal can be sent to it");
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var poller =
                    Poller.run(
                            () -> {
                                try (var storm = new Storm()) {
                                    storm.blowOverMe();
                                    return selector.poll((key, ready) -> {});
                                }
                            });
            Poller.await("signals", () -> calls.interrupted() >= 100 || poller.isDone());
            assertFalse(poller.isDone());
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, poller.result());
        }
    }

    @EveryBackend
    void signals_do_not_lengthen_the_wait(Pair pair) throws IOException {
        Host.requirePlatformThreads("no signal can be sent to it");
        // Each wait is ended by a signal, so the deadline is all that ends the poll: as many waits
        // as fit into it, and the one that finds it over.
        int rc = -pair.sys().errno().EINTR;
        var calls = new Intercepted(pair);
        calls.take(
                (name, arguments, real) -> {
                    if (!Intercepted.isWait(name) || calls.lastWait() == 0) {
                        return real.make();
                    }
                    return rc;
                });
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            long start = System.nanoTime();
            assertEquals(PollResult.TIMEOUT, selector.poll(20, MILLISECONDS, UNEXPECTED));
            assertTrue(System.nanoTime() - start >= 20_000_000);
            long before = Long.MAX_VALUE;
            for (long asked : calls.waits()) {
                assertTrue(asked <= before, "never more than was left: " + asked);
                before = asked;
            }
            assertEquals(0, before);
            assertTrue(calls.interrupted() > 1);
        }
    }

    @EveryBackend
    void a_signal_does_not_hide_what_is_ready_from_a_poll_of_zero(Pair pair) throws IOException {
        int rc = -pair.sys().errno().EINTR;
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            var left = new AtomicInteger();
            calls.take(
                    (name, arguments, real) -> {
                        boolean hit = Intercepted.isWait(name) && left.getAndDecrement() > 0;
                        return hit ? rc : real.make();
                    });
            left.set(3);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            left.set(3);
            assertEquals(pipe[0] + " READ", Fds.poll(selector, 60_000));
        }
    }

    // ---- nothing registered

    @EveryBackend
    void with_nothing_registered_it_still_waits_for_the_timeout(FdSelector selector)
            throws IOException {
        long start = System.nanoTime();
        assertEquals(PollResult.TIMEOUT, selector.poll(30, MILLISECONDS, UNEXPECTED));
        assertTrue(System.nanoTime() - start >= 30_000_000);
    }

    @EveryBackend
    void with_nothing_registered_any_more_it_still_waits_for_a_wakeup(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            selector.unregister(selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null));
            var poller = Poller.poll(selector).awaitBlocked();
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, poller.result());
        }
    }

    // ---- wakeup

    @EveryBackend
    void wakeup_ends_the_current_poll(FdSelector selector) throws Exception {
        for (int i = 0; i < 20; i++) {
            var poller = Poller.poll(selector).awaitBlocked();
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, poller.result());
            assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, UNEXPECTED), "used up");
        }
    }

    @EveryBackend
    void wakeup_ends_the_next_poll_if_there_is_none(FdSelector selector) throws Exception {
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, Poller.poll(selector).result());
        var poller = Poller.poll(selector).awaitBlocked();
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, poller.result());
    }

    @EveryBackend
    void many_wakeups_before_a_poll_count_as_one(FdSelector selector) throws IOException {
        for (int i = 0; i < 1_000; i++) {
            selector.wakeup();
        }
        assertEquals(PollResult.WAKEUP, selector.poll(UNEXPECTED));
        assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, UNEXPECTED));
        assertEquals(PollResult.TIMEOUT, selector.poll(1, MILLISECONDS, UNEXPECTED));
    }

    @EveryBackend
    void wakeup_never_blocks(FdSelector selector) throws IOException {
        for (int i = 0; i < 200_000; i++) { // more than a pipe holds
            selector.wakeup();
        }
        assertEquals("WAKEUP", Fds.pollNow(selector));
        assertEquals("TIMEOUT", Fds.pollNow(selector));
    }

    @EveryBackend
    void wakeup_never_shows_up_as_an_event(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, selector.poll(UNEXPECTED));
            assertEquals(List.of(key), selector.keys());
            Fds.write(pipe[1], 1);
            selector.wakeup();
            var seen = new ArrayList<FdKey>();
            assertEquals(PollResult.WAKEUP, selector.poll((k, ready) -> seen.add(k)));
            assertEquals(List.of(key), seen, "what was ready as well has been handled");
        }
    }

    @EveryBackend
    void wakeup_by_a_handler_ends_the_next_poll(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, selector.poll((key, ready) -> selector.wakeup()));
            assertEquals(PollResult.WAKEUP, selector.poll(UNEXPECTED));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_wakeup_joins_one_that_is_not_yet_through_and_ends_the_same_poll(Pair pair)
            throws Exception {
        var calls = new Intercepted(pair);
        var inWait = new CountDownLatch(1);
        var inWrite = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            calls.take(
                    (name, arguments, real) -> {
                        if (Intercepted.isWait(name)) {
                            inWait.countDown();
                        } else if (name.equals("write") || name.equals("keventChange")) {
                            inWrite.countDown();
                            await(goOn);
                        }
                        return real.make();
                    });
            var polling = Poller.run(() -> selector.poll((key, ready) -> Fds.drain(pipe[0])));
            await(inWait);
            var slow =
                    Poller.run(
                            () -> {
                                selector.wakeup();
                                return null;
                            });
            await(inWrite);
            selector.wakeup(); // counts as one with the slow one
            Fds.write(pipe[1], 1);
            Object first = polling.result();
            goOn.countDown();
            slow.result();
            String second = Fds.pollNow(selector);
            assertEquals("WAKEUP, then TIMEOUT", first + ", then " + second);
            selector.wakeup();
            assertEquals("WAKEUP", Fds.pollNow(selector), "and the next one counts");
        }
    }

    @EveryBackend
    void no_wakeup_is_lost_among_many_threads(FdSelector selector) throws Exception {
        int wakers = 3;
        int rounds = 1_000;
        var asked = new AtomicInteger();
        var seen = new AtomicInteger();
        var poller =
                Poller.run(
                        () -> {
                            while (seen.get() < wakers * rounds) {
                                assertEquals(PollResult.WAKEUP, selector.poll(UNEXPECTED));
                                seen.set(asked.get());
                            }
                            return null;
                        });
        var threads = new ArrayList<Poller>();
        for (int i = 0; i < wakers; i++) {
            threads.add(
                    Poller.run(
                            () -> {
                                for (int round = 0; round < rounds; round++) {
                                    int mine = asked.incrementAndGet();
                                    selector.wakeup();
                                    Poller.await("a poll", () -> seen.get() >= mine);
                                }
                                return null;
                            }));
        }
        for (Poller thread : threads) {
            thread.result();
        }
        poller.result();
    }

    @EveryBackend
    void wakeup_after_close_does_nothing_and_writes_into_no_other_fd(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        FdSelector selector = Internals.open(pair.backend(), calls.sys);
        selector.close();
        calls.calls();
        for (int i = 0; i < 3; i++) {
            selector.wakeup();
        }
        assertEquals(List.of(), calls.calls());
    }

    // ---- interrupt

    @EveryBackend
    void interrupt_ends_a_blocked_poll_and_the_status_stays_set(FdSelector selector)
            throws Exception {
        for (long timeout : new long[] {Long.MAX_VALUE, DAY, DAY + 1}) {
            var poller =
                    Poller.run(
                            () -> {
                                PollResult first = selector.poll(timeout, NANOSECONDS, UNEXPECTED);
                                assertTrue(Thread.currentThread().isInterrupted());
                                assertEquals(
                                        PollResult.INTERRUPT,
                                        selector.poll(timeout, NANOSECONDS, UNEXPECTED),
                                        "as long as it is set");
                                assertTrue(Thread.interrupted());
                                return first;
                            });
            poller.awaitBlocked().thread().interrupt();
            assertEquals(PollResult.INTERRUPT, poller.result());
            assertEquals("TIMEOUT", Fds.pollNow(selector), "nothing is left of it");
        }
    }

    @EveryBackend
    void interrupt_before_a_poll_ends_it_at_once(FdSelector selector) throws IOException {
        try {
            Thread.currentThread().interrupt();
            assertEquals(PollResult.INTERRUPT, selector.poll(UNEXPECTED));
            assertEquals(PollResult.INTERRUPT, selector.poll(1, DAYS, UNEXPECTED));
            assertEquals(PollResult.INTERRUPT, selector.poll(0, SECONDS, UNEXPECTED));
            assertTrue(Thread.currentThread().isInterrupted());
        } finally {
            Thread.interrupted();
        }
        assertEquals(PollResult.TIMEOUT, selector.poll(1, MILLISECONDS, UNEXPECTED));
    }

    @EveryBackend
    void an_interrupted_poll_reports_what_is_ready_all_the_same(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Trigger trigger = selector.supports(Trigger.EDGE) ? Trigger.EDGE : Trigger.ONESHOT;
            FdKey key = selector.register(pipe[0], Interest.READ, trigger, null);
            Fds.write(pipe[1], 1);
            var seen = new ArrayList<FdKey>();
            try {
                Thread.currentThread().interrupt();
                assertEquals(PollResult.INTERRUPT, selector.poll((k, ready) -> seen.add(k)));
            } finally {
                assertTrue(Thread.interrupted());
            }
            assertEquals(List.of(key), seen);
        }
    }

    @EveryBackend
    void interrupt_of_a_thread_that_does_not_poll_any_more_disturbs_nobody(FdSelector selector)
            throws Exception {
        var first =
                Poller.run(
                        () -> {
                            selector.poll(1, NANOSECONDS, UNEXPECTED);
                            return null;
                        });
        first.result();
        var second = Poller.poll(selector).awaitBlocked();
        first.thread().interrupt();
        assertFalse(second.isDone());
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, second.result());
    }

    // ---- why a poll ended

    @EveryBackend
    void the_caller_knows_why_a_poll_ended(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            ReadyHandler nothing = (key, ready) -> {};
            assertEquals(PollResult.TIMEOUT, selector.poll(1, MILLISECONDS, nothing));
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, selector.poll(nothing));
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, selector.poll(nothing), "before EVENTS");
            try {
                selector.wakeup();
                Thread.currentThread().interrupt();
                assertEquals(PollResult.INTERRUPT, selector.poll(nothing), "before WAKEUP");
            } finally {
                assertTrue(Thread.interrupted());
            }
            assertEquals(PollResult.EVENTS, selector.poll(nothing), "the wakeup is used up");
        }
    }

    // ---- two polls at a time

    @EveryBackend
    void a_second_thread_that_polls_gets_an_exception_and_disturbs_nobody(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var first = Poller.poll(selector, (k, ready) -> assertSame(key, k)).awaitBlocked();
            assertThrows(IllegalStateException.class, () -> selector.poll(UNEXPECTED));
            assertThrows(IllegalStateException.class, () -> selector.poll(0, SECONDS, UNEXPECTED));
            assertThrows(IllegalStateException.class, () -> selector.poll(1, DAYS, UNEXPECTED));
            assertFalse(first.isDone());
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, first.result());
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector), "then it is free");
        }
    }

    @EveryBackend
    void a_second_poll_is_refused_whatever_the_threads_call_themselves(Pair pair) throws Exception {
        for (long id : new long[] {0, -1, -2, Thread.currentThread().getId()}) {
            try (var fds = new Fds();
                    FdSelector selector = pair.open()) {
                int[] pipe = fds.pipe();
                FdKey key = selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
                var first = Poller.poll(selector, pollsAgain(selector), id).awaitBlocked();
                assertThrows(IllegalStateException.class, () -> selector.poll(UNEXPECTED));
                assertThrows(
                        IllegalStateException.class,
                        () -> Poller.poll(selector, UNEXPECTED, id).result());
                selector.modify(key, Interest.READ); // not taken for the polling thread's
                Fds.write(pipe[1], 1);
                assertEquals(PollResult.EVENTS, first.result());
            }
        }
    }

    private static ReadyHandler pollsAgain(FdSelector selector) {
        return (key, ready) ->
                assertThrows(IllegalStateException.class, () -> selector.poll(UNEXPECTED));
    }

    @EveryBackend
    void a_handler_that_polls_gets_an_exception(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            ReadyHandler handler =
                    (key, ready) -> {
                        assertThrows(IllegalStateException.class, () -> selector.poll(UNEXPECTED));
                        selector.poll(0, SECONDS, UNEXPECTED);
                    };
            assertThrows(IllegalStateException.class, () -> selector.poll(handler));
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector), "and it goes on");
        }
    }

    @EveryBackend
    void a_handler_may_poll_another_selector(Pair pair) throws IOException {
        try (var fds = new Fds();
                FdSelector outer = pair.open();
                FdSelector inner = pair.open()) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            outer.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            inner.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var seen = new ArrayList<String>();
            outer.poll((key, ready) -> seen.add(Fds.pollNow(inner)));
            assertEquals(List.of(pipe[0] + " READ"), seen);
        }
    }

    // ---- close

    @EveryBackend
    void close_wakes_a_blocked_poll_which_says_closed(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var poller = Poller.poll(selector).awaitBlocked();
            selector.close();
            assertThrows(PolluxException.Closed.class, poller::result);
        }
    }

    @EveryBackend
    void close_waits_until_a_blocked_poll_has_left_before_an_fd_is_closed(Pair pair)
            throws Exception {
        for (int i = 0; i < 20; i++) {
            var calls = new Intercepted(pair);
            var early = new AtomicInteger();
            calls.take(
                    (name, arguments, real) -> {
                        if (name.equals("close") && calls.waiting() > 0) {
                            early.incrementAndGet();
                        }
                        return real.make();
                    });
            FdSelector selector = Internals.open(pair.backend(), calls.sys);
            var poller = Poller.poll(selector).awaitBlocked();
            selector.close();
            assertThrows(PolluxException.Closed.class, poller::result);
            assertTrue(calls.calls().contains("close"));
            assertEquals(0, early.get());
        }
    }

    @EveryBackend
    void close_waits_for_a_handler_before_an_fd_is_closed(Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        var inHandler = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        try (var fds = new Fds()) {
            FdSelector selector = Internals.open(pair.backend(), calls.sys);
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var poller =
                    Poller.poll(
                            selector,
                            (key, ready) -> {
                                inHandler.countDown();
                                await(goOn);
                            });
            await(inHandler);
            calls.calls();
            var closer =
                    Poller.run(
                            () -> {
                                selector.close();
                                return null;
                            });
            Poller.await("close to begin", () -> selector.toString().contains("closed"));
            assertThrows(
                    PolluxException.Closed.class,
                    () -> selector.register(pipe[1], Interest.WRITE, Trigger.LEVEL, null));
            assertFalse(closer.isDone());
            assertFalse(calls.calls().contains("close"));
            goOn.countDown();
            closer.result();
            assertTrue(calls.calls().contains("close"));
            assertThrows(PolluxException.Closed.class, poller::result);
        }
    }

    @EveryBackend
    void close_releases_every_fd_also_from_a_handler(Pair pair) throws IOException {
        pair.open().close();
        int before = Fds.openCount();
        try (var fds = new Fds()) {
            FdSelector selector = pair.open();
            int[] one = fds.pipe();
            int[] two = fds.pipe();
            Fds.write(one[1], 1);
            Fds.write(two[1], 1);
            selector.register(one[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(two[0], Interest.READ, Trigger.LEVEL, null);
            var seen = new ArrayList<FdKey>();
            assertThrows(
                    PolluxException.Closed.class,
                    () ->
                            selector.poll(
                                    (key, ready) -> {
                                        seen.add(key);
                                        selector.close();
                                        selector.close();
                                        assertThrows(
                                                PolluxException.Closed.class,
                                                () -> selector.modify(key, Interest.WRITE));
                                    }));
            assertEquals(1, seen.size(), "the rest of the batch is not delivered");
            Fds.assertOpenCount(before + 4);
            selector.close();
            Fds.assertOpenCount(before + 4);
        }
        Fds.assertOpenCount(before);
    }

    @EveryBackend
    void a_handler_that_closes_and_throws_is_heard(Pair pair) throws IOException {
        int before = Fds.openCount();
        try (var fds = new Fds()) {
            FdSelector selector = pair.open();
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var mine = new IOException("mine");
            var thrown =
                    assertThrows(
                            IOException.class,
                            () ->
                                    selector.poll(
                                            (key, ready) -> {
                                                selector.close();
                                                throw mine;
                                            }));
            assertSame(mine, thrown);
            assertThrows(PolluxException.Closed.class, () -> selector.poll(UNEXPECTED));
        }
        Fds.assertOpenCount(before);
    }

    @EveryBackend
    void close_is_idempotent_and_never_closes_a_number_twice(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        FdSelector selector = Internals.open(pair.backend(), calls.sys);
        var closed = new ArrayList<Object>();
        calls.take(
                (name, arguments, real) -> {
                    if (name.equals("close")) {
                        closed.add(arguments[0]);
                    }
                    return real.make();
                });
        selector.close();
        assertFalse(closed.isEmpty());
        assertEquals(Set.copyOf(closed).size(), closed.size());
        calls.calls();
        selector.close();
        selector.close();
        assertEquals(List.of(), calls.calls());
    }

    @EveryBackend
    void close_by_several_threads_at_once_closes_once(Pair pair) throws Exception {
        int before = Fds.openCount();
        for (int i = 0; i < 20; i++) {
            FdSelector selector = pair.open();
            var poller = Poller.poll(selector).awaitBlocked();
            var closers = new ArrayList<Poller>();
            for (int j = 0; j < 3; j++) {
                closers.add(
                        Poller.run(
                                () -> {
                                    selector.close();
                                    return null;
                                }));
            }
            for (Poller closer : closers) {
                closer.result();
            }
            assertThrows(PolluxException.Closed.class, poller::result);
        }
        Poller.await("every fd to be closed", () -> openCount() == before);
    }

    private static int openCount() {
        try {
            return Fds.openCount();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @EveryBackend
    void close_by_an_interrupted_thread_waits_too_and_stays_interrupted(Pair pair)
            throws Exception {
        FdSelector selector = pair.open();
        var poller = Poller.poll(selector).awaitBlocked();
        try {
            Thread.currentThread().interrupt();
            selector.close();
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertThrows(PolluxException.Closed.class, poller::result);
    }

    @EveryBackend
    void after_close_everything_says_closed(Pair pair) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdSelector selector = pair.open();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.close();

            Class<PolluxException.Closed> closed = PolluxException.Closed.class;
            assertThrows(closed, () -> selector.poll(UNEXPECTED));
            assertThrows(closed, () -> selector.poll(0, SECONDS, UNEXPECTED));
            assertThrows(closed, () -> selector.poll(1, SECONDS, UNEXPECTED));
            for (Trigger trigger : Trigger.values()) {
                assertThrows(
                        closed, () -> selector.register(pipe[1], Interest.READ, trigger, null));
                assertThrows(closed, () -> selector.modify(key, Interest.WRITE, trigger));
            }
            assertThrows(closed, () -> selector.modify(key, Interest.WRITE));
            assertThrows(closed, () -> selector.unregister(key));
            assertThrows(closed, selector::fd);
            selector.wakeup();
            selector.close();
            assertFalse(key.isValid());
            assertThrows(closed, selector::keys);
            String text = assertThrows(closed, selector::fd).getMessage();
            assertTrue(text.contains("open another"), text);
        }
    }

    @EveryBackend
    void after_close_its_former_numbers_are_no_longer_its_own(Pair pair) throws IOException {
        try (var fds = new Fds()) {
            FdSelector selector = pair.open();
            selector.close();
            for (int i = 0; i < 4; i++) {
                for (int fd : fds.pipe()) { // takes the lowest numbers that are free
                    assertThrows(
                            PolluxException.Closed.class,
                            () -> selector.register(fd, Interest.READ, Trigger.LEVEL, null));
                }
            }
        }
    }

    // ---- a handler that throws

    @EveryBackend
    void what_a_handler_throws_reaches_the_caller(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            var all =
                    List.of(
                            new IOException(),
                            new IllegalStateException(),
                            new StackOverflowError());
            for (Throwable mine : all) {
                assertSame(
                        mine,
                        assertThrows(
                                Throwable.class,
                                () ->
                                        selector.poll(
                                                (key, ready) ->
                                                        WaitingContract.<Error>raise(mine))));
            }
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector), "and it goes on");
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void raise(Throwable any) throws T {
        throw (T) any;
    }

    @EveryBackend
    void the_rest_of_the_batch_is_delivered_by_the_next_poll(FdSelector selector)
            throws IOException {
        for (Trigger trigger : Trigger.values()) {
            if (!selector.supports(trigger)) {
                continue;
            }
            try (var fds = new Fds()) {
                var expected = new TreeSet<Integer>();
                var keys = new ArrayList<FdKey>();
                for (int i = 0; i < 5; i++) {
                    int[] pipe = fds.pipe();
                    Fds.write(pipe[1], 1);
                    keys.add(selector.register(pipe[0], Interest.READ, trigger, null));
                    expected.add(pipe[0]);
                }
                var seen = new ArrayList<Integer>();
                ReadyHandler throwing =
                        (key, ready) -> {
                            seen.add(key.fd());
                            throw new IOException("after " + seen);
                        };
                for (int i = 0; i < 4; i++) {
                    assertThrows(IOException.class, () -> selector.poll(throwing));
                    assertEquals(i + 1, seen.size(), "one at a time");
                }
                assertEquals(PollResult.EVENTS, selector.poll((key, ready) -> seen.add(key.fd())));
                assertEquals(5, seen.size());
                assertEquals(expected, new TreeSet<>(seen), "each of them once, " + trigger);
                seen.remove(4);
                var again = new ArrayList<Integer>();
                selector.poll(0, SECONDS, (key, ready) -> again.add(key.fd()));
                assertTrue(again.containsAll(seen), "those whose handler threw, once more");
                if (trigger != Trigger.LEVEL && trigger != Trigger.LEVEL_EXCLUSIVE) {
                    assertEquals("TIMEOUT", Fds.pollNow(selector), trigger.toString());
                }
                for (FdKey key : keys) {
                    selector.unregister(key);
                }
            }
        }
    }

    @EveryBackend
    void what_is_left_of_a_batch_is_delivered_before_anything_is_waited_for(Pair pair)
            throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            for (int i = 0; i < 2; i++) {
                int[] pipe = fds.pipe();
                Fds.write(pipe[1], 1);
                selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            }
            assertThrows(AssertionError.class, () -> selector.poll(UNEXPECTED));
            calls.waits();
            assertEquals(PollResult.EVENTS, selector.poll((key, ready) -> {}));
            assertEquals(List.of(), calls.waits());
        }
    }

    @EveryBackend
    void what_is_left_of_a_batch_but_was_unregistered_is_not_delivered(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            var keys = new ArrayList<FdKey>();
            for (int i = 0; i < 3; i++) {
                int[] pipe = fds.pipe();
                Fds.write(pipe[1], 1);
                keys.add(selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null));
            }
            var seen = new ArrayList<FdKey>();
            assertThrows(
                    IOException.class,
                    () ->
                            selector.poll(
                                    (key, ready) -> {
                                        seen.add(key);
                                        throw new IOException();
                                    }));
            keys.removeAll(seen);
            FdKey stays = keys.remove(0);
            selector.unregister(keys.get(0));
            assertEquals(stays.fd() + " READ", Fds.pollNow(selector));
            assertEquals(seen.get(0).fd() + " READ", Fds.pollNow(selector), "its handler threw");
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_wakeup_seen_with_a_batch_whose_handler_throws_is_reported_later(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            for (int i = 0; i < 3; i++) {
                int[] pipe = fds.pipe();
                Fds.write(pipe[1], 1);
                selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            }
            selector.wakeup();
            var count = new AtomicInteger();
            ReadyHandler throwing =
                    (key, ready) -> {
                        count.incrementAndGet();
                        throw new IOException();
                    };
            assertThrows(IOException.class, () -> selector.poll(throwing));
            assertThrows(IOException.class, () -> selector.poll(throwing));
            assertEquals(
                    PollResult.WAKEUP,
                    selector.poll((key, ready) -> count.incrementAndGet()),
                    "with the rest, as a wakeup and events that meet are reported");
            assertEquals(3, count.get());
            assertTrue(Fds.pollNow(selector).endsWith("READ"), "those whose handler threw");
            assertEquals("TIMEOUT", Fds.pollNow(selector), "once");
        }
    }

    @EveryBackend
    void a_wakeup_that_comes_after_the_handler_threw_is_not_lost(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            for (int i = 0; i < 2; i++) {
                int[] pipe = fds.pipe();
                Fds.write(pipe[1], 1);
                selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            }
            assertThrows(AssertionError.class, () -> selector.poll(UNEXPECTED));
            selector.wakeup();
            PollResult first = selector.poll((key, ready) -> {});
            if (first == PollResult.EVENTS) {
                assertEquals(PollResult.WAKEUP, selector.poll((key, ready) -> {}));
            } else {
                assertEquals(PollResult.WAKEUP, first);
                assertTrue(Fds.pollNow(selector).endsWith("READ"), "the one whose handler threw");
            }
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void an_interrupt_and_a_batch_that_is_left_meet_as_always(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            for (int i = 0; i < 2; i++) {
                int[] pipe = fds.pipe();
                Fds.write(pipe[1], 1);
                selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            }
            selector.wakeup();
            assertThrows(AssertionError.class, () -> selector.poll(UNEXPECTED));
            try {
                Thread.currentThread().interrupt();
                assertEquals(PollResult.INTERRUPT, selector.poll((key, ready) -> {}));
            } finally {
                assertTrue(Thread.interrupted());
            }
            assertTrue(Fds.pollNow(selector).endsWith("READ"), "the one whose handler threw");
            assertEquals("TIMEOUT", Fds.pollNow(selector), "the wakeup is used up");
        }
    }

    // ---- changes by other threads while a poll blocks

    @EveryBackend
    void register_by_another_thread_takes_effect_on_the_poll_that_blocks(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            for (int i = 0; i < 20; i++) {
                int[] pipe = fds.pipe();
                if (i % 2 == 0) {
                    Fds.write(pipe[1], 1);
                }
                var seen = new ArrayList<FdKey>();
                var poller = Poller.poll(selector, (key, ready) -> seen.add(key)).awaitBlocked();
                FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                if (i % 2 == 1) {
                    Fds.write(pipe[1], 1);
                }
                assertEquals(PollResult.EVENTS, poller.result());
                assertEquals(List.of(key), seen);
                selector.unregister(key);
            }
        }
    }

    @EveryBackend
    void modify_by_another_thread_takes_effect_on_the_poll_that_blocks(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            int[] both = fds.socketpair();
            FdKey key = selector.register(both[0], Interest.READ, Trigger.LEVEL, null);
            for (int i = 0; i < 20; i++) {
                var seen = new ArrayList<String>();
                var poller =
                        Poller.poll(selector, (k, ready) -> seen.add(ready.toString()))
                                .awaitBlocked();
                selector.modify(key, Interest.WRITE);
                assertEquals(PollResult.EVENTS, poller.result());
                assertEquals(List.of("WRITE"), seen);
                selector.modify(key, Interest.READ);
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
        }
    }

    @EveryBackend
    void modify_by_another_thread_arms_a_fired_oneshot_on_the_poll_that_blocks(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            var seen = new ArrayList<FdKey>();
            var poller = Poller.poll(selector, (k, ready) -> seen.add(k)).awaitBlocked();
            selector.modify(key, Interest.READ);
            assertEquals(PollResult.EVENTS, poller.result());
            assertEquals(List.of(key), seen);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void interest_that_another_thread_takes_away_does_not_end_the_poll_that_blocks(
            FdSelector selector) throws Exception {
        Capability.PRIORITY.require();
        try (var fds = new Fds()) {
            int[] gone = fds.pipe();
            int[] changed = fds.socketpair();
            FdKey first = selector.register(gone[0], Interest.READ, Trigger.LEVEL, null);
            FdKey second = selector.register(changed[0], Interest.READ, Trigger.LEVEL, null);
            var poller = Poller.poll(selector).awaitBlocked();
            selector.unregister(first);
            selector.modify(second, Interest.PRIORITY);
            Fds.write(gone[1], 1);
            Fds.write(changed[1], 1);
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, poller.result());
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void changes_by_another_thread_do_not_end_or_lengthen_the_poll_that_blocks(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            int[] both = fds.socketpair();
            int changes = 0;
            for (int polls = 0; changes <= 10; polls++) { // on a busy machine, in more than one
                assertTrue(polls < 100, changes + " changes");
                var poller =
                        Poller.run(
                                () -> {
                                    long start = System.nanoTime();
                                    PollResult result =
                                            selector.poll(200_000_001, NANOSECONDS, UNEXPECTED);
                                    assertEquals(PollResult.TIMEOUT, result);
                                    return System.nanoTime() - start;
                                });
                while (!poller.isDone()) {
                    FdKey key = selector.register(both[0], Interest.READ, Trigger.LEVEL, null);
                    selector.modify(key, Reported.idle(selector));
                    selector.modify(key, Interest.READ, Trigger.ONESHOT);
                    selector.unregister(key);
                    changes++;
                }
                assertTrue((Long) poller.result() >= 200_000_001);
            }
        }
    }

    @EveryBackend
    void many_threads_may_register_at_once_while_a_poll_blocks(FdSelector selector)
            throws Exception {
        int threads = 4;
        int each = 50;
        try (var fds = new Fds()) {
            var pipes = new int[threads * each][];
            for (int i = 0; i < pipes.length; i++) {
                pipes[i] = fds.pipe();
                Fds.write(pipes[i][1], 1);
            }
            var seen = new TreeSet<Integer>();
            var poller =
                    Poller.run(
                            () -> {
                                while (seen.size() < pipes.length) {
                                    selector.poll(
                                            (key, ready) ->
                                                    assertTrue(seen.add(key.fd()), "ONESHOT"));
                                }
                                return null;
                            });
            var others = new ArrayList<Poller>();
            for (int t = 0; t < threads; t++) {
                int first = t * each;
                others.add(
                        Poller.run(
                                () -> {
                                    for (int i = first; i < first + each; i++) {
                                        int fd = pipes[i][0];
                                        selector.register(fd, Interest.READ, Trigger.ONESHOT, null);
                                    }
                                    return null;
                                }));
            }
            for (Poller other : others) {
                other.result();
            }
            poller.result();
        }
    }

    @EveryBackend
    void a_modify_by_another_thread_and_a_remembered_one_leave_what_the_key_says(Pair pair)
            throws Exception {
        Capability.PRIORITY.require();
        // The other thread is held in the middle of its modify, until the polling thread is about
        // to hand over the one that its handler has made.
        var calls = new Intercepted(pair);
        var polling = new AtomicReference<Thread>();
        var changing = new AtomicReference<Poller>();
        var inModify = new CountDownLatch(1);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] both = fds.socketpair();
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            FdKey key = selector.register(both[0], Interest.PRIORITY, Trigger.LEVEL, null);
            selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            calls.take(
                    (name, arguments, real) -> {
                        boolean change =
                                List.of("isOpen", "epollCtl", "keventChange").contains(name);
                        if (change && Thread.currentThread() != polling.get()) {
                            inModify.countDown();
                            Poller.await("the hand-over", () -> isHeldUp(polling.get()));
                        }
                        return real.make();
                    });
            ReadyHandler modifying =
                    (k, ready) -> {
                        selector.modify(key, Interest.READ);
                        changing.set(
                                Poller.run(
                                        () -> {
                                            selector.modify(key, Interest.WRITE);
                                            return null;
                                        }));
                        await(inModify);
                    };
            Object events =
                    Poller.run(
                                    () -> {
                                        polling.set(Thread.currentThread());
                                        selector.poll(modifying);
                                        return Fds.poll(selector, 100);
                                    })
                            .result();
            changing.get().result();
            calls.take((name, arguments, real) -> real.make());
            String expected = key.interest() == Interest.WRITE ? both[0] + " WRITE" : "TIMEOUT";
            assertEquals(expected, Fds.pollNow(selector), "after " + events);
            selector.modify(key, Interest.READ.plus(Interest.PRIORITY));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE);
            assertEquals(both[0] + " WRITE", Fds.pollNow(selector));
        }
    }

    /** On a lock of Java's, or spinning for one, or past it. */
    private static boolean isHeldUp(Thread thread) {
        Thread.State state = thread.getState();
        if (state != Thread.State.RUNNABLE) {
            return true;
        }
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getMethodName().equals("hold")) {
                return true;
            }
        }
        return false;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(Poller.LIMIT, SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** An error of the wait itself is the caller's, and leaves the selector usable. */
    @EveryBackend
    void an_error_of_the_wait_is_typed_and_passes(Pair pair) throws IOException {
        Errno errno = pair.sys().errno();
        var calls = new Intercepted(pair);
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            calls.take(
                    (name, arguments, real) ->
                            Intercepted.isWait(name) ? -errno.ENOMEM : real.make());
            var e = assertThrows(PolluxException.class, () -> selector.poll(UNEXPECTED));
            assertEquals(errno.ENOMEM, e.errno());
            assertEquals("poll", e.operation());
            calls.take((name, arguments, real) -> real.make());
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, selector.poll(UNEXPECTED));
        }
    }
}
