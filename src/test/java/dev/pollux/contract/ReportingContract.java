package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.Mounts;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * The chapter "Reporting": what is delivered, how often, to whom. Errors, hang-ups and ends are in
 * {@link ReportingErrorsContract}, what each kind of descriptor says in {@link
 * DescriptorKindsContract}.
 */
class ReportingContract {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    // ---- one event

    /** Two registrations of one open file: the first reader leaves nothing to the second. */
    @EveryBackend
    void readiness_is_a_hint(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(fds.dup(pipe[0]), Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            var read = new ArrayList<Integer>();
            selector.poll(
                    0,
                    TimeUnit.NANOSECONDS,
                    (key, ready) -> {
                        assertTrue(ready.isReadable());
                        read.add(Fd.read(key.fd(), ByteBuffer.allocate(8)));
                    });
            assertEquals(List.of(1, 0), read);
        }
    }

    /** {@link Fds#pollNow} fails if a registration has a second event. */
    @EveryBackend
    void one_registration_has_one_event_with_all_that_is_ready(FdSelector selector)
            throws IOException {
        Capability.PRIORITY.require();
        try (var fds = new Fds()) {
            int[] tcp = fds.connected(Libc.Socket.TCP_V4);
            FdKey key =
                    selector.register(
                            tcp[1], BOTH.plus(Interest.PRIORITY), Trigger.LEVEL, "attached");
            assertEquals(tcp[1] + " WRITE", Fds.pollNow(selector));
            Fds.write(tcp[0], 1);
            String expected = tcp[1] + " READ|WRITE";
            assertEquals(expected, Fds.eventually(selector, expected));
            Libc.sendUrgent(tcp[0]);
            expected = tcp[1] + " READ|WRITE|PRIORITY";
            assertEquals(expected, Fds.eventually(selector, expected));
            var keys = new ArrayList<FdKey>();
            var result = selector.poll(0, TimeUnit.NANOSECONDS, (k, ready) -> keys.add(k));
            assertEquals(PollResult.EVENTS, result);
            assertEquals(List.of(key), keys);
        }
    }

    @EveryBackend
    void only_what_is_of_interest_is_reported(FdSelector selector) throws IOException {
        Capability.PRIORITY.require();
        try (var fds = new Fds()) {
            int[] tcp = fds.connected(Libc.Socket.TCP_V4);
            Fds.write(tcp[0], 1);
            Libc.sendUrgent(tcp[0]);
            Reported.assertReady(selector, tcp[1], Interest.PRIORITY, "PRIORITY");
            Reported.assertReady(selector, tcp[1], Interest.READ, "READ");
            Reported.assertReady(selector, tcp[1], Interest.WRITE, "WRITE");
            Reported.assertReady(selector, tcp[1], BOTH, "READ|WRITE");
            Reported.assertReady(
                    selector, tcp[1], Interest.READ.plus(Interest.PRIORITY), "READ|PRIORITY");
            Fds.drain(tcp[1]);
            Reported.assertReady(selector, tcp[1], Interest.READ, "TIMEOUT");
        }
    }

    // ---- how often

