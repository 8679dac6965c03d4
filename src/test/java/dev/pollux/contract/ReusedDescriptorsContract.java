package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Libc;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Descriptors that were closed, copied or reused while they were registered: the accidents of other
 * multiplexers, of the chapters "Registering" and "Reporting".
 */
@PlantsFaults(Kind.CLOSED)
class ReusedDescriptorsContract {
    private static boolean isEpoll(FdSelector selector) {
        return Reported.isEpoll(selector.backend());
    }

    /** polling 262: "already registered", for ever, because nobody announced the close to it. */
    @EveryBackend
    void a_number_that_was_closed_and_reused_can_be_registered(FdSelector selector)
            throws IOException {
        Capability.FORGETS_WHAT_WAS_CLOSED.require();
        try (var fds = new Fds()) {
            int number = fds.pipe()[0];
            for (int i = 0; i < 3; i++) {
                FdKey old = selector.register(number, Interest.READ, Trigger.LEVEL, "old");
                int[] pair = fds.socketpair();
                fds.reuse(number, pair[0]);
                FdKey now = selector.register(number, Interest.READ, Trigger.LEVEL, "new");
                assertFalse(old.isValid());
                assertTrue(now.isValid());
                assertEquals(List.of(now), selector.keys());
                assertEquals("TIMEOUT", Fds.pollNow(selector));
                Fds.write(pair[1], 1);
                assertEquals(number + " READ", Fds.pollNow(selector));
                assertThrows(
                        PolluxException.NotRegistered.class,
                        () -> selector.modify(old, Interest.WRITE));
                selector.unregister(old); // whose descriptor was closed: succeeds, once
                assertThrows(PolluxException.NotRegistered.class, () -> selector.unregister(old));
                assertEquals(number + " READ", Fds.pollNow(selector));
                selector.unregister(now);
            }
        }
    }

