package dev.pollux.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.kenai.jffi.MemoryIO;
import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.Reported;
import dev.pollux.sys.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** The kernel refuses, interrupts and answers in part: nothing leaks, nothing is half done. */
class FaultsContract {
    private static final int STORM = 1000;

    /** The waits of a backend, and which argument is the time-out. */
    private record Wait(String call, int timeout) {
        static List<Wait> of(Pair pair) {
            return switch (pair.backend()) {
                case EPOLL, URING -> List.of(new Wait("epollWait", 3), new Wait("epollPwait2", 3));
                case KQUEUE -> List.of(new Wait("keventWait", 3));
                case POLL -> List.of(new Wait("poll", 2), new Wait("ppoll", 2));
                case SELECT -> List.of(new Wait("select", 4));
            };
        }
    }

    private static void requireEpoll(Pair pair) {
        assumeTrue(Reported.isEpoll(pair.backend()), "about calls that only epoll makes");
    }

    private static FdSelector open(Pair pair, FaultySyscalls sys) throws IOException {
        return Internals.open(pair.backend(), sys);
    }

    // ---- opening

    @EveryBackend
    void open_that_fails_at_any_step_is_typed_and_leaves_no_descriptor(Pair pair)
            throws IOException {
        int before = Fds.openCount();
        Errno errno = pair.sys().errno();
        List<String> steps =
                switch (pair.backend()) {
                    case EPOLL -> List.of("epollCreate", "eventfd", "epollCtl");
                    case URING -> List.of("epollCreate", "eventfd", "epollCtl", "uringOpen");
                    case KQUEUE -> List.of("kqueue", "keventChange");
                    default -> List.of("pipe");
                };
        for (String step : steps) {
            for (int error : new int[] {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC}) {
                var sys = new FaultySyscalls(pair.sys()).on(step, call -> -error);
                var e = assertThrows(PolluxException.LimitReached.class, () -> open(pair, sys));
                assertEquals(error, e.errno());
                assertEquals(1, sys.calls(step), step);
                Fds.assertOpenCount(before);
            }
            var sys = new FaultySyscalls(pair.sys()).on(step, call -> -errno.ENOSYS);
            assertThrows(PolluxException.Unsupported.class, () -> open(pair, sys));
        }
        open(pair, new FaultySyscalls(pair.sys())).close();
        Fds.assertOpenCount(before);
    }

    // ---- waiting

    @EveryBackend
    void a_storm_of_signals_neither_ends_nor_shortens_a_wait(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        try (var selector = open(pair, sys)) {
            for (Wait wait : Wait.of(pair)) {
                sys.on(
                        wait.call,
                        call -> call.arg(wait.timeout) == 0 ? call.go() : -sys.errno().EINTR);
            }
            for (long nanos : new long[] {5_000_000, 1_234_567}) {
                long begin = System.nanoTime();
                assertEquals(
                        PollResult.TIMEOUT,
                        selector.poll(nanos, TimeUnit.NANOSECONDS, FaultsContract::none));
                assertTrue(System.nanoTime() - begin >= nanos);
            }
            assertTrue(sys.calls(Wait.of(pair).get(0).call) > 1, "there was a storm");
        }
    }

