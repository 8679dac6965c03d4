package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Allocation;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.Poller;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes from one descriptor to another, by splice and by copy. */
class RelayTest {
    private static final ReadyHandler DISPATCH =
            (key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready);

    private static final long BYTES = 16 << 20; // moved through TCP

    @TempDir Path directory;

    private int ended;

    private static void turn(FdSelector selector) throws IOException {
        selector.poll(10, TimeUnit.MILLISECONDS, DISPATCH);
    }

    private static void until(FdSelector selector, String what, Condition condition)
            throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Poller.LIMIT);
        while (!condition.isSo()) {
            assertTrue(System.nanoTime() < end, "waited in vain for " + what);
            turn(selector);
        }
    }

    private interface Condition {
        boolean isSo() throws IOException;
    }

    /** The relay's ends are its own to close. */
    private static int ours(Fds fds, int fd) throws IOException {
        int copy = Libc.dupAbove(fd, 600);
        fds.close(fd);
        return copy;
    }

    // ---- what it is for

    @EveryBackend
    void every_byte_arrives_and_each_end_is_passed_on(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] left = fds.connected(Libc.Socket.TCP_V4);
            int[] right = fds.connected(Libc.Socket.TCP_V4);
            Relay relay =
                    Relay.start(selector, ours(fds, left[1]), ours(fds, right[0]), over -> ended++);
            var sender = Poller.run(() -> send(left[0]));
            var receiver = Poller.run(() -> receive(right[1]));
            until(selector, "all bytes", receiver::isDone);
            assertEquals(sender.result(), receiver.result(), "checksums");
            assertEquals(BYTES, relay.movedThere());
            assertFalse(relay.isOver(), "the other direction has not ended");
            Fd.setNonBlocking(left[0], true);
            Fd.setNonBlocking(right[1], true);
            Fd.write(right[1], ByteBuffer.wrap(new byte[7]));
            ByteBuffer in = ByteBuffer.allocate(9);
            until(selector, "an answer", () -> Fd.read(left[0], in) != 0);
            assertEquals(7, in.position());
            FdSocket.shutdownOutput(right[1]);
            until(selector, "the end", relay::isOver);
            assertEquals(1, ended);
            assertNull(relay.failure());
            assertEquals(7, relay.movedBack());
            Poller.await("its end", () -> read(left[0]) == -1);
            assertTrue(selector.keys().isEmpty());
        }
    }

    private static int read(int fd) {
        try {
            return Fd.read(fd, ByteBuffer.allocate(9));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long send(int fd) throws IOException {
        var random = new Random(1);
        var sum = new CRC32C();
        byte[] some = new byte[100_003];
        Fd.setNonBlocking(fd, false);
        for (long left = BYTES; left > 0; left -= some.length) {
            random.nextBytes(some);
            ByteBuffer out = ByteBuffer.wrap(some, 0, (int) Math.min(left, some.length));
            sum.update(out.duplicate());
            while (out.hasRemaining()) {
                Fd.write(fd, out);
            }
        }
        FdSocket.shutdownOutput(fd);
        return sum.getValue();
    }

    private static long receive(int fd) throws IOException {
        var sum = new CRC32C();
        ByteBuffer in = ByteBuffer.allocateDirect(70_001);
        Fd.setNonBlocking(fd, false);
        while (Fd.read(fd, in.clear()) > 0) {
            sum.update(in.flip());
        }
        return sum.getValue();
    }

    @EveryBackend
    void it_can_be_closed_after_its_selector(EveryBackend.Pair pair) throws IOException {
        int before = Fds.openCount();
        try (var fds = new Fds()) {
            FdSelector selector = pair.open();
            int first = ours(fds, fds.socketpair()[0]);
            int second = ours(fds, fds.socketpair()[0]);
            Relay relay = Relay.start(selector, first, second, over -> ended++);
            selector.close();
            relay.close();
            assertTrue(relay.isOver());
            assertEquals(1, ended);
            assertFalse(Libc.isOpen(first));
            assertFalse(Libc.isOpen(second));
        }
        Fds.assertOpenCount(before);
    }

    @EveryBackend
    void it_takes_no_more_than_the_other_side_accepts(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] left = fds.socketpair();
            int[] right = fds.socketpair();
            Relay relay =
                    Relay.start(selector, ours(fds, left[1]), ours(fds, right[0]), over -> {});
            ByteBuffer some = ByteBuffer.allocateDirect(64 * 1024);
            long sent = 0;
            for (int full = 0; full < 20; ) { // so often in a row nothing was taken
                int n = Fd.write(left[0], some.clear());
                sent += n;
                full = n > 0 ? 0 : full + 1;
                turn(selector);
            }
            assertTrue(sent < 64 << 20, sent + " bytes with nobody who reads");
            long all = sent;
            long[] read = {0};
            until(selector, "what is under way", () -> (read[0] += Fds.drain(right[1])) == all);
            assertEquals(all, relay.movedThere());
            relay.close();
            assertTrue(relay.isOver());
        }
    }

    @EveryBackend
    void one_way_is_over_when_the_source_has_ended(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] from = fds.pipe();
            int[] to = fds.socketpair();
            Relay relay =
                    Relay.startOneWay(selector, ours(fds, from[0]), ours(fds, to[0]), o -> ended++);
            Fds.write(from[1], 5);
            until(selector, "five bytes", () -> relay.movedThere() == 5);
            fds.close(from[1]);
            until(selector, "the end", relay::isOver);
            assertEquals(5, Fds.drain(to[1]));
            assertEquals(0, relay.movedBack());
            assertEquals(1, ended);
        }
    }

    @EveryBackend
    void a_peer_that_is_gone_ends_it_with_the_reason(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] left = fds.socketpair();
            int[] right = fds.socketpair();
            Relay relay =
                    Relay.start(selector, ours(fds, left[1]), ours(fds, right[0]), o -> ended++);
            fds.close(right[1]);
            turn(selector);
            Fds.write(left[0], 5);
            until(selector, "the end", relay::isOver);
            assertNotNull(relay.failure());
            assertEquals("relay", relay.failure().operation());
            assertTrue(relay.failure().getMessage().contains("EPIPE"), relay.failure()::getMessage);
            assertEquals(1, ended);
            assertEquals(-1, read(left[0]));
            relay.close();
            assertEquals(1, ended);
        }
    }

    // ---- where splice is refused

    /** A terminal on Linux, anything elsewhere: from the first byte, and with some in the pipe. */
    @Test
    void where_splice_is_refused_the_bytes_are_copied() throws Exception {
        for (int refusedFrom : new int[] {1, 2, 3, 4}) {
            for (String refusal : new String[] {"EINVAL", "ENOSYS"}) {
                if (refusedFrom > 1 && refusal.equals("ENOSYS")) {
                    continue; // it is there, or it is not
                }
                var sys = new FaultySyscalls(Bindings.current());
                sys.on(
                        "splice",
                        call ->
                                call.nth() >= refusedFrom
                                        ? -sys.errno().number(refusal)
                                        : call.go());
                try (var fds = new Fds()) {
                    int[] from = fds.socketpair();
                    int[] to = fds.socketpair();
                    Flow flow = new Flow(sys, from[0], to[0]);
                    byte[] bytes = new byte[200_000];
                    new Random(refusedFrom).nextBytes(bytes);
                    ByteBuffer out = ByteBuffer.wrap(bytes);
                    ByteBuffer in = ByteBuffer.allocate(bytes.length);
                    while (in.hasRemaining()) {
                        Fd.write(from[1], out);
                        flow.move();
                        assertTrue(Fd.read(to[1], in) >= 0);
                    }
                    assertEquals(ByteBuffer.wrap(bytes), in.flip(), refusal + refusedFrom);
                    FdSocket.shutdownOutput(from[1]);
                    assertEquals(Flow.OVER, flow.move());
                    assertEquals(-1, read(to[1]));
                    assertEquals(bytes.length, flow.moved);
                    flow.release();
                }
            }
        }
    }

    // ---- misuse and resources

    @EveryBackend
    void what_cannot_be_relayed_is_refused_and_left_alone(FdSelector selector) throws Exception {
        int file = Fd.open(Files.writeString(directory.resolve("file"), "text"));
        try (var fds = new Fds()) {
            fds.keep(file);
            int[] pair = fds.socketpair();
            int before = Fds.openCount();
            assertThrows(
                    PolluxException.NotPollable.class,
                    () -> Relay.start(selector, pair[0], file, over -> {}));
            assertThrows(
                    PolluxException.BadDescriptor.class,
                    () -> Relay.start(selector, pair[0], -1, over -> {}));
            assertThrows(
                    PolluxException.AlreadyRegistered.class,
                    () -> Relay.start(selector, pair[0], pair[0], over -> {}));
            assertTrue(selector.keys().isEmpty());
            Fds.assertOpenCount(before);
        }
    }

    @EveryBackend
    void all_that_it_has_goes_with_it(EveryBackend.Pair pair) throws Exception {
        pair.open().close();
        int before = Fds.openCount();
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            for (int i = 0; i < 10; i++) {
                int[] left = fds.socketpair();
                int[] right = fds.socketpair();
                Relay relay =
                        Relay.start(
                                selector, ours(fds, left[1]), ours(fds, right[0]), o -> ended++);
                Fds.write(left[0], 100);
                until(selector, "100 bytes", () -> relay.movedThere() == 100);
                fds.close(left[0]);
                fds.close(right[1]);
                until(selector, "the end", relay::isOver);
            }
            assertEquals(10, ended);
        }
        Fds.assertOpenCount(before);
    }

    @EveryBackend
    void moving_allocates_nothing(FdSelector selector) throws Exception {
        Host.requirePlatformThreads("its allocation is that of its carrier");
        Host.requireNotStrict("it allocates where it has something to look at");
        Capability.ALLOCATES_NOTHING_TO_MODIFY.require();
        try (var fds = new Fds()) {
            int[] left = fds.socketpair();
            int[] right = fds.socketpair();
            Relay relay =
                    Relay.start(selector, ours(fds, left[1]), ours(fds, right[0]), over -> {});
            ByteBuffer some = ByteBuffer.allocateDirect(1000);
            long allocated =
                    Allocation.of(
                            5_000,
                            i -> {
                                Fd.write(left[0], some.clear());
                                while (Fd.read(right[1], some.clear()) == 0) {
                                    selector.poll(DISPATCH);
                                }
                            });
            relay.close();
            assertEquals(0, allocated);
        }
    }
}
