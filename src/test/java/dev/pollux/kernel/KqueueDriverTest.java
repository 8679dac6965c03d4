package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.kenai.jffi.MemoryIO;
import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.driver.Driver;
import dev.pollux.driver.KqueueDriver;
import dev.pollux.driver.ReadyEvents;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.ForwardingSyscalls;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.Poller;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the driver makes of the oddities of kernels that have kqueue; on models of them. */
class KqueueDriverTest {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    private final MemoryIO memory = MemoryIO.getInstance();

    /** A kernel, a selector on it, descriptors. */
    static final class Setting implements Closeable {
        final BsdKqueue sys;
        final Layout layout;
        final Errno errno;
        final FdSelector selector;
        final Fds fds = new Fds();

        Setting(KqueueModel model) throws Exception {
            sys = new BsdKqueue(model, Bindings.current());
            layout = sys.layout();
            errno = sys.errno();
            selector = Internals.open(Backend.KQUEUE, sys);
        }

        String pollNow() throws IOException {
            return Fds.pollNow(selector);
        }

        FdKey register(int fd, Interest interest, Trigger trigger) throws IOException {
            return selector.register(fd, interest, trigger, null);
        }

        /** The writing end of a pipe without a reader. */
        int broken() throws IOException {
            int[] pipe = fds.pipe();
            fds.close(pipe[0]);
            return pipe[1];
        }

        @Override
        public void close() throws IOException {
            selector.close();
            fds.close();
        }
    }

    @BeforeEach
    void there_is_epoll() {
        assumeTrue(Host.LINUX, KqueueModel.MADE_OF_EPOLL);
    }

    private static Stream<DynamicTest> each(KqueueModel.Check<Setting> check) {
        return KqueueModel.each(Setting::new, check);
    }

