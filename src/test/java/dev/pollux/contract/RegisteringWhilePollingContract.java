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
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.PollingThread;
import dev.pollux.support.Reported;
import java.util.List;

/** The chapter "Registering": from another thread, while a poll blocks. */
@PlantsFaults(Kind.CLOSED)
class RegisteringWhilePollingContract {
    @EveryBackend
    void register_takes_effect_on_the_very_poll_that_blocks(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var polling = new PollingThread(selector)) {
            int fd = fds.socketpair()[0];
            polling.awaitBlocked();
            selector.register(fd, Interest.WRITE, Trigger.ONESHOT, null);
            assertEquals(fd + " WRITE", polling.next());
            polling.finishPoll();
            assertEquals(List.of(PollResult.EVENTS, PollResult.WAKEUP), polling.results());
        }
    }

    @EveryBackend
    void a_change_that_reports_nothing_does_not_end_the_poll(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var polling = new PollingThread(selector)) {
            polling.awaitBlocked();
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            polling.awaitBlocked();
            selector.modify(key, Reported.idle(selector));
            polling.awaitBlocked();
            selector.unregister(key);
            polling.awaitBlocked();
            polling.finishPoll();
            assertEquals(List.of(PollResult.WAKEUP), polling.results());
            assertEquals(List.of(), polling.rest());
        }
    }

    @EveryBackend
    void modify_takes_effect_on_the_very_poll_that_blocks(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var polling = new PollingThread(selector)) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.ONESHOT, null);
            for (int i = 0; i < 3; i++) {
                polling.awaitBlocked();
                selector.modify(key, Interest.WRITE); // arms it again, too
                assertEquals(fd + " WRITE", polling.next());
            }
            assertSame(Interest.WRITE, key.interest());
        }
    }

    @EveryBackend
    void what_is_no_longer_of_interest_is_not_reported_by_the_poll_that_blocks(FdSelector selector)
            throws Exception {
        Capability.PRIORITY.require();
        try (var fds = new Fds();
                var polling = new PollingThread(selector)) {
            int[] pair = fds.socketpair();
            int[] marker = fds.socketpair();
            FdKey key = selector.register(pair[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(marker[0], Interest.READ, Trigger.ONESHOT, null);
            polling.awaitBlocked();
            selector.modify(key, Interest.PRIORITY);
            Fds.write(pair[1], 1);
            Fds.write(marker[1], 1);
            assertEquals(marker[0] + " READ", polling.next());
            polling.finishPoll();
            assertEquals(List.of(), polling.rest());
        }
    }

    @EveryBackend
    void unregister_takes_effect_on_the_very_poll_that_blocks(FdSelector selector)
            throws Exception {
        Capability.PRIORITY.require();
        try (var fds = new Fds();
                var polling = new PollingThread(selector)) {
            int[] pair = fds.socketpair();
            int[] marker = fds.socketpair();
            FdKey key = selector.register(pair[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(marker[0], Interest.READ, Trigger.ONESHOT, null);
            polling.awaitBlocked();
            selector.unregister(key);
            Fds.write(pair[1], 1);
            Fds.write(marker[1], 1);
            assertEquals(marker[0] + " READ", polling.next());
            polling.finishPoll();
            assertEquals(List.of(), polling.rest());
        }
    }

    /** What a handler is in the middle of when unregister returns is delivered; nothing later. */
    @EveryBackend
    void nothing_is_delivered_after_unregister_has_returned(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            try (var polling = new PollingThread(selector)) {
                for (int i = 0; i < 50; i++) {
                    FdKey key = selector.register(fd, Interest.WRITE, Trigger.LEVEL, i);
                    polling.next();
                    selector.unregister(key);
                    polling.finishPoll();
                    polling.rest();
                    polling.finishPoll();
                    assertEquals(List.of(), polling.rest());
                }
            }
        }
    }

    @EveryBackend
    void modify_of_a_closed_fd_says_so_at_once_and_leaves_the_registration(FdSelector selector)
            throws Exception {
        try (var fds = new Fds();
                var polling = new PollingThread(selector)) {
            int fd = fds.pipe()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            polling.awaitBlocked();
            fds.close(fd);
            var e =
                    assertThrows(
                            PolluxException.class,
                            () -> selector.modify(key, Reported.idle(selector)));
            assertEquals("modify", e.operation());
            assertEquals(fd, e.fd());
            assertSame(Interest.READ, key.interest());
            boolean closeEndsPoll = !Host.LINUX && !Reported.kernelKeeps(selector);
            if (closeEndsPoll && e instanceof PolluxException.NotRegistered) {
                assertEquals(fd + " ERROR", polling.next()); // the poll was before us
                return;
            }
            assertEquals(PolluxException.BadDescriptor.class, e.getClass());
            if (Reported.kernelKeeps(selector)) { // which no longer knows of it
                assertTrue(key.isValid());
            } else {
                String reported = polling.next();
                while (selector.backend() == Backend.SELECT && reported.equals(fd + " READ")) {
                    reported = polling.next(); // a select that is under way takes it for readable
                }
                assertEquals(fd + " ERROR", reported);
                assertFalse(key.isValid());
            }
            selector.unregister(key);
            polling.finishPoll();
            assertEquals(List.of(), polling.rest());
        }
    }

    @EveryBackend
    void a_refused_modify_leaves_the_registration_as_it_was(EveryBackend.Pair pair)
            throws Exception {
        var faulty = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = Internals.open(pair.backend(), faulty);
                var polling = new PollingThread(selector)) {
            int[] ends = fds.socketpair();
            FdKey key = selector.register(ends[0], Interest.READ, Trigger.ONESHOT, "kept");
            polling.awaitBlocked();
            int errno = pair.sys().errno().ENOMEM;
            for (String call : List.of("epollCtl", "isOpen", "keventChange")) {
                faulty.on(call, c -> c.nth() == 1 ? -errno : c.go());
            }
            assertThrows(
                    PolluxException.LimitReached.class,
                    () -> selector.modify(key, Interest.WRITE, Trigger.LEVEL));
            assertSame(Interest.READ, key.interest());
            assertSame(Trigger.ONESHOT, key.trigger());
            assertEquals("kept", key.attachment());
            Fds.write(ends[1], 1);
            assertEquals(ends[0] + " READ", polling.next());
            polling.finishPoll();
            assertEquals(List.of(), polling.rest());
        }
    }
}
