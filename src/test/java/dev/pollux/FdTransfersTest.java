package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Allocation;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code readv}, {@code writev}, {@code sendfile} and {@code open} of {@link Fd}. */
class FdTransfersTest {
    private static final int ROUNDS = 20_000;

    @TempDir Path directory;

    private static ByteBuffer bytes(String text, boolean direct) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer buffer = room(bytes.length, direct);
        return buffer.put(bytes).flip();
    }

    private static ByteBuffer room(int bytes, boolean direct) {
        return direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
    }

    private static String text(ByteBuffer buffer) {
        return StandardCharsets.US_ASCII.decode(buffer.duplicate().flip()).toString();
    }

    private static int number(String error) throws Bindings.Unavailable {
        return Bindings.current().errno().number(error);
    }

    // ---- several buffers

    @Test
    void buffers_of_both_kinds_go_and_come_in_their_order() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            for (int kinds = 0; kinds < 8; kinds++) {
                boolean first = (kinds & 1) != 0;
                boolean second = (kinds & 2) != 0;
                boolean third = (kinds & 4) != 0;
                ByteBuffer head = bytes("..head..", first).position(2).limit(6);
                ByteBuffer nothing = room(0, third);
                ByteBuffer body = bytes("body", second);
                assertEquals(8, Fd.writev(pipe[1], head, nothing, body.asReadOnlyBuffer()));
                assertEquals(6, head.position());
                ByteBuffer a = room(3, second);
                ByteBuffer b = room(1, first).limit(0);
                ByteBuffer c = room(9, third);
                assertEquals(8, Fd.readv(pipe[0], a, b, c));
                assertEquals("hea", text(a));
                assertEquals("dbody", text(c));
                assertEquals(0, Fd.readv(pipe[0], c, a.clear()), "it would block");
            }
            fds.close(pipe[1]);
            assertEquals(-1, Fd.readv(pipe[0], room(1, true)));
        }
    }

    @Test
    void what_does_not_fit_stays_in_the_buffers() throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            byte[] sent = new byte[3_000_000];
            new Random(1).nextBytes(sent);
            ByteBuffer[] out = {
                ByteBuffer.wrap(sent, 0, 1_000_000),
                room(1_000_000, true).put(sent, 1_000_000, 1_000_000).flip(),
                ByteBuffer.wrap(sent, 2_000_000, 1_000_000)
            };
            ByteBuffer in = ByteBuffer.allocate(sent.length);
            while (out[2].hasRemaining()) {
                int before = left(out);
                int written = Fd.writev(pair[0], out);
                assertEquals(before - written, left(out));
                while (in.hasRemaining() && Fd.read(pair[1], in) > 0) {}
            }
            assertEquals(ByteBuffer.wrap(sent), in.flip());
        }
    }

    private static int left(ByteBuffer... buffers) {
        int left = 0;
        for (ByteBuffer buffer : buffers) {
            left += buffer.remaining();
        }
        return left;
    }

    @Test
    void several_buffers_are_one_message() throws IOException {
        try (var fds = new Fds()) {
            int[] ends = fds.datagrams(Libc.Socket.UNIX_DATAGRAM);
            assertEquals(5, Fd.writev(ends[0], bytes("ab", true), bytes("cde", false)));
            ByteBuffer in = room(9, false);
            assertEquals(5, Fd.read(ends[1], in));
            assertEquals(0, Fd.writev(ends[0]), "an empty one");
            assertEquals(0, Fd.readv(ends[1], in));
        }
    }

    @Test
    void what_no_call_can_take_is_refused() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            ByteBuffer none = room(0, true);
            assertThrows(IllegalArgumentException.class, () -> Fd.readv(pipe[0], none, none));
            assertThrows(IllegalArgumentException.class, () -> Fd.readv(pipe[0]));
            assertThrows(
                    ReadOnlyBufferException.class,
                    () -> Fd.readv(pipe[0], room(1, true).asReadOnlyBuffer()));
            ByteBuffer[] many = new ByteBuffer[1025];
            java.util.Arrays.fill(many, room(1, true));
            assertThrows(IllegalArgumentException.class, () -> Fd.writev(pipe[1], many));
            assertThrows(PolluxException.BadDescriptor.class, () -> Fd.writev(pipe[0], many[0]));
            var e =
                    assertThrows(
                            PolluxException.BadDescriptor.class, () -> Fd.readv(pipe[1], many[0]));
            assertTrue(e.getMessage().startsWith("readv(fd=" + pipe[1]), e::getMessage);
        }
    }

    @Test
    void several_buffers_and_parts_of_files_allocate_nothing() throws IOException {
        Host.requirePlatformThreads("its allocation is that of its carrier");
        Path file = Files.write(directory.resolve("file"), new byte[64]);
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            int fd = fds.keep(Fd.open(file));
            ByteBuffer[] both = {room(64, true), room(64, false)};
            long allocated =
                    Allocation.of(
                            ROUNDS,
                            i -> {
                                Fd.writev(pair[0], both);
                                both[0].clear();
                                both[1].clear();
                                Fd.readv(pair[1], both);
                                both[0].clear();
                                both[1].clear();
                                Fd.sendfile(pair[0], fd, 0, 64);
                                Fd.read(pair[1], both[0]);
                                both[0].clear();
                            });
            assertEquals(0, allocated);
        }
    }

    // ---- files

    @Test
    void a_file_is_sent_piece_by_piece() throws IOException {
        byte[] content = new byte[1_000_000];
        new Random(1).nextBytes(content);
        Path file = Files.write(directory.resolve("file"), content);
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            int fd = fds.keep(Fd.open(file));
            ByteBuffer in = ByteBuffer.allocate(content.length);
            long offset = 0;
            for (long n; (n = Fd.sendfile(pair[0], fd, offset, Long.MAX_VALUE)) >= 0; ) {
                offset += n;
                while (in.hasRemaining() && Fd.read(pair[1], in) > 0) {}
            }
            assertEquals(content.length, offset);
            assertEquals(ByteBuffer.wrap(content), in.flip());
            assertEquals(-1, Fd.sendfile(pair[0], fd, offset + 1, 1));
            assertEquals(0, Fd.sendfile(pair[0], fd, 0, 0));
            assertThrows(IllegalArgumentException.class, () -> Fd.sendfile(pair[0], fd, -1, 1));
            assertThrows(PolluxException.BadDescriptor.class, () -> Fd.sendfile(fd, fd, 0, 1));
        }
    }

    /** As it is on other systems than Linux, and for targets that sendfile is refused for. */
    @Test
    void where_there_is_no_sendfile_the_bytes_are_copied() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "0123456789");
        for (String refusal : new String[] {"ENOSYS", "EINVAL"}) {
            var sys = new FaultySyscalls(Bindings.current());
            sys.on("sendfile", call -> -sys.errno().number(refusal));
            try (var fds = new Fds()) {
                int[] pair = fds.socketpair();
                int fd = fds.keep(Fd.open(file));
                assertEquals(4, Transfers.sendFile(sys, pair[0], fd, 3, 4));
                ByteBuffer in = ByteBuffer.allocate(9);
                Fd.read(pair[1], in);
                assertEquals("3456", text(in));
                assertEquals(3, Transfers.sendFile(sys, pair[0], fd, 7, 1_000_000));
                assertEquals(0, Transfers.sendFile(sys, pair[0], fd, 10, 4));
                int pipe = fds.pipe()[0];
                int rc = Transfers.sendFile(sys, pair[0], pipe, 0, 4);
                assertEquals(-sys.errno().number("ESPIPE"), rc);
            }
        }
    }

    @Test
    void what_is_there_is_opened() throws Exception {
        Path file = Files.writeString(directory.resolve("dätei"), "text");
        int toRead = Fd.open(file);
        int toWrite = Fd.open(file, StandardOpenOption.WRITE);
        int both = Fd.open(file, StandardOpenOption.WRITE, StandardOpenOption.READ);
        try (var fds = new Fds()) {
            for (int fd : new int[] {toRead, toWrite, both}) {
                fds.keep(fd);
                assertTrue(Libc.isCloseOnExec(fd));
                assertTrue(Libc.isNonBlocking(fd));
            }
            ByteBuffer in = ByteBuffer.allocate(9);
            assertEquals(4, Fd.read(both, in));
            assertEquals("text", text(in));
            assertEquals(1, Fd.write(both, bytes("!", true)));
            assertThrows(PolluxException.class, () -> Fd.write(toRead, bytes("!", true)));
            assertThrows(PolluxException.class, () -> Fd.read(toWrite, room(1, true)));
        }
        assertEquals("text!", Files.readString(file));
        Path missing = directory.resolve("missing");
        var e = assertThrows(PolluxException.class, () -> Fd.open(missing));
        assertEquals(number("ENOENT"), e.errno());
        assertTrue(e.getMessage().contains(missing.toString()), e::getMessage);
        assertThrows(NoSuchFileException.class, () -> Files.readString(missing), "a control");
        assertThrows(
                UnsupportedOperationException.class,
                () -> Fd.open(missing, StandardOpenOption.CREATE));
        assertFalse(Files.exists(missing));
    }
}
