package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Crew;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** The interest set: how it changes, when that takes effect, and what an empty one silences. */
class InterestContract {
    private static final int BOTH = OP_READ | OP_WRITE;
    private static final Consumer<SelectionKey> UNEXPECTED =
            key -> {
                throw new AssertionError(key + " was not of interest");
            };

    // ---- values

    @EveryProvider
    void it_can_be_set_united_and_intersected(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.tcp().here().register(selector, OP_READ);
        for (boolean selectBetween : new boolean[] {false, true}) {
            for (int old = 0; old < 16; old++) {
                for (int ops = 0; ops < 16; ops++) {
                    if (((old | ops) & ~key.channel().validOps()) != 0) {
                        continue;
                    }
                    assertSame(key, key.interestOps(old));
                    assertEquals(old, key.interestOpsOr(ops));
                    assertEquals(old | ops, key.interestOps());
                    key.interestOps(old);
                    assertEquals(old, key.interestOpsAnd(ops));
                    assertEquals(old & ops, key.interestOps());
                    key.interestOps(old);
                    assertEquals(old, key.interestOpsAnd(~ops));
                    assertEquals(old & ~ops, key.interestOps());
                    if (selectBetween) {
                        selector.selectNow();
                        assertEquals(old & ~ops, key.interestOps(), "no selection changes it");
                    }
                }
            }
        }
    }

    /** A thread in the middle of a change must not take another's along, or leave it behind. */
    @EveryProvider
    void the_next_selection_sees_each_change_whoever_else_changes_the_key(
            Selector selector, Peers peers) throws Exception {
        SelectionKey key = peers.tcp().here().register(selector, 0);
        var over = new AtomicBoolean();
        var crew = new Crew();
        var others = new ArrayList<Thread>();
        for (int i = 0; i < 2; i++) {
            others.add(
                    crew.start(
                            "changing",
                            () -> {
                                while (!over.get()) {
                                    key.interestOpsOr(OP_READ);
                                    key.interestOpsAnd(~OP_READ);
                                }
                            }));
        }
        try {
            for (int round = 0; round < 20_000; round++) {
                key.interestOpsAnd(~OP_WRITE);
                selector.selectNow();
                selector.selectedKeys().clear();
                key.interestOpsOr(OP_WRITE);
                selector.selectNow();
                assertEquals(Set.of(key), selector.selectedKeys(), "round " + round);
                selector.selectedKeys().clear();
            }
        } finally {
            over.set(true);
        }
        for (Thread other : others) {
            other.join();
        }
        crew.check();
    }

    @EveryProvider
    void uniting_and_intersecting_are_atomic(Selector selector, Peers peers) throws Exception {
        SelectionKey key = peers.tcp().here().register(selector, 0);
        var over = new AtomicBoolean();
        var crew = new Crew();
        Thread selecting =
                crew.start(
                        "selecting",
                        () -> {
                            while (!over.get()) {
                                selector.selectNow();
                                selector.selectedKeys().clear();
                            }
                        });
        var changing = new ArrayList<Thread>();
        for (int op : new int[] {OP_READ, OP_WRITE, SelectionKey.OP_CONNECT}) {
            changing.add(
                    crew.start(
                            "changing " + op,
                            () -> { // a bit that only this thread touches
                                for (int i = 0; i < 10_000; i++) {
                                    assertEquals(0, key.interestOpsOr(op) & op);
                                    assertEquals(op, key.interestOpsAnd(~op) & op);
                                }
                            }));
        }
        changing.forEach(crew::join);
        over.set(true);
        crew.join(selecting);
        assertEquals(0, key.interestOps());
    }

    // ---- when

