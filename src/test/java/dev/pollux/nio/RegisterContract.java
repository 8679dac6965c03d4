package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_CONNECT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Crew;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.IllegalSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** Channels and selectors come together. */
class RegisterContract {
    private static final int ALL = OP_READ | OP_WRITE | OP_CONNECT | OP_ACCEPT;

    /** A channel of each kind, with the operations that its class documents. */
    private static Map<SelectableChannel, Integer> everyKind(Peers peers) throws IOException {
        var kinds = new LinkedHashMap<SelectableChannel, Integer>();
        kinds.put(peers.socket(), OP_CONNECT | OP_READ | OP_WRITE);
        kinds.put(peers.tcp().here(), OP_CONNECT | OP_READ | OP_WRITE);
        kinds.put(peers.unix().there(), OP_CONNECT | OP_READ | OP_WRITE);
        kinds.put(peers.server(), OP_ACCEPT);
        kinds.put(peers.udp(), OP_READ | OP_WRITE);
        kinds.put(peers.pipe().source(), OP_READ);
        kinds.put(peers.pipe().sink(), OP_WRITE);
        return kinds;
    }

    @EveryProvider
    void each_kind_of_channel_takes_its_operations_and_no_others(Selector selector, Peers peers)
            throws IOException {
        for (var kind : everyKind(peers).entrySet()) {
            SelectableChannel channel = kind.getKey();
            int valid = kind.getValue();
            assertEquals(valid, channel.validOps());
            for (int ops = 0; ops < 64; ops++) {
                if ((ops & ~valid) != 0) {
                    int invalid = ops;
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> channel.register(selector, invalid));
                    assertFalse(channel.isRegistered());
                }
            }
            SelectionKey key = channel.register(selector, 0);
            for (int ops = 0; ops < 64; ops++) {
                int wanted = ops;
                if ((ops & ~valid) == 0) {
                    assertSame(key, key.interestOps(ops));
                    assertEquals(ops, key.interestOps());
                } else {
                    assertThrows(IllegalArgumentException.class, () -> key.interestOps(wanted));
                    assertThrows(IllegalArgumentException.class, () -> key.interestOpsOr(wanted));
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> channel.register(selector, wanted));
                    key.interestOpsAnd(wanted); // refuses nothing
                }
                assertEquals(0, key.interestOps() & ~valid);
            }
            assertThrows(IllegalArgumentException.class, () -> key.interestOps(-1));
            key.interestOps(valid);
            assertEquals(valid, key.interestOps());
        }
        selector.selectNow();
    }

    @EveryProvider
    void the_new_key_is_as_it_was_asked_for(Selector selector, Peers peers) throws IOException {
        for (var kind : everyKind(peers).entrySet()) {
            SelectableChannel channel = kind.getKey();
            int ops = kind.getValue();
            var attachment = new Object();
            assertFalse(channel.isRegistered());
            assertNull(channel.keyFor(selector));
            SelectionKey key = channel.register(selector, ops, attachment);
            assertTrue(key.isValid());
            assertSame(channel, key.channel());
            assertSame(selector, key.selector());
            assertSame(attachment, key.attachment());
            assertEquals(ops, key.interestOps());
            assertEquals(0, key.readyOps());
            assertTrue(channel.isRegistered());
            assertSame(key, channel.keyFor(selector));
            assertTrue(selector.keys().contains(key));
            assertFalse(selector.selectedKeys().contains(key));
        }
    }

    @EveryProvider
    void without_an_attachment_there_is_none(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.socket().register(selector, 0);
        assertNull(key.attachment());
        assertNull(key.attach("first"));
        assertEquals("first", key.attach("second"));
        assertEquals("second", key.attach(null));
        assertNull(key.attachment());
    }

    @EveryProvider
    void registering_again_changes_the_key(Selector selector, Peers peers) throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ, "first");
        assertSame(key, link.here().register(selector, OP_WRITE, "second"));
        assertEquals(OP_WRITE, key.interestOps());
        assertEquals("second", key.attachment());
        assertEquals(1, selector.keys().size());
        assertEquals(1, selector.select());
        assertEquals(OP_WRITE, key.readyOps());
        // Not the javadoc's "if not null", but what java.base's own register does, for everyone.
        assertSame(key, link.here().register(selector, OP_READ));
        assertNull(key.attachment());
    }

    @EveryProvider
    void a_blocking_channel_is_refused(Selector selector, Peers peers) throws IOException {
        for (SelectableChannel channel : everyKind(peers).keySet()) {
            channel.configureBlocking(true);
            assertThrows(
                    IllegalBlockingModeException.class,
                    () -> channel.register(selector, channel.validOps()));
            assertFalse(channel.isRegistered());
        }
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void a_registered_channel_does_not_become_blocking(Selector selector, Peers peers)
            throws IOException {
        for (SelectableChannel channel : everyKind(peers).keySet()) {
            SelectionKey key = channel.register(selector, 0);
            assertThrows(IllegalBlockingModeException.class, () -> channel.configureBlocking(true));
            assertFalse(channel.isBlocking());
            channel.configureBlocking(false);
            key.cancel();
            selector.selectNow();
            channel.configureBlocking(true);
            assertTrue(channel.isBlocking());
        }
    }

    @EveryProvider
    void a_closed_channel_is_refused(Selector selector, Peers peers) throws IOException {
        for (SelectableChannel channel : everyKind(peers).keySet()) {
            channel.close();
            assertThrows(ClosedChannelException.class, () -> channel.register(selector, 0));
            assertFalse(channel.isRegistered());
        }
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void a_channel_that_no_selector_can_know_is_refused(Selector selector, Peers peers)
            throws IOException {
        SelectableChannel strange =
                new AbstractSelectableChannel(peers.provider()) {
                    @Override
                    public int validOps() {
                        return OP_READ;
                    }

                    @Override
                    protected void implCloseSelectableChannel() {}

                    @Override
                    protected void implConfigureBlocking(boolean block) {}
                };
        peers.keep(strange);
        assertThrows(IllegalSelectorException.class, () -> strange.register(selector, OP_READ));
        assertTrue(selector.keys().isEmpty());
        assertFalse(strange.isRegistered());
    }

    @EveryProvider
    void a_channel_of_the_jdk_is_as_good(Selector selector) throws IOException {
        try (var stock = new Peers(Subject.jdk())) {
            SelectionKey key = stock.readable().register(selector, OP_READ);
            SelectionKey idle = stock.pipe().source().register(selector, OP_READ);
            SelectionKey writable = stock.tcp().here().register(selector, OP_READ | OP_WRITE);
            assertEquals(2, selector.select() + selector.selectNow());
            assertEquals(Set.of(key, writable), selector.selectedKeys());
            assertEquals(Set.of(key, writable, idle), selector.keys());
        }
        selector.selectNow();
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void its_channels_can_be_registered_with_a_selector_of_the_jdk(Peers peers) throws IOException {
        try (Selector stock = Subject.jdk().openSelector()) {
            Pipe.SourceChannel source = peers.readable();
            SelectionKey theirs = source.register(stock, OP_READ);
            assertEquals(1, stock.select());
            assertEquals(Set.of(theirs), stock.selectedKeys());
        }
    }

    @EveryProvider
    void a_channel_may_be_registered_with_several_selectors(Selector selector, Peers peers)
            throws IOException {
        Pipe.SourceChannel source = peers.readable();
        Selector second = peers.selector();
        Selector stock = Subject.jdk().openSelector();
        SelectionKey key = source.register(selector, OP_READ, "ours");
        SelectionKey secondKey = source.register(second, OP_READ, "second");
        SelectionKey stockKey = source.register(stock, 0, "stock");
        assertNotSame(key, secondKey);
        assertSame(key, source.keyFor(selector));
        assertSame(secondKey, source.keyFor(second));
        assertSame(stockKey, source.keyFor(stock));
        assertEquals(1, selector.select());
        assertEquals(1, second.select());
        assertEquals(0, stock.selectNow());
        secondKey.interestOps(0);
        second.selectedKeys().clear();
        selector.selectedKeys().clear();
        stockKey.interestOps(OP_READ);
        assertEquals(1, selector.selectNow());
        assertEquals(0, second.selectNow());
        assertEquals(1, stock.selectNow());
        key.cancel();
        assertFalse(key.isValid());
        assertTrue(secondKey.isValid());
        selector.selectNow();
        assertNull(source.keyFor(selector));
        assertTrue(source.isRegistered());
        second.close();
        assertTrue(source.isRegistered());
        stock.close();
        assertFalse(source.isRegistered());
    }

    @EveryProvider
    void many_selectors_may_share_a_channel(Peers peers) throws IOException {
        Pipe.SourceChannel source = peers.readable();
        var selectors = new ArrayList<Selector>();
        for (int i = 0; i < 20; i++) {
            selectors.add(peers.selector());
            source.register(selectors.get(i), OP_READ);
        }
        for (Selector selector : selectors) {
            assertEquals(1, selector.select());
        }
        source.close();
        for (Selector selector : selectors) {
            assertTrue(source.isRegistered());
            selector.selectNow();
            assertTrue(selector.keys().isEmpty());
        }
        assertFalse(source.isRegistered());
    }

    // ---- while a selection waits

    @EveryProvider
    void a_registration_does_not_wait_for_a_selection(Selector selector, Peers peers)
            throws Exception {
        Poller select = Poller.run(selector::select).awaitBlocked();
        Pipe pipe = peers.pipe();
        SelectionKey key =
                (SelectionKey) Poller.run(() -> pipe.source().register(selector, OP_READ)).result();
        assertTrue(key.isValid());
        assertEquals(Set.of(key), selector.keys());
        assertSame(
                key, Poller.run(() -> pipe.source().register(selector, OP_READ, "again")).result());
        select.awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result());
        Peers.send(pipe.sink(), 1);
        assertEquals(1, selector.select());
    }

    @EveryProvider
    void a_registration_has_no_effect_on_a_selection_that_waits(Selector selector, Peers peers)
            throws Exception {
        Poller select = Poller.run(selector::select).awaitBlocked();
        SelectionKey key = peers.readable().register(selector, OP_READ);
        select.awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result(), "it will be seen by the next");
        assertEquals(1, selector.selectNow());
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @EveryProvider
    void many_threads_may_register_at_once(Selector selector, Peers peers) throws Exception {
        var channels = new ArrayList<Pipe.SourceChannel>();
        for (int i = 0; i < 200; i++) {
            channels.add(peers.readable());
        }
        var over = new AtomicBoolean();
        var crew = new Crew();
        Thread selecting =
                crew.start(
                        "selecting",
                        () -> {
                            while (!over.get()) {
                                selector.select();
                            }
                        });
        for (int t = 0; t < 4; t++) {
            int first = t;
            crew.start(
                    "registering",
                    () -> {
                        for (int i = first; i < channels.size(); i += 4) {
                            SelectionKey key = channels.get(i).register(selector, OP_READ);
                            assertTrue(selector.keys().contains(key));
                            selector.wakeup();
                        }
                    });
        }
        crew.await("all", () -> selector.keys().size() == channels.size());
        over.set(true);
        selector.wakeup();
        crew.join(selecting);
        crew.join();
        selector.selectNow();
        assertEquals(selector.keys(), selector.selectedKeys());
    }

    @EveryProvider
    void two_threads_that_register_one_channel_get_one_key(Selector selector, Peers peers)
            throws Exception {
        for (int i = 0; i < 100; i++) {
            SocketChannel channel = peers.socket();
            Poller other = Poller.run(() -> channel.register(selector, OP_READ));
            SelectionKey key = channel.register(selector, OP_READ);
            assertSame(key, other.result());
            channel.close();
        }
        selector.selectNow();
        assertTrue(selector.keys().isEmpty());
    }

    // ---- with keys that are cancelled

    @EveryProvider
    void a_cancelled_key_bars_its_channel_until_the_next_selection(Selector selector, Peers peers)
            throws IOException {
        for (SelectableChannel channel : everyKind(peers).keySet()) {
            SelectionKey key = channel.register(selector, 0, "old");
            key.cancel();
            assertThrows(CancelledKeyException.class, () -> channel.register(selector, 0));
            assertSame(key, channel.keyFor(selector));
            assertTrue(channel.isRegistered());
            selector.selectNow();
            assertNull(channel.keyFor(selector));
            assertFalse(channel.isRegistered());
            SelectionKey fresh = channel.register(selector, 0);
            assertNotSame(key, fresh);
            assertTrue(fresh.isValid());
            assertFalse(key.isValid(), "for ever");
            assertNull(fresh.attachment());
            assertFalse(selector.keys().contains(key));
        }
    }

    @EveryProvider
    void a_new_registration_works_like_the_first(Selector selector, Peers peers)
            throws IOException {
        Pipe.SourceChannel source = peers.readable();
        for (int i = 0; i < 200; i++) {
            SelectionKey key = source.register(selector, OP_READ);
            assertEquals(1, selector.select(Peers.LIMIT));
            assertEquals(Set.of(key), selector.selectedKeys());
            assertEquals(OP_READ, key.readyOps());
            key.cancel();
            assertEquals(0, selector.selectNow());
            assertTrue(selector.selectedKeys().isEmpty());
        }
    }

    @EveryProvider
    void a_key_may_be_cancelled_while_it_is_being_registered(
            Selector selector, Peers peers, Subject subject) throws Exception {
        subject.jdkDeviates("17's next selection meets null in a channel that never got its key");
        var over = new AtomicBoolean();
        var crew = new Crew();
        crew.start(
                "cancelling", // it finds them in the key set before register has returned
                () -> {
                    while (!over.get()) {
                        selector.keys().forEach(SelectionKey::cancel);
                    }
                });
        crew.start(
                "selecting",
                () -> {
                    while (!over.get()) {
                        selector.selectNow();
                    }
                });
        for (int i = 0; i < 2_000; i++) {
            SocketChannel channel = peers.provider().openSocketChannel();
            channel.configureBlocking(false);
            try {
                SelectionKey key = channel.register(selector, OP_READ);
                assertSame(channel, key.channel());
            } catch (CancelledKeyException e) {
                assertFalse(over.get());
            }
            channel.close();
            crew.check();
        }
        over.set(true);
        crew.join();
        selector.selectNow();
        assertEquals(List.of(), List.copyOf(selector.keys()), "nothing is left behind");
    }

    @EveryProvider
    void a_channel_that_is_closed_while_it_is_registered_leaves_no_valid_key(
            Selector selector, Peers peers) throws Exception {
        for (int i = 0; i < 500; i++) {
            SocketChannel channel = peers.provider().openSocketChannel();
            channel.configureBlocking(false);
            Poller register = Poller.run(() -> channel.register(selector, OP_READ));
            if (i % 2 == 0) {
                Thread.yield();
            }
            channel.close();
            try {
                assertFalse(((SelectionKey) register.result()).isValid());
            } catch (ClosedChannelException e) {
                assertNull(channel.keyFor(selector));
            }
            if (i % 10 == 0) {
                selector.selectNow();
            }
        }
        selector.selectNow();
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void the_blocking_lock_is_free_for_others_during_a_selection(Selector selector, Peers peers)
            throws Exception {
        SocketChannel channel = peers.socket();
        channel.register(selector, 0);
        Poller select = Poller.run(selector::select).awaitBlocked();
        synchronized (channel.blockingLock()) {
            assertFalse(channel.isBlocking());
        }
        channel.configureBlocking(false);
        selector.wakeup();
        select.result();
    }

    @EveryProvider
    void the_provider_is_the_one_that_was_asked(SelectorProvider provider, Peers peers)
            throws IOException {
        for (SelectableChannel channel : everyKind(peers).keySet()) {
            assertSame(provider, channel.provider());
        }
    }
}
