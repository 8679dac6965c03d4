package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Reported;
import dev.pollux.sys.EpollChanges;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** How many system calls an operation costs, and which. */
class SyscallCountTest {
    private static final ReadyHandler NOTHING = (key, ready) -> {};

    @EveryBackend
    void a_poll_is_one_call(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            calls.calls();
            for (int i = 0; i < 10; i++) {
                assertEquals(PollResult.EVENTS, selector.poll(NOTHING));
                assertOneWait(calls.calls());
                assertEquals(PollResult.EVENTS, selector.poll(1, DAYS, NOTHING));
                assertOneWait(calls.calls());
                assertEquals(PollResult.EVENTS, selector.poll(0, SECONDS, NOTHING));
                assertOneWait(calls.calls());
            }
        }
    }

    @EveryBackend
    void a_toggle_there_and_back_costs_nothing_but_the_wait(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            FdKey key = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            for (int i = 0; i < 10; i++) {
                calls.calls();
                selector.modify(key, Interest.WRITE);
                selector.modify(key, Interest.READ);
                assertEquals(List.of(), calls.calls());
                assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, NOTHING));
                assertOneLook(pair, calls.calls());
            }
        }
    }

    @EveryBackend
    void a_modify_that_changes_nothing_costs_nothing(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            FdKey key = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            calls.calls();
            for (int i = 0; i < 10; i++) {
                selector.modify(key, Interest.READ);
            }
            selector.poll(0, SECONDS, NOTHING);
            assertOneWait(calls.calls());
        }
    }

    @EveryBackend
    void one_modify_or_64_travel_with_the_wait(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        var travelled = new ArrayList<Integer>();
        calls.take(
                (name, arguments, real) -> {
                    if (name.startsWith("epoll") && Intercepted.isWait(name)) {
                        var changes = (EpollChanges) arguments[4];
                        travelled.add(changes == null ? 0 : changes.count());
                    }
                    return real.make();
                });
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            for (int count : new int[] {1, 64, 300}) {
                var keys = new ArrayList<FdKey>();
                for (int i = 0; i < count; i++) {
                    int fd = fds.socketpair()[0];
                    keys.add(selector.register(fd, Interest.READ, Trigger.LEVEL, null));
                }
                travelled.clear();
                calls.calls();
                for (FdKey key : keys) {
                    selector.modify(key, Interest.READ.plus(Interest.WRITE));
                    selector.modify(key, Reported.idle(selector));
                    selector.modify(key, Interest.WRITE);
                }
                var before = new ArrayList<>(calls.calls());
                before.removeIf(
                        "fileStatus"::equals); // of PRIORITY, once, where a virtual thread may poll
                assertEquals(List.of(), before, "only remembered");
                var seen = new AtomicInteger();
                assertEquals(
                        PollResult.EVENTS, selector.poll((k, ready) -> seen.incrementAndGet()));
                var made = new ArrayList<>(calls.calls());
                made.removeAll(
                        List.of("seccomp", "uringOpen")); // once, for the first that are many
                if (Reported.isEpoll(pair.backend())) {
                    assertEquals(List.of(count), travelled);
                    if (!pair.binding().equals("jni")) { // its wait makes them itself, one by one
                        int all = made.size();
                        made.removeIf("epollCtl"::equals);
                        assertEquals(count, all - made.size(), "the net effect of each");
                    }
                }
                if (pair.backend() == Backend.KQUEUE) { // in calls of their own, many in each
                    int all = made.size();
                    made.removeIf("keventChange"::equals);
                    int few = 1 + count * 4 / 256;
                    assertTrue(all - made.size() <= few, "few calls: " + made);
                    made.removeIf(call -> call.equals("fileStatus") && isEmulated(pair));
                }
                assertOneWait(made);
                while (seen.get() < count) { // more than fit into the buffer
                    selector.poll((k, ready) -> seen.incrementAndGet());
                }
                for (FdKey key : keys) {
                    selector.unregister(key);
                }
            }
        }
    }

    private static boolean isEmulated(Pair pair) {
        return pair.sys().layout().kqueueIsEmulated != 0;
    }

    private static String signal(Pair pair) {
        boolean user = pair.backend() == Backend.KQUEUE && pair.sys().layout().EVFILT_USER != 0;
        return user ? "keventChange" : "write";
    }

    @EveryBackend
    void wakeups_while_nobody_polls_make_no_call(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            for (int round = 0; round < 3; round++) {
                calls.calls();
                selector.wakeup();
                selector.wakeup();
                assertEquals(List.of(), calls.calls());
                assertEquals(PollResult.WAKEUP, selector.poll(NOTHING));
                assertOneLook(pair, calls.calls());
            }
            assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, NOTHING));
        }
    }

    @EveryBackend
    void a_wakeup_by_a_handler_makes_no_call_and_ends_the_next_poll(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            calls.calls();
            PollResult first = selector.poll((readable, ready) -> selector.wakeup());
            assertEquals(PollResult.EVENTS, first);
            assertFalse(calls.calls().contains(signal(pair)));
            selector.unregister(key);
            assertEquals(PollResult.WAKEUP, selector.poll(NOTHING));
            assertEquals(PollResult.TIMEOUT, selector.poll(0, SECONDS, NOTHING));
        }
    }

    @EveryBackend
    void wakeups_by_another_thread_while_a_handler_runs_make_no_call(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            calls.calls();
            selector.poll(
                    (readable, ready) -> {
                        List<String> before = calls.calls();
                        assertTrue(before.stream().anyMatch(Intercepted::isWait), "the control");
                        CompletableFuture.runAsync(selector::wakeup).join();
                        assertEquals(List.of(), calls.calls());
                    });
            selector.unregister(key);
            assertEquals(PollResult.WAKEUP, selector.poll(NOTHING));
        }
    }

    /** The control: whoever waits, or is about to, is signalled. */
    @EveryBackend
    void wakeups_by_another_thread_write_once_while_somebody_waits(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            calls.calls();
            calls.take(
                    (name, arguments, real) -> {
                        if (Intercepted.isWait(name)) {
                            CompletableFuture.runAsync(selector::wakeup).join();
                            CompletableFuture.runAsync(selector::wakeup).join();
                        }
                        return real.make();
                    });
            assertEquals(PollResult.WAKEUP, selector.poll(NOTHING));
            List<String> made = calls.calls();
            assertEquals(1, made.stream().filter(signal(pair)::equals).count(), made.toString());
        }
    }

    @EveryBackend
    void a_close_while_nobody_polls_signals_nobody(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        FdSelector selector = Internals.open(pair.backend(), calls.sys);
        calls.calls();
        selector.close();
        List<String> made = calls.calls();
        assertTrue(made.contains("close"), made.toString());
        assertFalse(made.contains(signal(pair)), made.toString());
    }

    @EveryBackend
    void one_interrupt_writes_once(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            calls.calls();
            try {
                Thread.currentThread().interrupt();
                assertEquals(PollResult.INTERRUPT, selector.poll(NOTHING));
            } finally {
                assertTrue(Thread.interrupted());
            }
            assertEquals(1, calls.calls().stream().filter(signal(pair)::equals).count());
        }
    }

    @EveryBackend
    void the_control_a_poll_that_makes_two_calls_is_found_out(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            FdKey key = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            calls.calls();
            selector.unregister(key);
            selector.register(key.fd(), Interest.READ, Trigger.LEVEL, null);
            selector.poll(0, SECONDS, NOTHING);
            List<String> made = calls.calls();
            assertThrows(AssertionError.class, () -> assertOneWait(made));
        }
    }

    /** A poll that finds nothing and does not wait; a ring makes it without a call. */
    private static void assertOneLook(Pair pair, List<String> calls) {
        boolean ring = pair.backend() == Backend.URING;
        if (!ring || !calls.isEmpty() && !calls.equals(List.of("uringWatch"))) {
            assertOneWait(calls);
        }
    }

    /** After a select that could block, each descriptor that it found is looked at. */
    private static void assertOneWait(List<String> calls) {
        String others =
                calls.stream()
                        .filter(name -> !Intercepted.isWait(name))
                        .filter(name -> !(calls.contains("select") && name.equals("isOpen")))
                        .collect(Collectors.joining());
        assertEquals("", others);
        assertEquals(1, calls.stream().filter(Intercepted::isWait).count(), calls.toString());
    }
}
