package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_CONNECT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Host;
import java.io.IOException;
import java.net.ConnectException;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What each kind of channel is reported to be ready for. */
class ReadinessContract {
    private static final int BOTH = OP_READ | OP_WRITE;

    // ---- accept

    @EveryProvider
    void a_server_accepts_as_long_as_somebody_waits(Selector selector, Peers peers)
            throws IOException {
        ServerSocketChannel server = peers.server();
        SelectionKey key = server.register(selector, OP_ACCEPT);
        assertEquals(0, selector.selectNow());
        for (int i = 0; i < 3; i++) {
            peers.keep(SocketChannel.open(server.getLocalAddress()));
        }
        for (int i = 0; i < 3; i++) {
            assertReady(selector, key, OP_ACCEPT);
            assertTrue(key.isAcceptable());
            assertFalse(key.isReadable() || key.isWritable() || key.isConnectable());
            SocketChannel accepted = peers.keep(server.accept());
            assertEquals(peers.provider(), accepted.provider());
        }
        assertNull(server.accept());
        assertEquals(0, selector.selectNow());
    }

    @EveryProvider
    void a_unix_server_accepts(Selector selector, Peers peers) throws IOException {
        Path path = Files.createTempFile("pollux", ".sock");
        Files.delete(path);
        try {
            var family = StandardProtocolFamily.UNIX;
            var server = peers.keep(peers.provider().openServerSocketChannel(family));
            var address = UnixDomainSocketAddress.of(path);
            server.bind(address);
            SelectionKey key = server.register(selector, OP_ACCEPT);
            assertEquals(0, selector.selectNow());
            SocketChannel client = peers.keep(peers.provider().openSocketChannel(family));
            SelectionKey connecting = client.register(selector, OP_CONNECT);
            if (!client.connect(address)) {
                assertReady(selector, connecting, OP_CONNECT);
                assertTrue(client.finishConnect());
            }
            connecting.interestOps(0);
            assertReady(selector, key, OP_ACCEPT);
            assertNotNull(peers.keep(server.accept()));
        } finally {
            Files.deleteIfExists(path);
        }
    }

    @EveryProvider
    void a_server_that_is_not_bound_is_not_ready(Selector selector, Peers peers)
            throws IOException {
        var server = peers.keep(peers.provider().openServerSocketChannel());
        SelectionKey key = server.register(selector, OP_ACCEPT);
        // Linux hangs up on it, which is reported as everything: the accept then says what is wrong
        selector.selectNow();
        assertEquals(0, key.readyOps() & ~OP_ACCEPT);
    }

    // ---- connect

    @EveryProvider
    void a_connection_that_is_made_is_reported_once_it_is(Selector selector, Peers peers)
            throws IOException {
        ServerSocketChannel server = peers.server();
        SocketChannel client = peers.socket();
        SelectionKey key = client.register(selector, OP_CONNECT);
        if (client.connect(server.getLocalAddress())) {
            return; // at once: nothing to report
        }
        assertTrue(client.isConnectionPending());
        assertReady(selector, key, OP_CONNECT);
        assertTrue(key.isConnectable());
        assertTrue(client.finishConnect());
        assertEquals(0, selector.selectNow(), "it is not pending any more");
        key.interestOps(BOTH);
        assertReady(selector, key, OP_WRITE);
        peers.keep(server.accept());
    }

    @EveryProvider
    void all_operations_may_be_asked_for_while_it_connects(Selector selector, Peers peers)
            throws IOException {
        ServerSocketChannel server = peers.server();
        SocketChannel client = peers.socket();
        SelectionKey key = client.register(selector, OP_CONNECT | BOTH);
        if (!client.connect(server.getLocalAddress())) {
            assertReady(selector, key, OP_CONNECT); // and not what only a connection has
            assertTrue(client.finishConnect());
        }
        assertReady(selector, key, OP_WRITE);
        SocketChannel accepted = peers.keep(server.accept());
        Peers.send(accepted, 1);
        assertReady(selector, key, BOTH);
    }

    /** Its end can be read only after the connection was finished. */
    @EveryProvider
    void a_connection_whose_peer_has_closed_already_is_reported_as_a_connection(
            Selector selector, Peers peers) throws IOException {
        ServerSocketChannel server = peers.server();
        SocketChannel client = peers.socket();
        SelectionKey key = client.register(selector, OP_CONNECT | OP_READ | OP_WRITE);
        if (client.connect(server.getLocalAddress())) {
            return; // at once, so there is nothing to be reported
        }
        server.configureBlocking(true);
        server.accept().close();
        server.configureBlocking(false);
        assertReady(selector, key, OP_CONNECT);
        assertTrue(client.finishConnect());
        assertReady(selector, key, OP_READ | OP_WRITE);
    }

