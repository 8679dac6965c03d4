package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Fds;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Keys end: by cancelling, or because their channel is closed. */
class CancelContract {
    private static final Consumer<SelectionKey> UNEXPECTED =
            key -> {
                throw new AssertionError(key + " was not ready");
            };

    /** A selection that does not wait, of each kind. */
    private interface Selection {
        int of(Selector selector) throws IOException;
    }

    private static final List<Selection> SELECTIONS =
            List.of(
                    Selector::selectNow,
                    s -> s.select(1),
                    s -> s.wakeup().select(),
                    s -> s.selectNow(UNEXPECTED),
                    s -> s.select(UNEXPECTED, 1),
                    s -> s.wakeup().select(UNEXPECTED));

    // ---- cancel()

    @EveryProvider
    void a_cancelled_key_leaves_all_sets_with_the_next_selection(Selector selector, Peers peers)
            throws IOException {
        for (Selection selection : SELECTIONS) {
            Pipe.SourceChannel source = peers.readable();
            SelectionKey key = source.register(selector, OP_READ);
            assertEquals(1, selector.select());
            key.cancel();
            assertFalse(key.isValid());
            assertTrue(source.isRegistered());
            assertTrue(selector.keys().contains(key));
            assertTrue(selector.selectedKeys().contains(key));
            assertEquals(0, selection.of(selector));
            assertTrue(selector.keys().isEmpty());
            assertTrue(selector.selectedKeys().isEmpty());
            assertFalse(source.isRegistered());
            assertNull(source.keyFor(selector));
            assertTrue(source.isOpen());
        }
    }

    @EveryProvider
    void a_cancelled_key_has_no_operations(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.readable().register(selector, OP_READ, "attached");
        assertEquals(1, selector.select());
        key.cancel();
        CloseContract.assertCancelled(key);
        selector.selectNow();
        CloseContract.assertCancelled(key);
        assertSame(selector, key.selector());
        assertTrue(key.channel() instanceof Pipe.SourceChannel);
        assertEquals("attached", key.attachment());
    }

    @EveryProvider
    void cancelling_twice_is_as_once(Selector selector, Peers peers) throws IOException {
        Pipe.SourceChannel source = peers.readable();
        SelectionKey key = source.register(selector, OP_READ);
        key.cancel();
        key.cancel();
        selector.selectNow();
        key.cancel();
        SelectionKey fresh = source.register(selector, OP_READ);
        key.cancel();
        assertEquals(1, selector.selectNow());
        assertTrue(fresh.isValid(), "the old key has nothing to do with it");
        assertEquals(Set.of(fresh), selector.keys());
    }

