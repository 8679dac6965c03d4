package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Allocation;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Libc;
import dev.pollux.support.Poller;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the binding of this process; {@code -Dpollux.binding} chooses another. */
class FdSocketTest {
    private static final int ROUNDS = 20_000;

    @TempDir Path directory;

    private static int number(String error) throws Bindings.Unavailable {
        return Bindings.current().errno().number(error);
    }

    private static ByteBuffer room(int bytes, boolean direct) {
        return direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
    }

    /** Whatever backend the tests are for. */
    private static FdSelector anySelector() throws PolluxException {
        return DefaultSelector.firstOn(Native.calls("open"), null);
    }

    /** What loopback delivers in its own time. */
    private static int receive(int fd, ByteBuffer buffer, int flags) {
        int[] n = {0};
        BooleanSupplier received =
                () -> {
                    try {
                        n[0] = FdSocket.receive(fd, buffer, flags);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                    return n[0] != FdSocket.WOULD_BLOCK;
                };
        Poller.await("something to receive", received);
        return n[0];
    }

    // ---- messages

    @Test
    void an_empty_datagram_is_neither_the_end_nor_nothing() throws Exception {
        for (boolean direct : new boolean[] {true, false}) {
            try (var fds = new Fds()) {
                int[] ends = fds.datagrams(Libc.Socket.UDP_V4);
                ByteBuffer in = room(9, direct);
                assertEquals(FdSocket.WOULD_BLOCK, FdSocket.receive(ends[1], in, 0));
                assertEquals(0, FdSocket.send(ends[0], room(0, direct), 0));
                assertEquals(3, FdSocket.send(ends[0], room(3, direct), 0));
                assertEquals(0, receive(ends[1], in, 0));
                assertEquals(3, receive(ends[1], in, FdSocket.PEEK));
                assertEquals(3, receive(ends[1], in, 0));
                assertEquals(6, in.position());
                assertEquals(FdSocket.WOULD_BLOCK, FdSocket.receive(ends[1], in, 0));
            }
        }
    }

    @Test
    void the_end_of_a_stream_is_the_end() throws Exception {
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            Fds.write(pair[0], 2);
            FdSocket.shutdownOutput(pair[0]);
            ByteBuffer in = ByteBuffer.allocate(9);
            assertEquals(2, FdSocket.receive(pair[1], in, 0));
            assertEquals(FdSocket.END, FdSocket.receive(pair[1], in, 0));
            Fds.write(pair[1], 1); // the other way is open
            assertEquals(1, Fds.drain(pair[0]));
            var e =
                    assertThrows(
                            PolluxException.class,
                            () -> FdSocket.send(pair[0], ByteBuffer.allocate(1), 0));
            assertEquals(number("EPIPE"), e.errno());
        }
    }

    @Test
    void an_urgent_byte_is_received_apart() throws Exception {
        try (var fds = new Fds()) {
            int[] tcp = fds.connected(Libc.Socket.TCP_V4);
            ByteBuffer in = ByteBuffer.allocate(9);
            var none =
                    assertThrows(
                            PolluxException.class,
                            () -> FdSocket.receive(tcp[1], in, FdSocket.OUT_OF_BAND));
            assertEquals(number("EINVAL"), none.errno());
            FdSocket.send(tcp[0], ByteBuffer.wrap(new byte[] {1, 2}), 0);
            FdSocket.send(tcp[0], ByteBuffer.wrap(new byte[] {3}), FdSocket.OUT_OF_BAND);
            Poller.await("the urgent byte", () -> hasUrgent(tcp[1], in));
            assertEquals(3, in.get(0));
            assertEquals(2, receive(tcp[1], in.clear(), 0));
            assertEquals(1, in.get(0));
        }
    }

    private static boolean hasUrgent(int fd, ByteBuffer in) {
        try {
            return FdSocket.receive(fd, in.clear(), FdSocket.OUT_OF_BAND) == 1;
        } catch (IOException e) {
            return false; // EINVAL: not yet
        }
    }