    static void inAnotherThread(Poller.Body<?> body) {
        try {
            Poller.run(body).result();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    // ---- ONESHOT: KqueueDriver (b)

    @TestFactory
    Stream<DynamicTest> a_oneshot_that_fired_has_both_filters_disarmed() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    Fds.write(pair[1], 1);
                    Fds.fill(pair[0]);
                    FdKey key = s.register(pair[0], BOTH, Trigger.ONESHOT);
                    assertEquals(pair[0] + " READ", s.pollNow());
                    Fds.drain(pair[1]); // now it is writable
                    assertEquals("TIMEOUT", s.pollNow());
                    s.selector.modify(key, BOTH);
                    assertEquals(pair[0] + " READ|WRITE", s.pollNow());
                    assertEquals("TIMEOUT", s.pollNow());
                });
    }

    /** The facade would not report the twin either; but the wait must not end for it. */
    @TestFactory
    Stream<DynamicTest> the_twin_of_a_filter_that_fired_ends_no_wait() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    Fds.write(pair[1], 1);
                    Fds.fill(pair[0]);
                    var events = new ReadyEvents(16);
                    var driver = new KqueueDriver(s.sys, new NativeMemory(s.sys));
                    try {
                        int both = Driver.READ | Driver.WRITE;
                        assertEquals(0, driver.add(pair[0], both, Driver.ONESHOT, 1));
                        assertEquals(1, driver.poll(0, events));
                        assertEquals(Driver.READ, events.bits(0));
                        Fds.drain(pair[1]);
                        events.clear();
                        assertEquals(0, driver.poll(0, events));
                    } finally {
                        driver.close();
                    }
                });
    }

    /** What the wait has found may be of before; it must be reported once, and not be lost. */
    @TestFactory
    Stream<DynamicTest> a_oneshot_rearmed_while_the_wait_returns_is_reported_once() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    FdKey key = s.register(pair[0], BOTH, Trigger.ONESHOT);
                    assertEquals(pair[0] + " WRITE", s.pollNow());
                    s.selector.modify(key, Interest.READ);
                    Fds.write(pair[1], 1);
                    var once = new AtomicInteger();
                    s.sys.found =
                            () -> {
                                if (once.getAndIncrement() == 0) {
                                    inAnotherThread(
                                            () -> {
                                                s.selector.modify(key, BOTH);
                                                return null;
                                            });
                                }
                            };
                    var reported = new ArrayList<String>();
                    for (int i = 0; i < 4; i++) {
                        reported.add(s.pollNow());
                    }
                    assertEquals(4, reported.size());
                    reported.removeIf("TIMEOUT"::equals);
                    assertEquals(List.of(pair[0] + " READ|WRITE"), reported);
                });
    }

    /** To arm it again deletes and adds: the new file has nothing to delete, and takes the rest. */
    @TestFactory
    Stream<DynamicTest>
            a_oneshot_whose_number_is_reused_before_it_is_rearmed_stays_with_its_file() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    int[] next = s.fds.socketpair();
                    FdKey key = s.register(pair[0], Interest.READ, Trigger.ONESHOT);
                    Fds.write(pair[1], 1);
                    Fds.write(next[1], 1);
                    var once = new AtomicInteger();
                    s.sys.found =
                            () -> {
                                if (once.getAndIncrement() == 0) {
                                    inAnotherThread(
                                            () -> {
                                                s.selector.modify(key, Interest.READ);
                                                s.fds.reuse(pair[0], next[0]);
                                                return null;
                                            });
                                }
                            };
                    for (int i = 0; i < 3; i++) {
                        assertEquals("TIMEOUT", s.pollNow());
                    }
                    FdKey now = s.register(pair[0], Interest.READ, Trigger.LEVEL);
                    assertEquals(List.of(now), s.selector.keys());
                    for (int i = 0; i < 2; i++) {
                        assertEquals(pair[0] + " READ", s.pollNow());
                    }
                });
    }

    /** A descriptor that is neither armed nor reported would be lost. */
    @TestFactory
    Stream<DynamicTest> a_oneshot_that_cannot_be_rearmed_is_reported_and_given_up() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    var faulty = new FaultySyscalls(s.sys);
                    try (var selector = Internals.open(Backend.KQUEUE, faulty)) {
                        FdKey key = selector.register(pair[0], BOTH, Trigger.ONESHOT, null);
                        s.sys.found =
                                () -> {
                                    inAnotherThread(
                                            () -> {
                                                selector.modify(key, BOTH);
                                                return null;
                                            });
                                    int full = -s.errno.ENOMEM;
                                    faulty.on("keventChange", c -> c.nth() == 1 ? full : c.go());
                                };
                        assertEquals(pair[0] + " ERROR", Fds.pollNow(selector));
                        s.sys.found = () -> {};
                        faulty.heal("keventChange");
                        assertFalse(key.isValid());
                        assertEquals("TIMEOUT", Fds.pollNow(selector));
                        selector.register(pair[0], BOTH, Trigger.LEVEL, null);
                        assertEquals(pair[0] + " WRITE", Fds.pollNow(selector));
                    }
                });
    }

    /** A call that makes many changes and fails as a whole has made none of them. */
    @TestFactory
    Stream<DynamicTest> remembered_modifies_whose_call_fails_are_reported_each_once() {
        return each(
                s -> {
                    var faulty = new FaultySyscalls(s.sys);
                    try (var selector = Internals.open(Backend.KQUEUE, faulty)) {
                        boolean urgent = selector.supports(Interest.PRIORITY, Trigger.LEVEL);
                        Interest all = urgent ? BOTH.plus(Interest.PRIORITY) : BOTH;
                        FdKey one = selector.register(s.fds.socketpair()[0], all, Trigger.LEVEL, 1);
                        FdKey two = selector.register(s.fds.socketpair()[0], all, Trigger.EDGE, 2);
                        Fds.pollNow(selector);
                        selector.modify(one, Interest.READ);
                        selector.modify(two, all);
                        faulty.on("keventChange", call -> -s.errno.ENOMEM);
                        assertEquals(
                                one.fd() + " ERROR, " + two.fd() + " ERROR", Fds.pollNow(selector));
                        faulty.heal("keventChange");
                        assertFalse(one.isValid() || two.isValid());
                        assertEquals(List.of(), selector.keys());
                        assertEquals("TIMEOUT", Fds.pollNow(selector));
                    }
                });
    }

    // ---- a write filter that is refused: KqueueControl (c)

    @TestFactory
    Stream<DynamicTest> a_pipe_without_a_reader_is_writable_under_each_trigger() {
        return each(
                s -> {
                    int fd = s.broken();
                    String reported = fd + " WRITE|WRITE_CLOSED";
                    FdKey key = s.register(fd, Interest.WRITE, Trigger.LEVEL);
                    for (int i = 0; i < 3; i++) {
                        assertEquals(reported, s.pollNow());
                    }
                    for (Trigger once : List.of(Trigger.EDGE, Trigger.ONESHOT)) {
                        s.selector.modify(key, Interest.WRITE, once);
                        assertEquals(reported, s.pollNow());
                        assertEquals("TIMEOUT", s.pollNow());
                        s.selector.modify(key, Interest.WRITE);
                        assertEquals(reported, s.pollNow(), "re-armed");
                        assertEquals("TIMEOUT", s.pollNow());
                    }
                    s.selector.modify(key, Interest.WRITE, Trigger.LEVEL);
                    assertEquals(reported, s.pollNow());
                    s.selector.unregister(key);
                    assertEquals("TIMEOUT", s.pollNow());
                });
    }

    @TestFactory
    Stream<DynamicTest> a_pipe_without_a_reader_ends_the_poll_that_blocks() {
        return each(
                s -> {
                    int fd = s.broken();
                    var seen = new AtomicInteger();
                    var poll = Poller.poll(s.selector, (key, ready) -> seen.set(key.fd()));
                    poll.awaitBlocked();
                    FdKey broken = s.register(fd, Interest.WRITE, Trigger.ONESHOT);
                    assertEquals(PollResult.EVENTS, poll.result());
                    assertEquals(fd, seen.get());
                    s.selector.modify(broken, Interest.WRITE, Trigger.LEVEL);
                    for (int i = 0; i < 3; i++) {
                        seen.set(0);
                        var next = Poller.poll(s.selector, (key, ready) -> seen.set(key.fd()));
                        assertEquals(PollResult.EVENTS, next.result());
                        assertEquals(fd, seen.get());
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> a_pipe_without_a_reader_that_was_closed_is_reported_no_more() {
        return each(
                s -> {
                    int fd = s.broken();
                    FdKey key = s.register(fd, Interest.WRITE, Trigger.LEVEL);
                    assertEquals(fd + " WRITE|WRITE_CLOSED", s.pollNow());
                    s.fds.close(fd);
                    assertEquals("TIMEOUT", s.pollNow());
                    s.selector.unregister(key);
                    int number = s.broken();
                    s.register(number, Interest.WRITE, Trigger.LEVEL);
                    s.fds.reuse(number, s.broken());
                    assertEquals("TIMEOUT", s.pollNow());
                    s.register(number, Interest.WRITE, Trigger.LEVEL);
                    assertEquals(number + " WRITE|WRITE_CLOSED", s.pollNow());
                });
    }

    @TestFactory
    Stream<DynamicTest> a_modify_does_not_take_the_next_owner_of_a_number_for_the_broken_pipe() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    int fd = s.broken();
                    FdKey key = s.register(fd, Interest.WRITE, Trigger.LEVEL);
                    s.selector.modify(key, Interest.WRITE, Trigger.EDGE);
                    s.fds.reuse(fd, pair[0]);
                    assertEquals(fd + " ERROR", s.pollNow());
                    assertFalse(key.isValid());
                    assertEquals("TIMEOUT", s.pollNow());
                });
    }

    // ---- numbers that were closed: KqueueControl (a)

    @TestFactory
    Stream<DynamicTest> a_number_that_was_reused_can_be_registered_under_each_trigger() {
        return each(
                s -> {
                    for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.EDGE, Trigger.ONESHOT)) {
                        int[] old = s.fds.socketpair();
                        int[] fresh = s.fds.socketpair();
                        FdKey stale = s.register(old[0], BOTH, trigger);
                        assertThrows(
                                PolluxException.AlreadyRegistered.class,
                                () -> s.register(old[0], BOTH, trigger));
                        s.fds.reuse(old[0], fresh[0]);
                        FdKey key = s.register(old[0], Interest.READ, trigger);
                        assertFalse(stale.isValid());
                        assertEquals("TIMEOUT", s.pollNow());
                        Fds.write(fresh[1], 1);
                        assertEquals(old[0] + " READ", s.pollNow());
                        s.selector.unregister(key);
                    }
                });
    }

    /** The kernel has been asked, and so has looked: an edge may come again, but nothing else. */
    @TestFactory
    Stream<DynamicTest> a_second_register_leaves_the_first_as_it_was() {
        return each(
                s -> {
                    for (Trigger trigger : List.of(Trigger.EDGE, Trigger.ONESHOT)) {
                        int[] pair = s.fds.socketpair();
                        String reported = pair[0] + " READ";
                        FdKey key = s.register(pair[0], Interest.READ, trigger);
                        Fds.write(pair[1], 1);
                        assertEquals(reported, s.pollNow());
                        assertThrows(
                                PolluxException.AlreadyRegistered.class,
                                () -> s.register(pair[0], BOTH, Trigger.LEVEL));
                        String again = s.pollNow();
                        assertTrue(
                                again.equals("TIMEOUT")
                                        || trigger == Trigger.EDGE && again.equals(reported),
                                again);
                        assertEquals("TIMEOUT", s.pollNow());
                        Fds.write(pair[1], 1);
                        assertEquals(trigger == Trigger.EDGE ? reported : "TIMEOUT", s.pollNow());
                        s.selector.unregister(key);
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> a_remembered_modify_of_a_number_that_was_closed_or_reused_is_reported() {
        return each(
                s -> {
                    for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.EDGE, Trigger.ONESHOT)) {
                        for (boolean reused : new boolean[] {false, true}) {
                            int[] old = s.fds.socketpair();
                            int[] fresh = s.fds.socketpair();
                            FdKey key = s.register(old[0], Interest.READ, trigger);
                            s.selector.modify(key, BOTH);
                            if (reused) {
                                s.fds.reuse(old[0], fresh[0]);
                            } else {
                                s.fds.close(old[0]);
                            }
                            assertEquals(old[0] + " ERROR", s.pollNow());
                            assertFalse(key.isValid());
                            assertEquals("TIMEOUT", s.pollNow());
                        }
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> a_modify_by_another_thread_of_a_number_that_was_reused_says_so() {
        return each(
                s -> {
                    for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.EDGE, Trigger.ONESHOT)) {
                        int[] old = s.fds.socketpair();
                        int[] fresh = s.fds.socketpair();
                        FdKey key = s.register(old[0], Interest.READ, trigger);
                        var poll = Poller.poll(s.selector, (k, ready) -> {});
                        poll.awaitBlocked();
                        s.fds.reuse(old[0], fresh[0]);
                        assertThrows(PolluxException.class, () -> s.selector.modify(key, BOTH));
                        s.selector.wakeup();
                        assertEquals(PollResult.WAKEUP, poll.result());
                        Fds.write(fresh[1], 1);
                        assertEquals("TIMEOUT", s.pollNow(), "nobody registered that one");
                        s.selector.unregister(key);
                    }
                });
    }

    // ---- changes that fail

    @TestFactory
    Stream<DynamicTest> a_modify_that_fails_leaves_what_was_there() {
        return each(
                s -> {
                    int enomem = s.errno.ENOMEM;
                    for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.EDGE, Trigger.ONESHOT)) {
                        int[] pair = s.fds.socketpair();
                        FdKey key = s.register(pair[0], Interest.READ, trigger);
                        var seen = new ArrayList<String>();
                        var poll =
                                Poller.poll(
                                        s.selector, (k, ready) -> seen.add(k.fd() + " " + ready));
                        poll.awaitBlocked();
                        s.sys.refusal =
                                (fd, filter, flags) ->
                                        filter == s.layout.EVFILT_WRITE
                                                        && (flags & s.layout.EV_ADD) != 0
                                                ? enomem
                                                : 0;
                        assertThrows(
                                PolluxException.LimitReached.class,
                                () -> s.selector.modify(key, BOTH, Trigger.EDGE));
                        assertEquals(Interest.READ, key.interest());
                        assertEquals(trigger, key.trigger());
                        Fds.write(pair[1], 1);
                        assertEquals(PollResult.EVENTS, poll.result());
                        assertEquals(List.of(pair[0] + " READ"), seen);
                        boolean level = trigger == Trigger.LEVEL;
                        assertEquals(level ? pair[0] + " READ" : "TIMEOUT", s.pollNow());
                        s.sys.refusal = (fd, filter, flags) -> 0;
                        s.selector.unregister(key);
                    }
                });
    }

    /** Its filters are deleted, one is added again, and the other is refused. */
    @TestFactory
    Stream<DynamicTest> a_modify_that_cannot_be_undone_leaves_nothing() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    Fds.fill(pair[0]);
                    FdKey key = s.register(pair[0], BOTH, Trigger.EDGE);
                    var poll = Poller.poll(s.selector, (k, ready) -> {});
                    poll.awaitBlocked();
                    s.sys.refusal =
                            (fd, filter, flags) ->
                                    filter == s.layout.EVFILT_WRITE
                                                    && (flags & s.layout.EV_ADD) != 0
                                            ? s.errno.ENOMEM
                                            : 0;
                    assertThrows(
                            PolluxException.LimitReached.class,
                            () -> s.selector.modify(key, BOTH, Trigger.LEVEL));
                    assertFalse(key.isValid());
                    s.sys.refusal = (fd, filter, flags) -> 0;
                    s.selector.wakeup();
                    assertEquals(PollResult.WAKEUP, poll.result());
                    s.register(pair[0], Interest.READ, Trigger.LEVEL);
                    Fds.write(pair[1], 1);
                    for (int i = 0; i < 3; i++) { // no filter of before, at edges, is in its place
                        assertEquals(pair[0] + " READ", s.pollNow());
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> a_register_that_fails_half_way_leaves_nothing() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    s.sys.refusal =
                            (fd, filter, flags) ->
                                    filter == s.layout.EVFILT_WRITE
                                                    && (flags & s.layout.EV_ADD) != 0
                                            ? s.errno.ENOMEM
                                            : 0;
                    assertThrows(
                            PolluxException.LimitReached.class,
                            () -> s.register(pair[0], BOTH, Trigger.LEVEL));
                    Fds.write(pair[1], 1);
                    assertEquals("TIMEOUT", s.pollNow());
                    s.sys.refusal = (fd, filter, flags) -> 0;
                    s.register(pair[0], BOTH, Trigger.LEVEL);
                    assertEquals(pair[0] + " READ|WRITE", s.pollNow());
                });
    }

    /** The facade would not tell of it; but the wait must not end for it, again and again. */
    @TestFactory
    Stream<DynamicTest> what_a_failed_register_had_added_ends_no_wait() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    var events = new ReadyEvents(16);
                    var driver = new KqueueDriver(s.sys, new NativeMemory(s.sys));
                    try {
                        s.sys.refusal =
                                (fd, filter, flags) ->
                                        filter == s.layout.EVFILT_WRITE ? s.errno.ENOMEM : 0;
                        int both = Driver.READ | Driver.WRITE;
                        assertEquals(-s.errno.ENOMEM, driver.add(pair[0], both, 0, 1));
                        Fds.write(pair[1], 1);
                        assertEquals(0, driver.poll(0, events));
                    } finally {
                        driver.close();
                    }
                });
    }

    /** The filter is deleted and added again, and in between the number becomes another file. */
    @TestFactory
    Stream<DynamicTest> a_number_that_is_reused_during_a_modify_can_be_registered() {
        return each(
                s -> {
                    int fd = s.fds.pipe()[0];
                    int[] next = s.fds.pipe();
                    FdKey old = s.register(fd, Interest.READ, Trigger.EDGE);
                    var isReused = new AtomicBoolean();
                    s.sys.refusal =
                            (ident, filter, flags) -> {
                                if ((flags & s.layout.EV_ADD) != 0 && !isReused.getAndSet(true)) {
                                    assertDoesNotThrow(() -> s.fds.reuse(fd, next[0]));
                                }
                                return 0;
                            };
                    s.selector.modify(old, Interest.READ);
                    assertEquals("TIMEOUT", s.pollNow());
                    assertTrue(isReused.get());
                    if (s.sys.model.hidesPipes()) { // the old one, for all that is known
                        assertThrows(
                                PolluxException.AlreadyRegistered.class,
                                () -> s.register(fd, Interest.READ, Trigger.LEVEL));
                        s.selector.unregister(old);
                    }
                    FdKey key = s.register(fd, Interest.READ, Trigger.LEVEL);
                    assertFalse(old.isValid());
                    Fds.write(next[1], 1);
                    for (int i = 0; i < 2; i++) { // at level
                        assertEquals(fd + " READ", s.pollNow());
                    }
                    s.selector.unregister(key);
                    assertEquals("TIMEOUT", s.pollNow());
                });
    }

    @TestFactory
    Stream<DynamicTest> a_device_without_filters_is_not_pollable() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    for (String name : List.of("EINVAL", "ENODEV", "EPERM", "EOPNOTSUPP")) {
                        s.sys.refusal = (fd, filter, flags) -> s.errno.number(name);
                        assertThrows(
                                PolluxException.NotPollable.class,
                                () -> s.register(pair[0], Interest.READ, Trigger.LEVEL),
                                name);
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> a_change_of_an_unknown_token_changes_nothing_and_hides_nothing() {
        return each(
                s -> {
                    int[] pair = s.fds.socketpair();
                    int[] other = s.fds.socketpair();
                    var events = new ReadyEvents(16);
                    var driver = new KqueueDriver(s.sys, new NativeMemory(s.sys));
                    try {
                        assertEquals(0, driver.add(pair[0], Driver.READ, 0, 1));
                        assertEquals(0, driver.add(other[0], Driver.READ, 0, 2));
                        s.fds.close(other[0]);
                        driver.reserve(2, events);
                        driver.holdChanges();
                        driver.change(pair[0], Driver.READ | Driver.WRITE, 0, 7);
                        driver.change(other[0], Driver.READ, Driver.EDGE, 2);
                        assertEquals(1, driver.poll(0, events));
                        assertEquals(2, events.token(0));
                        assertEquals(Driver.GONE, events.bits(0));
                        events.clear();
                        Fds.write(pair[1], 1);
                        assertEquals(1, driver.poll(0, events));
                        assertEquals(1, events.token(0), "and changes nothing");
                    } finally {
                        driver.close();
                    }
                });
    }

    // ---- many

    @TestFactory
    Stream<DynamicTest> more_changes_than_fit_into_a_call_are_all_made() {
        return each(
                s -> {
                    int count = 300; // with a delete and two adds each
                    var keys = new ArrayList<FdKey>();
                    for (int i = 0; i < count; i++) {
                        int fd = s.fds.socketpair()[0];
                        keys.add(s.register(fd, Interest.READ, Trigger.EDGE));
                    }
                    for (FdKey key : keys) {
                        s.selector.modify(key, BOTH);
                    }
                    var seen = new HashSet<Integer>();
                    s.selector.poll((key, ready) -> assertTrue(seen.add(key.fd())));
                    assertEquals(count, seen.size());
                    assertEquals("TIMEOUT", s.pollNow());
                });
    }

    @TestFactory
    Stream<DynamicTest> more_events_than_fit_into_the_list_all_come() {
        return each(
                s -> {
                    int count = 1200;
                    for (int i = 0; i < count; i++) {
                        int[] pair = s.fds.socketpair();
                        s.register(pair[0], Interest.WRITE, Trigger.EDGE);
                    }
                    var seen = new HashSet<Integer>();
                    int polls = 0;
                    while (seen.size() < count) {
                        polls++;
                        var result = s.selector.poll((k, ready) -> assertTrue(seen.add(k.fd())));
                        assertEquals(PollResult.EVENTS, result);
                    }
                    assertEquals(2, polls, "the list has grown");
                });
    }

    // ---- urgent data

    @TestFactory
    Stream<DynamicTest> urgent_data_alone_is_urgent() {
        return each(
                s -> {
                    if (!s.selector.supports(Interest.PRIORITY, Trigger.LEVEL)) {
                        assertEquals(0, s.layout.EVFILT_EXCEPT);
                        return;
                    }
                    int[] tcp = s.fds.connected(Libc.Socket.TCP_V4);
                    FdKey key = s.register(tcp[1], Interest.PRIORITY, Trigger.LEVEL);
                    Fds.write(tcp[0], 1);
                    assertEquals("TIMEOUT", s.pollNow(), "neither reported nor spun on");
                    for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.EDGE, Trigger.ONESHOT)) {
                        s.selector.modify(key, Interest.PRIORITY.plus(Interest.READ), trigger);
                        assertEquals(tcp[1] + " READ", s.pollNow());
                    }
                    s.selector.modify(key, Interest.PRIORITY, Trigger.LEVEL);
                    Libc.sendUrgent(tcp[0]);
                    assertEquals(
                            tcp[1] + " PRIORITY", Fds.eventually(s.selector, tcp[1] + " PRIORITY"));
                });
    }

    /** xnu keeps EV_EOF, here of shutdown(SHUT_RD), and looks for urgent data before errors. */
    @Test
    void urgent_data_after_the_end_is_no_error() throws Exception {
        var kernel = new BsdKqueue(KqueueModel.MACOS, Bindings.current());
        Layout layout = kernel.layout();
        var ended =
                new ForwardingSyscalls(kernel) {
                    @Override
                    public int keventWait(int kq, long events, int capacity, long nanos) {
                        int rc = real.keventWait(kq, events, capacity, nanos);
                        for (int i = 0; i < rc; i++) {
                            long at = events + (long) i * layout.keventSize;
                            if (memory.getShort(at + layout.keventFilter) == layout.EVFILT_EXCEPT) {
                                long flags = at + layout.keventFlags;
                                int eof = memory.getShort(flags) | layout.EV_EOF;
                                memory.putShort(flags, (short) eof);
                            }
                        }
                        return rc;
                    }
                };
        try (var fds = new Fds();
                var selector = Internals.open(Backend.KQUEUE, ended)) {
            int[] tcp = fds.connected(Libc.Socket.TCP_V4);
            selector.register(tcp[1], Interest.PRIORITY, Trigger.LEVEL, null);
            Libc.sendUrgent(tcp[0]);
            String expected = tcp[1] + " PRIORITY|READ_CLOSED";
            assertEquals(expected, Fds.eventually(selector, expected));
        }
    }

    /** KqueueControl (c): no urgent data will ever come; the rest works. */
    @TestFactory
    Stream<DynamicTest> what_has_no_urgent_data_can_be_asked_for_it() {
        return each(
                s -> {
                    if (!s.selector.supports(Interest.PRIORITY, Trigger.LEVEL)) {
                        return;
                    }
                    int[] pipe = s.fds.pipe();
                    FdKey key = s.register(pipe[0], Interest.PRIORITY, Trigger.LEVEL);
                    Fds.write(pipe[1], 1);
                    assertEquals("TIMEOUT", s.pollNow());
                    s.selector.modify(key, Interest.PRIORITY.plus(Interest.READ), Trigger.EDGE);
                    assertEquals(pipe[0] + " READ", s.pollNow());
                    assertEquals("TIMEOUT", s.pollNow());
                });
    }
}