    @EveryBackend
    void level_is_reported_by_every_poll_while_it_holds(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            Fds.write(pipe[1], 2);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertEquals(1, Fd.read(pipe[0], ByteBuffer.allocate(1)));
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            Fds.drain(pipe[0]);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void oneshot_disarms_both_directions_until_modify(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            int[] marker = fds.pipe();
            FdKey key = selector.register(pair[0], BOTH, Trigger.ONESHOT, null);
            selector.register(marker[0], Interest.READ, Trigger.ONESHOT, null);
            assertEquals(pair[0] + " WRITE", Fds.pollNow(selector));
            Fds.write(pair[1], 1); // a direction that did not fire
            fds.close(pair[1]); // and a hang-up
            Fds.write(marker[1], 1);
            assertEquals(marker[0] + " READ", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertTrue(key.isValid());
            selector.modify(key, Interest.READ);
            assertEquals(
                    pair[0] + " " + Reported.by(selector, "READ|READ_CLOSED"),
                    Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void edge_is_reported_once_for_each_arrival_or_refused(FdSelector selector) throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            assertFalse(Reported.isEpoll(selector.backend()));
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            selector.register(pair[0], Interest.READ, Trigger.EDGE, null);
            Fds.write(pair[1], 10);
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertEquals(3, Fd.read(pair[0], ByteBuffer.allocate(3)));
            assertEquals("TIMEOUT", Fds.pollNow(selector), "after a partial read, no new data");
            Fds.write(pair[1], 1);
            assertEquals(pair[0] + " READ", Fds.pollNow(selector), "new data, old data unread");
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertEquals(8, Fds.drain(pair[0]));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            Fds.write(pair[1], 1);
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void edge_reports_what_was_there_before_register(FdSelector selector) throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            Fds.write(pair[1], 1);
            selector.register(pair[0], BOTH, Trigger.EDGE, null);
            assertEquals(pair[0] + " READ|WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void edge_reports_new_room_after_would_block(FdSelector selector) throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[1], Interest.WRITE, Trigger.EDGE, null);
            assertEquals(pipe[1] + " WRITE", Fds.pollNow(selector));
            Fds.fill(pipe[1]);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            Fds.drain(pipe[0]);
            assertEquals(pipe[1] + " WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    // ---- exclusive

    @EveryBackend
    void exclusive_reports_reads_and_writes_and_no_priority(FdSelector selector)
            throws IOException {
        if (!selector.supports(Trigger.LEVEL_EXCLUSIVE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            var e =
                    assertThrows(
                            PolluxException.Unsupported.class,
                            () ->
                                    selector.register(
                                            pair[0],
                                            Interest.READ.plus(Interest.PRIORITY),
                                            Trigger.LEVEL_EXCLUSIVE,
                                            null));
            assertEquals(0, e.errno(), "the kernel was asked");
            assertTrue(selector.keys().isEmpty());
            FdKey key = selector.register(pair[0], BOTH, Trigger.LEVEL_EXCLUSIVE, null);
            Fds.write(pair[1], 1);
            assertEquals(pair[0] + " READ|WRITE", Fds.pollNow(selector));
            assertEquals(pair[0] + " READ|WRITE", Fds.pollNow(selector));
            selector.unregister(key);
            selector.register(pair[0], BOTH, Trigger.EDGE_EXCLUSIVE, null);
            assertEquals(pair[0] + " READ|WRITE", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            Libc.shutdown(pair[1], Libc.SHUT_WR);
            assertEquals(pair[0] + " READ|WRITE", Fds.pollNow(selector), "no EPOLLRDHUP");
        }
    }

    @EveryBackend
    void exclusive_leaves_no_arrival_unreported_among_several_selectors(
            FdSelector one, FdSelector other) throws IOException {
        if (!one.supports(Trigger.LEVEL_EXCLUSIVE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            one.register(pipe[0], Interest.READ, Trigger.LEVEL_EXCLUSIVE, null);
            other.register(pipe[0], Interest.READ, Trigger.LEVEL_EXCLUSIVE, null);
            for (int i = 0; i < 3; i++) {
                Fds.write(pipe[1], 1);
                var reported = List.of(Fds.pollNow(one), Fds.pollNow(other));
                assertTrue(reported.contains(pipe[0] + " READ"), reported::toString);
                Fds.drain(pipe[0]);
            }
        }
    }

    // ---- in the middle of a batch

    @EveryBackend
    void what_a_handler_unregisters_is_not_delivered_any_more(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            var keys = new ArrayList<FdKey>();
            for (int i = 0; i < 5; i++) {
                int fd = fds.socketpair()[0];
                keys.add(selector.register(fd, Interest.WRITE, Trigger.LEVEL, null));
            }
            var delivered = new ArrayList<FdKey>();
            selector.poll(
                    0,
                    TimeUnit.NANOSECONDS,
                    (key, ready) -> {
                        delivered.add(key);
                        for (FdKey other : keys) {
                            if (other != key && other.isValid()) {
                                selector.unregister(other);
                            }
                        }
                    });
            assertEquals(1, delivered.size());
            assertEquals(delivered, selector.keys());
            assertEquals(delivered.get(0).fd() + " WRITE", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_handler_may_unregister_and_close_its_own(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            var result =
                    selector.poll(
                            0,
                            TimeUnit.NANOSECONDS,
                            (key, ready) -> {
                                selector.unregister(key);
                                fds.close(key.fd());
                            });
            assertEquals(PollResult.EVENTS, result);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertTrue(selector.keys().isEmpty());
        }
    }

    /** Nobody announced it: unregister before the close. The handler meets it in its read. */
    @EveryBackend
    void what_a_handler_closes_and_does_not_unregister_may_still_be_reported(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] one = fds.pipe();
            int[] other = fds.pipe();
            selector.register(one[0], Interest.READ, Trigger.LEVEL, other[0]);
            selector.register(other[0], Interest.READ, Trigger.LEVEL, one[0]);
            Fds.write(one[1], 1);
            Fds.write(other[1], 1);
            var closed = new ArrayList<Integer>();
            selector.poll(
                    0,
                    TimeUnit.NANOSECONDS,
                    (key, ready) -> {
                        if (closed.isEmpty()) {
                            closed.add((Integer) key.attachment());
                            fds.close(closed.get(0));
                        } else {
                            assertEquals(closed, List.of(key.fd()));
                            assertThrows(
                                    PolluxException.BadDescriptor.class,
                                    () -> Fd.read(key.fd(), ByteBuffer.allocate(1)));
                        }
                    });
            assertEquals(1, closed.size());
        }
    }

    @EveryBackend
    void what_a_handler_registers_is_reported_by_a_later_poll(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            selector.register(pair[0], Interest.WRITE, Trigger.ONESHOT, null);
            var reported = new ArrayList<Integer>();
            ReadyHandler handler =
                    (key, ready) -> {
                        reported.add(key.fd());
                        if (key.fd() == pair[0]) {
                            selector.register(pair[1], Interest.WRITE, Trigger.ONESHOT, null);
                        }
                    };
            selector.poll(0, TimeUnit.NANOSECONDS, handler);
            assertEquals(List.of(pair[0]), reported);
            selector.poll(0, TimeUnit.NANOSECONDS, handler);
            assertEquals(List.of(pair[0], pair[1]), reported);
        }
    }

    @EveryBackend
    void what_a_handler_is_no_longer_interested_in_is_not_delivered(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] one = fds.socketpair();
            int[] other = fds.socketpair();
            FdKey first = selector.register(one[0], Interest.WRITE, Trigger.LEVEL, null);
            FdKey second = selector.register(other[0], Interest.WRITE, Trigger.LEVEL, null);
            var delivered = new ArrayList<FdKey>();
            selector.poll(
                    0,
                    TimeUnit.NANOSECONDS,
                    (key, ready) -> {
                        delivered.add(key);
                        selector.modify(key == first ? second : first, Interest.READ);
                    });
            assertEquals(1, delivered.size());
            assertEquals(delivered.get(0).fd() + " WRITE", Fds.pollNow(selector));
        }
    }

    // ---- many

    /** All are the same readable open file, under many numbers. */
    private static TreeSet<Integer> registerCopies(
            FdSelector selector, Fds fds, int count, Trigger trigger) throws IOException {
        int[] pipe = fds.pipe();
        Fds.write(pipe[1], 1);
        var copies = new TreeSet<Integer>();
        for (int i = 0; i < count; i++) {
            int copy = fds.dup(pipe[0]);
            selector.register(copy, Interest.READ, trigger, null);
            copies.add(copy);
        }
        return copies;
    }

    @EveryBackend
    void more_ready_than_the_buffer_holds_comes_with_later_polls(FdSelector selector)
            throws IOException {
        Capability.MANY_COPIES.require();
        int count = 700;
        for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.ONESHOT, Trigger.EDGE)) {
            if (!selector.supports(trigger)) {
                continue; // refused by register, see RegisteringContract
            }
            try (var fds = new Fds()) {
                var missing = registerCopies(selector, fds, count, trigger);
                var reported = new ArrayList<Integer>();
                int polls = 0;
                while (!missing.isEmpty() && polls++ < 10) {
                    selector.poll(
                            0,
                            TimeUnit.NANOSECONDS,
                            (key, ready) -> {
                                reported.add(key.fd());
                                missing.remove(key.fd());
                            });
                }
                assertTrue(missing.isEmpty(), trigger + ": unreported " + missing);
                if (trigger != Trigger.LEVEL) {
                    assertEquals(count, reported.size());
                    assertEquals("TIMEOUT", Fds.pollNow(selector));
                }
                for (FdKey key : selector.keys()) {
                    selector.unregister(key);
                }
            }
        }
    }

    /** Reported to whoever looks first, so not by the next poll if this one had no room for it. */
    @EveryBackend
    void what_is_reported_once_is_not_lost_when_more_is_ready_than_the_buffer_holds(
            FdSelector selector) throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        for (int count : new int[] {0, 255, 260, 700}) {
            try (var fds = new Fds();
                    var mounts = new Mounts()) {
                registerCopies(selector, fds, count, Trigger.LEVEL);
                int fd = fds.keep(mounts.open());
                FdKey key = selector.register(fd, Interest.PRIORITY, Trigger.LEVEL, null);
                for (int changes = 0; changes < 2; changes++) { // before and after it has grown
                    mounts.change();
                    var reported = new ArrayList<String>();
                    for (int polls = 0; polls < 5; polls++) {
                        selector.poll(
                                0,
                                TimeUnit.NANOSECONDS,
                                (k, ready) -> {
                                    if (k == key) {
                                        reported.add(ready.toString());
                                    }
                                });
                    }
                    assertEquals(List.of("PRIORITY"), reported, "beside " + count);
                }
                for (FdKey registered : selector.keys()) {
                    selector.unregister(registered);
                }
            }
        }
    }

    /** libkqueue drops what is more than its list holds; there are two events for each here. */
    @EveryBackend
    void no_edge_is_lost_when_many_are_readable_and_writable(FdSelector selector)
            throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            var waiting = new HashSet<Integer>();
            for (int i = 0; i < 700; i++) {
                int[] pair = fds.socketpair();
                selector.register(pair[0], BOTH, Trigger.EDGE, null);
                Fds.write(pair[1], 1);
                waiting.add(pair[0]);
            }
            ReadyHandler reading =
                    (key, ready) -> {
                        if (ready.isReadable()) {
                            waiting.remove(key.fd());
                        }
                    };
            for (int polls = 0; polls < 20 && !waiting.isEmpty(); polls++) {
                selector.poll(0, TimeUnit.SECONDS, reading);
            }
            assertEquals(Set.of(), waiting);
        }
    }

    /** More than the largest buffer, all ready all the time. */
    @EveryBackend
    void nobody_starves_when_all_are_always_ready(FdSelector selector) throws IOException {
        Capability.MANY_COPIES.require();
        int count = 9000;
        try (var fds = new Fds()) {
            var missing = registerCopies(selector, fds, count, Trigger.LEVEL);
            int polls = 0;
            while (!missing.isEmpty() && polls++ < 20) {
                selector.poll(0, TimeUnit.NANOSECONDS, (key, ready) -> missing.remove(key.fd()));
            }
            assertTrue(missing.isEmpty(), missing.size() + " unreported after " + polls + " polls");
        }
    }
}
