package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_CONNECT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Trigger;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** A key's trigger, which java.nio does not have. */
class EdgeContract {
    private static final int BOTH = OP_READ | OP_WRITE;

    private static PolluxSelectionKey register(
            SelectableChannel channel, Selector selector, int ops, Trigger trigger)
            throws IOException {
        var key = (PolluxSelectionKey) channel.register(selector, ops);
        assertSame(Trigger.LEVEL, key.trigger(), "to begin with");
        assertSame(key, key.trigger(trigger));
        assertSame(trigger, key.trigger());
        return key;
    }

    // ---- EDGE

    @EveryProvider
    void an_arrival_is_reported_once(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        Pipe pipe = peers.pipe();
        SelectionKey key = register(pipe.source(), selector, OP_READ, Trigger.EDGE);
        assertEquals(0, selector.selectNow());
        for (int i = 0; i < 5; i++) { // nothing is read meanwhile
            Peers.send(pipe.sink(), 1);
            assertReported(selector, key, OP_READ);
            assertNothing(selector);
        }
        Peers.drain(pipe.source());
        assertNothing(selector);
        Peers.send(pipe.sink(), 1);
        assertReported(selector, key, OP_READ);
    }

    @EveryProvider
    void an_arrival_is_reported_to_one_action_once(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        Pipe pipe = peers.pipe();
        SelectionKey key = register(pipe.source(), selector, OP_READ, Trigger.EDGE);
        for (int i = 0; i < 5; i++) {
            Peers.send(pipe.sink(), 1);
            assertEquals(List.of(key), reported(selector));
            assertEquals(List.of(), reported(selector));
        }
    }

    @EveryProvider
    void what_was_there_before_is_reported_first(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        SelectionKey fresh = register(peers.readable(), selector, OP_READ, Trigger.EDGE);
        assertReported(selector, fresh, OP_READ);
        assertNothing(selector);
        SelectionKey old = peers.readable().register(selector, OP_READ);
        assertReported(selector, old, OP_READ);
        assertReported(selector, old, OP_READ);
        ((PolluxSelectionKey) old).trigger(Trigger.EDGE);
        assertReported(selector, old, OP_READ);
        assertNothing(selector);
    }

    @EveryProvider
    void setting_the_interest_once_more_arms_it(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        SelectionKey key = register(peers.readable(), selector, OP_READ, Trigger.EDGE);
        assertReported(selector, key, OP_READ);
        for (int i = 0; i < 3; i++) {
            key.interestOps(OP_READ);
            assertReported(selector, key, OP_READ);
            assertNothing(selector);
        }
        SelectableChannel channel = key.channel();
        assertSame(key, channel.register(selector, OP_READ), "registering again is the same");
        assertReported(selector, key, OP_READ);
        assertNothing(selector);
    }

    @EveryProvider
    void an_empty_interest_silences_it_and_another_arms_it(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.requireEdge();
        Pipe pipe = peers.pipe();
        SelectionKey key = register(pipe.source(), selector, OP_READ, Trigger.EDGE);
        for (int i = 0; i < 3; i++) {
            key.interestOps(0);
            Peers.send(pipe.sink(), 1);
            assertNothing(selector);
            Peers.send(pipe.sink(), 1);
            assertNothing(selector);
            key.interestOps(OP_READ);
            assertReported(selector, key, OP_READ);
            assertNothing(selector);
        }
    }

    @EveryProvider
    void it_may_go_back_to_level(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        PolluxSelectionKey key = register(peers.readable(), selector, OP_READ, Trigger.EDGE);
        for (int i = 0; i < 3; i++) {
            assertReported(selector, key, OP_READ);
            assertNothing(selector);
            key.trigger(Trigger.LEVEL);
            assertReported(selector, key, OP_READ);
            assertReported(selector, key, OP_READ);
            key.trigger(Trigger.EDGE);
        }
    }