    @EveryBackend
    void an_event_is_found_after_a_storm_of_signals(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            for (long nanos : new long[] {0, 60_000_000_000L, 60_000_123_456L, Long.MAX_VALUE}) {
                for (Wait wait : Wait.of(pair)) {
                    sys.on(wait.call, call -> call.nth() <= STORM ? -sys.errno().EINTR : call.go());
                }
                var seen = new ArrayList<Integer>();
                assertEquals(
                        PollResult.EVENTS,
                        selector.poll(
                                nanos, TimeUnit.NANOSECONDS, (key, ready) -> seen.add(key.fd())));
                assertEquals(List.of(pipe[0]), seen);
            }
        }
    }

    @EveryBackend
    void a_wakeup_is_found_after_a_storm_of_signals(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        try (var selector = open(pair, sys)) {
            sys.on("write", call -> call.nth() <= STORM ? -sys.errno().EINTR : call.go());
            sys.on("keventChange", call -> call.nth() <= STORM ? -sys.errno().EINTR : call.go());
            sys.on("read", call -> call.nth() <= STORM ? -sys.errno().EINTR : call.go());
            for (Wait wait : Wait.of(pair)) {
                sys.on(wait.call, call -> call.nth() <= STORM ? -sys.errno().EINTR : call.go());
            }
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, selector.poll(FaultsContract::none));
            assertEquals(PollResult.TIMEOUT, selector.poll(0, TimeUnit.SECONDS, (k, r) -> {}));
        }
    }

    @EveryBackend
    void a_precise_wait_that_is_missing_or_refused_is_asked_once_and_made_up_for(Pair pair)
            throws IOException {
        Host.requirePlatformThreads("the JDK's poller makes the waits, not the binding");
        assumeTrue(Wait.of(pair).size() > 1, pair.backend() + " has but one wait");
        Wait precise = Wait.of(pair).get(1);
        Errno errno = pair.sys().errno();
        for (int error : new int[] {errno.ENOSYS, errno.EPERM}) {
            var sys = new FaultySyscalls(pair.sys()).on(precise.call, call -> -error);
            try (var fds = new Fds();
                    var selector = open(pair, sys)) {
                int[] pair1 = fds.socketpair();
                selector.register(pair1[0], Interest.READ, Trigger.LEVEL, null);
                for (int i = 0; i < 3; i++) {
                    long begin = System.nanoTime();
                    assertEquals(
                            PollResult.TIMEOUT,
                            selector.poll(500_001, TimeUnit.NANOSECONDS, FaultsContract::none));
                    assertTrue(System.nanoTime() - begin >= 500_001);
                }
                assertEquals(1, sys.calls(precise.call));
            }
        }
    }

    @EveryBackend
    void a_remembered_modify_is_made_once_when_the_precise_wait_is_missing(Pair pair)
            throws IOException {
        requireEpoll(pair);
        Errno errno = pair.sys().errno();
        for (int error : new int[] {errno.ENOSYS, errno.EPERM}) {
            var sys = new FaultySyscalls(pair.sys());
            try (var fds = new Fds();
                    var selector = open(pair, sys)) {
                int[] pipe = fds.pipe();
                int[] closed = fds.pipe();
                FdKey writer =
                        selector.register(pipe[1], Interest.PRIORITY, Trigger.ONESHOT, "live");
                FdKey gone = selector.register(closed[0], Interest.READ, Trigger.LEVEL, "closed");
                sys.on("epollPwait2", call -> -error).on("epollCtl", FaultySyscalls.Call::go);
                selector.modify(writer, Interest.WRITE);
                selector.modify(gone, Interest.PRIORITY);
                fds.close(closed[0]);
                Map<FdKey, Ready> events = poll(selector, 60_000_000_001L);
                assertEquals(2, sys.calls("epollCtl"), "each change once");
                assertFalse(gone.isValid());
                assertTrue(events.get(gone).isError());
                if (!events.containsKey(
                        writer)) { // the refusal is reported at once, without a wait
                    events = poll(selector, 0);
                }
                assertTrue(events.get(writer).isWritable());
                assertEquals(Map.of(), poll(selector, 0), "once, and once");
            }
        }
    }

    @EveryBackend
    void a_wait_that_fails_is_typed_and_the_next_one_finds_the_event(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        Errno errno = sys.errno();
        int before = Fds.openCount();
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            Fds.write(pipe[1], 1);
            for (long nanos : new long[] {0, 1_000_000, 1_500_000}) {
                for (int error : new int[] {errno.ENOMEM, errno.EINVAL}) {
                    for (Wait wait : Wait.of(pair)) {
                        sys.on(wait.call, call -> -error);
                    }
                    selector.modify(key, Interest.READ); // travels with the wait that fails
                    var e =
                            assertThrows(
                                    PolluxException.class,
                                    () ->
                                            selector.poll(
                                                    nanos,
                                                    TimeUnit.NANOSECONDS,
                                                    FaultsContract::none));
                    assertEquals(error, e.errno());
                    assertEquals("poll", e.operation());
                    assertEquals(error == errno.ENOMEM, e instanceof PolluxException.LimitReached);
                    for (Wait wait : Wait.of(pair)) {
                        sys.heal(wait.call);
                    }
                    assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
                }
            }
        }
        Fds.assertOpenCount(before);
    }

    // ---- registering and modifying

    @EveryBackend
    void a_register_without_room_leaves_nothing_and_can_be_repeated(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        Errno errno = sys.errno();
        String call = Reported.isEpoll(pair.backend()) ? "epollCtl" : "fileStatus";
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.pipe();
            int[] other = fds.pipe();
            selector.register(other[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            Fds.write(other[1], 1);
            for (int error : new int[] {errno.ENOSPC, errno.ENOMEM}) {
                sys.on(call, c -> -error);
                var e =
                        assertThrows(
                                PolluxException.LimitReached.class,
                                () ->
                                        selector.register(
                                                pipe[0], Interest.READ, Trigger.LEVEL, null));
                assertEquals(pipe[0], e.fd());
                assertEquals(1, selector.keys().size());
                assertEquals(other[0] + " READ", Fds.pollNow(selector));
                sys.heal(call);
                FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                assertTrue(Fds.pollNow(selector).contains(pipe[0] + " READ"));
                selector.unregister(key);
            }
        }
    }

    @EveryBackend
    void a_register_on_a_reused_number_that_fails_leaves_the_stale_key_alone(Pair pair)
            throws IOException {
        Capability.REPLACES_REUSED_PIPES.require();
        var sys = new FaultySyscalls(pair.sys());
        String call = Reported.isEpoll(pair.backend()) ? "epollCtl" : "fileStatus";
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.pipe();
            FdKey stale = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            int[] other = fds.pipe();
            Libc.dup2(other[0], pipe[0]);
            Fds.write(other[1], 1);
            sys.on(call, c -> -sys.errno().ENOMEM);
            assertThrows(
                    PolluxException.LimitReached.class,
                    () -> selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null));
            assertEquals(List.of(stale), selector.keys());
            sys.heal(call);
            FdKey fresh = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            assertFalse(stale.isValid());
            assertEquals(List.of(fresh), selector.keys());
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_device_is_not_registered_when_epoll_cannot_be_asked_about_it(Pair pair)
            throws IOException {
        assumeTrue(!Reported.isEpoll(pair.backend()), "only poll and select ask beforehand");
        assumeTrue(pair.sys().layout().epollEventSize != 0, "there is no epoll to be asked");
        var sys = new FaultySyscalls(pair.sys());
        try (var selector = open(pair, sys)) {
            int eventfd = sys.eventfd();
            try {
                int before = Fds.openCount();
                sys.on("epollCreate", call -> -sys.errno().EMFILE);
                assertThrows(
                        PolluxException.LimitReached.class,
                        () -> selector.register(eventfd, Interest.WRITE, Trigger.LEVEL, null));
                assertEquals(List.of(), selector.keys());
                sys.heal("epollCreate");
                sys.on("epollCtl", call -> -sys.errno().ENOSPC);
                assertThrows(
                        PolluxException.LimitReached.class,
                        () -> selector.register(eventfd, Interest.WRITE, Trigger.LEVEL, null));
                Fds.assertOpenCount(before);
                sys.heal("epollCtl");
                selector.register(eventfd, Interest.WRITE, Trigger.LEVEL, null);
                assertEquals(eventfd + " WRITE", Fds.pollNow(selector));
            } finally {
                Fd.close(eventfd);
            }
        }
    }

    @EveryBackend
    void a_refused_remembered_modify_is_reported_once_and_the_others_are_made(Pair pair)
            throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            var keys = new ArrayList<FdKey>();
            for (int i = 0; i < 5; i++) {
                int[] pipe = fds.pipe();
                keys.add(selector.register(pipe[1], Interest.PRIORITY, Trigger.LEVEL, i));
            }
            for (FdKey key : keys) {
                selector.modify(key, Interest.WRITE);
            }
            sys.on("epollCtl", call -> call.nth() == 3 ? -sys.errno().ENOENT : call.go());
            Map<FdKey, Ready> events = poll(selector, 1_000_000_000);
            assertEquals("ERROR", events.get(keys.get(2)).toString());
            assertFalse(keys.get(2).isValid());
            assertEquals(4, selector.keys().size());
            assertEquals(5, events.size());
            assertEquals(4, poll(selector, 0).size(), "the error is reported once");
            assertThrows(
                    PolluxException.NotRegistered.class,
                    () -> selector.modify(keys.get(2), Interest.WRITE));
            selector.unregister(keys.get(2)); // as of a descriptor that was closed
        }
    }

    @EveryBackend
    void a_modify_of_an_exclusive_registration_without_room_is_rolled_back(Pair pair)
            throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.socketpair();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL_EXCLUSIVE, "kept");
            Fds.write(pipe[1], 1);
            sys.on("epollCtl", call -> call.nth() == 2 ? -sys.errno().ENOSPC : call.go());
            assertThrows(
                    PolluxException.LimitReached.class,
                    () -> selector.modify(key, Interest.WRITE, Trigger.LEVEL));
            assertTrue(key.isValid());
            assertEquals(Interest.READ, key.interest());
            assertEquals(Trigger.LEVEL_EXCLUSIVE, key.trigger());
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE, Trigger.LEVEL);
            assertEquals(pipe[0] + " WRITE", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_roll_back_that_fails_too_says_so_and_ends_the_registration(Pair pair)
            throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL_EXCLUSIVE, null);
            Fds.write(pipe[1], 1);
            sys.on("epollCtl", call -> call.nth() >= 2 ? -sys.errno().ENOSPC : call.go());
            var e =
                    assertThrows(
                            PolluxException.LimitReached.class,
                            () -> selector.modify(key, Interest.READ, Trigger.EDGE));
            assertTrue(e.getMessage().contains("not registered any more"), e.getMessage());
            assertFalse(key.isValid());
            assertEquals(List.of(), selector.keys());
            sys.heal("epollCtl");
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.unregister(key);
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private static FaultySyscalls.Answer afterTheFirst(Step step) {
        return call -> {
            int rc = call.go();
            if (call.nth() == 1) {
                try {
                    step.run();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return rc;
        };
    }

    /** The kernel has no change of an exclusive registration: it is removed, and added. */
    @EveryBackend
    void a_number_that_is_reused_between_the_two_is_not_taken_for_the_registration(Pair pair)
            throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] other = fds.socketpair();
            Fds.write(other[1], 1);
            int number = fds.pipe()[0];
            FdKey old = selector.register(number, Interest.READ, Trigger.LEVEL_EXCLUSIVE, "old");
            sys.on("epollCtl", afterTheFirst(() -> fds.reuse(number, other[0])));
            assertThrows(
                    PolluxException.BadDescriptor.class,
                    () -> selector.modify(old, Interest.READ, Trigger.LEVEL));
            assertEquals("TIMEOUT", Fds.pollNow(selector), "of a file that nobody registered");
            FdKey now = selector.register(number, Interest.READ, Trigger.LEVEL, "new");
            assertFalse(old.isValid());
            assertEquals(List.of(now), selector.keys());
            assertEquals(number + " READ", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void one_that_is_closed_between_the_two_is_a_bad_descriptor(Pair pair) throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int number = fds.dup(fds.pipe()[0]);
            FdKey key = selector.register(number, Interest.READ, Trigger.LEVEL_EXCLUSIVE, null);
            sys.on("epollCtl", afterTheFirst(() -> fds.close(number)));
            assertThrows(
                    PolluxException.BadDescriptor.class,
                    () -> selector.modify(key, Interest.READ, Trigger.LEVEL));
            selector.unregister(key);
        }
    }

    @EveryBackend
    void a_remembered_modify_before_one_to_an_exclusive_trigger_does_no_harm(Pair pair)
            throws IOException {
        requireEpoll(pair);
        try (var fds = new Fds();
                var selector = pair.open()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.EDGE, null);
            selector.modify(key, Interest.READ, Trigger.EDGE);
            selector.modify(key, Interest.READ, Trigger.EDGE_EXCLUSIVE);
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertTrue(key.isValid());
        }
    }

    // ---- answers in part

    @EveryBackend
    void waits_that_report_one_of_many_at_a_time_report_all_in_turn(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        int many = 20;
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            sys.on(
                    "epollWait",
                    call -> {
                        call.args()[2] = 1;
                        return call.go();
                    });
            sys.on("select", call -> Math.min(1, call.go()));
            for (int i = 0; i < many; i++) {
                int[] pipe = fds.pipe();
                selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                Fds.write(pipe[1], 1);
            }
            var reported = new HashMap<FdKey, Integer>();
            for (int i = 0; i < 2 * many; i++) {
                for (var event : poll(selector, 0).entrySet()) {
                    assertFalse(event.getValue().isError());
                    reported.merge(event.getKey(), 1, Integer::sum);
                }
            }
            assertEquals(many, reported.size());
            reported.forEach((key, times) -> assertTrue(times >= 2, key + " starves"));
        }
    }

    @EveryBackend
    void more_ready_than_the_buffer_holds_all_have_their_turn(Pair pair) throws IOException {
        Capability.MANY_COPIES.require();
        int many = 700;
        for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.ONESHOT, Trigger.EDGE)) {
            try (var fds = new Fds();
                    var selector = pair.open()) {
                if (!selector.supports(trigger)) {
                    continue;
                }
                int[] pipe = fds.pipe();
                Fds.write(pipe[1], 1);
                var copies = new ArrayList<Integer>();
                try {
                    for (int i = 0; i < many; i++) {
                        copies.add(Libc.dup(pipe[0]));
                        selector.register(copies.get(i), Interest.READ, trigger, null);
                    }
                    var reported = new HashMap<FdKey, Integer>();
                    int polls = 12; // of which three suffice before the buffer has grown
                    int largest = 0;
                    for (int i = 0; i < polls; i++) {
                        Map<FdKey, Ready> events = poll(selector, 0);
                        largest = Math.max(largest, events.size());
                        events.keySet().forEach(key -> reported.merge(key, 1, Integer::sum));
                    }
                    assertEquals(many, reported.size());
                    if (trigger == Trigger.LEVEL) {
                        int longest = Capability.LONG_LISTS.isThere() ? many : 512;
                        assertEquals(longest, largest, "the buffer has grown");
                        reported.forEach(
                                (k, times) -> assertTrue(times >= polls / 2, k + " starves"));
                    } else {
                        assertTrue(
                                reported.values().stream().allMatch(times -> times == 1), "once");
                    }
                } finally {
                    for (int copy : copies) {
                        Fd.close(copy);
                    }
                }
            }
        }
    }

    // ---- a copy of a descriptor that was closed keeps its events coming: epoll is rebuilt

    /** A registration that cannot be removed: closed, but open under another number. */
    private static void orphan(FdSelector selector, Fds fds) throws IOException {
        int[] pipe = fds.pipe();
        Libc.dup2(pipe[0], fds.pipe()[0]);
        FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "orphan");
        fds.close(pipe[0]);
        selector.unregister(key);
        Fds.write(pipe[1], 1);
    }

    /** Polls until a wait finds nothing at all; fails if events of no registration go on. */
    private static void pollUntilQuiet(FdSelector selector, FaultySyscalls sys) throws IOException {
        int[] found = new int[1];
        sys.on("epollWait", call -> found[0] = call.go());
        long end = System.nanoTime() + 60_000_000_000L; // after a failure there is a pause
        for (int polls = 0; polls < 10 || found[0] > 0 && System.nanoTime() < end; polls++) {
            poll(selector, 0);
        }
        assertEquals(0, found[0], "events of no registration go on");
        sys.heal("epollWait");
    }

    @EveryBackend
    void rebuilding_epoll_survives_a_failure_of_each_step(Pair pair) throws IOException {
        requireEpoll(pair);
        Errno errno = pair.sys().errno();
        int before = Fds.openCount();
        for (String step : List.of("epollCreate", "epollReplace", "1", "2", "3", "4", "5", "6")) {
            for (int error : new int[] {errno.EMFILE, errno.ENOMEM, errno.ENOSPC}) {
                var sys = new FaultySyscalls(pair.sys());
                try (var fds = new Fds();
                        var selector = open(pair, sys)) {
                    failAt(step, error, selector, sys, fds);
                }
                Fds.assertOpenCount(before);
            }
        }
    }

    private static void failAt(
            String step, int error, FdSelector selector, FaultySyscalls sys, Fds fds)
            throws IOException {
        int[] level = fds.pipe();
        int[] edge = fds.pipe();
        int[] once = fds.pipe();
        selector.register(level[0], Interest.READ, Trigger.LEVEL, null);
        selector.register(edge[0], Interest.READ, Trigger.EDGE, null);
        selector.register(once[0], Interest.READ, Trigger.ONESHOT, null);
        orphan(selector, fds);
        int open = Fds.openCount();
        if (step.length() > 1) {
            sys.on(step, call -> -error);
        } else {
            // The nth addition, counted from each new start; only additions can want for room.
            int[] additions = new int[1];
            sys.on("epollCreate", call -> call.go() + 0 * (additions[0] = 0));
            int add = sys.layout().EPOLL_CTL_ADD;
            int nth = Integer.parseInt(step);
            sys.on(
                    "epollCtl",
                    call -> call.arg(1) == add && ++additions[0] == nth ? -error : call.go());
        }
        for (int polls = 0; polls < 8; polls++) {
            assertEquals(Map.of(), poll(selector, 0));
        }
        String call = step.length() > 1 ? step : "epollCreate";
        assertTrue(sys.calls(call) >= 1, "it has come to that step");
        Fds.assertOpenCount(open);
        assertEquals(3, selector.keys().size(), "nothing is lost");
        Fds.write(level[1], 1);
        Fds.write(edge[1], 1);
        Fds.write(once[1], 1);
        var reported = new TreeSet<Integer>();
        for (int polls = 0; polls < 4; polls++) {
            poll(selector, 0).keySet().forEach(key -> reported.add(key.fd()));
        }
        assertEquals(new TreeSet<>(List.of(level[0], edge[0], once[0])), reported);
        Fds.drain(level[0]);
        Fds.drain(edge[0]);
        sys.heal(step.length() > 1 ? step : "epollCtl");
        pollUntilQuiet(selector, sys);
        Fds.write(level[1], 1);
        Fds.write(edge[1], 1);
        var after = poll(selector, 0).keySet().stream().map(FdKey::fd).sorted().toList();
        assertEquals(List.of(level[0], edge[0]).stream().sorted().toList(), after);
        Fds.assertOpenCount(open);
    }

    @EveryBackend
    void a_fired_oneshot_stays_disarmed_when_epoll_is_rebuilt(Pair pair) throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] fired = fds.pipe();
            int[] armed = fds.pipe();
            int[] again = fds.pipe();
            int[] hungUp = fds.pipe();
            FdKey firedKey = selector.register(fired[0], Interest.READ, Trigger.ONESHOT, null);
            selector.register(armed[0], Interest.READ, Trigger.ONESHOT, null);
            FdKey againKey = selector.register(again[0], Interest.READ, Trigger.ONESHOT, null);
            FdKey hungUpKey = selector.register(hungUp[0], Interest.READ, Trigger.ONESHOT, null);
            Fds.write(fired[1], 1);
            Fds.write(again[1], 1);
            Fds.write(hungUp[1], 1);
            assertEquals(3, poll(selector, 0).size());
            Fds.drain(again[0]);
            selector.modify(againKey, Interest.READ);
            assertEquals(Map.of(), poll(selector, 0));
            fds.close(hungUp[1]);
            orphan(selector, fds);
            sys.on("epollCreate", FaultySyscalls.Call::go);
            for (int polls = 0; polls < 6; polls++) {
                assertEquals(Map.of(), poll(selector, 0), "fired: nothing until the next modify");
            }
            assertEquals(1, sys.calls("epollCreate"), "epoll was rebuilt");
            pollUntilQuiet(selector, sys);
            Fds.write(armed[1], 1);
            Fds.write(again[1], 1);
            assertEquals(2, poll(selector, 0).size(), "those that were armed still are");
            assertEquals(Map.of(), poll(selector, 0));
            selector.modify(firedKey, Interest.READ);
            selector.modify(hungUpKey, Interest.READ);
            Map<FdKey, Ready> events = poll(selector, 0);
            assertTrue(events.get(firedKey).isReadable());
            assertTrue(events.get(hungUpKey).isReadClosed());
            assertEquals(Map.of(), poll(selector, 0));
        }
    }

    @EveryBackend
    void a_oneshot_in_the_batch_that_rebuilds_epoll_is_reported_once(Pair pair) throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            orphan(selector, fds);
            sys.on("epollCreate", FaultySyscalls.Call::go);
            var reported = new HashMap<FdKey, Integer>();
            int many = 0;
            for (; sys.calls("epollCreate") == 0 && many < 20; many++) { // in each batch from now
                int[] pipe = fds.pipe();
                selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
                Fds.write(pipe[1], 1);
                poll(selector, 0).keySet().forEach(key -> reported.merge(key, 1, Integer::sum));
            }
            for (int polls = 0; polls < 6; polls++) {
                poll(selector, 0).keySet().forEach(key -> reported.merge(key, 1, Integer::sum));
            }
            assertEquals(1, sys.calls("epollCreate"), "epoll was rebuilt");
            assertEquals(many, reported.size());
            assertTrue(
                    reported.values().stream().allMatch(times -> times == 1), reported.toString());
        }
    }

    @EveryBackend
    void rebuilding_epoll_does_not_adopt_a_stranger_under_a_reused_number(Pair pair)
            throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.pipe();
            int[] stranger = fds.pipe();
            FdKey stale = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "stale");
            Libc.dup2(stranger[0], pipe[0]);
            Fds.write(stranger[1], 1);
            orphan(selector, fds);
            sys.on("epollCreate", FaultySyscalls.Call::go);
            for (int polls = 0; polls < 6; polls++) {
                assertEquals(Map.of(), poll(selector, 0));
            }
            assertEquals(1, sys.calls("epollCreate"), "epoll was rebuilt");
            assertFalse(stale.isValid());
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "the stranger");
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_wakeup_is_not_lost_when_epoll_is_rebuilt(Pair pair) throws IOException {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            orphan(selector, fds);
            sys.on(
                    "epollReplace",
                    call -> {
                        selector.wakeup(); // to the old one; a lock is held, but by this thread
                        return call.go();
                    });
            assertEquals(PollResult.WAKEUP, selector.poll(FaultsContract::none));
            assertEquals(1, sys.calls("epollReplace"));
            pollUntilQuiet(selector, sys);
        }
    }

    // ---- select and its closed descriptors

    @EveryBackend
    void select_looks_for_the_closed_ones_and_reports_each_once(Pair pair) throws IOException {
        assumeTrue(pair.backend() == Backend.SELECT, "only select fails for all");
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] live = fds.pipe();
            selector.register(live[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(live[1], 1);
            int closed = 300; // more than the buffer holds
            int[] source = fds.pipe();
            var keys = new ArrayList<FdKey>();
            for (int i = 0; i < closed; i++) {
                int fd = 2000 + i; // where the JVM, which opens files of its own, does not
                Libc.dup2(source[0], fd);
                keys.add(selector.register(fd, Interest.READ, Trigger.LEVEL, "to be closed"));
            }
            for (FdKey key : keys) {
                Fd.close(key.fd());
            }
            var reported = new HashMap<FdKey, Integer>();
            boolean liveReported = false;
            for (int polls = 0; polls < 6; polls++) {
                for (var event : poll(selector, 0).entrySet()) {
                    if (event.getKey().fd() == live[0]) {
                        liveReported = true;
                    } else {
                        assertEquals("ERROR", event.getValue().toString());
                        assertFalse(event.getKey().isValid());
                        reported.merge(event.getKey(), 1, Integer::sum);
                    }
                }
            }
            assertEquals(closed, reported.size());
            assertTrue(reported.values().stream().allMatch(times -> times == 1));
            assertTrue(liveReported);
            assertEquals(1, selector.keys().size());
        }
    }

    @EveryBackend
    void select_that_fails_without_a_culprit_waits_again(Pair pair) throws IOException {
        assumeTrue(pair.backend() == Backend.SELECT, "only select fails for all");
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] live = fds.pipe();
            selector.register(live[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(live[1], 1);
            sys.on("select", call -> call.nth() <= 3 ? -sys.errno().EBADF : call.go());
            assertEquals(live[0] + " READ", Fds.poll(selector, 60_000));
            assertEquals(4, sys.calls("select"));
        }
    }

    @EveryBackend
    void select_that_leaves_bits_of_a_closed_descriptor_set_is_seen_through(Pair pair)
            throws IOException {
        assumeTrue(pair.backend() == Backend.SELECT, "only select answers in sets");
        var memory = MemoryIO.getInstance();
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] live = fds.pipe();
            int[] closed = fds.pipe();
            FdKey liveKey = selector.register(live[0], Interest.READ, Trigger.LEVEL, null);
            FdKey closedKey = selector.register(closed[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(live[1], 1);
            fds.close(closed[0]);
            sys.on(
                    "select",
                    call -> { // as for a number above the size of the table: not looked at
                        long word = call.args()[1] + closed[0] / 64 * 8;
                        long bit = memory.getLong(word) & 1L << closed[0];
                        memory.putLong(word, memory.getLong(word) & ~bit);
                        int rc = call.go();
                        memory.putLong(word, memory.getLong(word) | bit);
                        return rc;
                    });
            Map<FdKey, Ready> events = poll(selector, 0);
            assertTrue(events.get(liveKey).isReadable());
            assertEquals("ERROR", events.get(closedKey).toString());
            assertFalse(closedKey.isValid());
            assertEquals(live[0] + " READ", Fds.pollNow(selector));
        }
    }

    // ---- interleavings, held still

    @EveryBackend
    void an_edge_that_comes_before_its_register_has_returned_is_not_lost(Pair pair)
            throws Exception {
        requireEpoll(pair);
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = open(pair, sys)) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            var held = new Held(sys);
            try (var poller = new Polling(selector)) {
                held.untilPollerIsIn(poller);
                held.holdNextChange(poller);
                selector.register(pipe[0], Interest.READ, Trigger.EDGE, null);
                poller.awaitEvent(pipe[0]);
            }
            assertTrue(held.wasHeld);
        }
    }

    @EveryBackend
    void an_edge_that_comes_before_its_modify_has_returned_is_not_lost(Pair pair) throws Exception {
        requireEpoll(pair);
        for (Trigger trigger : List.of(Trigger.EDGE, Trigger.ONESHOT)) {
            var sys = new FaultySyscalls(pair.sys());
            try (var fds = new Fds();
                    var selector = open(pair, sys)) {
                int[] pair1 = fds.socketpair();
                FdKey key = selector.register(pair1[0], Interest.READ, trigger, null);
                var held = new Held(sys);
                try (var poller = new Polling(selector)) {
                    held.untilPollerIsIn(poller);
                    held.holdNextChange(poller);
                    selector.modify(key, Interest.WRITE);
                    poller.awaitEvent(pair1[0]);
                }
                assertTrue(held.wasHeld);
            }
        }
    }

    /** Holds a change back, after the kernel has made it, until the poller has met its event. */
    private static final class Held {
        private final FaultySyscalls sys;
        private volatile int waitsBegun;
        private volatile int waitsWithEvents;
        private volatile boolean wasHeld;

        Held(FaultySyscalls sys) {
            this.sys = sys;
            sys.on(
                    "epollWait",
                    call -> {
                        waitsBegun = call.nth();
                        int rc = call.go();
                        if (rc > 0) {
                            waitsWithEvents++;
                        }
                        return rc;
                    });
        }

        void untilPollerIsIn(Polling poller) {
            await(() -> waitsBegun > 0, poller);
        }

        /** Until the poller waits for a lock, or has thrown the event away and waits again. */
        void holdNextChange(Polling poller) {
            sys.on(
                    "epollCtl",
                    call -> {
                        int begun = waitsBegun;
                        int rc = call.go();
                        sys.heal("epollCtl");
                        await(() -> waitsWithEvents > 0, poller);
                        await(
                                () ->
                                        poller.thread.getState() == Thread.State.BLOCKED
                                                || waitsBegun > begun
                                                || poller.met > 0,
                                poller);
                        wasHeld = true;
                        return rc;
                    });
        }

        private static void await(java.util.function.BooleanSupplier condition, Polling poller) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!condition.getAsBoolean()) {
                assertTrue(System.nanoTime() < end && poller.failure == null, "in vain");
                Thread.onSpinWait();
            }
        }
    }

    /** A thread that polls until it is closed. */
    private static final class Polling implements AutoCloseable {
        private final FdSelector selector;
        private final Thread thread;
        private volatile int met = 0;
        private volatile Throwable failure;
        private volatile boolean over;

        Polling(FdSelector selector) {
            this.selector = selector;
            thread = new Thread(this::run, "poller");
            thread.start();
        }

        private void run() {
            try {
                while (!over) {
                    selector.poll((key, ready) -> met = key.fd());
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        void awaitEvent(int fd) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (met != fd && failure == null && System.nanoTime() < end) {
                Thread.sleep(1);
            }
            assertEquals(fd, met, "lost");
        }

        @Override
        public void close() {
            over = true;
            selector.wakeup();
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            if (failure != null) {
                throw new AssertionError(failure);
            }
        }
    }

    // ---- helpers

    private static void none(FdKey key, Ready ready) {
        throw new AssertionError(key + " is " + ready);
    }

    private static Map<FdKey, Ready> poll(FdSelector selector, long nanos) throws IOException {
        var events = new HashMap<FdKey, Ready>();
        selector.poll(
                nanos,
                TimeUnit.NANOSECONDS,
                (key, ready) -> {
                    assertNotNull(key);
                    assertEquals(null, events.put(key, ready), () -> "two events for " + key);
                });
        return events;
    }
}