    @EveryProvider
    void a_connection_that_is_refused_is_reported_with_the_error(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.emulationDeviates("it takes the error of a socket away");
        ServerSocketChannel server = peers.server();
        var nobody = server.getLocalAddress();
        server.close();
        for (int interest : new int[] {OP_CONNECT, OP_CONNECT | OP_READ, OP_CONNECT | BOTH}) {
            SocketChannel client = peers.socket();
            SelectionKey key = client.register(selector, interest);
            try {
                client.connect(nobody);
            } catch (ConnectException e) {
                continue; // at once
            }
            // an error makes ready what is of interest
            assertReady(selector, key, subject.reportsErrors() ? interest : OP_CONNECT);
            assertThrows(ConnectException.class, client::finishConnect);
            assertFalse(client.isOpen(), "a failed connection closes the channel");
            assertFalse(key.isValid());
            selector.selectNow();
            assertTrue(selector.keys().isEmpty());
        }
    }

    @EveryProvider
    void a_socket_that_is_not_connected_is_ready_for_what_is_of_interest(
            Selector selector, Peers peers) throws IOException {
        Host.requireLinux("a socket that was never connected hangs up");
        SelectionKey key = peers.socket().register(selector, BOTH);
        assertEquals(1, selector.select(), "it has hung up");
        assertEquals(BOTH, key.readyOps());
        key.interestOps(OP_CONNECT);
        selector.selectedKeys().clear();
        assertReady(selector, key, OP_CONNECT);
    }

    @EveryProvider
    void a_socket_that_was_registered_before_it_connects_works_like_any_other(
            Selector selector, Peers peers) throws IOException {
        ServerSocketChannel server = peers.server();
        for (int i = 0; i < 50; i++) {
            SocketChannel client = peers.socket();
            SelectionKey key = client.register(selector, 0);
            selector.selectNow();
            client.connect(server.getLocalAddress());
            key.interestOps(OP_CONNECT);
            var patience = new Patience();
            while (client.isConnectionPending()) {
                patience.check();
                selector.select(Peers.LIMIT);
                client.finishConnect();
            }
            key.interestOps(OP_READ);
            selector.selectNow();
            selector.selectedKeys().clear();
            SocketChannel accepted = null;
            while (accepted == null) {
                patience.check();
                accepted = server.accept();
            }
            assertEquals(0, selector.selectNow());
            accepted.close();
            assertReady(selector, key, OP_READ);
            assertEquals(-1, client.read(ByteBuffer.allocate(1)));
            client.close();
            selector.selectNow();
        }
    }

    // ---- read and write

    @EveryProvider
    void a_socket_is_readable_as_long_as_there_is_something(Selector selector, Peers peers)
            throws IOException {
        for (Peers.Link link : List.of(peers.tcp(), peers.unix())) {
            SelectionKey key = link.here().register(selector, OP_READ);
            assertEquals(0, selector.selectNow());
            Peers.send(link.there(), 3);
            for (int i = 0; i < 3; i++) {
                assertReady(selector, key, OP_READ);
                assertEquals(1, link.here().read(ByteBuffer.allocate(1)));
            }
            assertEquals(0, selector.selectNow());
        }
    }

    @EveryProvider
    void a_socket_is_writable_unless_it_is_full(Selector selector, Peers peers) throws IOException {
        for (Peers.Link link : List.of(peers.tcp(), peers.unix())) {
            SelectionKey key = link.here().register(selector, OP_WRITE);
            assertReady(selector, key, OP_WRITE);
            long filled = fillForGood(link);
            assertEquals(0, selector.selectNow());
            key.interestOps(BOTH);
            assertEquals(0, selector.selectNow());
            long drained = 0;
            var patience = new Patience();
            while (drained < filled) {
                patience.check();
                drained += Peers.drain(link.there());
            }
            assertReady(selector, key, OP_WRITE);
            key.interestOps(0);
        }
    }

    /** Until the kernel, which moves bytes from one end to the other meanwhile, takes no more. */
    private static long fillForGood(Peers.Link link) throws IOException {
        link.here().setOption(StandardSocketOptions.SO_SNDBUF, 8_192);
        long total = 0;
        try (Selector stock = Subject.jdk().openSelector()) {
            link.here().register(stock, OP_WRITE);
            var patience = new Patience();
            while (stock.select(50) > 0) {
                patience.check();
                total += Peers.fill(link.here());
                stock.selectedKeys().clear();
            }
        }
        return total;
    }

