package dev.pollux.contract;

import static dev.pollux.support.Reported.assertReady;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/**
 * The chapters "Reporting" and "Mapping": what each kind of descriptor says in each of its states.
 * For the channels of {@code java.nio} see {@link ChannelKindsContract}.
 */
class DescriptorKindsContract {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    /** Everything that can be asked for. */
    private static Interest all(FdSelector selector) {
        return BOTH.plus(Reported.idle(selector));
    }

    @EveryBackend
    void pipe(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            assertReady(selector, pipe[0], Interest.READ, "TIMEOUT");
            assertReady(selector, pipe[1], all(selector), "WRITE");
            Fds.write(pipe[1], 1);
            assertReady(selector, pipe[0], Interest.READ, "READ");
            Fds.fill(pipe[1]);
            assertReady(selector, pipe[1], all(selector), "TIMEOUT");
            Fds.drain(pipe[0]);
            assertReady(selector, pipe[1], all(selector), "WRITE");
            fds.close(pipe[1]);
            assertReady(selector, pipe[0], Interest.READ, "READ|READ_CLOSED");
        }
    }

    /** Whoever asks for all of a pipe's reading end is told of reading alone. */
    @EveryBackend
    void a_reading_end_is_not_writable(FdSelector selector) throws IOException {
        Capability.PIPES_GO_ONE_WAY.require();
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            assertReady(selector, pipe[0], all(selector), "TIMEOUT");
            Fds.write(pipe[1], 1);
            assertReady(selector, pipe[0], all(selector), "READ");
        }
    }

    @EveryBackend
    void fifo(FdSelector selector, @TempDir Path dir) throws IOException {
        Path path = dir.resolve("fifo");
        Libc.mkfifo(path);
        try (var fds = new Fds()) {
            int reader = fds.keep(Libc.openToRead(path));
            assertReady(selector, reader, Interest.READ, "TIMEOUT");
            int writer = fds.keep(Libc.openToWrite(path));
            if (Capability.WATCHES_FIFO_WRITERS.isThere()) {
                assertReady(selector, writer, Interest.WRITE, "WRITE");
            }
            Fds.write(writer, 1);
            assertReady(selector, reader, Interest.READ, "READ");
            fds.close(writer);
            assertReady(selector, reader, Interest.READ, "READ|READ_CLOSED");
            Fds.drain(reader);
            if (Capability.KEEPS_FIFO_ENDS.isThere()) {
                assertReady(selector, reader, Interest.READ, "READ|READ_CLOSED");
            }
            writer = fds.keep(Libc.openToWrite(path)); // a fifo can have another writer
            assertReady(selector, reader, Interest.READ, "TIMEOUT");
            Fds.write(writer, 1);
            assertReady(selector, reader, Interest.READ, "READ");
        }
    }

    @EveryBackend
    void fifo_without_a_reader_until_another_one_comes(FdSelector selector, @TempDir Path dir)
            throws IOException {
        Capability.FIFOS_WITHOUT_A_READER.require();
        Path path = dir.resolve("fifo");
        Libc.mkfifo(path);
        try (var fds = new Fds()) {
            int reader = fds.keep(Libc.openToRead(path));
            int writer = fds.keep(Libc.openToWrite(path));
            fds.close(reader);
            String linux = Capability.REPORTS_AS_LINUX.isThere() ? "WRITE|ERROR" : "WRITE";
            boolean bsd = selector.backend() == Backend.KQUEUE && linux.equals("WRITE");
            String alone = bsd ? "WRITE|WRITE_CLOSED" : linux;
            assertReady(selector, writer, Interest.WRITE, alone);
            fds.keep(Libc.openToRead(path));
            assertReady(selector, writer, Interest.WRITE, "WRITE");
            Fds.write(writer, 1);
        }
    }

    /** The kernel takes what the peer sends all the same. */
    @EveryBackend
    void tcp_socket_after_its_own_shutdown_of_reading(FdSelector selector) throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        for (Libc.Socket kind : List.of(Libc.Socket.TCP_V4, Libc.Socket.TCP_V6)) {
            try (var fds = new Fds()) {
                int[] pair = fds.connected(kind);
                Libc.shutdown(pair[0], Libc.SHUT_RD);
                assertReady(selector, pair[0], Interest.READ, "READ|READ_CLOSED");
                assertEquals(-1, Fd.read(pair[0], ByteBuffer.allocate(8)));
                Fds.write(pair[1], 3);
                assertReady(selector, pair[0], BOTH, "READ|WRITE|READ_CLOSED");
                assertEquals(3, Fd.read(pair[0], ByteBuffer.allocate(8)));
            }
        }
    }

    private static final List<Libc.Socket> STREAMS =
            List.of(Libc.Socket.UNIX, Libc.Socket.TCP_V4, Libc.Socket.TCP_V6);

    @EveryBackend
    void stream_socket(FdSelector selector) throws IOException {
        for (Libc.Socket kind : STREAMS) {
            try (var fds = new Fds()) {
                int[] pair = fds.connected(kind);
                assertReady(selector, pair[0], all(selector), "WRITE");
                assertReady(selector, pair[0], Interest.READ, "TIMEOUT");
                Fds.write(pair[1], 1);
                assertReady(selector, pair[0], all(selector), "READ|WRITE");
                Fds.drain(pair[0]);
                Fds.fill(pair[0]);
                assertReady(selector, pair[1], Interest.READ, "READ");
                while (Fds.fill(pair[0]) > 0) { // TCP moves some on to the other side
                    Thread.onSpinWait();
                }
                Libc.shutdown(pair[1], Libc.SHUT_WR);
                assertReady(selector, pair[0], Interest.READ, "READ|READ_CLOSED");
            }
        }
    }

    @EveryBackend
    void listening_socket(FdSelector selector) throws IOException {
        for (Libc.Socket kind : STREAMS) {
            try (var fds = new Fds()) {
                int listener = fds.keep(kind.listen());
                assertReady(selector, listener, Interest.READ, "TIMEOUT");
                int client = fds.keep(kind.open());
                kind.connect(client, listener);
                assertReady(selector, listener, Interest.READ, "READ");
                fds.keep(Libc.accept(listener));
                assertReady(selector, listener, Interest.READ, "TIMEOUT");
            }
        }
    }

    /** The kernel calls it hung up: register it after the call of connect, not before. */
    @EveryBackend
    void stream_socket_that_is_not_connected(FdSelector selector) throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        for (Libc.Socket kind : STREAMS) {
            try (var fds = new Fds()) {
                int listener = fds.keep(kind.listen());
                int fd = fds.keep(kind.open());
                assertReady(selector, fd, BOTH, "READ|WRITE|READ_CLOSED|WRITE_CLOSED");
                kind.connect(fd, listener);
                assertReady(selector, fd, BOTH, "WRITE");
            }
        }
    }

    @EveryBackend
    void datagram_socket(FdSelector selector) throws IOException {
        for (Libc.Socket kind : List.of(Libc.Socket.UDP_V4, Libc.Socket.UDP_V6)) {
            try (var fds = new Fds()) {
                int receiver = fds.keep(kind.open());
                kind.bind(receiver);
                int sender = fds.keep(kind.open());
                kind.connect(sender, receiver);
                assertReady(selector, receiver, all(selector), "WRITE");
                Fds.write(sender, 1);
                assertReady(selector, receiver, all(selector), "READ|WRITE");
                Fds.drain(receiver);
                assertReady(selector, receiver, Interest.READ, "TIMEOUT");
            }
        }
    }

    @EveryBackend
    void out_of_band_data(FdSelector selector) throws IOException {
        Capability.PRIORITY.require();
        for (Libc.Socket kind : List.of(Libc.Socket.TCP_V4, Libc.Socket.TCP_V6)) {
            try (var fds = new Fds()) {
                int[] pair = fds.connected(kind);
                assertReady(selector, pair[1], Interest.PRIORITY, "TIMEOUT");
                Libc.sendUrgent(pair[0]);
                assertReady(selector, pair[1], Interest.PRIORITY, "PRIORITY");
                assertReady(selector, pair[1], Interest.READ, "TIMEOUT");
                Fds.write(pair[0], 1);
                assertReady(
                        selector, pair[1], Interest.READ.plus(Interest.PRIORITY), "READ|PRIORITY");
            }
        }
    }

    @EveryBackend
    void eventfd(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.keep(Libc.eventfd());
            assertReady(selector, fd, all(selector), "WRITE");
            Fd.write(fd, ByteBuffer.allocate(8).put(0, (byte) 1).put(7, (byte) 1));
            assertReady(selector, fd, all(selector), "READ|WRITE");
            assertEquals(8, Fd.read(fd, ByteBuffer.allocate(8)));
            assertReady(selector, fd, all(selector), "WRITE");
        }
    }

    @EveryBackend
    void timer(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int never = fds.keep(Libc.timer(3_600_000_000_000L));
            assertReady(selector, never, Interest.READ, "TIMEOUT");
            int soon = fds.keep(Libc.timer(1));
            assertReady(selector, soon, Interest.READ, "READ");
            assertEquals(8, Fd.read(soon, ByteBuffer.allocate(8)));
            assertReady(selector, soon, Interest.READ, "TIMEOUT");
        }
    }

    @EveryBackend
    void inotify(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            assertReady(selector, fds.keep(Libc.inotify()), BOTH, "TIMEOUT");
        }
    }

    @EveryBackend
    void pseudo_terminal(FdSelector selector, EveryBackend.Pair pair) throws IOException {
        try (var fds = new Fds()) {
            int master = fds.keep(Libc.ptyMaster());
            int slave = fds.keep(Libc.ptySlave(master));
            assertReady(selector, master, all(selector), "WRITE");
            assertReady(selector, slave, all(selector), "WRITE");
            Fd.write(slave, ByteBuffer.wrap(new byte[] {'a', '\n'}));
            assertReady(selector, master, all(selector), "READ|WRITE");
            Fds.drain(master);
            Fd.write(master, ByteBuffer.wrap(new byte[] {'a'}));
            Fds.drain(master); // its echo
            assertReady(selector, slave, Interest.READ, "TIMEOUT"); // no line yet
            Fd.write(master, ByteBuffer.wrap(new byte[] {'\n'}));
            assertReady(selector, slave, Interest.READ, "READ");
            assertEquals(2, Fds.drain(slave));
            fds.close(slave);
            if (Capability.TERMINALS_END.isThere()) {
                assertReady(selector, master, Interest.READ, "READ|READ_CLOSED");
            }
            if (Host.LINUX) {
                var e = assertThrows(PolluxException.class, () -> Fds.drain(master));
                assertEquals(pair.sys().errno().number("EIO"), e.errno()); // after the echo
            } else {
                Fds.drain(master); // and reads the end
            }
            slave = fds.keep(Libc.ptySlave(master)); // it can be opened again
            assertReady(selector, master, BOTH, "WRITE");
            Fd.write(slave, ByteBuffer.wrap(new byte[] {'a', '\n'}));
            assertReady(selector, master, BOTH, "READ|WRITE");
        }
    }

    @EveryBackend
    void terminal_that_was_hung_up(FdSelector selector) throws IOException {
        Capability.TERMINALS_END.require();
        try (var fds = new Fds()) {
            int master = fds.keep(Libc.ptyMaster());
            int slave = fds.keep(Libc.ptySlave(master));
            FdKey key = selector.register(slave, Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            fds.close(master);
            String reported = Fds.poll(selector, 60_000);
            assertTrue(
                    reported.startsWith(slave + " " + Reported.by(selector, "READ|READ_CLOSED")),
                    reported);
            selector.unregister(key);
            assertEquals(-1, Fd.read(slave, ByteBuffer.allocate(1)));
        }
    }
}
