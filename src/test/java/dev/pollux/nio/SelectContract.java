package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Poller;
import dev.pollux.support.Storm;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The six forms of a selection: how long they wait, what they report, what they return. */
class SelectContract {
    private static final Consumer<SelectionKey> UNEXPECTED =
            key -> {
                throw new AssertionError(key + " was not ready");
            };

    /** A selection of any form. */
    @FunctionalInterface
    private interface Selection {
        int of(Selector selector) throws IOException;
    }

    /** Those that wait for ever. */
    private static final Map<String, Selection> ENDLESS =
            Map.of(
                    "select()", Selector::select,
                    "select(0)", selector -> selector.select(0),
                    "select(Long.MAX_VALUE)", selector -> selector.select(Long.MAX_VALUE),
                    "select(action)", selector -> selector.select(key -> {}),
                    "select(action, 0)", selector -> selector.select(key -> {}, 0),
                    "select(action, MAX)", s -> s.select(key -> {}, Long.MAX_VALUE));

    // ---- how long

    @EveryProvider
    void a_new_selector_is_open_and_its_sets_are_empty(Selector selector, Peers peers) {
        assertTrue(selector.isOpen());
        assertSame(peers.provider(), selector.provider());
        assertTrue(selector.keys().isEmpty());
        assertTrue(selector.selectedKeys().isEmpty());
    }

    @EveryProvider
    void selectNow_returns_at_once(Selector selector, Peers peers) throws IOException {
        assertEquals(0, selector.selectNow());
        assertEquals(0, selector.selectNow(UNEXPECTED));
        peers.pipe().source().register(selector, OP_READ);
        assertEquals(0, selector.selectNow());
        assertEquals(0, selector.selectNow(UNEXPECTED));
        assertTrue(selector.selectedKeys().isEmpty());
    }

    @EveryProvider
    void what_waits_for_ever_does_so_without_any_channel(Selector selector) throws Exception {
        for (var entry : ENDLESS.entrySet()) {
            Poller select = Poller.run(() -> entry.getValue().of(selector));
            select.awaitBlocked();
            selector.wakeup();
            assertEquals(0, select.result(), entry.getKey());
        }
    }

    @EveryProvider
    void what_waits_for_ever_ends_when_a_channel_is_ready(Selector selector, Peers peers)
            throws Exception {
        Pipe pipe = peers.pipe();
        pipe.source().register(selector, OP_READ);
        for (var entry : ENDLESS.entrySet()) {
            Poller select = Poller.run(() -> entry.getValue().of(selector));
            select.awaitBlocked();
            Peers.send(pipe.sink(), 1);
            assertEquals(1, select.result(), entry.getKey());
            Peers.drain(pipe.source());
            selector.selectedKeys().clear();
        }
    }