    @EveryProvider
    void cancelling_does_not_wait_for_a_selection(Selector selector, Peers peers) throws Exception {
        Pipe pipe = peers.pipe();
        SelectionKey key = pipe.source().register(selector, OP_READ);
        Poller select = Poller.run(selector::select).awaitBlocked();
        Poller cancel =
                Poller.run(
                        () -> {
                            key.cancel();
                            return key;
                        });
        assertSame(key, cancel.result());
        assertTrue(selector.keys().contains(key), "the selection is not over");
        select.awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result());
        assertTrue(selector.keys().isEmpty(), "it was the last step of that selection");
        assertFalse(pipe.source().isRegistered());
    }

    @EveryProvider
    void a_key_that_was_cancelled_during_a_wait_is_not_selected(Selector selector, Peers peers)
            throws Exception {
        Pipe pipe = peers.pipe();
        SelectionKey key = pipe.source().register(selector, OP_READ);
        Poller select = Poller.run(selector::select).awaitBlocked();
        key.cancel();
        Peers.send(pipe.sink(), 1);
        selector.wakeup(); // it may, or may not, have been ended by the byte
        assertEquals(0, select.result());
        assertTrue(selector.selectedKeys().isEmpty());
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void a_key_that_an_action_cancels_leaves_with_that_selection(
            Selector selector, Peers peers, Subject subject) throws IOException {
        for (int i = 0; i < 3; i++) {
            peers.readable().register(selector, OP_READ);
        }
        Set<SelectionKey> keys = Set.copyOf(selector.keys());
        assertEquals(3, selector.select(SelectionKey::cancel));
        if (subject.isJdk()) { // it takes the third step before the actions, not after
            assertEquals(keys, selector.keys());
            selector.selectNow();
        }
        assertTrue(selector.keys().isEmpty());
        keys.forEach(key -> assertFalse(key.channel().isRegistered()));
    }

    @EveryProvider
    void only_the_cancelled_ones_leave(Selector selector, Peers peers) throws IOException {
        var left = new java.util.HashSet<SelectionKey>();
        var gone = new ArrayList<SelectionKey>();
        for (int i = 0; i < 40; i++) {
            SelectionKey key = peers.readable().register(selector, OP_READ);
            if (i % 3 == 0) {
                gone.add(key);
            } else {
                left.add(key);
            }
        }
        assertEquals(40, selector.selectNow());
        gone.forEach(SelectionKey::cancel);
        assertEquals(0, selector.selectNow());
        assertEquals(left, selector.keys());
        assertEquals(left, selector.selectedKeys());
        selector.selectedKeys().clear();
        assertEquals(left.size(), selector.selectNow());
    }

    @EveryProvider
    void a_cancelled_key_with_an_interest_that_was_just_changed_leaves(
            Selector selector, Peers peers) throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ);
        selector.selectNow();
        key.interestOps(OP_WRITE);
        key.cancel();
        assertEquals(0, selector.selectNow());
        assertTrue(selector.keys().isEmpty());
        SelectionKey fresh = link.here().register(selector, OP_READ);
        assertEquals(0, selector.selectNow(), "of the old interest nothing is left");
        fresh.interestOps(OP_WRITE);
        assertEquals(1, selector.selectNow());
    }

    // ---- the channel is closed

    @EveryProvider
    void closing_a_channel_cancels_its_keys(Selector selector, Peers peers) throws IOException {
        for (Selection selection : SELECTIONS) {
            Pipe.SourceChannel source = peers.readable();
            Selector second = peers.selector();
            SelectionKey key = source.register(selector, OP_READ);
            SelectionKey other = source.register(second, OP_READ);
            assertEquals(1, selector.select());
            source.close();
            assertFalse(key.isValid());
            assertFalse(other.isValid());
            CloseContract.assertCancelled(key);
            assertTrue(selector.keys().contains(key));
            assertEquals(0, selection.of(selector));
            assertTrue(selector.keys().isEmpty());
            assertTrue(selector.selectedKeys().isEmpty());
            assertTrue(source.isRegistered(), "with the other");
            assertEquals(0, selection.of(second));
            assertFalse(source.isRegistered());
        }
    }

    @EveryProvider
    void the_descriptor_of_a_closed_channel_goes_with_the_next_selection(
            Selector selector, Peers peers) throws IOException {
        selector.selectNow();
        for (Selection selection : SELECTIONS) {
            List<SelectableChannel> channels =
                    List.of(
                            peers.provider().openSocketChannel(),
                            peers.tcp().there(),
                            peers.unix().there(),
                            peers.provider().openServerSocketChannel(),
                            peers.provider().openDatagramChannel(),
                            peers.pipe().source(),
                            peers.pipe().sink());
            int before = Fds.openCount();
            for (SelectableChannel channel : channels) {
                channel.configureBlocking(false);
                channel.register(selector, 0);
            }
            selector.selectNow();
            for (SelectableChannel channel : channels) {
                channel.close();
                assertTrue(channel.isRegistered());
            }
            Fds.assertOpenCount(before);
            assertEquals(0, selection.of(selector));
            Fds.assertOpenCount(before - channels.size());
        }
    }

    @EveryProvider
    void a_channel_in_two_selectors_keeps_its_descriptor_until_both_have_let_go(
            Selector selector, Peers peers) throws IOException {
        Selector second = peers.selector();
        Pipe.SourceChannel source = peers.readable();
        source.register(selector, OP_READ);
        source.register(second, OP_READ);
        assertEquals(1, selector.select());
        assertEquals(1, second.select());
        int before = Fds.openCount();
        source.close();
        selector.selectNow();
        Fds.assertOpenCount(before);
        assertTrue(source.isRegistered());
        second.selectNow();
        Fds.assertOpenCount(before - 1);
        assertFalse(source.isRegistered());
    }

    @EveryProvider
    void a_stock_selector_and_this_one_share_a_channel_that_is_closed(
            Selector selector, Peers peers) throws IOException {
        for (boolean stockFirst : new boolean[] {true, false}) {
            Selector stock = Subject.jdk().openSelector();
            Pipe.SourceChannel source = peers.readable();
            source.register(selector, OP_READ);
            source.register(stock, OP_READ);
            assertEquals(1, selector.select());
            assertEquals(1, stock.select());
            int before = Fds.openCount();
            source.close();
            (stockFirst ? stock : selector).selectNow();
            Fds.assertOpenCount(before);
            (stockFirst ? selector : stock).selectNow();
            Fds.assertOpenCount(before - 1);
            assertTrue(selector.keys().isEmpty());
            stock.close();
        }
    }

    @EveryProvider
    void the_peer_of_a_closed_channel_sees_the_end_at_once(Selector selector, Peers peers)
            throws IOException {
        for (boolean unix : new boolean[] {false, true}) {
            Peers.Link link = unix ? peers.unix() : peers.tcp();
            link.here().register(selector, OP_READ);
            selector.selectNow();
            Peers.send(link.here(), 3);
            link.here().close();
            assertTrue(link.here().isRegistered(), "its descriptor is still open");
            link.there().configureBlocking(true);
            ByteBuffer bytes = ByteBuffer.allocate(8);
            while (link.there().read(bytes) >= 0) { // blocks until the end comes
                continue;
            }
            assertEquals(3, bytes.position());
        }
        selector.selectNow();
    }

    @EveryProvider
    void a_selection_that_waits_deregisters_what_is_closed_when_it_ends(
            Selector selector, Peers peers) throws Exception {
        Peers.Link link = peers.tcp();
        link.here().register(selector, OP_READ);
        Poller select = Poller.run(selector::select).awaitBlocked();
        int before = Fds.openCount();
        link.here().close();
        selector.wakeup();
        assertEquals(0, select.result());
        assertFalse(link.here().isRegistered());
        Fds.assertOpenCount(before - 1);
    }

    @EveryProvider
    void a_channel_that_an_action_closes_is_gone(Selector selector, Peers peers, Subject subject)
            throws IOException {
        int before = Fds.openCount();
        Pipe.SourceChannel source = peers.readable();
        source.register(selector, OP_READ);
        int consumed =
                selector.select(
                        key -> {
                            try {
                                key.channel().close();
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        assertEquals(1, consumed);
        if (subject.isJdk()) { // as with those that an action cancels
            selector.selectNow();
        }
        assertFalse(source.isRegistered());
        Fds.assertOpenCount(before + 1); // the other end of the pipe
    }

    @EveryProvider
    void a_channel_that_was_deregistered_closes_at_once(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ);
        selector.selectNow();
        key.cancel();
        selector.selectNow();
        int before = Fds.openCount();
        link.here().close();
        Fds.assertOpenCount(before - 1);
    }

    @EveryProvider
    void the_number_of_a_closed_channel_goes_to_the_next_without_its_events(
            Selector selector, Peers peers) throws IOException {
        for (int i = 0; i < 300; i++) {
            Pipe.SourceChannel old = peers.readable();
            old.register(selector, OP_READ);
            assertEquals(1, selector.selectNow());
            old.close();
            assertEquals(0, selector.selectNow());
            Pipe fresh = peers.pipe(); // one of its ends has the number
            SelectionKey key = fresh.source().register(selector, OP_READ);
            assertEquals(0, selector.selectNow());
            Peers.send(fresh.sink(), 1);
            assertEquals(1, selector.selectNow());
            assertEquals(Set.of(key), selector.selectedKeys());
            fresh.source().close();
            fresh.sink().close();
            assertEquals(0, selector.selectNow());
        }
    }

    @EveryProvider
    void listening_and_connecting_go_on_beside_closing(Selector selector, Peers peers)
            throws IOException {
        ServerSocketChannel server = peers.server();
        server.register(selector, SelectionKey.OP_ACCEPT);
        int before = -1;
        for (int i = 0; i < 200; i++) {
            SocketChannel client = SocketChannel.open(server.getLocalAddress());
            SocketChannel accepted = null;
            var patience = new Patience();
            while (accepted == null) {
                patience.check();
                selector.select(Peers.LIMIT);
                selector.selectedKeys().clear();
                accepted = server.accept();
            }
            accepted.configureBlocking(false);
            SelectionKey key = accepted.register(selector, OP_READ);
            client.close();
            var reported = new AtomicReference<SelectionKey>();
            while (reported.get() == null) {
                patience.check();
                selector.select(reported::set, Peers.LIMIT);
            }
            assertSame(key, reported.get());
            assertEquals(-1, accepted.read(ByteBuffer.allocate(1)));
            accepted.close();
            selector.selectNow();
            int open = Fds.openCount();
            assertTrue(before < 0 || open == before, open + " after " + i);
            before = open;
        }
    }
}
