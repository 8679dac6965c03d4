package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import dev.pollux.support.Host;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What the provider opens, and how it becomes the provider of a process. */
class ProviderContract {
    private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";

    @EveryProvider
    void what_it_opens_names_it_and_is_as_documented(SelectorProvider provider, Peers peers)
            throws IOException {
        Pipe pipe = provider.openPipe();
        List<SelectableChannel> channels =
                List.of(
                        provider.openSocketChannel(),
                        provider.openServerSocketChannel(),
                        provider.openDatagramChannel(),
                        pipe.source(),
                        pipe.sink());
        for (SelectableChannel channel : channels) {
            assertSame(provider, channel.provider());
            assertTrue(channel.isOpen());
            assertTrue(channel.isBlocking(), "newly-created channels are");
            assertFalse(channel.isRegistered());
            peers.keep(channel);
        }
        assertFalse(((SocketChannel) channels.get(0)).isConnected());
        assertNull(((SocketChannel) channels.get(0)).getLocalAddress());
        assertNull(((ServerSocketChannel) channels.get(1)).getLocalAddress());
        Selector selector = peers.selector();
        assertSame(provider, selector.provider());
        assertTrue(selector.isOpen());
    }

    @EveryProvider
    void a_connection_that_was_accepted_names_it_too(SelectorProvider provider, Peers peers)
            throws IOException {
        for (Peers.Link link : List.of(peers.tcp(), peers.unix())) {
            assertSame(provider, link.here().provider());
            assertSame(provider, link.there().provider());
        }
    }