    @EveryProvider
    void reading_and_writing_are_reported_together(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.unix();
        SelectionKey key = link.here().register(selector, BOTH);
        Peers.send(link.there(), 1);
        assertEquals(1, selector.select());
        assertReady(selector, key, BOTH);
    }

    // ---- the end

    @EveryProvider
    void the_peers_end_is_readable_after_what_it_sent(Selector selector, Peers peers)
            throws IOException {
        for (Peers.Link link : List.of(peers.tcp(), peers.unix())) {
            for (boolean half : new boolean[] {true, false}) {
                Peers.Link fresh = half ? link : peers.tcp();
                SelectionKey key = fresh.here().register(selector, OP_READ);
                Peers.send(fresh.there(), 2);
                if (half) {
                    fresh.there().shutdownOutput();
                } else {
                    fresh.there().close();
                }
                assertReady(selector, key, OP_READ);
                assertEquals(2, Peers.drain(fresh.here()));
                for (int i = 0; i < 3; i++) {
                    assertReady(selector, key, OP_READ); // for ever
                    assertEquals(-1, fresh.here().read(ByteBuffer.allocate(1)));
                }
                key.cancel();
                selector.selectNow();
            }
        }
    }

    @EveryProvider
    void a_half_closed_connection_can_still_be_written_to(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, BOTH);
        link.there().shutdownOutput();
        assertReady(selector, key, BOTH);
        key.interestOps(OP_WRITE);
        assertReady(selector, key, OP_WRITE);
        Peers.send(link.here(), 1);
        key.interestOps(0);
        SelectionKey other = link.there().register(selector, OP_READ);
        assertReady(selector, other, OP_READ);
        assertEquals(1, Peers.drain(link.there()));
    }

    @EveryProvider
    void ones_own_shutdown_is_reported_by_the_kernels_rules(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ);
        link.here().shutdownOutput();
        assertEquals(0, selector.selectNow(), "the peer may still send");
        link.here().shutdownInput();
        assertReady(selector, key, OP_READ);
        assertEquals(-1, link.here().read(ByteBuffer.allocate(1)));
    }

    @EveryProvider
    void a_reset_makes_ready_what_is_of_interest(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.emulationDeviates("it takes the error of a socket away");
        for (int interest : new int[] {OP_READ, OP_WRITE, BOTH}) {
            Peers.Link link = peers.tcp();
            Peers.fill(link.here());
            SelectionKey key = link.here().register(selector, interest);
            Peers.reset(link.there());
            assertReady(selector, key, interest);
            if ((interest & OP_READ) != 0) {
                assertThrows(IOException.class, () -> Peers.drain(link.here()));
            } else {
                assertThrows(IOException.class, () -> Peers.fill(link.here()));
            }
            key.cancel();
            selector.selectNow();
        }
    }

    // ---- pipes

    @EveryProvider
    void a_pipe_is_readable_and_writable_at_its_ends(Selector selector, Peers peers)
            throws IOException {
        Pipe pipe = peers.pipe();
        SelectionKey source = pipe.source().register(selector, OP_READ);
        SelectionKey sink = pipe.sink().register(selector, OP_WRITE);
        assertReady(selector, sink, OP_WRITE);
        assertFalse(selector.selectedKeys().contains(source));
        Peers.fill(pipe.sink());
        assertReady(selector, source, OP_READ);
        assertEquals(1, selector.selectNow(key -> assertEquals(source, key)), "the other is full");
        Peers.drain(pipe.source());
        assertReady(selector, sink, OP_WRITE);
        sink.interestOps(0);
        assertEquals(0, selector.selectNow());
    }

    @EveryProvider
    void a_pipe_without_its_other_end_is_ready(Selector selector, Peers peers) throws IOException {
        Pipe first = peers.pipe();
        SelectionKey source = first.source().register(selector, OP_READ);
        first.sink().close();
        for (int i = 0; i < 3; i++) {
            assertReady(selector, source, OP_READ);
            assertEquals(-1, first.source().read(ByteBuffer.allocate(1)));
        }
        source.cancel();
        Pipe second = peers.pipe();
        Peers.fill(second.sink());
        SelectionKey sink = second.sink().register(selector, OP_WRITE);
        assertEquals(0, selector.selectNow());
        second.source().close();
        assertReady(selector, sink, OP_WRITE);
        assertThrows(IOException.class, () -> Peers.send(second.sink(), 1));
    }

    // ---- datagrams

    @EveryProvider
    void a_datagram_makes_readable(Selector selector, Peers peers) throws IOException {
        DatagramChannel here = peers.udp();
        DatagramChannel there = peers.udp();
        SelectionKey key = here.register(selector, OP_READ);
        assertEquals(0, selector.selectNow());
        for (int i = 0; i < 2; i++) {
            there.send(ByteBuffer.allocate(i), here.getLocalAddress()); // an empty one counts
        }
        for (int i = 0; i < 2; i++) {
            assertReady(selector, key, OP_READ);
            assertNotNull(here.receive(ByteBuffer.allocate(4)));
        }
        assertNull(here.receive(ByteBuffer.allocate(4)));
        assertEquals(0, selector.selectNow());
        key.interestOps(BOTH);
        assertReady(selector, key, OP_WRITE);
    }

    @EveryProvider
    void a_datagram_channel_connects_and_disconnects_while_registered(
            Selector selector, Peers peers) throws IOException {
        DatagramChannel here = peers.udp();
        DatagramChannel there = peers.udp();
        DatagramChannel stranger = peers.udp();
        var address = here.getLocalAddress();
        SelectionKey key = here.register(selector, OP_READ);
        selector.selectNow();
        for (int i = 0; i < 5; i++) {
            here.connect(there.getLocalAddress());
            there.send(ByteBuffer.allocate(1), here.getLocalAddress());
            assertReady(selector, key, OP_READ);
            assertEquals(1, here.read(ByteBuffer.allocate(4)));
            stranger.send(ByteBuffer.allocate(1), address);
            assertEquals(0, selector.selectNow(), "it is connected to another");
            here.disconnect();
            assertTrue(key.isValid());
            assertEquals(OP_READ, key.interestOps());
            here.receive(ByteBuffer.allocate(4)); // what the stranger sent, on some systems
            selector.selectNow();
            selector.selectedKeys().clear();
            stranger.send(ByteBuffer.allocate(1), here.getLocalAddress());
            assertReady(selector, key, OP_READ);
            assertNotNull(here.receive(ByteBuffer.allocate(4)));
            assertEquals(0, selector.selectNow());
        }
    }

    @EveryProvider
    void a_port_that_nobody_listens_at_makes_ready_what_is_of_interest(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.emulationDeviates("it takes the error of a socket away");
        for (int interest : new int[] {OP_READ, BOTH}) {
            DatagramChannel here = peers.udp();
            DatagramChannel gone = peers.udp();
            here.connect(gone.getLocalAddress());
            gone.close();
            SelectionKey key = here.register(selector, interest);
            here.write(ByteBuffer.allocate(1));
            assertReady(selector, key, interest);
            assertThrows(PortUnreachableException.class, () -> here.read(ByteBuffer.allocate(1)));
            key.interestOps(OP_READ);
            selector.selectNow();
            selector.selectedKeys().clear();
            assertEquals(0, selector.selectNow(), "it was reported, and taken");
            key.cancel();
        }
    }

    // ---- with others

    @EveryProvider
    void each_is_reported_for_itself(Selector selector, Peers peers) throws IOException {
        var keys = new ArrayList<SelectionKey>();
        var sinks = new ArrayList<Pipe.SinkChannel>();
        for (int i = 0; i < 50; i++) {
            Pipe pipe = peers.pipe();
            keys.add(pipe.source().register(selector, OP_READ));
            sinks.add(pipe.sink());
        }
        for (int i = 0; i < 50; i = i + 1) {
            Peers.send(sinks.get(i), 1);
            assertEquals(1, selector.select());
            assertEquals(Set.of(keys.get(i)), Peers.taken(selector));
            Peers.drain((Pipe.SourceChannel) keys.get(i).channel());
        }
    }

    /** Selects until the key has just these operations ready, and no selection says otherwise. */
    private static void assertReady(Selector selector, SelectionKey key, int ops)
            throws IOException {
        var patience = new Patience();
        do {
            patience.check();
            selector.selectedKeys().remove(key);
            selector.select(Peers.LIMIT);
        } while (!selector.selectedKeys().contains(key) || key.readyOps() != ops);
        selector.selectedKeys().clear();
        // with an action it is the same
        var reported = new ArrayList<Integer>();
        selector.selectNow(
                k -> {
                    if (k == key) {
                        reported.add(k.readyOps());
                    }
                });
        assertEquals(List.of(ops), reported);
    }
}