    @EveryProvider
    void writability_is_reported_when_it_comes_back(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        Pipe pipe = peers.pipe();
        SelectionKey key = register(pipe.sink(), selector, OP_WRITE, Trigger.EDGE);
        assertReported(selector, key, OP_WRITE);
        assertNothing(selector);
        for (int i = 0; i < 3; i++) {
            Peers.fill(pipe.sink());
            assertNothing(selector);
            Peers.drain(pipe.source());
            assertReported(selector, key, OP_WRITE);
            assertNothing(selector);
        }
    }

    @EveryProvider
    void both_directions_stay_asked_for(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        Peers.Link link = peers.unix();
        SelectionKey key = register(link.here(), selector, BOTH, Trigger.EDGE);
        assertReported(selector, key, OP_WRITE);
        assertNothing(selector);
        for (int i = 0; i < 5; i++) {
            Peers.send(link.there(), 1);
            int ops = reportedOps(selector, key);
            assertEquals(OP_READ, ops & OP_READ);
            assertEquals(1, Peers.drain(link.here()));
        }
        link.there().close();
        assertEquals(BOTH, reportedOps(selector, key));
        assertEquals(-1, link.here().read(ByteBuffer.allocate(1)));
        assertNothing(selector);
    }

    @EveryProvider
    void a_key_that_stays_in_the_set_hides_arrivals_as_documented(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.requireEdge();
        Pipe pipe = peers.pipe();
        SelectionKey key = register(pipe.source(), selector, OP_READ, Trigger.EDGE);
        Peers.send(pipe.sink(), 1);
        assertEquals(1, selector.select());
        Peers.send(pipe.sink(), 1);
        assertEquals(0, selector.select(), "it ended the wait, but it is no news");
        assertEquals(Set.of(key), selector.selectedKeys());
        assertEquals(OP_READ, key.readyOps());
    }