    /** An error that no read meets keeps LEVEL reporting until the queue is empty. */
    @Test
    void an_error_queue_can_be_emptied() throws Exception {
        Host.requireLinux("an error queue");
        try (var fds = new Fds();
                FdSelector selector = anySelector()) {
            int peer = Libc.Socket.UDP_V4.open();
            Libc.Socket.UDP_V4.bind(peer);
            int udp = fds.keep(Libc.Socket.UDP_V4.open());
            Libc.Socket.UDP_V4.connect(udp, peer);
            Libc.keepErrors(udp);
            Fd.close(peer);
            Fds.write(udp, 3);
            ByteBuffer in = ByteBuffer.allocate(9);
            Poller.await("an error", () -> hasError(udp, in));
            assertEquals(3, in.position(), "the message that met it");
            assertEquals(
                    FdSocket.WOULD_BLOCK, FdSocket.receive(udp, in.clear(), FdSocket.ERROR_QUEUE));
            int error = Bindings.current().socketError(udp);
            assertTrue(error == 0 || error == number("ECONNREFUSED"), error + "");
            selector.register(udp, Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    private static boolean hasError(int fd, ByteBuffer in) {
        try {
            return FdSocket.receive(fd, in.clear(), FdSocket.ERROR_QUEUE) != FdSocket.WOULD_BLOCK;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    // ---- connections

    @Test
    void what_has_arrived_is_accepted_until_it_would_block() throws Exception {
        try (var fds = new Fds()) {
            int listener = fds.keep(Libc.Socket.TCP_V4.listen());
            for (int i = 0; i < 3; i++) {
                Libc.Socket.TCP_V4.connect(fds.keep(Libc.Socket.TCP_V4.open()), listener);
            }
            for (int i = 0; i < 3; i++) {
                int fd = fds.keep(FdSocket.accept(listener));
                assertTrue(fd >= 0);
                assertTrue(Libc.isCloseOnExec(fd));
                assertTrue(Libc.isNonBlocking(fd));
            }
            assertEquals(FdSocket.WOULD_BLOCK, FdSocket.accept(listener));
        }
    }

    @Test
    void connecting_is_reported_and_has_a_result() throws Exception {
        try (var fds = new Fds();
                var listener = ServerSocketChannel.open();
                FdSelector selector = anySelector()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            for (Libc.Socket kind : List.of(Libc.Socket.TCP_V4, Libc.Socket.TCP_V6)) {
                int fd = fds.keep(kind.open());
                boolean connected = FdSocket.connect(fd, listener.getLocalAddress());
                selector.register(fd, Interest.WRITE, Trigger.LEVEL, null);
                assertEquals(fd + " WRITE", Fds.poll(selector, 30_000));
                assertTrue(connected | FdSocket.finishConnect(fd));
                listener.accept().close();
                for (FdKey key : selector.keys()) {
                    selector.unregister(key);
                }
            }
        }
    }

    @Test
    void a_refused_connection_says_why() throws Exception {
        SocketAddress nobody;
        try (var listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            nobody = listener.getLocalAddress();
        }
        try (var fds = new Fds();
                FdSelector selector = anySelector()) {
            int fd = fds.keep(Libc.Socket.TCP_V4.open());
            var e =
                    assertThrows(
                            PolluxException.class,
                            () -> {
                                FdSocket.connect(fd, nobody);
                                selector.register(fd, Interest.WRITE, Trigger.LEVEL, null);
                                Fds.poll(selector, 30_000);
                                FdSocket.finishConnect(fd);
                            });
            assertSame(PolluxException.class, e.getClass());
            assertEquals(number("ECONNREFUSED"), e.errno());
        }
    }

    @Test
    void a_unix_socket_is_connected_by_its_path() throws Exception {
        Path path = directory.resolve("ä socket");
        try (var fds = new Fds();
                var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(path));
            int fd = fds.keep(Libc.Socket.UNIX.open());
            assertTrue(FdSocket.connect(fd, UnixDomainSocketAddress.of(path)));
            assertTrue(FdSocket.finishConnect(fd));
            listener.accept().close();
            var nowhere = UnixDomainSocketAddress.of(directory.resolve("other"));
            var e = assertThrows(PolluxException.class, () -> connectUnix(fds, nowhere));
            assertEquals(number("ENOENT"), e.errno());
        }
    }

    private static void connectUnix(Fds fds, SocketAddress address) throws IOException {
        FdSocket.connect(fds.keep(Libc.Socket.UNIX.open()), address);
    }

    @Test
    void what_is_no_address_is_refused() throws Exception {
        try (var fds = new Fds()) {
            int fd = fds.keep(Libc.Socket.TCP_V4.open());
            var unknown = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
            assertThrows(UnresolvedAddressException.class, () -> FdSocket.connect(fd, unknown));
            assertThrows(
                    UnsupportedAddressTypeException.class,
                    () -> FdSocket.connect(fd, new OtherAddress()));
            assertThrows(NullPointerException.class, () -> FdSocket.connect(fd, null));
        }
    }

    private static final class OtherAddress extends SocketAddress {
        private static final long serialVersionUID = 1L;
    }

    // ---- errors, and what it costs

    private interface Operation {
        void on(int fd) throws IOException;
    }

    @Test
    void on_a_closed_descriptor_and_on_a_pipe_all_say_so() throws Exception {
        int closed;
        try (var fds = new Fds()) {
            closed = Libc.dupAbove(fds.pipe()[0], 4000); // a number that nobody else will take
        }
        Fd.close(closed);
        ByteBuffer one = ByteBuffer.allocate(1);
        SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        record Case(String name, Operation operation) {}
        List<Case> cases =
                List.of(
                        new Case("receive", fd -> FdSocket.receive(fd, one, 0)),
                        new Case("send", fd -> FdSocket.send(fd, one, 0)),
                        new Case("accept", FdSocket::accept),
                        new Case("connect", fd -> FdSocket.connect(fd, any)),
                        new Case("finishConnect", FdSocket::finishConnect),
                        new Case("shutdownOutput", FdSocket::shutdownOutput));
        try (var fds = new Fds()) {
            int pipe = fds.pipe()[1];
            for (Case it : cases) {
                Operation on = it.operation();
                var e = assertThrows(PolluxException.BadDescriptor.class, () -> on.on(closed));
                assertEquals(it.name(), e.operation());
                assertEquals(closed, e.fd());
                assertTrue(e.getMessage().startsWith(it.name() + "(fd=" + closed), e::getMessage);
                var other = assertThrows(PolluxException.class, () -> on.on(pipe));
                assertEquals(number("ENOTSOCK"), other.errno(), it.name());
            }
            int fd = fds.socketpair()[0];
            assertThrows(
                    IllegalArgumentException.class,
                    () -> FdSocket.receive(fd, ByteBuffer.allocate(0), 0));
            assertThrows(IllegalArgumentException.class, () -> FdSocket.receive(fd, one, -1));
            assertThrows(IllegalArgumentException.class, () -> FdSocket.send(fd, one, -1));
        }
    }

    @Test
    void messages_and_a_look_for_connections_allocate_nothing() throws Exception {
        Host.requirePlatformThreads("its allocation is that of its carrier");
        try (var fds = new Fds()) {
            int[] pair = fds.socketpair();
            int listener = fds.keep(Libc.Socket.TCP_V4.listen());
            for (boolean direct : new boolean[] {true, false}) {
                ByteBuffer bytes = room(64, direct);
                long allocated =
                        Allocation.of(
                                ROUNDS,
                                i -> {
                                    FdSocket.send(pair[0], bytes.clear(), 0);
                                    FdSocket.receive(pair[1], bytes.clear(), 0);
                                    FdSocket.receive(pair[1], bytes.clear(), 0);
                                    FdSocket.accept(listener);
                                });
                assertEquals(0, allocated, "direct: " + direct);
            }
        }
    }

    /** In pieces, as other large writes go, the last byte of each would be urgent. */
    @Test
    void one_urgent_byte_however_large_the_buffer() throws Exception {
        var calls = new Intercepted(Bindings.current());
        try (var fds = new Fds()) {
            int[] both = fds.connected(Libc.Socket.TCP_V4);
            ByteBuffer large = ByteBuffer.allocate(TransferBuffer.SIZE + 1);
            Transfers.write(calls.sys, both[0], large, FdSocket.OUT_OF_BAND);
            List<String> made = calls.calls();
            assertEquals(1, made.stream().filter("send"::equals).count(), made.toString());
        }
    }
}