    @EveryProvider
    void a_time_out_is_never_shorter_than_asked(Selector selector, Peers peers) throws IOException {
        for (int round = 0; round < 2; round++) {
            for (int millis : new int[] {1, 2, 3, 17, 60}) {
                long start = System.nanoTime();
                assertEquals(0, selector.select(millis));
                assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(millis));
                start = System.nanoTime();
                assertEquals(0, selector.select(UNEXPECTED, millis));
                assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(millis));
            }
            peers.pipe().source().register(selector, OP_READ); // and once more, not empty
        }
        assertTrue(selector.selectedKeys().isEmpty());
    }

    @EveryProvider
    void signals_neither_end_nor_lengthen_a_wait(Selector selector, Subject subject)
            throws IOException {
        subject.jdkDeviates(
                "it waits again, without end, if signals come faster than milliseconds");
        long start;
        try (var storm = new Storm()) {
            storm.blowOverMe();
            start = System.nanoTime();
            assertEquals(0, selector.select(100));
            assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(100));
        } // and it did return
    }

    @EveryProvider
    void a_wait_with_a_time_out_ends_when_a_channel_is_ready(Selector selector, Peers peers)
            throws Exception {
        Pipe pipe = peers.pipe();
        SelectionKey key = pipe.source().register(selector, OP_READ);
        Poller select = Poller.run(() -> selector.select(Long.MAX_VALUE / 2));
        select.awaitBlocked();
        Peers.send(pipe.sink(), 1);
        assertEquals(1, select.result());
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @EveryProvider
    void a_negative_time_out_is_refused(Selector selector, Peers peers) throws IOException {
        for (long timeout : new long[] {-1, -1000, Long.MIN_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> selector.select(timeout));
            assertThrows(
                    IllegalArgumentException.class, () -> selector.select(UNEXPECTED, timeout));
        }
        peers.readable().register(selector, OP_READ);
        assertEquals(1, selector.select(), "the selector is as good as before");
    }

    @EveryProvider
    void an_action_must_not_be_null(Selector selector) {
        assertThrows(NullPointerException.class, () -> selector.selectNow(null));
        assertThrows(NullPointerException.class, () -> selector.select(null));
        assertThrows(NullPointerException.class, () -> selector.select(null, 1));
    }

    // ---- what is reported, with the selected-key set

    @EveryProvider
    void a_ready_channels_key_is_added_once(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.readable().register(selector, OP_READ);
        assertEquals(0, key.readyOps(), "zero when the key is created");
        assertEquals(1, selector.select());
        assertEquals(Set.of(key), selector.selectedKeys());
        assertEquals(OP_READ, key.readyOps());
        assertEquals(0, selector.selectNow(), "no key was updated");
        assertEquals(0, selector.select(), "no key was updated; but it is ready, so no wait");
        assertEquals(Set.of(key), selector.selectedKeys());
        assertTrue(selector.selectedKeys().remove(key));
        assertEquals(1, selector.select(), "still ready");
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @EveryProvider
    void a_selection_returns_how_many_keys_it_updated(Selector selector, Peers peers)
            throws IOException {
        var keys = new HashSet<SelectionKey>();
        for (int i = 1; i <= 10; i++) {
            peers.pipe().source().register(selector, OP_READ);
            keys.add(peers.readable().register(selector, OP_READ));
            assertEquals(1, selector.selectNow(), "the new one");
            assertEquals(keys, selector.selectedKeys());
        }
        selector.selectedKeys().clear();
        assertEquals(10, selector.selectNow());
        assertEquals(keys, selector.selectedKeys());
    }

    @EveryProvider
    void the_ready_set_of_a_key_that_is_not_in_the_set_is_replaced(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ | OP_WRITE);
        Peers.send(link.there(), 1);
        awaitReady(selector, key, OP_READ | OP_WRITE);
        Peers.drain(link.here());
        selector.selectedKeys().clear();
        assertEquals(1, selector.selectNow());
        assertEquals(OP_WRITE, key.readyOps(), "what was recorded before is discarded");
    }

    @EveryProvider
    void the_ready_set_of_a_key_in_the_set_only_grows(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ | OP_WRITE);
        assertEquals(1, selector.select());
        assertEquals(OP_WRITE, key.readyOps());
        Peers.send(link.there(), 1);
        int updated = 0;
        var patience = new Patience();
        while (key.readyOps() == OP_WRITE) {
            patience.check();
            updated = selector.selectNow();
        }
        assertEquals(1, updated, "a new operation is an update");
        assertEquals(OP_READ | OP_WRITE, key.readyOps());
        Peers.drain(link.here());
        assertEquals(0, selector.selectNow());
        assertEquals(OP_READ | OP_WRITE, key.readyOps(), "what was recorded before is preserved");
        key.interestOps(0);
        assertEquals(0, selector.selectNow());
        assertEquals(OP_READ | OP_WRITE, key.readyOps());
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @EveryProvider
    void a_key_that_is_no_longer_ready_stays_in_the_set(Selector selector, Peers peers)
            throws IOException {
        Pipe.SourceChannel source = peers.readable();
        SelectionKey key = source.register(selector, OP_READ);
        assertEquals(1, selector.select());
        Peers.drain(source);
        assertEquals(0, selector.selectNow());
        assertEquals(Set.of(key), selector.selectedKeys());
        assertEquals(OP_READ, key.readyOps());
    }

    @EveryProvider
    void without_any_interest_nothing_is_updated(Selector selector, Peers peers)
            throws IOException {
        SelectionKey key = peers.readable().register(selector, 0);
        SelectionKey other = peers.tcp().here().register(selector, 0);
        assertEquals(0, selector.selectNow());
        assertEquals(0, selector.select(1));
        assertEquals(0, selector.selectNow(UNEXPECTED));
        assertTrue(selector.selectedKeys().isEmpty());
        assertEquals(0, key.readyOps());
        assertEquals(0, other.readyOps());
    }

    @EveryProvider
    void the_ready_set_holds_nothing_that_is_not_of_interest(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        Peers.send(link.there(), 1);
        SelectionKey key = link.here().register(selector, OP_WRITE);
        assertEquals(1, selector.select());
        assertEquals(OP_WRITE, key.readyOps());
        key.interestOps(OP_READ);
        selector.selectedKeys().clear();
        assertEquals(1, selector.select(Peers.LIMIT));
        assertEquals(OP_READ, key.readyOps());
    }

    @EveryProvider
    void whatever_the_number_all_that_is_ready_is_reported(Selector selector, Peers peers)
            throws IOException {
        Set<SelectionKey> keys = new HashSet<>();
        for (int i = 0; i < 1_500; i++) {
            var channel = peers.keep(peers.provider().openDatagramChannel());
            keys.add(channel.register(selector, OP_WRITE));
        }
        var reported = new HashSet<SelectionKey>();
        for (int i = 0; i < 20 && reported.size() < keys.size(); i++) {
            int updated = selector.select();
            Set<SelectionKey> taken = Peers.taken(selector);
            assertEquals(updated, taken.size());
            reported.addAll(taken);
        }
        assertEquals(keys, reported);
        reported.clear();
        for (int i = 0; i < 20 && reported.size() < keys.size(); i++) {
            var now = new ArrayList<SelectionKey>();
            assertEquals(selector.select(now::add), now.size());
            reported.addAll(now);
        }
        assertEquals(keys, reported);
    }

    @EveryProvider
    void keys_that_stay_in_the_set_do_not_hide_others(Selector selector, Peers peers)
            throws IOException {
        for (int i = 0; i < 1_200; i++) { // more than fit into one answer of the kernel
            var channel = peers.keep(peers.provider().openDatagramChannel());
            channel.register(selector, OP_WRITE);
        }
        SelectionKey key = peers.readable().register(selector, OP_READ);
        for (int i = 0; i < 20 && !selector.selectedKeys().contains(key); i++) {
            selector.selectNow();
        }
        assertTrue(selector.selectedKeys().contains(key));
    }

    // ---- what is reported, with an action

    @EveryProvider
    void an_action_is_given_each_ready_key(Selector selector, Peers peers) throws IOException {
        var keys = new HashSet<SelectionKey>();
        for (int i = 0; i < 5; i++) {
            keys.add(peers.readable().register(selector, OP_READ));
            peers.pipe().source().register(selector, OP_READ);
        }
        List<Selection> forms = new ArrayList<>();
        List<SelectionKey> reported = new ArrayList<>();
        Consumer<SelectionKey> tell =
                key -> {
                    assertEquals(OP_READ, key.readyOps());
                    reported.add(key);
                };
        forms.add(s -> s.selectNow(tell));
        forms.add(s -> s.select(tell));
        forms.add(s -> s.select(tell, 0));
        forms.add(s -> s.select(tell, Peers.LIMIT));
        for (Selection form : forms) {
            reported.clear();
            assertEquals(5, form.of(selector));
            assertEquals(5, reported.size(), "each once");
            assertEquals(keys, new HashSet<>(reported));
            assertTrue(selector.selectedKeys().isEmpty(), "not added to the selected-key set");
        }
    }

    @EveryProvider
    void an_action_sees_a_ready_set_of_this_selection_alone(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ | OP_WRITE);
        Peers.send(link.there(), 1);
        awaitReady(selector, key, OP_READ | OP_WRITE);
        Peers.drain(link.here());
        var reported = new ArrayList<Integer>();
        assertEquals(1, selector.selectNow(k -> reported.add(k.readyOps())));
        assertEquals(List.of(OP_WRITE), reported, "although the key is in the selected-key set");
        assertEquals(OP_WRITE, key.readyOps());
    }

    @EveryProvider
    void operations_may_be_reported_one_by_one_to_an_action_but_never_twice(
            Selector selector, Peers peers) throws IOException {
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ | OP_WRITE);
        Peers.send(link.there(), 1);
        awaitReady(selector, key, OP_READ | OP_WRITE);
        selector.selectedKeys().clear();
        int[] seen = {0};
        int consumed =
                selector.selectNow(
                        k -> {
                            assertEquals(0, seen[0] & k.readyOps());
                            seen[0] |= k.readyOps();
                        });
        assertEquals(OP_READ | OP_WRITE, seen[0]);
        assertEquals(1, consumed, "unique keys");
    }

    @EveryProvider
    void an_action_runs_with_the_selector_and_the_selected_keys_locked(
            Selector selector, Peers peers) throws IOException {
        peers.readable().register(selector, OP_READ);
        int consumed =
                selector.select(
                        key -> {
                            assertTrue(Thread.holdsLock(selector));
                            assertTrue(Thread.holdsLock(selector.selectedKeys()));
                        });
        assertEquals(1, consumed);
    }

    @EveryProvider
    void what_an_action_throws_reaches_the_caller(Selector selector, Peers peers)
            throws IOException {
        var keys = new HashSet<SelectionKey>();
        for (int i = 0; i < 3; i++) {
            keys.add(peers.readable().register(selector, OP_READ));
        }
        var mine = new IllegalMonitorStateException("mine");
        for (int i = 0; i < 3; i++) {
            var thrown =
                    assertThrows(
                            RuntimeException.class,
                            () ->
                                    selector.select(
                                            key -> {
                                                throw mine;
                                            }));
            assertSame(mine, thrown);
            assertFalse(Thread.holdsLock(selector));
        }
        var reported = new HashSet<SelectionKey>();
        var patience = new Patience();
        while (reported.size() < 3) {
            patience.check();
            selector.select((Consumer<SelectionKey>) reported::add);
        }
        assertEquals(keys, reported, "nothing is lost");
        while (selector.selectNow() > 0) {
            patience.check();
        }
        assertEquals(keys, selector.selectedKeys(), "nor for the other forms");
    }

    @EveryProvider
    void an_action_that_selects_is_refused(Selector selector, Peers peers) throws IOException {
        // "implementation specific"; here as with the JDK's selectors
        SelectionKey key = peers.readable().register(selector, OP_READ);
        List<Selection> forms =
                List.of(
                        Selector::selectNow,
                        Selector::select,
                        s -> s.select(1),
                        s -> s.selectNow(UNEXPECTED),
                        s -> s.select(UNEXPECTED));
        for (Selection form : forms) {
            int consumed =
                    selector.select(
                            k ->
                                    assertThrows(
                                            IllegalStateException.class, () -> form.of(selector)));
            assertEquals(1, consumed);
        }
        assertEquals(1, selector.select());
        assertEquals(Set.of(key), selector.selectedKeys());
    }

    @EveryProvider
    void an_action_may_select_with_another_selector(Selector selector, Peers peers)
            throws IOException {
        peers.readable().register(selector, OP_READ);
        Selector other = peers.selector();
        SelectionKey inner = peers.readable().register(other, OP_READ);
        var reported = new ArrayList<SelectionKey>();
        selector.select(
                key -> {
                    try {
                        assertEquals(1, other.select((Consumer<SelectionKey>) reported::add));
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
        assertEquals(List.of(inner), reported);
    }

    @EveryProvider
    void an_action_that_closes_the_selector_is_the_last(Selector selector, Peers peers)
            throws IOException {
        for (int i = 0; i < 3; i++) {
            peers.readable().register(selector, OP_READ);
        }
        var reported = new ArrayList<SelectionKey>();
        assertThrows(
                ClosedSelectorException.class,
                () ->
                        selector.select(
                                key -> {
                                    reported.add(key);
                                    close(selector);
                                }));
        assertEquals(1, reported.size());
        assertFalse(selector.isOpen());
    }

    @EveryProvider
    void an_action_may_change_interests(Selector selector, Peers peers) throws IOException {
        Pipe.SourceChannel source = peers.readable();
        SelectionKey key = source.register(selector, OP_READ);
        assertEquals(1, selector.select(k -> k.interestOps(0)));
        assertEquals(0, selector.selectNow(UNEXPECTED));
        key.interestOps(OP_READ);
        assertEquals(1, selector.select(k -> assertSame(key, k)));
    }

    @EveryProvider
    void an_action_may_close_channels_and_cancel_keys(Selector selector, Peers peers)
            throws IOException {
        for (int i = 0; i < 6; i++) {
            peers.readable().register(selector, OP_READ);
        }
        var mine = new ArrayList<>(selector.keys());
        int consumed =
                selector.select(
                        key -> { // each kills itself, and another that may be about to be reported
                            int i = mine.indexOf(key);
                            key.cancel();
                            close(mine.get((i + 1) % 6).channel());
                        });
        assertTrue(consumed >= 3 && consumed <= 6, "" + consumed);
        selector.selectNow();
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void an_action_may_register_channels(Selector selector, Peers peers) throws IOException {
        peers.readable().register(selector, OP_READ);
        Pipe.SourceChannel fresh = peers.readable();
        int consumed =
                selector.select(
                        key -> {
                            key.cancel();
                            try {
                                fresh.register(selector, OP_READ);
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        assertEquals(1, consumed, "it has no effect on this selection");
        var reported = new ArrayList<SelectionKey>();
        assertEquals(1, selector.select((Consumer<SelectionKey>) reported::add));
        assertEquals(List.of(fresh.keyFor(selector)), reported);
    }

    @EveryProvider
    void both_kinds_of_selection_can_alternate(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.readable().register(selector, OP_READ);
        Map<SelectionKey, Integer> reported = new HashMap<>();
        assertEquals(1, selector.selectNow());
        assertEquals(1, selector.selectNow(k -> reported.merge(k, 1, Integer::sum)));
        assertEquals(1, selector.select(k -> reported.merge(k, 1, Integer::sum)));
        selector.selectedKeys().clear();
        assertEquals(1, selector.selectNow());
        assertEquals(Map.of(key, 2), reported);
    }

    // ---- locks

    @EveryProvider
    void a_selection_waits_for_the_selectors_lock(Selector selector) throws Exception {
        Poller select;
        synchronized (selector) {
            select = Poller.run(selector::selectNow);
            awaitState(select, Thread.State.BLOCKED);
        }
        assertEquals(0, select.result());
    }

    @EveryProvider
    void a_selection_waits_for_the_selected_keys_lock(Selector selector) throws Exception {
        Poller select;
        synchronized (selector.selectedKeys()) {
            select = Poller.run(selector::selectNow);
            awaitState(select, Thread.State.BLOCKED);
        }
        assertEquals(0, select.result());
    }

    @EveryProvider
    void a_waiting_selection_holds_both_locks(Selector selector) throws Exception {
        for (Object lock : List.of(selector, selector.selectedKeys())) {
            Poller select = Poller.run(selector::select);
            select.awaitBlocked();
            Poller other =
                    Poller.run(
                            () -> {
                                synchronized (lock) {
                                    return "got it";
                                }
                            });
            awaitState(other, Thread.State.BLOCKED);
            selector.wakeup();
            assertEquals(0, select.result());
            assertEquals("got it", other.result());
        }
    }

    @EveryProvider
    void a_second_selection_waits_for_the_first(Selector selector, Peers peers) throws Exception {
        Pipe pipe = peers.pipe();
        pipe.source().register(selector, OP_READ);
        Poller first = Poller.run(selector::select);
        first.awaitBlocked();
        Poller second = Poller.run(selector::selectNow);
        awaitState(second, Thread.State.BLOCKED);
        Peers.send(pipe.sink(), 1);
        assertEquals(1, first.result());
        assertEquals(0, second.result(), "the first has reported it");
    }

    @EveryProvider
    void many_threads_may_select_in_turn(Selector selector, Peers peers) throws Exception {
        Pipe pipe = peers.pipe();
        pipe.source().register(selector, OP_READ);
        var selects = new ArrayList<Poller>();
        for (int i = 0; i < 8; i++) {
            selects.add(Poller.run(selector::select));
        }
        Peers.send(pipe.sink(), 1); // stays ready, so all of them return
        int total = 0;
        for (Poller select : selects) {
            total += (Integer) select.result();
        }
        assertEquals(1, total);
    }

    private static void awaitState(Poller poller, Thread.State state) {
        Poller.await(state.toString(), () -> poller.thread().getState() == state);
    }

    /** Selects until the key is in the selected-key set with these operations, all at once. */
    private static void awaitReady(Selector selector, SelectionKey key, int ops)
            throws IOException {
        var patience = new Patience();
        do {
            patience.check();
            selector.selectedKeys().clear();
            assertTrue(selector.select(Peers.LIMIT) > 0);
        } while (key.readyOps() != ops);
        assertTrue(selector.selectedKeys().contains(key));
        assertTrue(key.channel() instanceof SocketChannel);
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** What was left when an action threw is not what is reported next, but what is ready then. */
    @EveryProvider
    void after_an_action_that_threw_the_kernel_is_asked_again(Selector selector, Peers peers)
            throws IOException {
        Pipe first = peers.pipe();
        Pipe second = peers.pipe();
        Pipe third = peers.pipe();
        for (Pipe pipe : List.of(first, second, third)) {
            pipe.source().register(selector, OP_READ);
        }
        Peers.send(first.sink(), 1);
        Peers.send(second.sink(), 1);
        assertThrows(
                IllegalStateException.class,
                () ->
                        selector.selectNow(
                                key -> {
                                    throw new IllegalStateException();
                                }));
        Peers.drain(first.source());
        Peers.drain(second.source());
        Peers.send(third.sink(), 1);
        var reported = new ArrayList<Object>();
        assertEquals(1, selector.selectNow(key -> reported.add(key.channel())));
        assertEquals(List.of(third.source()), reported);
    }
}