    @EveryProvider
    void an_arrival_ends_a_wait(Selector selector, Peers peers, Subject subject) throws Exception {
        subject.requireEdge();
        Pipe pipe = peers.pipe();
        SelectionKey key = register(pipe.source(), selector, OP_READ, Trigger.EDGE);
        Peers.send(pipe.sink(), 1);
        assertReported(selector, key, OP_READ);
        Poller select = Poller.run(selector::select).awaitBlocked(); // although it is unread
        Peers.send(pipe.sink(), 1);
        assertEquals(1, select.result());
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @EveryProvider
    void a_server_accepts_until_nobody_waits(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        ServerSocketChannel server = peers.server();
        SelectionKey key = register(server, selector, OP_ACCEPT, Trigger.EDGE);
        int accepted = 0;
        for (int i = 0; i < 11; i++) {
            peers.keep(SocketChannel.open(server.getLocalAddress()));
            if (i % 3 == 0) {
                continue; // several for one event
            }
            var patience = new Patience();
            while (accepted <= i) {
                patience.check();
                assertEquals(OP_ACCEPT, reportedOps(selector, key));
                for (SocketChannel one; (one = server.accept()) != null; accepted++) {
                    peers.keep(one);
                }
            }
        }
        assertNothing(selector);
    }

    @EveryProvider
    void a_connection_is_reported_with_connect(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        ServerSocketChannel server = peers.server();
        for (int i = 0; i < 20; i++) {
            SocketChannel client = peers.socket();
            SelectionKey key = register(client, selector, OP_CONNECT | BOTH, Trigger.EDGE);
            if (i % 2 == 0) {
                selector.selectNow(); // the kernel knows of it before it connects
                selector.selectedKeys().clear();
            }
            client.connect(server.getLocalAddress());
            int ops = 0;
            var patience = new Patience();
            while (client.isConnectionPending()) {
                patience.check();
                ops |= reportedOps(selector, key);
                if ((ops & OP_CONNECT) != 0) {
                    assertTrue(client.finishConnect());
                }
            }
            SocketChannel accepted = peers.keep(server.accept());
            while ((ops & OP_WRITE) == 0) {
                patience.check();
                ops |= reportedOps(selector, key);
            }
            Peers.send(accepted, 1);
            while ((ops & OP_READ) == 0) {
                patience.check();
                ops |= reportedOps(selector, key);
            }
            key.cancel();
        }
    }

    @EveryProvider
    void an_action_that_throws_loses_no_arrival(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        var keys = new HashSet<SelectionKey>();
        for (int i = 0; i < 8; i++) {
            keys.add(register(peers.readable(), selector, OP_READ, Trigger.EDGE));
        }
        var reported = new ArrayList<SelectionKey>();
        for (int i = 1; i <= 4; i++) {
            assertThrows(
                    IllegalArgumentException.class,
                    () ->
                            selector.selectNow(
                                    key -> {
                                        reported.add(key);
                                        throw new IllegalArgumentException();
                                    }));
            assertEquals(i, reported.size());
        }
        assertEquals(8, selector.selectNow(), "those whose action threw are reported again");
        assertEquals(keys, Peers.taken(selector));
        assertNothing(selector);
    }

    @EveryProvider
    void a_batch_that_an_action_has_left_behind_is_dropped_with_its_keys(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.requireEdge();
        for (int i = 0; i < 4; i++) {
            register(peers.readable(), selector, OP_READ, Trigger.EDGE);
        }
        assertThrows(
                IllegalStateException.class,
                () ->
                        selector.selectNow(
                                key -> {
                                    throw new IllegalStateException();
                                }));
        for (SelectionKey key : Set.copyOf(selector.keys())) {
            key.channel().close();
        }
        assertNothing(selector);
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void level_and_edge_live_side_by_side(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireEdge();
        SelectionKey level = peers.readable().register(selector, OP_READ);
        SelectionKey edge = register(peers.readable(), selector, OP_READ, Trigger.EDGE);
        assertEquals(Set.of(level, edge), new HashSet<>(reported(selector)));
        for (int i = 0; i < 3; i++) {
            assertEquals(List.of(level), reported(selector));
        }
        edge.interestOps(OP_READ);
        assertEquals(Set.of(level, edge), new HashSet<>(reported(selector)));
    }

    // ---- ONESHOT

    @EveryProvider
    void a_oneshot_is_reported_once_until_it_is_armed(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.requireOurs();
        Pipe pipe = peers.pipe();
        SelectionKey key = register(pipe.source(), selector, OP_READ, Trigger.ONESHOT);
        assertNothing(selector);
        for (int i = 0; i < 3; i++) {
            Peers.send(pipe.sink(), 1);
            assertReported(selector, key, OP_READ);
            assertNothing(selector);
            Peers.send(pipe.sink(), 1);
            assertNothing(selector);
            key.interestOps(OP_READ);
            assertReported(selector, key, OP_READ);
            assertNothing(selector);
            Peers.drain(pipe.source());
            key.interestOps(OP_READ);
            assertNothing(selector);
        }
        pipe.sink().close();
        assertReported(selector, key, OP_READ);
        assertNothing(selector);
    }

    @EveryProvider
    void a_oneshot_that_has_fired_does_not_spin_at_the_peers_end(
            Selector selector, Peers peers, Subject subject) throws Exception {
        subject.requireOurs();
        Peers.Link link = peers.tcp();
        SelectionKey key = register(link.here(), selector, OP_READ, Trigger.ONESHOT);
        Peers.send(link.there(), 1);
        assertEquals(OP_READ, reportedOps(selector, key));
        Peers.reset(link.there());
        Poller select = Poller.run(selector::select).awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result());
        key.interestOps(OP_READ);
        assertEquals(OP_READ, reportedOps(selector, key));
    }

    // ---- EXCLUSIVE

    @EveryProvider
    void an_exclusive_key_is_reported_and_can_change(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.requireOurs();
        assumeTrue(subject.toString().equals("pollux/epoll"), "epoll alone has it");
        for (Trigger trigger : List.of(Trigger.LEVEL_EXCLUSIVE, Trigger.EDGE_EXCLUSIVE)) {
            Pipe pipe = peers.pipe();
            SelectionKey key = register(pipe.source(), selector, OP_READ, trigger);
            assertNothing(selector);
            Peers.send(pipe.sink(), 1);
            assertReported(selector, key, OP_READ);
            key.interestOps(0);
            assertNothing(selector);
            key.interestOps(OP_READ);
            assertReported(selector, key, OP_READ);
            ((PolluxSelectionKey) key).trigger(Trigger.LEVEL);
            assertReported(selector, key, OP_READ);
            assertReported(selector, key, OP_READ);
            key.cancel();
            assertNothing(selector);
        }
    }

    // ---- refusals

    @EveryProvider
    void where_there_is_no_edge_it_is_refused_by_name(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.requireOurs();
        assumeTrue(!subject.hasEdge(), () -> subject + " has it");
        var key = (PolluxSelectionKey) peers.readable().register(selector, OP_READ);
        for (Trigger trigger :
                List.of(Trigger.EDGE, Trigger.LEVEL_EXCLUSIVE, Trigger.EDGE_EXCLUSIVE)) {
            var refusal =
                    assertThrows(UnsupportedOperationException.class, () -> key.trigger(trigger));
            String backend = subject.toString().substring("pollux/".length());
            assertTrue(
                    refusal.getMessage().toLowerCase(java.util.Locale.ROOT).contains(backend),
                    refusal.getMessage());
            assertTrue(refusal.getMessage().contains(trigger.name()), refusal.getMessage());
            assertSame(Trigger.LEVEL, key.trigger());
        }
        assertReported(selector, key, OP_READ);
        assertReported(selector, key, OP_READ);
    }

    @EveryProvider
    void a_trigger_of_a_cancelled_key_is_refused(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireOurs();
        var key = (PolluxSelectionKey) peers.socket().register(selector, OP_READ);
        assertThrows(NullPointerException.class, () -> key.trigger(null));
        key.cancel();
        assertThrows(CancelledKeyException.class, key::trigger);
        assertThrows(CancelledKeyException.class, () -> key.trigger(Trigger.LEVEL));
        var other = (PolluxSelectionKey) peers.socket().register(peers.selector(), OP_READ);
        other.selector().close();
        assertThrows(CancelledKeyException.class, other::trigger);
        assertThrows(CancelledKeyException.class, () -> other.trigger(Trigger.ONESHOT));
    }

    @EveryProvider
    void a_key_of_a_fallen_back_selector_has_none(Subject subject, Peers peers) throws IOException {
        subject.requireOurs();
        try (Selector stock = Subject.jdk().openSelector()) {
            SelectionKey key = peers.socket().register(stock, OP_READ);
            assertFalse(key instanceof PolluxSelectionKey);
        }
    }

    /** The next selection reports this key, and these operations. */
    private static void assertReported(Selector selector, SelectionKey key, int ops)
            throws IOException {
        assertEquals(1, selector.selectNow());
        assertEquals(Set.of(key), Peers.taken(selector));
        assertEquals(ops, key.readyOps());
    }

    private static void assertNothing(Selector selector) throws IOException {
        assertEquals(0, selector.selectNow());
        assertEquals(List.of(), reported(selector));
    }

    private static List<SelectionKey> reported(Selector selector) throws IOException {
        var reported = new ArrayList<SelectionKey>();
        selector.selectNow((Consumer<SelectionKey>) reported::add);
        return reported;
    }

    /** Waits for this key; returns for what it is ready. */
    private static int reportedOps(Selector selector, SelectionKey key) throws IOException {
        assertEquals(1, selector.select(Peers.LIMIT));
        assertEquals(Set.of(key), Peers.taken(selector));
        return key.readyOps();
    }
}
