package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.Poller;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.OpenFlags;
import org.junit.jupiter.api.Test;

/** On the binding of this process; {@code -Dpollux.binding} chooses another. */
class FdTest {
    private static Errno errno() throws Bindings.Unavailable {
        return Bindings.current().errno();
    }

    private static ByteBuffer bytes(String text, boolean direct) {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        ByteBuffer buffer =
                direct
                        ? ByteBuffer.allocateDirect(bytes.length)
                        : ByteBuffer.allocate(bytes.length);
        return buffer.put(bytes).flip();
    }

    private static String text(ByteBuffer buffer, int from, int to) {
        var text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append((char) buffer.get(i));
        }
        return text.toString();
    }

    // ---- making them

    @Test
    void pipe_and_socketpair_are_close_on_exec_and_non_blocking() throws IOException {
        try (var fds = new Fds()) {
            for (int[] pair : List.of(Fd.pipe(), Fd.socketpair())) {
                for (int fd : pair) {
                    fds.keep(fd);
                    assertTrue(Libc.isCloseOnExec(fd));
                    assertTrue(Libc.isNonBlocking(fd));
                }
            }
        }
    }

    @Test
    void a_pipe_goes_one_way_and_a_socketpair_both() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 3);
            assertEquals(3, Fds.drain(pipe[0]));
            assertThrows(
                    PolluxException.BadDescriptor.class,
                    () -> Fd.write(pipe[0], ByteBuffer.allocate(1)));
            assertThrows(
                    PolluxException.BadDescriptor.class,
                    () -> Fd.read(pipe[1], ByteBuffer.allocate(1)));
            int[] pair = fds.socketpair();
            Fds.write(pair[0], 3);
            Fds.write(pair[1], 4);
            assertEquals(4, Fds.drain(pair[0]));
            assertEquals(3, Fds.drain(pair[1]));
        }
    }

    @Test
    void set_non_blocking_changes_that_flag_alone_and_copies_share_it() throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            int copy = fds.dup(fd);
            int before = Libc.statusFlags(fd);
            int nonBlocking = OpenFlags.O_NONBLOCK.intValue();
            Fd.setNonBlocking(fd, false);
            assertEquals(before & ~nonBlocking, Libc.statusFlags(fd));
            assertFalse(Libc.isNonBlocking(copy));
            Fd.setNonBlocking(fd, false);
            assertEquals(before & ~nonBlocking, Libc.statusFlags(fd));
            Fd.setNonBlocking(copy, true);
            assertEquals(before, Libc.statusFlags(fd));
            assertTrue(Libc.isCloseOnExec(fd));
        }
    }

    // ---- reading and writing

    @Test
    void direct_and_heap_buffers_and_slices_move_by_what_went() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            for (boolean fromDirect : new boolean[] {true, false}) {
                for (boolean toDirect : new boolean[] {true, false}) {
                    ByteBuffer out = bytes("..hello..", fromDirect).position(2).limit(7);
                    assertEquals(5, Fd.write(pipe[1], out));
                    assertEquals(7, out.position());
                    ByteBuffer in = bytes("0123456789", toDirect).position(1).limit(9).slice();
                    in.position(2);
                    assertEquals(5, Fd.read(pipe[0], in));
                    assertEquals(7, in.position());
                    assertEquals("12hello8", text(in, 0, 8));
                    ByteBuffer slice = bytes("..abc", fromDirect).position(2).slice();
                    assertEquals(3, Fd.write(pipe[1], slice.asReadOnlyBuffer()));
                    assertEquals(2, Fd.read(pipe[0], in.clear().limit(2)));
                    assertEquals(1, Fd.read(pipe[0], in.clear()));
                    assertEquals("cb", text(in, 0, 2));
                }
            }
        }
    }

    @Test
    void would_block_is_zero_and_the_end_is_minus_one() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            for (ByteBuffer buffer :
                    List.of(ByteBuffer.allocate(9), ByteBuffer.allocateDirect(9))) {
                assertEquals(0, Fd.read(pipe[0], buffer));
                assertEquals(0, buffer.position());
            }
            assertTrue(Fds.fill(pipe[1]) > 0);
            ByteBuffer more = ByteBuffer.allocate(1);
            assertEquals(0, Fd.write(pipe[1], more));
            assertEquals(0, more.position());
            fds.close(pipe[1]);
            Fds.drain(pipe[0]);
            assertEquals(-1, Fd.read(pipe[0], ByteBuffer.allocate(1)));
            assertEquals(-1, Fd.read(pipe[0], ByteBuffer.allocateDirect(1)));
        }
    }

    @Test
    void what_does_not_fit_stays_in_the_buffer() throws IOException {
        try (var fds = new Fds()) {
            for (boolean direct : new boolean[] {true, false}) {
                int[] pair = fds.socketpair();
                int size = 10_000_000;
                ByteBuffer out =
                        direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
                var random = new Random(1);
                while (out.hasRemaining()) {
                    out.put((byte) random.nextInt());
                }
                out.flip();
                ByteBuffer in = ByteBuffer.allocate(size);
                while (out.hasRemaining()) {
                    int before = out.position();
                    int written = Fd.write(pair[0], out);
                    assertEquals(before + written, out.position());
                    for (int n; in.hasRemaining() && (n = Fd.read(pair[1], in)) > 0; ) {
                        assertEquals(0, Fd.read(pair[1], ByteBuffer.allocate(1)), n + " was all");
                    }
                }
                assertEquals(out.flip(), in.flip());
            }
        }
    }

    /** In pieces of 64 KiB the second read would wait for bytes that may never come. */
    @Test
    void one_read_takes_what_is_there_also_of_a_blocking_descriptor() throws Exception {
        try (var fds = new Fds()) {
            for (boolean direct : new boolean[] {true, false}) {
                int[] pair = fds.socketpair();
                int there = 64 * 1024;
                assertEquals(there, Fd.write(pair[1], ByteBuffer.allocate(there)));
                Fd.setNonBlocking(pair[0], false);
                int size = 2 * there;
                ByteBuffer in =
                        direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
                var reader = Poller.run(() -> Fd.read(pair[0], in));
                assertEquals(there, reader.result());
                assertEquals(there, in.position());
            }
        }
    }

    @Test
    void a_large_heap_buffer_is_one_message() throws IOException {
        try (var fds = new Fds()) {
            int size = 100_000;
            int[] ends = fds.datagrams(Libc.Socket.UNIX_DATAGRAM);
            byte[] bytes = new byte[size];
            new Random(1).nextBytes(bytes);
            assertEquals(size, Fd.write(ends[0], ByteBuffer.wrap(bytes)));
            ByteBuffer in = ByteBuffer.allocate(2 * size);
            assertEquals(size, Fd.read(ends[1], in));
            assertEquals(ByteBuffer.wrap(bytes), in.flip());
            assertEquals(0, Fd.read(ends[1], in.clear()));
        }
    }

    @Test
    void an_empty_datagram_is_not_the_end() throws IOException {
        try (var fds = new Fds()) {
            int[] ends = fds.datagrams(Libc.Socket.UDP_V4);
            ByteBuffer in = ByteBuffer.allocate(9);
            assertEquals(0, Fd.write(ends[0], ByteBuffer.allocate(0)));
            assertEquals(3, Fd.write(ends[0], ByteBuffer.allocate(3)));
            assertEquals(0, Fd.read(ends[1], in), "the empty one");
            assertEquals(3, Fd.read(ends[1], in), "the next");
            assertEquals(0, Fd.read(ends[1], in), "it would block");
        }
    }

    private static int events(FdSelector selector) throws IOException {
        int[] count = {0};
        selector.poll(0, TimeUnit.SECONDS, (key, ready) -> count[0]++);
        return count[0];
    }

    /** What {@code Fd.read} advises. */
    @Test
    void under_edge_a_modify_reports_what_is_behind_an_empty_datagram() throws IOException {
        Backend backend = Backend.KQUEUE.isAvailable() ? Backend.KQUEUE : Backend.EPOLL;
        assumeTrue(backend.isAvailable(), "neither epoll nor kqueue is here");
        try (var fds = new Fds();
                var selector = FdSelector.open(backend)) {
            int[] ends = fds.datagrams(Libc.Socket.UDP_V4);
            FdKey key = selector.register(ends[1], Interest.READ, Trigger.EDGE, null);
            Fd.write(ends[0], ByteBuffer.allocate(0));
            Fd.write(ends[0], ByteBuffer.allocate(3));
            assertEquals(1, events(selector));
            assertEquals(0, Fd.read(ends[1], ByteBuffer.allocate(9)));
            assertEquals(0, events(selector));
            selector.modify(key, Interest.READ);
            assertEquals(1, events(selector));
        }
    }

    @Test
    void a_blocking_descriptor_blocks() throws Exception {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            Fd.setNonBlocking(pair[0], false);
            ByteBuffer all = ByteBuffer.allocate(1_000_000);
            var writer = Poller.run(() -> Fd.write(pair[0], all));
            writer.awaitBlocked();
            int total = 0;
            while (total < all.capacity()) {
                total += Fds.drain(pair[1]);
            }
            assertEquals(all.capacity(), writer.result());
            assertFalse(all.hasRemaining());
        }
    }

    @Test
    void nothing_to_write_is_nothing_written() throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.pipe()[1];
            assertEquals(0, Fd.write(fd, ByteBuffer.allocate(0)));
            assertEquals(0, Fd.write(fd, ByteBuffer.allocateDirect(0)));
        }
    }

    @Test
    void a_buffer_without_room_or_that_is_read_only_is_refused_by_read() throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.pipe()[0];
            assertThrows(IllegalArgumentException.class, () -> Fd.read(fd, ByteBuffer.allocate(0)));
            assertThrows(
                    ReadOnlyBufferException.class,
                    () -> Fd.read(fd, ByteBuffer.allocate(1).asReadOnlyBuffer()));
            assertThrows(NullPointerException.class, () -> Fd.read(fd, null));
            assertThrows(NullPointerException.class, () -> Fd.write(fd, null));
        }
    }

    // ---- errors

    private interface Operation {
        void on(int fd) throws IOException;
    }

    @Test
    void on_a_closed_descriptor_all_say_bad_descriptor() throws Exception {
        int closed;
        try (var fds = new Fds()) {
            closed = Libc.dupAbove(fds.pipe()[0], 4000); // a number that nobody else will take
        }
        Fd.close(closed);
        ByteBuffer heap = ByteBuffer.allocate(1);
        ByteBuffer direct = ByteBuffer.allocateDirect(1);
        record Case(String name, Operation operation) {}
        for (Case it :
                List.of(
                        new Case("read", fd -> Fd.read(fd, heap)),
                        new Case("read", fd -> Fd.read(fd, direct)),
                        new Case("write", fd -> Fd.write(fd, heap)),
                        new Case("write", fd -> Fd.write(fd, direct)),
                        new Case("close", Fd::close),
                        new Case("setNonBlocking", fd -> Fd.setNonBlocking(fd, true)))) {
            for (int fd : new int[] {closed, -1, Integer.MAX_VALUE}) {
                var e =
                        assertThrows(
                                PolluxException.BadDescriptor.class,
                                () -> it.operation().on(fd),
                                it.name());
                assertEquals(it.name(), e.operation());
                assertEquals(fd, e.fd());
                assertEquals(errno().EBADF, e.errno());
                String start = it.name() + "(fd=" + fd;
                assertTrue(e.getMessage().startsWith(start), e::getMessage);
            }
        }
        assertEquals(0, heap.position());
        assertEquals(0, direct.position());
    }

    @Test
    void a_peer_that_is_gone_is_an_error_and_no_signal() throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            fds.close(pipe[0]);
            var e =
                    assertThrows(
                            PolluxException.class, () -> Fd.write(pipe[1], ByteBuffer.allocate(1)));
            assertSame(PolluxException.class, e.getClass());
            assertEquals(errno().number("EPIPE"), e.errno());
            assertTrue(e.getMessage().contains("EPIPE"), e::getMessage);
        }
    }

    @Test
    void a_reset_connection_is_an_error_of_read() throws Exception {
        try (var fds = new Fds()) {
            int[] tcp = fds.connected(Libc.Socket.TCP_V4);
            Libc.resetOnClose(tcp[0]);
            fds.close(tcp[0]);
            var e =
                    assertThrows(
                            PolluxException.class, () -> Fd.read(tcp[1], ByteBuffer.allocate(1)));
            assertEquals(errno().number("ECONNRESET"), e.errno());
        }
    }

    @Test
    void no_descriptor_is_left_behind() throws IOException {
        new Fds().close();
        int before = Fds.openCount();
        try (var fds = new Fds()) {
            fds.pipe();
            fds.socketpair();
            assertEquals(before + 4, Fds.openCount());
        }
        assertEquals(before, Fds.openCount());
    }

    @Test
    void a_short_read_says_that_no_more_is_there_also_of_a_large_heap_buffer() throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            int sent = Fds.fill(pair[1]);
            assertTrue(sent > 64 * 1024, sent + " bytes fit");
            assertEquals(sent, Fd.read(pair[0], ByteBuffer.allocate(sent + 1)));
            assertEquals(0, Fd.read(pair[0], ByteBuffer.allocate(1)));
        }
    }

    /** Of all these descriptors none is to be closed. */
    @Test
    void an_error_that_passes_does_not_call_the_peer_gone() throws Exception {
        try (var fds = new Fds()) {
            int peer = Libc.Socket.UDP_V4.open();
            Libc.Socket.UDP_V4.bind(peer);
            int udp = fds.keep(Libc.Socket.UDP_V4.open());
            Libc.Socket.UDP_V4.connect(udp, peer);
            Fd.close(peer);
            Fds.write(udp, 1);
            var e = assertThrows(PolluxException.class, () -> Fd.read(udp, ByteBuffer.allocate(1)));
            assertTrue(e.getMessage().contains("a datagram socket is"), e::getMessage);

            int timer = fds.keep(Libc.timer(1));
            e = assertThrows(PolluxException.class, () -> Fd.read(timer, ByteBuffer.allocate(4)));
            assertTrue(e.getMessage().contains("timerfd"), e::getMessage);
            Fd.setNonBlocking(timer, false);
            assertEquals(8, Fd.read(timer, ByteBuffer.allocate(8)));
        }
        Errno table = Bindings.current().errno();
        for (String name : List.of("ECONNREFUSED", "ENOBUFS", "ECANCELED", "EINVAL", "EMSGSIZE")) {
            var e = PolluxException.of(table, "read", 7, "read(fd=7)", table.number(name));
            assertFalse(e.getMessage().contains("close the"), e::getMessage);
        }
        for (String name : List.of("ECONNRESET", "EPIPE", "ETIMEDOUT")) {
            var e = PolluxException.of(table, "read", 7, "read(fd=7)", table.number(name));
            assertTrue(e.getMessage().contains("close the"), e::getMessage);
        }
    }

    @Test
    void a_full_disk_is_no_limit_of_epoll() throws IOException {
        var full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "there is no /dev/full");
        int fd = Libc.openToWrite(full);
        try {
            var e = assertThrows(PolluxException.class, () -> Fd.write(fd, ByteBuffer.allocate(1)));
            assertEquals(PolluxException.class, e.getClass());
            assertTrue(e.getMessage().contains("ENOSPC"), e.getMessage());
        } finally {
            Fd.close(fd);
        }
    }
}