    @EveryProvider
    void a_protocol_family_is_kept(SelectorProvider provider, Peers peers) throws IOException {
        var inet = StandardProtocolFamily.INET;
        var inet6 = StandardProtocolFamily.INET6;
        var unix = StandardProtocolFamily.UNIX;
        var any = new InetSocketAddress(0);
        var server = peers.keep(provider.openServerSocketChannel(inet)).bind(any);
        assertInet4(server.getLocalAddress());
        assertInet4(peers.keep(provider.openSocketChannel(inet)).bind(any).getLocalAddress());
        assertInet4(peers.keep(provider.openDatagramChannel(inet)).bind(any).getLocalAddress());
        try {
            assertInet6(peers.keep(provider.openSocketChannel(inet6)).bind(null).getLocalAddress());
            assertInet6(
                    peers.keep(provider.openDatagramChannel(inet6)).bind(null).getLocalAddress());
            peers.keep(provider.openServerSocketChannel(inet6)).bind(null);
        } catch (UnsupportedOperationException e) {
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> Subject.jdk().openSocketChannel(inet6).close(),
                    "this machine has it");
        }
        Path path = Files.createTempFile("pollux", ".sock");
        Files.delete(path);
        try {
            var address = UnixDomainSocketAddress.of(path);
            var listening = peers.keep(provider.openServerSocketChannel(unix)).bind(address);
            assertEquals(address, listening.getLocalAddress());
            SocketChannel client = peers.keep(provider.openSocketChannel(unix));
            client.configureBlocking(true);
            assertTrue(client.connect(address));
            SocketChannel other = peers.keep(provider.openSocketChannel(inet));
            assertThrows(UnsupportedAddressTypeException.class, () -> other.connect(address));
        } finally {
            Files.deleteIfExists(path);
        }
    }

    private static void assertInet4(Object address) {
        assertTrue(((InetSocketAddress) address).getAddress() instanceof Inet4Address);
    }

    private static void assertInet6(Object address) {
        assertTrue(((InetSocketAddress) address).getAddress() instanceof Inet6Address);
    }

    @EveryProvider
    void a_protocol_family_that_does_not_fit_is_refused(SelectorProvider provider)
            throws IOException {
        ProtocolFamily other = () -> "OTHER";
        List<Executable> unsupported =
                List.of(
                        () -> provider.openSocketChannel(other),
                        () -> provider.openServerSocketChannel(other),
                        () -> provider.openDatagramChannel(other),
                        () -> provider.openDatagramChannel(StandardProtocolFamily.UNIX));
        for (Executable open : unsupported) {
            assertThrows(UnsupportedOperationException.class, open);
        }
        List<Executable> nothing =
                List.of(
                        () -> provider.openSocketChannel(null),
                        () -> provider.openServerSocketChannel(null),
                        () -> provider.openDatagramChannel(null));
        for (Executable open : nothing) {
            assertThrows(NullPointerException.class, open);
        }
    }

    @EveryProvider
    void its_channels_carry_bytes(Peers peers) throws IOException {
        for (Peers.Link link : List.of(peers.tcp(), peers.unix())) {
            link.there().configureBlocking(true);
            link.here().write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            ByteBuffer bytes = ByteBuffer.allocate(3);
            while (bytes.hasRemaining()) {
                link.there().read(bytes);
            }
            assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), bytes.flip());
            link.there().configureBlocking(false);
        }
    }

    @EveryProvider
    void its_sockets_have_their_adaptors(SelectorProvider provider, Peers peers)
            throws IOException {
        ServerSocketChannel server = peers.server();
        server.configureBlocking(true);
        SocketChannel client = provider.openSocketChannel();
        try (client) {
            client.socket().connect(server.getLocalAddress(), (int) Peers.LIMIT);
            assertTrue(client.isConnected());
            try (var accepted = server.socket().accept()) {
                accepted.getOutputStream().write(7);
                assertEquals(7, client.socket().getInputStream().read());
                assertSame(provider, accepted.getChannel().provider());
            }
        }
        assertNotNull(peers.udp().socket().getLocalSocketAddress());
    }

    @EveryProvider
    void a_process_that_inherited_nothing_has_nothing(SelectorProvider provider)
            throws IOException {
        assertNull(provider.inheritedChannel());
    }

    @EveryProvider
    void two_selectors_of_one_provider_know_nothing_of_each_other(Peers peers) throws IOException {
        Selector first = peers.selector();
        Selector second = peers.selector();
        SelectionKey key = peers.readable().register(first, OP_READ);
        assertEquals(0, second.selectNow());
        assertEquals(1, first.selectNow());
        assertEquals(Set.of(key), first.selectedKeys());
        assertTrue(second.keys().isEmpty());
    }

    // ---- of a process

    /** On the best backend there is: the one that the tests run on may be a model in this JVM. */
    private static Child here() {
        return Child.here().withProperties().withJnr().property("pollux.backend", "");
    }

    @Test
    void a_jar_on_the_path_takes_over_nothing() throws IOException {
        String services = "META-INF/services/" + PROPERTY;
        assertTrue(Files.notExists(Child.classes().resolve(services)));
        Module module = PolluxSelectorProvider.class.getModule();
        if (module.isNamed()) {
            assertTrue(module.getDescriptor().provides().isEmpty());
        }
        List<String> said = here().run(Said.class).ok().lines(Said.IT);
        assertEquals(List.of("sun.nio.ch", "sun.nio.ch", "sun.nio.ch", "3", "null"), said);
    }

    @Test
    void the_property_makes_it_the_provider_of_all() throws IOException {
        List<String> said =
                here().property(PROPERTY, PolluxSelectorProvider.class.getName())
                        .run(Said.class)
                        .ok()
                        .lines(Said.IT);
        String ours = PolluxSelectorProvider.class.getPackageName();
        assertEquals(List.of(ours, ours, ours, "3", "null"), said);
    }

    @Test
    void a_socket_for_standard_input_is_inherited() throws IOException {
        Host.requireLinux("bash, which opens a socket");
        assumeTrue(Files.exists(Path.of("/bin/bash")), "no /bin/bash, which opens a socket");
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(Peers.loopback());
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            String open = "exec 0<>/dev/tcp/127.0.0.1/$0; exec \"$@\"";
            List<String> said =
                    here().before("/bin/bash", "-c", open, Integer.toString(port))
                            .property(PROPERTY, PolluxSelectorProvider.class.getName())
                            .run(Said.class)
                            .ok()
                            .lines(Said.IT);
            String ours = PolluxSelectorProvider.class.getPackageName();
            assertEquals(List.of(ours, ours, ours, "3", "connected to " + port), said);
            try (SocketChannel accepted = server.accept()) {
                ByteBuffer bytes = ByteBuffer.allocate(2);
                accepted.read(bytes);
                assertEquals(1, bytes.position(), "what the child wrote");
            }
        }
    }

    @Test
    void where_no_backend_works_opening_says_why_or_the_jdk_serves() throws IOException {
        Child.Result failed = withoutBackend().run(Said.class);
        assertFalse(failed.status() == 0, failed.text());
        assertTrue(failed.text().contains("IOException"), failed.text());
        assertTrue(failed.text().contains(PolluxSelectorProvider.UNAVAILABLE), failed.text());
        Child.Result fellBack =
                withoutBackend()
                        .property(PolluxSelectorProvider.UNAVAILABLE, "jdk")
                        .run(Said.class);
        List<String> said = fellBack.ok().lines(Said.IT);
        assertEquals("sun.nio.ch", said.get(1), "its selector");
        assertEquals("3", said.get(3));
        assertTrue(fellBack.text().contains("WARNING"), fellBack.text());
    }

    /** The property is set, and the backend is one that this system does not have. */
    private static Child withoutBackend() {
        return Child.here()
                .withJnr()
                .property("pollux.backend", Host.LINUX ? "kqueue" : "epoll")
                .property(PROPERTY, PolluxSelectorProvider.class.getName());
    }

    /** The main class of a child: says whose channels and selectors it gets, and uses them. */
    static final class Said {
        static final String IT = "said: ";

        private Said() {}

        public static void main(String[] arguments) throws IOException {
            say(SelectorProvider.provider().getClass().getPackageName());
            try (Selector selector = Selector.open();
                    SocketChannel channel = SocketChannel.open()) {
                say(selector.getClass().getPackageName());
                say(channel.provider().getClass().getPackageName());
                Pipe pipe = Pipe.open();
                pipe.source().configureBlocking(false);
                pipe.source().register(selector, OP_READ);
                pipe.sink().write(ByteBuffer.allocate(3));
                selector.select();
                List<Integer> lengths =
                        selector.selectedKeys().stream()
                                .map(key -> read((Pipe.SourceChannel) key.channel()))
                                .collect(Collectors.toList());
                say(lengths.get(0).toString());
                say(inherited(System.inheritedChannel(), selector));
            }
        }

        private static String inherited(Channel channel, Selector selector) throws IOException {
            if (channel == null) {
                return "null";
            }
            SocketChannel socket = (SocketChannel) channel;
            socket.configureBlocking(false);
            socket.register(selector, SelectionKey.OP_WRITE);
            selector.selectedKeys().clear();
            selector.select();
            socket.write(ByteBuffer.allocate(1));
            return "connected to " + ((InetSocketAddress) socket.getRemoteAddress()).getPort();
        }

        private static int read(Pipe.SourceChannel source) {
            try {
                return source.read(ByteBuffer.allocate(10));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private static void say(String what) {
            System.out.println(IT + what);
        }
    }
}
