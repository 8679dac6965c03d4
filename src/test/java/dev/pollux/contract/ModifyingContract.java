package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Mounts;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.util.List;

/** The chapter "Registering", as far as it is about changes of a registration. */
@PlantsFaults(Kind.CLOSED)
class ModifyingContract {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    @EveryBackend
    void modify_changes_the_interest_and_keeps_trigger_and_attachment(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.ONESHOT, "kept");
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE);
            assertSame(Interest.WRITE, key.interest());
            assertSame(Trigger.ONESHOT, key.trigger());
            assertEquals("kept", key.attachment());
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector), "no longer ONESHOT");
        }
    }

    /** epoll itself looks when an interest is changed; poll and select must not do so. */
    @EveryBackend
    void what_is_reported_once_outlives_modify_but_on_epoll(FdSelector selector)
            throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        boolean lost = Reported.isEpoll(selector.backend());
        for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.ONESHOT)) {
            try (var fds = new Fds();
                    var mounts = new Mounts()) {
                int fd = fds.keep(mounts.open());
                FdKey key = selector.register(fd, Interest.PRIORITY, trigger, null);
                mounts.change();
                assertEquals(fd + " PRIORITY", Fds.pollNow(selector));
                mounts.change();
                selector.modify(key, Interest.PRIORITY.plus(Interest.READ)); // always readable
                String expected = fd + (lost ? " READ" : " READ|PRIORITY");
                assertEquals(expected, Fds.pollNow(selector), trigger::toString);
                selector.modify(key, Interest.PRIORITY);
                assertEquals("TIMEOUT", Fds.pollNow(selector));
                mounts.change();
                assertEquals(fd + " PRIORITY", Fds.pollNow(selector));
                selector.unregister(key);
            }
        }
    }

    /** libevent: a change of interest that forgot the edge trigger. */
    @EveryBackend
    void modify_does_not_forget_the_edge_trigger(FdSelector selector) throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.EDGE, null);
            selector.modify(key, BOTH);
            assertSame(Trigger.EDGE, key.trigger());
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector), "no longer EDGE");
        }
    }

    @EveryBackend
    void modify_with_a_trigger_replaces_both(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, "kept");
            selector.modify(key, Interest.WRITE, Trigger.ONESHOT);
            assertSame(Trigger.ONESHOT, key.trigger());
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE, Trigger.LEVEL);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals("kept", key.attachment());
        }
    }

    @EveryBackend
    void modify_arms_oneshot_again_also_with_the_same_interest(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.WRITE, Trigger.ONESHOT, null);
            for (int i = 0; i < 3; i++) {
                assertEquals(fd + " WRITE", Fds.pollNow(selector));
                assertEquals("TIMEOUT", Fds.pollNow(selector));
                selector.modify(key, Interest.WRITE);
            }
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void modify_in_a_handler_arms_oneshot_again(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            selector.register(fd, Interest.WRITE, Trigger.ONESHOT, null);
            int[] events = {0};
            for (int i = 0; i < 3; i++) {
                selector.poll(
                        0,
                        java.util.concurrent.TimeUnit.NANOSECONDS,
                        (key, ready) -> {
                            events[0]++;
                            selector.modify(key, key.interest());
                        });
            }
            assertEquals(3, events[0]);
        }
    }

    @EveryBackend
    void modify_under_edge_reports_again_what_is_still_ready(FdSelector selector)
            throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.EDGE, null);
            Fds.write(pipe[1], 10);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, Interest.READ);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            Fds.drain(pipe[0]);
            selector.modify(key, Interest.READ);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void only_the_last_of_several_changes_counts(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            Fds.write(pair[1], 1);
            FdKey key = selector.register(pair[0], Reported.idle(selector), Trigger.LEVEL, null);
            selector.modify(key, BOTH);
            selector.modify(key, Interest.READ);
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE);
            selector.modify(key, Interest.READ);
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE, Trigger.ONESHOT);
            selector.modify(key, Interest.READ, Trigger.LEVEL);
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void unregister_forgets_a_remembered_modify(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            selector.modify(key, Interest.WRITE);
            selector.unregister(key);
            assertEquals("TIMEOUT", Fds.pollNow(selector));

            FdKey first = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            selector.modify(first, Interest.WRITE);
            selector.unregister(first);
            FdKey second = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector), "changed by its predecessor's modify");
            assertSame(Interest.READ, second.interest());
            assertTrue(second.isValid());
        }
    }

    @EveryBackend
    void a_remembered_modify_of_a_closed_fd_is_reported_once_and_the_poll_goes_on(
            FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int closed = fds.pipe()[0];
            int live = fds.socketpair()[0];
            FdKey bad = selector.register(closed, Interest.READ, Trigger.LEVEL, null);
            FdKey good = selector.register(live, Interest.READ, Trigger.LEVEL, null);
            selector.modify(bad, BOTH);
            selector.modify(good, Interest.WRITE);
            fds.close(closed);
            String reported = Fds.poll(selector, 60_000);
            if (selector.backend() == Backend.SELECT) { // it first looks for the culprit
                assertEquals(closed + " ERROR", reported);
                assertEquals(live + " WRITE", Fds.poll(selector, 60_000));
            } else {
                assertEquals(sorted(closed + " ERROR", live + " WRITE"), reported);
            }
            assertFalse(bad.isValid());
            assertTrue(good.isValid());
            assertEquals(live + " WRITE", Fds.pollNow(selector));
            assertEquals(List.of(good), selector.keys());
            assertThrows(
                    PolluxException.NotRegistered.class, () -> selector.modify(bad, Interest.READ));
            selector.unregister(bad);
            assertThrows(PolluxException.NotRegistered.class, () -> selector.unregister(bad));
        }
    }

    private static String sorted(String one, String other) {
        int a = Integer.parseInt(one.substring(0, one.indexOf(' ')));
        int b = Integer.parseInt(other.substring(0, other.indexOf(' ')));
        return a < b ? one + ", " + other : other + ", " + one;
    }

    /** epoll finds the reused number out (ENOENT); poll and select take it for the same file. */
    @EveryBackend
    void a_remembered_modify_of_a_reused_number_is_reported_where_the_kernel_knows(
            FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int number = fds.pipe()[0];
            int other = fds.socketpair()[0];
            FdKey key = selector.register(number, Interest.READ, Trigger.LEVEL, null);
            selector.modify(key, BOTH);
            fds.reuse(number, other);
            boolean knows = Reported.kernelKeeps(selector);
            assertEquals(number + (knows ? " ERROR" : " WRITE"), Fds.poll(selector, 60_000));
            assertEquals(!knows, key.isValid());
            assertEquals(knows ? "TIMEOUT" : number + " WRITE", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_refused_modify_leaves_the_registration_as_it_was(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.WRITE, Trigger.LEVEL, null);
            for (Trigger trigger : Trigger.values()) {
                boolean exclusive =
                        trigger == Trigger.LEVEL_EXCLUSIVE || trigger == Trigger.EDGE_EXCLUSIVE;
                if (!exclusive && selector.supports(trigger)) {
                    continue;
                }
                var e =
                        assertThrows(
                                PolluxException.Unsupported.class,
                                () -> selector.modify(key, Interest.PRIORITY, trigger));
                assertEquals("modify", e.operation());
                assertEquals(fd, e.fd());
            }
            assertThrows(NullPointerException.class, () -> selector.modify(key, null));
            assertThrows(
                    NullPointerException.class, () -> selector.modify(key, Interest.READ, null));
            assertSame(Interest.WRITE, key.interest());
            assertSame(Trigger.LEVEL, key.trigger());
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
        }
    }

    // ---- exclusive: a removal and an addition, at once

    @EveryBackend
    void modify_from_and_to_an_exclusive_trigger_works_where_it_is(FdSelector selector)
            throws IOException {
        if (!selector.supports(Trigger.LEVEL_EXCLUSIVE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL_EXCLUSIVE, "kept");
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, BOTH);
            assertSame(Trigger.LEVEL_EXCLUSIVE, key.trigger());
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE, Trigger.ONESHOT);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, Interest.WRITE, Trigger.EDGE_EXCLUSIVE);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, Interest.READ, Trigger.LEVEL);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertEquals("kept", key.attachment());
            assertEquals(List.of(key), selector.keys());
        }
    }

    /** A change by another thread's poll, pending or not, does not overtake an exclusive one. */
    @EveryBackend
    void a_remembered_modify_does_not_undo_an_exclusive_one(FdSelector selector)
            throws IOException {
        if (!selector.supports(Trigger.LEVEL_EXCLUSIVE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            selector.modify(key, Interest.READ, Trigger.ONESHOT); // remembered
            selector.modify(key, Interest.WRITE, Trigger.LEVEL_EXCLUSIVE); // at once
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            assertTrue(key.isValid());
        }
    }

    @EveryBackend
    void modify_of_a_closed_exclusive_registration_says_bad_descriptor(FdSelector selector)
            throws IOException {
        if (!selector.supports(Trigger.LEVEL_EXCLUSIVE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int fd = fds.pipe()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL_EXCLUSIVE, null);
            fds.close(fd);
            var e =
                    assertThrows(
                            PolluxException.BadDescriptor.class,
                            () -> selector.modify(key, Interest.WRITE));
            assertEquals(fd, e.fd());
            assertSame(Interest.READ, key.interest());
            assertTrue(key.isValid());
        }
    }
}
