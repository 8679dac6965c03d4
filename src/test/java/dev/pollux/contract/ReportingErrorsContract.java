package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.Ready;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.kernel.BsdKqueue;
import dev.pollux.kernel.KqueueModel;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Mounts;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Reported;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The chapter "Reporting": errors, hang-ups, ends, and descriptors that were closed. */
@PlantsFaults(Kind.CLOSED)
class ReportingErrorsContract {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);
    private static final Interest PRIORITY_AND_READ = Interest.PRIORITY.plus(Interest.READ);

    // ---- the end

    @EveryBackend
    void data_followed_by_the_end_is_one_event_and_nothing_is_lost(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            for (Libc.Socket kind :
                    List.of(Libc.Socket.UNIX, Libc.Socket.TCP_V4, Libc.Socket.TCP_V6)) {
                int[] pair = fds.connected(kind);
                Fds.write(pair[0], 10);
                Libc.shutdown(pair[0], Libc.SHUT_WR);
                FdKey key = selector.register(pair[1], Interest.READ, Trigger.LEVEL, null);
                String expected = pair[1] + " " + Reported.by(selector, "READ|READ_CLOSED");
                assertEquals(expected, Fds.eventually(selector, expected));
                assertEquals(10, Fds.drain(pair[1]));
                assertEquals(-1, Fd.read(pair[1], ByteBuffer.allocate(1)));
                assertEquals(expected, Fds.pollNow(selector), "the end stays");
                Fds.write(pair[1], 10); // the other direction is open still
                selector.modify(key, BOTH);
                expected = pair[1] + " " + Reported.by(selector, "READ|WRITE|READ_CLOSED");
                assertEquals(expected, Fds.pollNow(selector));
                selector.unregister(key);
            }
        }
    }

    /** nim 1990, twisted 2809: who waits for "readable" and gets a hang-up alone spins. */
    @EveryBackend
    void a_pipe_whose_writer_closed_is_readable(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 3);
            fds.close(pipe[1]);
            Reported.assertReady(selector, pipe[0], Interest.READ, "READ|READ_CLOSED");
            assertEquals(3, Fds.drain(pipe[0]));
            Reported.assertReady(selector, pipe[0], Interest.READ, "READ|READ_CLOSED");
            assertEquals(-1, Fd.read(pipe[0], ByteBuffer.allocate(1)));
        }
    }

    private static String noReader(FdSelector selector) {
        if (selector.backend() != Backend.KQUEUE) {
            return "WRITE|ERROR";
        }
        return "WRITE|WRITE_CLOSED" + (Capability.KEEPS_PENDING_ERRORS.isThere() ? "" : "|ERROR");
    }

    @EveryBackend
    void a_pipe_whose_reader_closed_is_writable_and_the_write_meets_the_error(
            FdSelector selector, EveryBackend.Pair pair) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Fds.fill(pipe[1]);
            Reported.assertReady(selector, pipe[1], Interest.WRITE, "TIMEOUT");
            fds.close(pipe[0]);
            Reported.assertReady(selector, pipe[1], Interest.WRITE, noReader(selector));
            int errno = pair.sys().errno().number("EPIPE");
            var e =
                    assertThrows(
                            PolluxException.class, () -> Fd.write(pipe[1], ByteBuffer.allocate(1)));
            assertEquals(errno, e.errno());
        }
    }

    /** mio 1091, libuv 3277: one's own half-close taken for the peer's. */
    @EveryBackend
    void ones_own_half_close_is_no_hang_up(FdSelector selector) throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        try (var fds = new Fds()) {
            for (Libc.Socket kind : List.of(Libc.Socket.UNIX, Libc.Socket.TCP_V4)) {
                int[] pair = fds.connected(kind);
                Libc.shutdown(pair[0], Libc.SHUT_WR);
                Reported.assertReady(selector, pair[0], BOTH, "WRITE");
                Reported.assertReady(selector, pair[0], Interest.READ, "TIMEOUT");
                Fds.write(pair[1], 1);
                Reported.assertReady(selector, pair[0], BOTH, "READ|WRITE");
            }
        }
    }

    @EveryBackend
    void both_directions_closed_are_a_hang_up(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            fds.close(pair[1]);
            String all = "READ|WRITE|READ_CLOSED|WRITE_CLOSED";
            Reported.assertReady(selector, pair[0], BOTH, all);
            Reported.assertReady(selector, pair[0], Interest.READ, "READ|READ_CLOSED");
            Reported.assertReady(
                    selector, pair[0], Interest.WRITE, "WRITE|READ_CLOSED|WRITE_CLOSED");

            int[] tcp = fds.connected(Libc.Socket.TCP_V4);
            Libc.shutdown(tcp[0], Libc.SHUT_WR);
            Libc.shutdown(tcp[1], Libc.SHUT_WR);
            Reported.assertReady(selector, tcp[0], BOTH, all);
        }
    }

    /** A BSD kernel's {@code POLLHUP} may mean one direction, and does not say which. */
    @LocalOnly("a model is made of this machine's epoll")
    @Test
    void a_hang_up_that_names_no_direction_is_reported_without_one() throws Exception {
        Host.requireLinux("a model of a BSD kernel");
        var bsd = new BsdKqueue(KqueueModel.MACOS, Bindings.current());
        try (var fds = new Fds();
                var selector = Internals.open(Backend.POLL, bsd)) {
            int[] pair = fds.socketpair();
            selector.register(pair[0], BOTH, Trigger.LEVEL, null);
            assertEquals(pair[0] + " WRITE", Fds.pollNow(selector));
            fds.close(pair[1]);
            assertEquals(pair[0] + " READ|WRITE", Fds.pollNow(selector));
        }
    }

    /** Then there is neither READ nor WRITE to report it with. */
    @LocalOnly("a model is made of this machine's epoll")
    @Test
    void such_a_hang_up_is_reported_to_priority_alone() throws Exception {
        Host.requireLinux("a model of a BSD kernel");
        var bsd = new BsdKqueue(KqueueModel.MACOS, Bindings.current());
        try (var fds = new Fds();
                var selector = Internals.open(Backend.POLL, bsd)) {
            int[] pair = fds.socketpair();
            FdKey key = selector.register(pair[0], Interest.PRIORITY, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            fds.close(pair[1]);
            assertEquals(pair[0] + " READ_CLOSED", Fds.pollNow(selector));
            selector.modify(key, Interest.PRIORITY, Trigger.ONESHOT);
            assertEquals(pair[0] + " READ_CLOSED", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, PRIORITY_AND_READ);
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
        }
    }

    // ---- errors

    @EveryBackend
    void a_reset_comes_with_what_is_of_interest_and_the_read_meets_it(
            FdSelector selector, EveryBackend.Pair pair) throws IOException {
        Capability.KEEPS_PENDING_ERRORS.require();
        try (var fds = new Fds()) {
            for (Libc.Socket kind : List.of(Libc.Socket.TCP_V4, Libc.Socket.TCP_V6)) {
                int[] tcp = fds.connected(kind);
                Libc.resetOnClose(tcp[0]);
                fds.close(tcp[0]);
                Reported.assertReady(
                        selector, tcp[1], BOTH, "READ|WRITE|READ_CLOSED|WRITE_CLOSED|ERROR");
                Reported.assertReady(selector, tcp[1], Interest.READ, "READ|READ_CLOSED|ERROR");
                Reported.assertReady(
                        selector, tcp[1], Interest.WRITE, "WRITE|READ_CLOSED|WRITE_CLOSED|ERROR");
                int errno = pair.sys().errno().number("ECONNRESET");
                var e =
                        assertThrows(
                                PolluxException.class,
                                () -> Fd.read(tcp[1], ByteBuffer.allocate(1)));
                assertEquals(errno, e.errno());
            }
        }
    }

    /** A pending error of a socket that is not connected to anybody: no hang-up beside it. */
    @EveryBackend
    void an_error_alone_is_reported_also_when_not_asked_for(FdSelector selector)
            throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.KEEPS_PENDING_ERRORS.require();
        try (var fds = new Fds()) {
            int peer = Libc.Socket.UDP_V4.open();
            Libc.Socket.UDP_V4.bind(peer);
            int udp = fds.keep(Libc.Socket.UDP_V4.open());
            Libc.Socket.UDP_V4.connect(udp, peer);
            Fd.close(peer);
            Fds.write(udp, 1); // answered with "port unreachable"
            Reported.assertReady(selector, udp, Interest.READ, "READ|ERROR");
            Reported.assertReady(selector, udp, Interest.WRITE, "WRITE|ERROR");
            FdKey key = selector.register(udp, Interest.PRIORITY, Trigger.LEVEL, null);
            boolean blind = selector.backend() == Backend.SELECT; // see SelectDriver (d)
            assertEquals(blind ? "TIMEOUT" : udp + " ERROR", Fds.pollNow(selector));
            selector.unregister(key);
            assertThrows(PolluxException.class, () -> Fd.read(udp, ByteBuffer.allocate(1)));
            Reported.assertReady(selector, udp, Interest.READ, "TIMEOUT");
        }
    }

    /**
     * The handler is as in the documentation of {@link Ready}: whoever is in error is not heard.
     */
    @EveryBackend
    void a_change_notification_is_no_error(FdSelector selector) throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        for (Interest interest : List.of(Interest.PRIORITY, PRIORITY_AND_READ)) {
            try (var fds = new Fds();
                    var mounts = new Mounts()) {
                int fd = fds.keep(mounts.open());
                FdKey key = selector.register(fd, interest, Trigger.LEVEL, null);
                Fds.pollNow(selector); // it is always readable
                var reported = new ArrayList<String>();
                for (int i = 0; i < 4; i++) {
                    mounts.change();
                    selector.poll(
                            0,
                            TimeUnit.NANOSECONDS,
                            (k, ready) -> {
                                reported.add(ready.toString());
                                if (ready.isError()) {
                                    selector.unregister(k);
                                }
                            });
                }
                String one = interest.isRead() ? "READ|PRIORITY" : "PRIORITY";
                assertEquals(List.of(one, one, one, one), reported);
                selector.unregister(key);
            }
        }
    }

    /** Then it cannot be distinguished from an error. */
    @EveryBackend
    void a_change_notification_is_an_error_to_who_does_not_ask_for_priority(FdSelector selector)
            throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        try (var fds = new Fds();
                var mounts = new Mounts()) {
            int fd = fds.keep(mounts.open());
            selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            assertEquals(fd + " READ", Fds.pollNow(selector));
            mounts.change();
            assertEquals(fd + " " + Reported.by(selector, "READ|ERROR"), Fds.pollNow(selector));
            assertEquals(fd + " READ", Fds.pollNow(selector), "it is always readable");
        }
    }

    /** A datagram that nobody took, whose answer is kept for {@code MSG_ERRQUEUE}. */
    private static int withErrorQueue(Fds fds) throws IOException {
        int peer = Libc.Socket.UDP_V4.open();
        Libc.Socket.UDP_V4.bind(peer);
        int udp = fds.keep(Libc.Socket.UDP_V4.open());
        Libc.Socket.UDP_V4.connect(udp, peer);
        Libc.keepErrors(udp);
        Fd.close(peer);
        Fds.write(udp, 1);
        return udp;
    }

    /** As of transmit timestamps and MSG_ZEROCOPY, after which no read fails either. */
    @EveryBackend
    void an_error_queue_is_an_error_that_no_read_meets(FdSelector selector) throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.KEEPS_PENDING_ERRORS.require();
        try (var fds = new Fds()) {
            int udp = withErrorQueue(fds);
            Reported.assertReady(selector, udp, Interest.READ, "READ|ERROR");
            assertThrows(PolluxException.class, () -> Fd.read(udp, ByteBuffer.allocate(1)));
            for (int i = 0; i < 3; i++) {
                assertEquals(0, Fd.read(udp, ByteBuffer.allocate(1)));
                Reported.assertReady(selector, udp, Interest.READ, "READ|ERROR");
            }
            if (selector.supports(Trigger.EDGE)) {
                FdKey key = selector.register(udp, Interest.READ, Trigger.EDGE, null);
                assertEquals(udp + " READ|ERROR", Fds.pollNow(selector));
                assertEquals("TIMEOUT", Fds.pollNow(selector));
                selector.unregister(key);
            }
            Libc.takeError(udp);
            Reported.assertReady(selector, udp, Interest.READ, "TIMEOUT");
        }
    }

    @EveryBackend
    void an_error_queue_that_is_selected_is_priority(FdSelector selector) throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        Capability.KEEPS_PENDING_ERRORS.require();
        try (var fds = new Fds()) {
            int udp = withErrorQueue(fds);
            Libc.selectErrorQueue(udp);
            Reported.assertReady(selector, udp, Interest.PRIORITY, "PRIORITY");
            Reported.assertReady(selector, udp, PRIORITY_AND_READ, "READ|PRIORITY");
            assertThrows(PolluxException.class, () -> Fd.read(udp, ByteBuffer.allocate(1)));
            Reported.assertReady(selector, udp, PRIORITY_AND_READ, "READ|PRIORITY");
            Libc.takeError(udp);
            Reported.assertReady(selector, udp, PRIORITY_AND_READ, "TIMEOUT");
        }
    }

    /** Netty 327 and 565, the JDK's bug: a hang-up that was not reported, and so a spin. */
    @EveryBackend
    void a_hang_up_with_an_interest_that_matches_nothing_is_reported(FdSelector selector)
            throws IOException {
        Capability.PRIORITY_HEARS_HANG_UPS.require();
        Capability.NAMES_HANG_UPS.require();
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            fds.close(pair[1]);
            FdKey key = selector.register(pair[0], Interest.PRIORITY, Trigger.LEVEL, null);
            boolean blind = selector.backend() == Backend.SELECT; // see SelectDriver (d)
            String expected = blind ? "TIMEOUT" : pair[0] + " READ_CLOSED";
            assertEquals(expected, Fds.pollNow(selector));
            assertEquals(expected, Fds.pollNow(selector));
            selector.modify(key, Interest.PRIORITY, Trigger.ONESHOT);
            assertEquals(expected, Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.modify(key, PRIORITY_AND_READ); // what Interest.PRIORITY says is the way out
            assertEquals(
                    pair[0] + " " + Reported.by(selector, "READ|READ_CLOSED"),
                    Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void edge_reports_a_hang_up_once(FdSelector selector) throws IOException {
        if (!selector.supports(Trigger.EDGE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            selector.register(pair[0], Interest.READ, Trigger.EDGE, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            fds.close(pair[1]);
            assertEquals(pair[0] + " READ|READ_CLOSED", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    // ---- closed under the selector

    /** python/asyncio 419: one stale descriptor made every select fail. */
    @EveryBackend
    void a_closed_fd_is_reported_once_and_the_others_are_served(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int live = fds.socketpair()[0];
            selector.register(live, Interest.WRITE, Trigger.LEVEL, null);
            var closed = new ArrayList<FdKey>();
            for (int i = 0; i < 5; i++) {
                int fd = fds.pipe()[0];
                closed.add(selector.register(fd, Interest.READ, Trigger.LEVEL, i));
            }
            for (FdKey key : closed) {
                fds.close(key.fd());
            }
            var reported = new ArrayList<String>();
            var valid = new ArrayList<Boolean>();
            for (int i = 0; i < 3; i++) {
                selector.poll(
                        0,
                        TimeUnit.NANOSECONDS,
                        (key, ready) -> {
                            reported.add(key.fd() + " " + ready);
                            valid.add(key.isValid());
                        });
            }
            assertTrue(reported.contains(live + " WRITE"), reported::toString);
            for (FdKey key : closed) {
                boolean silent = Reported.kernelKeeps(selector); // the kernel forgot it
                long times = reported.stream().filter((key.fd() + " ERROR")::equals).count();
                assertEquals(silent ? 0 : 1, times, reported::toString);
                assertEquals(silent, key.isValid());
                selector.unregister(key);
            }
            assertTrue(reported.size() <= 8, reported::toString);
            assertEquals(List.of(true), valid.subList(valid.size() - 1, valid.size()));
            assertEquals(live + " WRITE", Fds.pollNow(selector));
        }
    }

    /** jnr-enxio's selector on poll: POLLNVAL for ever, and an array edited while in use. */
    @EveryBackend
    void closed_and_ready_ones_in_any_order_have_one_event_each(FdSelector selector)
            throws IOException {
        for (int closed = 0; closed < 1 << 4; closed++) {
            try (var fds = new Fds()) {
                var keys = new ArrayList<FdKey>();
                for (int i = 0; i < 4; i++) {
                    int fd = fds.socketpair()[0];
                    keys.add(selector.register(fd, Interest.READ, Trigger.LEVEL, null));
                }
                selector.modify(keys.get(1), Interest.WRITE); // the next scan starts behind it
                assertEquals(keys.get(1).fd() + " WRITE", Fds.pollNow(selector));
                for (int i = 0; i < 4; i++) {
                    selector.modify(keys.get(i), Interest.WRITE);
                }
                int gone = closed;
                selector.poll(0, TimeUnit.NANOSECONDS, (key, ready) -> {});
                for (int i = 0; i < 4; i++) {
                    if ((gone & 1 << i) != 0) {
                        fds.close(keys.get(i).fd());
                    }
                }
                var reported = new ArrayList<String>();
                for (int i = 0; i < 2; i++) {
                    String events = Fds.pollNow(selector); // fails on a second event for one key
                    if (!events.equals("TIMEOUT")) {
                        reported.addAll(List.of(events.split(", ")));
                    }
                }
                for (int i = 0; i < 4; i++) {
                    FdKey key = keys.get(i);
                    boolean isGone = (gone & 1 << i) != 0;
                    boolean silent = isGone && Reported.kernelKeeps(selector);
                    String flags = key.fd() + (isGone ? " ERROR" : " WRITE");
                    assertEquals(!silent, reported.contains(flags), reported::toString);
                    selector.unregister(key);
                }
            }
        }
    }

    @EveryBackend
    void unregistering_in_the_batch_that_reports_a_closed_fd_keeps_the_others(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int dead = fds.pipe()[0];
            selector.register(dead, Interest.READ, Trigger.LEVEL, null);
            fds.close(dead);
            Fds.pollNow(selector);
            int live = fds.socketpair()[0];
            FdKey kept = selector.register(live, Interest.READ, Trigger.LEVEL, null);
            for (int i = 0; i < 3; i++) { // an event of no registration, time and again
                int[] pair = fds.socketpair();
                FdKey one = selector.register(pair[0], Interest.WRITE, Trigger.LEVEL, null);
                FdKey other = selector.register(pair[1], Interest.WRITE, Trigger.LEVEL, null);
                selector.poll(
                        0,
                        TimeUnit.NANOSECONDS,
                        (key, ready) -> selector.unregister(key == one ? other : one));
                for (FdKey key : List.of(one, other)) {
                    if (key.isValid()) {
                        selector.unregister(key);
                    }
                }
                Fds.pollNow(selector);
            }
            assertTrue(kept.isValid());
            selector.modify(kept, Interest.WRITE);
            assertEquals(live + " WRITE", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_disarmed_oneshot_that_was_closed_is_reported_when_it_is_armed(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.WRITE, Trigger.ONESHOT, null);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            fds.close(fd);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertTrue(key.isValid());
            selector.modify(key, Interest.WRITE);
            assertEquals(fd + " ERROR", Fds.poll(selector, 60_000));
            assertFalse(key.isValid());
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    // ---- large numbers

    /** corefx 4707, miniupnp 858, nats.c 243: a bit set that ends at 1024, and no end of it. */
    @EveryBackend
    void descriptors_beyond_1024_are_served_like_the_others(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            int[] numbers = {63, 64, 127, 128, 1023, 1024, 1025, 2047, 2048, 5000};
            var expected = new ArrayList<String>();
            var keys = new ArrayList<FdKey>();
            for (int wanted : numbers) {
                int fd = fds.keep(Libc.dupAbove(pair[0], wanted));
                assertTrue(fd >= wanted);
                keys.add(selector.register(fd, BOTH, Trigger.LEVEL, null));
                expected.add(fd + " WRITE");
            }
            expected.sort((a, b) -> Integer.compare(number(a), number(b)));
            assertEquals(String.join(", ", expected), Fds.pollNow(selector));
            Fds.write(pair[1], 1);
            assertEquals(
                    String.join(", ", expected).replace("WRITE", "READ|WRITE"),
                    Fds.pollNow(selector));
            for (int i = keys.size() - 1; i >= 0; i--) { // the largest first
                selector.modify(keys.get(i), Interest.READ);
                Fds.pollNow(selector);
                selector.unregister(keys.get(i));
            }
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    private static int number(String event) {
        return Integer.parseInt(event.substring(0, event.indexOf(' ')));
    }

    @EveryBackend
    void a_closed_descriptor_beyond_1024_is_found(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            int large = fds.keep(Libc.dupAbove(fds.pipe()[0], 5000));
            // Not BOTH: for some kernels the reading end of a pipe is writable.
            FdKey key = selector.register(large, Interest.READ, Trigger.LEVEL, null);
            selector.register(pair[0], Interest.WRITE, Trigger.LEVEL, null);
            assertEquals(pair[0] + " WRITE", Fds.pollNow(selector));
            fds.close(large);
            var reported = List.of(Fds.pollNow(selector), Fds.pollNow(selector)).toString();
            boolean silent = Reported.kernelKeeps(selector); // open under another number
            assertEquals(!silent, reported.contains(large + " ERROR"), reported);
            assertEquals(silent, key.isValid());
            assertTrue(reported.contains(pair[0] + " WRITE"), reported);
            assertEquals(pair[0] + " WRITE", Fds.pollNow(selector));
        }
    }
}