    /**
     * All eventfds are one inode, by which poll and select must distinguish files: there the old
     * registration has to be ended first.
     */
    @EveryBackend
    void an_eventfd_that_took_the_number_of_another_is_known_by_the_kernel_alone(
            FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int number = fds.keep(Libc.eventfd());
            FdKey old = selector.register(number, Interest.READ, Trigger.LEVEL, "old");
            fds.reuse(number, fds.keep(Libc.eventfd()));
            boolean forgotten =
                    Reported.kernelKeeps(selector) && Capability.FORGETS_WHAT_WAS_CLOSED.isThere();
            if (!forgotten) {
                assertThrows(
                        PolluxException.AlreadyRegistered.class,
                        () -> selector.register(number, Interest.WRITE, Trigger.LEVEL, "new"));
                assertTrue(old.isValid());
                selector.unregister(old);
            }
            FdKey now = selector.register(number, Interest.WRITE, Trigger.LEVEL, "new");
            assertFalse(old.isValid());
            assertEquals(List.of(now), selector.keys());
            assertEquals(number + " WRITE", Fds.pollNow(selector));
        }
    }

    /** io-event 71: an interest remembered by number, and so a call to the kernel saved. */
    @EveryBackend
    void a_reused_number_is_not_taken_for_registered_because_its_interest_is_the_same(
            FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int number = fds.socketpair()[0];
            FdKey old = selector.register(number, Interest.WRITE, Trigger.LEVEL, null);
            assertEquals(number + " WRITE", Fds.pollNow(selector));
            selector.unregister(old);
            fds.reuse(number, fds.socketpair()[0]);
            selector.register(number, Interest.WRITE, Trigger.LEVEL, null);
            assertEquals(number + " WRITE", Fds.pollNow(selector));
        }
    }

    /** mio 219, swift-nio 341: the old event delivered to the number's new owner. */
    @EveryBackend
    void an_event_of_a_number_that_was_reused_in_the_batch_is_not_delivered(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] one = fds.socketpair();
            int[] other = fds.socketpair();
            int[] idle = fds.socketpair();
            FdKey first = selector.register(one[0], Interest.READ, Trigger.LEVEL, other[0]);
            FdKey second = selector.register(other[0], Interest.READ, Trigger.LEVEL, one[0]);
            Fds.write(one[1], 1);
            Fds.write(other[1], 1);
            var delivered = new ArrayList<FdKey>();
            selector.poll(
                    0,
                    TimeUnit.NANOSECONDS,
                    (key, ready) -> {
                        delivered.add(key);
                        FdKey twin = key == first ? second : first;
                        selector.unregister(twin);
                        fds.reuse(twin.fd(), idle[0]);
                        selector.register(twin.fd(), Interest.READ, Trigger.LEVEL, "new");
                    });
            assertEquals(1, delivered.size());
            assertEquals(delivered.get(0).fd() + " READ", Fds.pollNow(selector));
        }
    }

    /** The same, but nobody unregistered: the new registration makes the old one invalid. */
    @EveryBackend
    void an_event_of_a_registration_that_was_replaced_in_the_batch_is_not_delivered(
            FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] one = fds.socketpair();
            int[] other = fds.socketpair();
            int[] idle = fds.socketpair();
            FdKey first = selector.register(one[0], Interest.READ, Trigger.LEVEL, null);
            FdKey second = selector.register(other[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(one[1], 1);
            Fds.write(other[1], 1);
            var delivered = new ArrayList<FdKey>();
            selector.poll(
                    0,
                    TimeUnit.NANOSECONDS,
                    (key, ready) -> {
                        delivered.add(key);
                        FdKey twin = key == first ? second : first;
                        fds.reuse(twin.fd(), idle[0]);
                        selector.register(twin.fd(), Interest.READ, Trigger.LEVEL, "new");
                        assertFalse(twin.isValid());
                    });
            assertEquals(1, delivered.size());
            assertEquals(delivered.get(0).fd() + " READ", Fds.pollNow(selector));
        }
    }

    /** The register might as well have come before that poll: it drops the registration. */
    @EveryBackend
    void a_refused_modify_of_a_number_that_is_registered_first_is_not_reported(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] one = fds.socketpair();
            int[] other = fds.socketpair();
            int[] idle = fds.socketpair();
            FdKey first = selector.register(one[0], Interest.READ, Trigger.LEVEL, null);
            FdKey second = selector.register(other[0], Interest.READ, Trigger.LEVEL, null);
            selector.modify(first, Interest.WRITE);
            selector.modify(second, Interest.WRITE);
            fds.close(one[0]);
            fds.close(other[0]);
            var delivered = new ArrayList<FdKey>();
            var registered = new ArrayList<FdKey>();
            selector.poll(
                    60,
                    TimeUnit.SECONDS,
                    (key, ready) -> {
                        assertTrue(ready.isError());
                        delivered.add(key);
                        FdKey twin = key == first ? second : first;
                        fds.reuse(fds.keep(twin.fd()), idle[0]);
                        registered.add(
                                selector.register(twin.fd(), Interest.READ, Trigger.LEVEL, "new"));
                        assertFalse(twin.isValid());
                    });
            assertEquals(1, delivered.size());
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertEquals(registered, selector.keys());
            Fds.write(idle[1], 1);
            assertEquals(registered.get(0).fd() + " READ", Fds.pollNow(selector));
        }
    }

    // ---- copies: the open file lives on under another number

    /** libuv 4323, h2o 1100: epoll reports the copy under the old number, for ever. */
    @EveryBackend
    void a_copy_of_a_closed_and_unregistered_descriptor_neither_delivers_nor_spins(
            EveryBackend.Pair pair) throws IOException {
        Capability.FORGETS_WHAT_WAS_CLOSED.require();
        var counting = new Intercepted(pair);
        try (var fds = new Fds();
                var selector = Internals.open(pair.backend(), counting.sys)) {
            int[] pipe = fds.pipe();
            int[] live = fds.socketpair();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(live[0], Interest.READ, Trigger.LEVEL, null);
            fds.dup(pipe[0]);
            fds.close(pipe[0]);
            selector.unregister(key);
            Fds.write(pipe[1], 1);
            assertEquals("TIMEOUT", Fds.poll(selector, 20));
            assertEquals("TIMEOUT", Fds.poll(selector, 20));
            int waits = counting.waits().size();
            assertTrue(waits < 10, waits + " waits: it spins");
            Fds.write(live[1], 1);
            assertEquals(live[0] + " READ", Fds.pollNow(selector));
            assertEquals(live[0] + " READ", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_copy_does_not_speak_for_the_new_owner_of_the_number(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int[] pair = fds.socketpair();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "old");
            int copy = fds.dup(pipe[0]);
            fds.reuse(pipe[0], pair[0]);
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "new");
            Fds.write(pipe[1], 1);
            assertEquals("TIMEOUT", Fds.poll(selector, 20));
            Fds.write(pair[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertEquals(1, Fds.drain(copy));
        }
    }

    @EveryBackend
    void a_copy_can_be_registered_beside_the_original(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int copy = fds.dup(pipe[0]);
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(copy, Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ, " + copy + " READ", Fds.pollNow(selector));
            fds.close(pipe[0]);
            selector.unregister(key);
            assertEquals(copy + " READ", Fds.pollNow(selector));
            assertEquals(copy + " READ", Fds.pollNow(selector));
        }
    }

    /** epoll still has it, under this very number: "already registered" would be no help. */
    @EveryBackend
    void a_copy_that_comes_back_to_its_number_can_be_registered(FdSelector selector)
            throws IOException {
        Capability.FORGETS_WHAT_WAS_CLOSED.require();
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int number = pipe[0];
            FdKey old = selector.register(number, Interest.READ, Trigger.LEVEL, "old");
            int copy = fds.dup(number);
            fds.close(number);
            selector.unregister(old);
            fds.reuse(fds.keep(number), copy);
            FdKey now = selector.register(number, Interest.READ, Trigger.LEVEL, "new");
            Fds.write(pipe[1], 1);
            assertEquals(number + " READ", Fds.pollNow(selector));
            assertEquals(List.of(now), selector.keys());
        }
    }

    /**
     * What rebuilding epoll must not do to the others. It may report an edge once more, but what
     * has fired ONESHOT stays disarmed.
     */
    @EveryBackend
    void getting_rid_of_a_copy_keeps_the_state_of_the_others(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fired = fds.socketpair()[0];
            int[] armed = fds.socketpair();
            int level = fds.socketpair()[0];
            selector.register(fired, Interest.WRITE, Trigger.ONESHOT, null);
            assertEquals(fired + " WRITE", Fds.pollNow(selector));
            selector.register(armed[0], Interest.READ, Trigger.ONESHOT, null);
            FdKey pending = selector.register(level, Interest.READ, Trigger.LEVEL, null);
            leaveCopyBehind(selector, fds);
            assertEquals("TIMEOUT", Fds.poll(selector, 20), "re-armed by nobody");
            Fds.write(armed[1], 1);
            assertEquals(armed[0] + " READ", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(pending, Interest.WRITE);
            assertEquals(level + " WRITE", Fds.pollNow(selector));
            assertEquals(3, selector.keys().size());
        }
    }

    /** What has fired, and is disarmed, can still be armed by modify after epoll was rebuilt. */
    @EveryBackend
    void oneshot_can_be_armed_after_getting_rid_of_a_copy(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            FdKey key = selector.register(pair[0], Interest.WRITE, Trigger.ONESHOT, null);
            assertEquals(pair[0] + " WRITE", Fds.pollNow(selector));
            leaveCopyBehind(selector, fds);
            fds.close(pair[1]); // the hang-up is not for who is disarmed
            assertEquals("TIMEOUT", Fds.poll(selector, 20));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, Interest.READ);
            assertEquals(
                    pair[0] + Reported.by(selector, " READ|READ_CLOSED"), Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void edge_is_reported_once_more_at_most_after_getting_rid_of_a_copy(FdSelector selector)
            throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            selector.register(fd, Interest.WRITE, Trigger.EDGE, null);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            leaveCopyBehind(selector, fds);
            if (isEpoll(selector)) { // kqueue forgets it when the number is closed
                assertEquals(fd + " WRITE", Fds.poll(selector, 60_000));
            }
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    /** A readable copy of a descriptor that is closed and unregistered. */
    private static void leaveCopyBehind(FdSelector selector, Fds fds) throws IOException {
        int[] pipe = fds.pipe();
        FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "copied");
        fds.dup(pipe[0]);
        fds.close(pipe[0]);
        selector.unregister(key);
        Fds.write(pipe[1], 1);
    }

    @EveryBackend
    void without_a_descriptor_to_rebuild_epoll_the_others_are_still_served(EveryBackend.Pair pair)
            throws IOException {
        var faulty = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = Internals.open(pair.backend(), faulty)) {
            int live = fds.socketpair()[0];
            FdKey key = selector.register(live, Interest.READ, Trigger.LEVEL, null);
            leaveCopyBehind(selector, fds);
            faulty.on("epollCreate", call -> -pair.sys().errno().EMFILE);
            assertEquals("TIMEOUT", Fds.poll(selector, 1));
            selector.modify(key, Interest.WRITE);
            assertEquals(live + " WRITE", Fds.poll(selector, 60_000));
            faulty.heal("epollCreate");
            selector.modify(key, Interest.READ);
            assertEquals("TIMEOUT", Fds.poll(selector, 20));
            assertEquals(List.of(key), selector.keys());
        }
    }
}
