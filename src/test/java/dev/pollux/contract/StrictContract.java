package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import dev.pollux.StrictMode;
import dev.pollux.StrictReport;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Reported;
import dev.pollux.support.StrictTrial;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@link StrictMode}: faults that show in time, each beside a registration that is used rightly.
 */
@LocalOnly("strict mode counts polls by the thousand, and asks a kernel for nothing new")
class StrictContract {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    private static void requireEdge(StrictTrial trial, Pair pair) {
        assumeTrue(trial.selector.supports(Trigger.EDGE), () -> pair + ": does not have EDGE");
    }

    private static void readOne(FdKey key) throws IOException {
        Fd.read(key.fd(), ByteBuffer.allocate(1));
    }

    /** The right one drains, and works on as it should; whatever has another name is wrong. */
    private static ReadyHandler rightOr(ReadyHandler wrong) {
        return (key, ready) -> {
            if ("right".equals(key.attachment())) {
                Fds.drain(key.fd());
            } else {
                wrong.onReady(key, ready);
            }
        };
    }

    // ---- an edge that is not drained

    @EveryBackend
    void an_edge_of_a_pipe_of_which_a_part_is_read(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            int[] right = fds.pipe();
            int[] wrong = fds.pipe();
            trial.selector.register(right[0], Interest.READ, Trigger.EDGE, "right");
            FdKey key = trial.selector.register(wrong[0], Interest.READ, Trigger.EDGE, "wrong");
            Fds.write(right[1], 3);
            Fds.write(wrong[1], 3);
            StrictReport report =
                    trial.named(Kind.UNDRAINED_EDGE, rightOr((k, ready) -> readOne(k)));
            trial.assertNamed(report, key, "2 bytes unread", "until it would block");
        }
    }

    @EveryBackend
    void an_edge_of_a_socket_that_nobody_reads(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            int[] right = fds.connected(Libc.Socket.TCP_V4);
            int[] wrong = fds.connected(Libc.Socket.TCP_V4);
            trial.selector.register(right[0], BOTH, Trigger.EDGE, "right");
            FdKey key = trial.selector.register(wrong[0], BOTH, Trigger.EDGE, "wrong");
            Fds.write(right[1], 5);
            Fds.write(wrong[1], 5);
            StrictReport report = trial.named(Kind.UNDRAINED_EDGE, rightOr((k, ready) -> {}));
            trial.assertNamed(report, key, "5 bytes unread");
        }
    }

    @EveryBackend
    void an_edge_of_a_socket_that_listens_and_accepts_one(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            int wrong = fds.keep(Libc.Socket.TCP_V4.listen());
            int right = fds.keep(Libc.Socket.TCP_V4.listen());
            trial.selector.register(right, Interest.READ, Trigger.EDGE, "right");
            FdKey key = trial.selector.register(wrong, Interest.READ, Trigger.EDGE, "wrong");
            for (int i = 0; i < 2; i++) {
                Libc.Socket.TCP_V4.connect(fds.keep(Libc.Socket.TCP_V4.open()), wrong);
            }
            Libc.Socket.TCP_V4.connect(fds.keep(Libc.Socket.TCP_V4.open()), right);
            StrictReport report =
                    trial.named(Kind.UNDRAINED_EDGE, (k, ready) -> fds.keep(Libc.accept(k.fd())));
            trial.assertNamed(report, key, "still readable");
        }
    }

    @EveryBackend
    void an_edge_of_datagrams_of_which_one_is_read(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            int[] right = fds.datagrams(Libc.Socket.UDP_V4);
            int[] wrong = fds.datagrams(Libc.Socket.UDP_V4);
            trial.selector.register(right[1], Interest.READ, Trigger.EDGE, "right");
            FdKey key = trial.selector.register(wrong[1], Interest.READ, Trigger.EDGE, "wrong");
            Fds.write(right[0], 7);
            Fds.write(wrong[0], 7);
            Fds.write(wrong[0], 9);
            StrictReport report =
                    trial.named(Kind.UNDRAINED_EDGE, rightOr((k, ready) -> readOne(k)));
            trial.assertNamed(report, key, "bytes unread");
        }
    }

    @EveryBackend
    void an_edge_that_is_written_to_once(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            int[] right = fds.pipe();
            int[] both = fds.socketpair();
            int[] wrong = fds.pipe();
            FdSelector selector = trial.selector;
            selector.register(right[1], Interest.WRITE, Trigger.EDGE, "unregistered when done");
            selector.register(both[0], BOTH, Trigger.EDGE, "waits for READ as well");
            FdKey key = selector.register(wrong[1], Interest.WRITE, Trigger.EDGE, "wrong");
            StrictReport report =
                    trial.named(
                            Kind.UNDRAINED_EDGE,
                            (k, ready) -> {
                                Fds.write(k.fd(), 1);
                                if (k.fd() == right[1]) {
                                    selector.unregister(k);
                                }
                            });
            trial.assertNamed(report, key, "still writable", "after a write that would block");
        }
    }

    /** On Linux each datagram that is sent is an edge, also where there was always room. */
    @EveryBackend
    void an_edge_of_a_datagram_socket_that_sends_nothing(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            FdSelector selector = trial.selector;
            if (Host.LINUX && Reported.isEpoll(pair.backend())) {
                int[] right = fds.datagrams(Libc.Socket.UDP_V4);
                selector.register(right[0], Interest.WRITE, Trigger.EDGE, "sends one for each");
            }
            int[] wrong = fds.datagrams(Libc.Socket.UDP_V4);
            FdKey key = selector.register(wrong[0], Interest.WRITE, Trigger.EDGE, "wrong");
            StrictReport report =
                    trial.named(
                            Kind.UNDRAINED_EDGE,
                            (k, ready) -> {
                                if (k.fd() != wrong[0]) {
                                    Fds.write(k.fd(), 1);
                                }
                            });
            trial.assertNamed(report, key, "still writable", "after a write that would block");
        }
    }

    @EveryBackend
    void an_edge_that_is_left_to_be_read_later_is_none(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            int[] later = fds.pipe();
            int[] again = fds.pipe();
            int[] closed = fds.socketpair();
            int[] wrong = fds.pipe();
            FdSelector selector = trial.selector;
            selector.register(later[0], Interest.READ, Trigger.EDGE, "later");
            selector.register(again[0], Interest.READ, Trigger.EDGE, "re-armed by modify");
            selector.register(closed[0], Interest.READ, Trigger.EDGE, "its end stays readable");
            FdKey key = selector.register(wrong[0], Interest.READ, Trigger.EDGE, "wrong");
            Fds.write(later[1], 1000);
            Fds.write(again[1], 1000);
            fds.close(closed[1]);
            Fds.write(wrong[1], 1);
            ReadyHandler handler =
                    (k, ready) -> {
                        if (k.fd() == again[0]) {
                            readOne(k);
                            selector.modify(k, Interest.READ);
                        }
                    };
            while (trial.reports.isEmpty()) {
                selector.poll(1, TimeUnit.MILLISECONDS, handler);
                Fd.read(later[0], ByteBuffer.allocate(1)); // from a list of its own
                Fds.write(later[1], 2);
            }
            trial.assertNamed(trial.named(Kind.UNDRAINED_EDGE), key, "1 bytes unread");
        }
    }

    @EveryBackend
    void nobody_is_blamed_for_not_reading_while_somebody_waits_to_write(Pair pair)
            throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            requireEdge(trial, pair);
            int[] source = fds.pipe();
            int[] sink = fds.pipe();
            int[] wrong = fds.pipe();
            Fds.write(source[1], 5);
            Fds.fill(sink[1]);
            FdSelector selector = trial.selector;
            FdKey key = selector.register(source[0], Interest.READ, Trigger.EDGE, "source");
            FdKey full = selector.register(sink[1], Interest.WRITE, Trigger.EDGE, "sink");
            // What is named without a look at the others comes with the same look.
            FdKey gone = selector.register(wrong[0], Interest.READ, Trigger.LEVEL, "wrong");
            selector.poll(0, TimeUnit.SECONDS, (k, ready) -> {});
            Fds.fill(sink[1]);
            fds.close(wrong[0]);
            StrictReport report = trial.named(Kind.CLOSED, (k, ready) -> {});
            trial.assertNamed(report, gone);
            selector.unregister(full);
            trial.reports.clear();
            trial.assertNamed(
                    trial.named(Kind.UNDRAINED_EDGE, (k, ready) -> {}), key, "5 bytes unread");
        }
    }

    // ---- a level that spins

    @EveryBackend
    void a_level_that_nobody_reads(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] right = fds.pipe();
            int[] wrong = fds.pipe();
            trial.selector.register(right[0], Interest.READ, Trigger.LEVEL, "right");
            FdKey key = trial.selector.register(wrong[0], Interest.READ, Trigger.LEVEL, "wrong");
            Fds.write(wrong[1], 3);
            Fds.write(right[1], 1);
            long[] quietAfter = {System.nanoTime() + TimeUnit.SECONDS.toNanos(1)};
            ReadyHandler handler =
                    (k, ready) -> {
                        if (k.fd() == right[0]) {
                            readOne(k);
                            if (System.nanoTime() < quietAfter[0]) {
                                Fds.write(right[1], 1); // as many bytes, each time
                            }
                        }
                    };
            trial.assertNamed(
                    trial.named(Kind.SPINNING, handler), key, "as READ", "nobody reads it");
        }
    }

    /** A byte in 16 waits, and never in one that is looked at: as another thread may read. */
    @EveryBackend
    void a_level_that_is_read_now_and_then_does_not_spin(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] right = fds.pipe();
            int[] wrong = fds.pipe();
            trial.selector.register(right[0], Interest.READ, Trigger.LEVEL, "right");
            FdKey key = trial.selector.register(wrong[0], Interest.READ, Trigger.LEVEL, "wrong");
            Fds.write(right[1], 60_000);
            Fds.write(wrong[1], 3);
            int[] times = {0};
            StrictReport report =
                    trial.named(
                            Kind.SPINNING,
                            (k, ready) -> {
                                if ("right".equals(k.attachment()) && ++times[0] % 16 == 8) {
                                    readOne(k);
                                }
                            });
            trial.assertNamed(report, key, "nobody reads it");
        }
    }

    @EveryBackend
    void a_level_that_is_read_at_its_end_again_and_again(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] wrong = fds.socketpair();
            FdKey key = trial.selector.register(wrong[0], Interest.READ, Trigger.LEVEL, "wrong");
            fds.close(wrong[1]);
            StrictReport report = trial.named(Kind.SPINNING, (k, ready) -> readOne(k));
            trial.assertNamed(report, key, "its peer has closed");
        }
    }

    @EveryBackend
    void a_level_with_an_error_that_nobody_takes(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] wrong = fds.pipe();
            FdKey key = trial.selector.register(wrong[1], Interest.WRITE, Trigger.LEVEL, "wrong");
            fds.close(wrong[0]);
            StrictReport report = trial.named(Kind.SPINNING, (k, ready) -> {});
            trial.assertNamed(report, key, "reported by every wait");
        }
    }

    @EveryBackend
    void a_socket_that_listens_and_nobody_accepts(Pair pair) throws IOException {
        Host.requireLinux("the kernel prints how many wait to be accepted");
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int wrong = fds.keep(Libc.Socket.TCP_V4.listen());
            FdKey key = trial.selector.register(wrong, Interest.READ, Trigger.LEVEL, "wrong");
            Libc.Socket.TCP_V4.connect(fds.keep(Libc.Socket.TCP_V4.open()), wrong);
            trial.assertNamed(trial.named(Kind.SPINNING, (k, ready) -> {}), key, "as READ");
        }
    }

    @EveryBackend
    void an_eventfd_that_nobody_reads(Pair pair) throws IOException {
        Host.requireLinux("an eventfd");
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int wrong = fds.keep(Libc.eventfd());
            Fd.write(wrong, ByteBuffer.allocate(8).put(0, (byte) 1));
            FdKey key = trial.selector.register(wrong, Interest.READ, Trigger.LEVEL, "wrong");
            trial.assertNamed(trial.named(Kind.SPINNING, (k, ready) -> {}), key, "as READ");
        }
    }

    @EveryBackend
    void what_is_dealt_with_after_the_poll_does_not_spin(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] right = fds.pipe();
            int[] datagrams = fds.datagrams(Libc.Socket.UDP_V4);
            int[] wrong = fds.pipe();
            FdSelector selector = trial.selector;
            selector.register(right[0], Interest.READ, Trigger.LEVEL, "right");
            selector.register(datagrams[1], Interest.READ, Trigger.LEVEL, "right");
            FdKey key = selector.register(wrong[0], Interest.READ, Trigger.LEVEL, "wrong");
            Fds.write(right[1], 100);
            Fds.write(wrong[1], 1);
            for (int i = 0; i < 3; i++) {
                Fds.write(datagrams[0], 100);
            }
            long quietAfter = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
            boolean drained = false;
            while (trial.reports.isEmpty()) {
                selector.poll((k, ready) -> {});
                if (System.nanoTime() < quietAfter) {
                    Fd.read(right[0], ByteBuffer.allocate(1));
                    Fds.write(right[1], 1);
                    Fd.read(datagrams[1], ByteBuffer.allocate(100));
                    Fds.write(datagrams[0], 100);
                } else if (!drained) {
                    Fds.drain(right[0]);
                    Fds.drain(datagrams[1]);
                    drained = true;
                }
            }
            trial.assertNamed(trial.named(Kind.SPINNING), key, "as READ");
        }
    }

    // ---- WRITE interest that is kept

    @EveryBackend
    void write_interest_of_a_socket_with_nothing_to_write(Pair pair) throws IOException {
        Host.requireLinux("the kernel counts what a thread writes");
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] wrong = fds.socketpair();
            FdKey key = trial.selector.register(wrong[0], BOTH, Trigger.LEVEL, "wrong");
            trial.assertNamed(
                    trial.named(Kind.WRITE_KEPT, (k, ready) -> {}), key, "nothing is written");
        }
    }

    @EveryBackend
    void write_interest_of_a_pipe_is_right_while_it_is_written(Pair pair) throws IOException {
        Host.requireLinux("the kernel counts what a thread writes");
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] pipe = fds.pipe();
            FdKey key = trial.selector.register(pipe[1], Interest.WRITE, Trigger.LEVEL, "wrong");
            int[] written = {0};
            ReadyHandler handler =
                    (k, ready) -> {
                        if (written[0] < 3000) { // far beyond the patience, on any machine
                            written[0]++;
                            Fds.write(k.fd(), 1);
                            Fds.drain(pipe[0]);
                            LockSupport.parkNanos(50_000);
                        }
                    };
            StrictReport report = trial.named(Kind.WRITE_KEPT, handler);
            trial.assertNamed(report, key, "WRITE");
            assertEquals(3000, written[0]);
        }
    }

    // ---- ONESHOT

    @EveryBackend
    void a_oneshot_of_a_pipe_that_is_not_re_armed(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] right = fds.pipe();
            int[] wrong = fds.pipe();
            FdSelector selector = trial.selector;
            selector.register(right[0], Interest.READ, Trigger.ONESHOT, "right");
            FdKey key = selector.register(wrong[0], Interest.READ, Trigger.ONESHOT, "wrong");
            Fds.write(right[1], 4);
            Fds.write(wrong[1], 4);
            StrictReport report =
                    trial.named(
                            Kind.ONESHOT_NOT_REARMED,
                            (k, ready) -> {
                                readOne(k);
                                if (k.fd() == right[0]) {
                                    selector.modify(k, Interest.READ);
                                }
                            });
            trial.assertNamed(report, key, "3 bytes unread", "disarmed");
        }
    }

    @EveryBackend
    void a_oneshot_of_a_socket_to_which_more_comes(Pair pair) throws IOException {
        try (var fds = new Fds();
                var trial = new StrictTrial(pair)) {
            int[] silent = fds.connected(Libc.Socket.TCP_V4);
            int[] wrong = fds.connected(Libc.Socket.TCP_V4);
            FdSelector selector = trial.selector;
            selector.register(silent[0], Interest.READ, Trigger.ONESHOT, "has nothing to say");
            FdKey key = selector.register(wrong[0], Interest.READ, Trigger.ONESHOT, "wrong");
            Fds.write(silent[1], 1);
            Fds.write(wrong[1], 1);
            StrictReport report =
                    trial.named(
                            Kind.ONESHOT_NOT_REARMED,
                            (k, ready) -> {
                                Fds.drain(k.fd());
                                if (k.fd() == wrong[0]) {
                                    Fds.write(wrong[1], 6);
                                }
                            });
            trial.assertNamed(report, key, "6 bytes unread");
        }
    }

    // ---- a key that is never reported

    @EveryBackend
    void a_key_of_which_the_kernel_has_lost_the_event(Pair pair) throws IOException {
        assumeTrue(Reported.isEpoll(pair.backend()), () -> pair + ": the fault is one of epoll's");
        var intercepted = new Intercepted(pair.sys());
        try (var fds = new Fds();
                var trial = new StrictTrial(pair, intercepted.sys)) {
            int[] right = fds.pipe();
            int[] wrong = fds.pipe();
            trial.selector.register(right[0], Interest.READ, Trigger.EDGE, "right");
            intercepted.take(
                    (name, arguments, call) -> {
                        if (name.equals("epollCtl")) {
                            return 0; // and nothing was done
                        }
                        return call.make();
                    });
            FdKey key = trial.selector.register(wrong[0], Interest.READ, Trigger.EDGE, "wrong");
            intercepted.take((name, arguments, call) -> call.make());
            Fds.write(right[1], 1);
            Fds.write(wrong[1], 1);
            StrictReport report =
                    trial.named(Kind.NEVER_REPORTED, rightOr((k, ready) -> Fds.drain(k.fd())));
            trial.assertNamed(report, key, "does not report it");
        }
    }
}
