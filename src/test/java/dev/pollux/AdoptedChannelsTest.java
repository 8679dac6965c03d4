package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.Libc.Socket;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Channels of numbers that others have opened. On the binding of this process; {@code
 * -Dpollux.binding} chooses another.
 */
class AdoptedChannelsTest {
    /** A way to make a channel of a number. */
    private interface Adopting {
        Channel of(int fd) throws IOException;
    }

    private static final List<Adopting> ALL =
            List.of(ChannelFd::adoptServerSocket, ChannelFd::adoptSocket, ChannelFd::adoptDatagram);

    private static void assertReads(SocketChannel channel, String text) throws IOException {
        var bytes = ByteBuffer.allocate(text.length());
        while (bytes.hasRemaining()) {
            assertTrue(channel.read(bytes) > 0);
        }
        assertEquals(text, new String(bytes.array()));
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes());
    }

    // ---- what they do

    @ParameterizedTest
    @EnumSource(names = {"TCP_V4", "TCP_V6"})
    void a_server_socket_accepts_and_is_selected(Socket kind) throws IOException {
        try (var server = ChannelFd.adoptServerSocket(kind.listen());
                var client = SocketChannel.open(server.getLocalAddress());
                var accepted = server.accept()) {
            assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
            accepted.setOption(StandardSocketOptions.IP_TOS, 0x10); // is of the right family
            client.write(bytes("abc"));
            assertReads(accepted, "abc");
            assertSame(SelectorProvider.provider(), server.provider());
            assertTrue(server.isBlocking());
            server.configureBlocking(false);
            try (var selector = Selector.open();
                    var next = SocketChannel.open(server.getLocalAddress())) {
                SelectionKey key = server.register(selector, SelectionKey.OP_ACCEPT);
                assertEquals(1, selector.select());
                assertTrue(key.isAcceptable());
                server.accept().close();
                assertTrue(next.isConnected());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP_V4", "TCP_V6"})
    void a_connected_socket_talks_with_its_peer(Socket kind) throws IOException {
        int listener = kind.listen();
        try (var server = ChannelFd.adoptServerSocket(listener)) {
            int number = kind.open();
            kind.connect(number, listener);
            try (var client = ChannelFd.adoptSocket(number);
                    var accepted = server.accept()) {
                assertTrue(client.isConnected() && client.isBlocking());
                assertEquals(server.getLocalAddress(), client.getRemoteAddress());
                assertEquals(accepted.getRemoteAddress(), client.getLocalAddress());
                client.setOption(StandardSocketOptions.TCP_NODELAY, true);
                client.write(bytes("there"));
                assertReads(accepted, "there");
                accepted.write(bytes("back"));
                accepted.shutdownOutput();
                assertReads(client, "back");
                assertEquals(-1, client.read(ByteBuffer.allocate(1)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP_V4", "UDP_V6"})
    void a_datagram_socket_hears_and_answers_whoever_it_is(Socket kind) throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.datagrams(kind); // the first is connected to the second
            int receiver = Libc.dup(pair[1]);
            Fds.write(pair[0], 3);
            try (var channel = ChannelFd.adoptDatagram(receiver)) {
                assertFalse(channel.isConnected());
                assertNotNull(channel.getLocalAddress());
                var packet = ByteBuffer.allocate(10);
                var from = channel.receive(packet);
                assertEquals(3, packet.position());
                assertEquals(5, channel.send(ByteBuffer.allocate(5), from));
                assertEquals(5, Fds.drain(pair[0]));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP_V4", "UDP_V6"})
    void a_datagram_socket_that_is_connected_stays_so_and_loses_nothing(Socket kind)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pair = fds.datagrams(kind);
            kind.connect(pair[1], pair[0]);
            Fds.write(pair[1], 4); // before it is adopted
            try (var channel = ChannelFd.adoptDatagram(Libc.dup(pair[0]))) {
                assertTrue(channel.isConnected());
                assertNotNull(channel.getRemoteAddress());
                assertEquals(4, channel.read(ByteBuffer.allocate(10)));
                assertEquals(2, channel.write(ByteBuffer.allocate(2)));
                assertEquals(2, Fds.drain(pair[1]));
                channel.disconnect();
                assertFalse(channel.isConnected());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP_V4", "UDP_V6"})
    void a_datagram_socket_that_is_not_bound_can_be(Socket kind) throws IOException {
        try (var channel = ChannelFd.adoptDatagram(kind.open())) {
            var family = kind == Socket.UDP_V4 ? "127.0.0.1" : "::1";
            channel.bind(new InetSocketAddress(family, 0));
            assertTrue(((InetSocketAddress) channel.getLocalAddress()).getPort() > 0);
        }
    }

    @Test
    void sockets_of_the_unix_domain(@TempDir Path dir) throws Exception {
        assumeTrue(!Bindings.current().binding().equals("jnr"), "jnr cannot look into a channel");
        var address = UnixDomainSocketAddress.of(dir.resolve("socket"));
        int number;
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            number = Libc.dup(ChannelFd.of(server));
        }
        try (var server = ChannelFd.adoptServerSocket(number);
                var client = SocketChannel.open(address);
                var accepted = server.accept()) {
            assertEquals(address, server.getLocalAddress());
            try (var adopted = ChannelFd.adoptSocket(Libc.dup(ChannelFd.of(client)))) {
                assertEquals(address, adopted.getRemoteAddress());
                adopted.write(bytes("abc"));
                assertReads(accepted, "abc");
            }
        }
        int[] pair = Fd.socketpair();
        try (var one = ChannelFd.adoptSocket(pair[0]);
                var other = ChannelFd.adoptSocket(pair[1])) {
            one.write(bytes("unnamed"));
            assertReads(other, "unnamed");
        }
    }

    @Test
    void an_adopted_channel_is_registered_as_any_other() throws Exception {
        assumeTrue(!Bindings.current().binding().equals("jnr"), "jnr cannot look into a channel");
        int[] pair = Fd.socketpair();
        try (var one = ChannelFd.adoptSocket(pair[0]);
                var other = ChannelFd.adoptSocket(pair[1]);
                var selector = FdSelector.open(Backend.POLL)) { // which works everywhere
            assertEquals(pair[0], ChannelFd.of(one));
            one.configureBlocking(false);
            assertTrue(Libc.isNonBlocking(pair[0]));
            FdKey key = ChannelFd.register(selector, one, Interest.READ, Trigger.LEVEL, "adopted");
            other.write(bytes("x"));
            assertEquals(pair[0] + " READ", Fds.pollNow(selector));
            selector.unregisterAndClose(key);
            assertFalse(one.isOpen());
            assertFalse(Libc.isOpen(pair[0]));
        }
    }

    // ---- whose the number is

    @Test
    void the_channel_closes_the_number_once() throws IOException {
        try (var fds = new Fds()) { // numbers that no other thread is given meanwhile
            int udp = Libc.dupAbove(fds.keep(Socket.UDP_V4.open()), 600);
            int listener = Libc.dupAbove(fds.keep(Socket.TCP_V4.listen()), 600);
            int[] connected = fds.connected(Socket.TCP_V4);
            int socket = Libc.dupAbove(connected[0], 600);
            int other = fds.pipe()[0];
            for (SelectableChannel channel :
                    List.of(
                            ChannelFd.adoptDatagram(udp),
                            ChannelFd.adoptServerSocket(listener),
                            ChannelFd.adoptSocket(socket))) {
                int number =
                        channel instanceof DatagramChannel
                                ? udp
                                : channel instanceof ServerSocketChannel ? listener : socket;
                assertTrue(Libc.isOpen(number));
                channel.close();
                assertFalse(Libc.isOpen(number), channel.toString());
                fds.reuse(number, other);
                fds.keep(number);
                channel.close();
                assertTrue(Libc.isOpen(number), "closed twice: " + channel);
            }
        }
    }

    @Test
    void a_number_that_was_refused_is_open_and_in_the_mode_that_it_was() throws IOException {
        try (var fds = new Fds()) {
            int listener = fds.keep(Socket.TCP_V4.listen());
            int[] connected = fds.connected(Socket.TCP_V6);
            int[] numbers = {
                listener,
                connected[0],
                fds.keep(Socket.UDP_V4.open()),
                fds.keep(Socket.TCP_V4.open()),
                fds.pipe()[0],
            };
            for (int fd : numbers) {
                for (Adopting adopting : ALL) {
                    try {
                        Channel channel = adopting.of(Libc.dup(fd));
                        Fd.setNonBlocking(fd, true); // of the same open file
                        channel.close();
                    } catch (PolluxException.WrongKind e) {
                        assertTrue(Libc.isOpen(e.fd()), e.getMessage());
                        assertTrue(Libc.isNonBlocking(e.fd()), e.getMessage());
                        Fd.close(e.fd());
                    }
                }
            }
        }
    }

    // ---- what is refused

    private static void assertWrong(Adopting adopting, int fd, String... says) {
        var e = assertThrows(PolluxException.WrongKind.class, () -> adopting.of(fd));
        assertEquals(fd, e.fd());
        for (String text : says) {
            assertTrue(e.getMessage().contains(text), e.getMessage());
        }
    }

    @Test
    void another_kind_is_refused_by_what_it_is_and_what_takes_it() throws IOException {
        try (var fds = new Fds()) {
            int listener = fds.keep(Socket.TCP_V4.listen());
            int connected = fds.connected(Socket.TCP_V6)[0];
            int udp = fds.keep(Socket.UDP_V4.open());
            int idle = fds.keep(Socket.TCP_V4.open());
            Adopting server = ChannelFd::adoptServerSocket;
            Adopting socket = ChannelFd::adoptSocket;
            Adopting datagram = ChannelFd::adoptDatagram;
            assertWrong(server, connected, "a connected stream socket (INET6): adoptSocket takes");
            assertWrong(server, udp, "it is a datagram socket (INET): adoptDatagram takes it");
            assertWrong(socket, listener, "a listening stream socket (INET): adoptServerSocket");
            assertWrong(datagram, listener, "adoptDatagram(fd=" + listener + ")", "is needed");
            for (Adopting any : ALL) {
                assertWrong(any, fds.pipe()[0], "it is a pipe, and no socket", "Fd");
                assertWrong(any, fds.keep(Libc.open("/dev/null")), "a terminal or another device");
            }
            for (Adopting stream : List.of(server, socket)) {
                assertWrong(stream, idle, "neither listens nor is connected", "listen");
            }
            assertWrong(server, fds.keep(Socket.UNIX_DATAGRAM.open()), "UNIX", "adoptDatagram");
        }
    }

    @Test
    void a_number_that_is_not_open_is_a_bad_descriptor() {
        for (Adopting adopting : ALL) {
            var e = assertThrows(PolluxException.BadDescriptor.class, () -> adopting.of(99_999));
            assertEquals(99_999, e.fd());
            assertTrue(e.operation().startsWith("adopt"), e.operation());
            assertThrows(IllegalArgumentException.class, () -> adopting.of(-1));
        }
    }

    @Test
    void what_java_nio_has_no_channel_for_is_unsupported_by_name() throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.keep(Socket.UNIX_DATAGRAM.open());
            var e =
                    assertThrows(
                            PolluxException.Unsupported.class, () -> ChannelFd.adoptDatagram(fd));
            assertTrue(e.getMessage().contains("unix domain"), e.getMessage());
            assertTrue(Libc.isOpen(fd));
        }
    }

    /** A name in no directory, as {@code ListenStream=@name} gives one. */
    @Test
    void an_abstract_name_is_kept_or_refused_by_name() throws IOException {
        Host.requireLinux("abstract names");
        try (var fds = new Fds()) {
            int listener = fds.keep(Socket.UNIX.listen());
            int number = Libc.dup(listener);
            try (var server = ChannelFd.adoptServerSocket(number)) {
                int client = fds.keep(Socket.UNIX.open());
                Socket.UNIX.connect(client, listener);
                server.accept().close();
            } catch (PolluxException.Unsupported e) {
                assertTrue(e.getMessage().contains("address"), e.getMessage());
                assertTrue(Libc.isOpen(fds.keep(number)));
            }
        }
    }
}