    @EveryProvider
    void a_change_takes_effect_with_the_next_selection(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, 0);
        Peers.send(link.there(), 1);
        awaitReadable(link.here(), peers);
        int[] sequence = {OP_READ, OP_WRITE, 0, BOTH, OP_READ, 0, OP_WRITE, BOTH, OP_WRITE, 0, 0};
        for (int round = 0; round < 3; round++) {
            for (int ops : sequence) {
                key.interestOps(ops);
                assertEquals(ops == 0 ? 0 : 1, selector.selectNow());
                assertEquals(ops == 0 ? Set.of() : Set.of(key), Peers.taken(selector));
                if (ops != 0) {
                    assertEquals(ops, key.readyOps());
                }
                var reported = new ArrayList<Integer>();
                selector.selectNow(k -> reported.add(k.readyOps()));
                assertEquals(ops == 0 ? List.of() : List.of(ops), reported);
            }
        }
    }

    @EveryProvider
    void only_the_last_of_many_changes_counts(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.tcp().here().register(selector, 0);
        selector.selectNow();
        for (int i = 0; i < 1_000; i++) {
            key.interestOps(i % 2 == 0 ? OP_READ : OP_WRITE);
        }
        key.interestOps(OP_READ);
        assertEquals(0, selector.selectNow());
        for (int i = 0; i < 1_000; i++) {
            key.interestOpsOr(OP_WRITE);
            key.interestOpsAnd(~OP_READ);
            key.interestOps(0);
        }
        assertEquals(0, selector.selectNow());
        key.interestOpsOr(OP_WRITE);
        assertEquals(1, selector.selectNow());
        assertEquals(OP_WRITE, key.readyOps());
    }

    @EveryProvider
    void a_change_has_no_effect_on_a_selection_that_waits(Selector selector, Peers peers)
            throws Exception {
        SelectionKey key = peers.tcp().here().register(selector, OP_READ);
        Poller select = Poller.run(selector::select).awaitBlocked();
        key.interestOps(BOTH); // it could be written to
        select.awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result());
        assertEquals(1, selector.selectNow());
        assertEquals(OP_WRITE, key.readyOps());
    }

    @EveryProvider
    void a_change_and_a_wakeup_reach_the_thread_that_selects(Selector selector, Peers peers)
            throws Exception {
        SelectionKey key = peers.tcp().here().register(selector, 0);
        var reported = new AtomicInteger();
        var over = new AtomicBoolean();
        var crew = new Crew();
        crew.start(
                "selecting",
                () -> {
                    while (!over.get()) {
                        selector.select(
                                k -> {
                                    k.interestOps(0);
                                    reported.incrementAndGet();
                                });
                    }
                });
        for (int i = 1; i <= 2_000; i++) {
            int expected = i;
            key.interestOps(OP_WRITE);
            selector.wakeup();
            crew.await("event " + i, () -> reported.get() >= expected);
        }
        over.set(true);
        selector.wakeup();
        crew.check();
        assertEquals(2_000, reported.get());
    }

    @EveryProvider
    void many_threads_may_change_many_keys(Selector selector, Peers peers) throws Exception {
        var keys = new ArrayList<SelectionKey>();
        var counts = new ArrayList<AtomicInteger>();
        for (int i = 0; i < 8; i++) {
            counts.add(new AtomicInteger());
            keys.add(peers.tcp().here().register(selector, 0, counts.get(i)));
        }
        var over = new AtomicBoolean();
        var crew = new Crew();
        Thread selecting =
                crew.start(
                        "selecting",
                        () -> {
                            while (!over.get()) {
                                selector.select(
                                        key -> {
                                            key.interestOpsAnd(~OP_WRITE);
                                            ((AtomicInteger) key.attachment()).incrementAndGet();
                                        });
                            }
                        });
        var changing = new ArrayList<Thread>();
        for (int t = 0; t < 4; t++) {
            int first = t;
            changing.add(
                    crew.start(
                            "changing",
                            () -> {
                                for (int i = 0; i < 1_000; i++) {
                                    int n = first + 4 * (i % 2);
                                    int before = counts.get(n).get();
                                    keys.get(n).interestOpsOr(OP_WRITE);
                                    selector.wakeup();
                                    crew.await("it", () -> counts.get(n).get() > before);
                                }
                            }));
        }
        changing.forEach(crew::join);
        over.set(true);
        selector.wakeup();
        crew.join(selecting);
    }

    // ---- silence

    @EveryProvider
    void an_empty_interest_silences_what_is_ready(Selector selector, Peers peers) throws Exception {
        Pipe.SourceChannel source = peers.readable();
        SelectionKey key = source.register(selector, OP_READ);
        for (int i = 0; i < 3; i++) {
            key.interestOps(OP_READ);
            assertEquals(1, selector.select());
            assertEquals(Set.of(key), Peers.taken(selector));
            key.interestOps(0);
            assertSilent(selector);
        }
    }

    @EveryProvider
    void an_empty_interest_silences_the_end_of_the_peer(Selector selector, Peers peers)
            throws Exception {
        Peers.Link tcp = peers.tcp();
        Peers.Link unix = peers.unix();
        Pipe readable = peers.pipe();
        Pipe writable = peers.pipe();
        List<SelectionKey> keys =
                List.of(
                        tcp.here().register(selector, BOTH),
                        unix.here().register(selector, BOTH),
                        readable.source().register(selector, OP_READ),
                        writable.sink().register(selector, OP_WRITE));
        selector.selectNow();
        selector.selectedKeys().clear();
        keys.forEach(key -> key.interestOps(0));
        selector.selectNow();
        Peers.reset(tcp.there()); // an error and a hang-up
        unix.there().close();
        readable.sink().close();
        writable.source().close();
        assertSilent(selector);
        // and who asks again gets it reported
        for (SelectionKey key : keys) {
            key.interestOps(key.channel().validOps() & BOTH);
            var patience = new Patience();
            while (!selector.selectedKeys().contains(key)) {
                patience.check();
                assertTrue(selector.select(Peers.LIMIT) > 0, "" + key);
            }
            assertEquals(key.interestOps(), key.readyOps(), "a hang-up makes all of it ready");
            key.interestOps(0);
            selector.selectedKeys().clear();
            assertSilent(selector);
        }
    }

    @EveryProvider
    void a_channel_whose_interest_was_always_empty_is_silent_too(Selector selector, Peers peers)
            throws Exception {
        Peers.Link tcp = peers.tcp();
        Pipe pipe = peers.pipe();
        SelectionKey key = tcp.here().register(selector, 0);
        pipe.source().register(selector, 0);
        peers.socket().register(selector, 0); // not connected: Linux says that it is hung up
        selector.selectNow();
        Peers.reset(tcp.there());
        pipe.sink().close();
        assertSilent(selector);
        assertEquals(0, key.readyOps());
    }

    @EveryProvider
    void a_silent_channel_does_not_hide_others(Selector selector, Peers peers) throws IOException {
        var silent = new ArrayList<SelectionKey>();
        for (int i = 0; i < 50; i++) {
            SelectionKey key = peers.readable().register(selector, OP_READ);
            silent.add(key);
        }
        assertEquals(50, selector.selectNow());
        silent.forEach(key -> key.interestOps(0));
        selector.selectedKeys().clear();
        SelectionKey key = peers.readable().register(selector, OP_READ);
        assertEquals(1, selector.select());
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @EveryProvider
    void toggling_goes_on_as_long_as_anyone_likes(Selector selector, Peers peers)
            throws IOException {
        ServerSocketChannel server = peers.server();
        SocketChannel client = peers.socket();
        SelectionKey accept = server.register(selector, OP_ACCEPT);
        client.connect(server.getLocalAddress());
        SelectionKey read = peers.readable().register(selector, OP_READ);
        for (int i = 0; i < 500; i++) {
            accept.interestOps(i % 2 == 0 ? OP_ACCEPT : 0);
            read.interestOps(i % 3 == 0 ? OP_READ : 0);
            var expected = new java.util.HashSet<SelectionKey>();
            if (i % 2 == 0) {
                expected.add(accept);
            }
            if (i % 3 == 0) {
                expected.add(read);
            }
            var reported = new java.util.HashSet<SelectionKey>();
            var patience = new Patience();
            while (i == 0 && !reported.containsAll(expected)) { // the connection may take a moment
                patience.check();
                selector.select(reported::add, Peers.LIMIT);
            }
            reported.clear();
            assertEquals(
                    expected.size(), selector.selectNow((Consumer<SelectionKey>) reported::add));
            assertEquals(expected, reported);
        }
    }

    // ---- at the end

    @EveryProvider
    void after_cancel_and_close_the_key_is_cancelled_whatever_was_asked(
            Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.tcp().here().register(selector, OP_READ);
        SelectionKey changed = peers.tcp().here().register(selector, OP_READ);
        selector.selectNow();
        changed.interestOps(OP_WRITE);
        selector.close();
        CloseContract.assertCancelled(key); // never ClosedSelectorException
        CloseContract.assertCancelled(changed);
    }

    @EveryProvider
    void changing_races_with_cancelling(Selector selector, Peers peers) throws Exception {
        for (int round = 0; round < 300; round++) {
            Peers.Link link = round % 50 == 0 ? peers.tcp() : null;
            SelectionKey key =
                    (link == null ? peers.socket() : link.here()).register(selector, OP_READ);
            Poller change =
                    Poller.run(
                            () -> {
                                try {
                                    for (int i = 0; ; i++) {
                                        key.interestOps(i % 2 == 0 ? 0 : OP_READ);
                                    }
                                } catch (CancelledKeyException e) {
                                    return key;
                                }
                            });
            selector.selectNow(k -> {});
            key.cancel();
            selector.selectNow(UNEXPECTED);
            assertSame(key, change.result());
            assertTrue(selector.keys().isEmpty());
            key.channel().close();
        }
    }

    /** It selects nothing, and sleeps rather than spin. */
    private static void assertSilent(Selector selector) throws Exception {
        for (int i = 0; i < 3; i++) {
            assertEquals(0, selector.selectNow());
            assertEquals(0, selector.selectNow(UNEXPECTED));
        }
        Poller select = Poller.run(selector::select).awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result());
    }

    /** Until another selector, the JDK's, says so. */
    private static void awaitReadable(SocketChannel channel, Peers peers) throws IOException {
        try (Selector stock = Subject.jdk().openSelector()) {
            channel.register(stock, OP_READ);
            assertEquals(1, stock.select(Peers.LIMIT));
        }
    }
}
