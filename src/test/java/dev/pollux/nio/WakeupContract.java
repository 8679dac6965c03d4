package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Crew;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** What ends a selection from outside: {@code wakeup()} and {@code Thread.interrupt()}. */
class WakeupContract {

    /** A blocking selection of either kind. */
    private interface Selection {
        int of(Selector selector) throws IOException;
    }

    private static final List<Selection> BLOCKING =
            List.of(
                    Selector::select,
                    s -> s.select(0),
                    s -> s.select(Peers.LIMIT * 10),
                    s -> s.select(key -> {}),
                    s -> s.select(key -> {}, Peers.LIMIT * 10));

    // ---- wakeup()

    @EveryProvider
    void it_returns_the_selector(Selector selector) throws IOException {
        assertSame(selector, selector.wakeup());
        selector.close();
        assertSame(selector, selector.wakeup());
    }

    @EveryProvider
    void it_ends_the_next_selection_and_that_alone(Selector selector, Peers peers)
            throws Exception {
        peers.pipe().source().register(selector, OP_READ);
        for (Selection selection : BLOCKING) {
            selector.wakeup();
            assertEquals(0, selection.of(selector));
            assertBlocks(selector, selection);
        }
        assertTrue(selector.selectedKeys().isEmpty(), "it is no event");
    }

    @EveryProvider
    void many_count_as_one(Selector selector) throws Exception {
        for (int i = 0; i < 1_000; i++) {
            selector.wakeup();
        }
        assertEquals(0, selector.select());
        assertBlocks(selector, Selector::select);
    }

    @EveryProvider
    void it_ends_a_selection_that_waits(Selector selector) throws Exception {
        for (Selection selection : BLOCKING) {
            assertBlocks(selector, selection);
        }
    }

    @EveryProvider
    void selectNow_clears_it(Selector selector, Peers peers) throws Exception {
        selector.wakeup();
        assertEquals(0, selector.selectNow());
        assertBlocks(selector, Selector::select);
        selector.wakeup();
        assertEquals(0, selector.selectNow(key -> {}));
        assertBlocks(selector, Selector::select);
        peers.readable().register(selector, OP_READ);
        selector.wakeup();
        assertEquals(1, selector.selectNow() + selector.selectNow());
    }

    @EveryProvider
    void it_hides_nothing_that_is_ready(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.readable().register(selector, OP_READ);
        for (int i = 0; i < 100; i++) {
            selector.wakeup();
            int updated = selector.select(); // "may be non-zero"
            assertEquals(1, updated + selector.selectNow());
            assertEquals(Set.of(key), Peers.taken(selector));
        }
    }

    @EveryProvider
    void one_selection_takes_it_although_a_channel_was_ready(Selector selector, Peers peers)
            throws Exception {
        Pipe.SourceChannel source = peers.readable();
        source.register(selector, OP_READ);
        selector.wakeup();
        var patience = new Patience();
        while (selector.selectedKeys().isEmpty()) {
            patience.check();
            selector.select();
        }
        Peers.drain(source);
        assertBlocks(selector, Selector::select);
    }

    @EveryProvider
    void one_of_an_action_is_not_lost(Selector selector, Peers peers) throws IOException {
        // the selection that performs the action waits no more: whoever hands over work just then
        // relies on the next one
        Pipe.SourceChannel source = peers.readable();
        source.register(selector, OP_READ);
        assertEquals(1, selector.select(key -> selector.wakeup()));
        Peers.drain(source);
        assertEquals(0, selector.select());
    }

    @EveryProvider
    void one_of_another_thread_during_an_action_is_not_lost(Selector selector, Peers peers)
            throws IOException {
        Pipe.SourceChannel source = peers.readable();
        source.register(selector, OP_READ);
        int consumed =
                selector.select(
                        key -> {
                            try {
                                assertSame(selector, Poller.run(selector::wakeup).result());
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        });
        assertEquals(1, consumed);
        Peers.drain(source);
        assertEquals(0, selector.select());
    }

    @EveryProvider
    void after_close_it_reaches_nobody_else(Selector selector, Peers peers) throws IOException {
        selector.wakeup();
        selector.close();
        var sources = new ArrayList<Pipe.SourceChannel>();
        for (int i = 0; i < 20; i++) { // they take the numbers that have become free
            sources.add(peers.pipe().source());
            selector.wakeup();
        }
        for (Pipe.SourceChannel source : sources) {
            assertEquals(0, Peers.drain(source));
        }
    }

    @EveryProvider
    void it_does_not_wait_for_locks(Selector selector) throws Exception {
        Poller waker;
        synchronized (selector) {
            synchronized (selector.selectedKeys()) {
                waker = Poller.run(selector::wakeup);
                assertSame(selector, waker.result());
            }
        }
    }

    @EveryProvider
    void none_is_lost_between_selections(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.pipe().source().register(selector, OP_READ);
        var crew = new Crew();
        var asked = new AtomicInteger();
        var seen = new AtomicInteger();
        int rounds = 5_000;
        Thread selecting =
                crew.start(
                        "selecting",
                        () -> {
                            while (seen.get() < rounds) {
                                assertEquals(0, selector.select());
                                seen.set(asked.get());
                            }
                        });
        for (int i = 1; i <= rounds; i++) {
            int round = i;
            asked.set(round);
            selector.wakeup();
            if ((round & 7) == 0) {
                key.interestOps(round & OP_READ);
            }
            crew.await("round " + round, () -> seen.get() == round);
        }
        crew.join(selecting);
    }

    @EveryProvider
    void many_threads_may_wake_at_once(Selector selector, Peers peers) throws Exception {
        Pipe pipe = peers.pipe();
        SelectionKey key = pipe.source().register(selector, OP_READ);
        var crew = new Crew();
        for (int i = 0; i < 4; i++) {
            crew.start(
                    "waker",
                    () -> {
                        for (int n = 0; n < 5_000; n++) {
                            selector.wakeup();
                        }
                    });
        }
        Poller select =
                Poller.run(
                        () -> {
                            while (selector.select() == 0) {
                                continue;
                            }
                            return Peers.taken(selector);
                        });
        crew.join();
        select.awaitBlocked();
        Peers.send(pipe.sink(), 1);
        assertEquals(Set.of(key), select.result());
    }

    // ---- Thread.interrupt()

    @EveryProvider
    void an_interrupted_thread_does_not_wait(Selector selector, Peers peers) throws Exception {
        peers.pipe().source().register(selector, OP_READ);
        for (Selection selection : BLOCKING) {
            Thread.currentThread().interrupt();
            assertEquals(0, selection.of(selector));
            assertEquals(0, selection.of(selector), "nor the second time");
            assertTrue(Thread.interrupted(), "the status is kept");
        }
        assertTrue(selector.isOpen());
        assertBlocks(selector, Selector::select);
    }

    @EveryProvider
    void an_interrupt_ends_a_wait(Selector selector, Peers peers) throws Exception {
        peers.pipe().source().register(selector, OP_READ);
        for (Selection selection : BLOCKING) {
            Poller select =
                    Poller.run(
                            () -> {
                                int updated = selection.of(selector);
                                return updated + " " + Thread.currentThread().isInterrupted();
                            });
            select.awaitBlocked();
            select.thread().interrupt();
            assertEquals("0 true", select.result());
        }
        assertTrue(selector.isOpen());
        assertBlocks(selector, Selector::select);
    }

    @EveryProvider
    void an_interrupted_thread_gets_what_is_ready(Selector selector, Peers peers)
            throws IOException {
        SelectionKey key = peers.readable().register(selector, OP_READ);
        Thread.currentThread().interrupt();
        try {
            int updated = selector.select();
            assertEquals(1, updated + selector.selectNow());
            assertEquals(Set.of(key), Peers.taken(selector));
            assertEquals(1, selector.selectNow());
        } finally {
            assertTrue(Thread.interrupted());
        }
    }

    @EveryProvider
    void a_thread_that_was_interrupted_earlier_waits_again(Selector selector) throws Exception {
        Thread.currentThread().interrupt();
        assertEquals(0, selector.select());
        assertTrue(Thread.interrupted());
        Poller select = Poller.run(selector::select);
        select.awaitBlocked();
        assertFalse(select.isDone());
        selector.wakeup();
        assertEquals(0, select.result());
    }

    @EveryProvider
    void an_interrupt_of_a_thread_outside_ends_nothing_here(Selector selector) throws Exception {
        Poller idle =
                Poller.run(
                        () -> {
                            selector.selectNow();
                            synchronized (this) {
                                wait();
                            }
                            return null;
                        });
        Poller.await("idle", () -> idle.thread().getState() == Thread.State.WAITING);
        Poller select = Poller.run(selector::select).awaitBlocked();
        idle.thread().interrupt();
        try {
            idle.result();
        } catch (InterruptedException e) {
            assertFalse(select.isDone());
        }
        select.awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result());
    }

    /** It waits, until it is woken. */
    private static void assertBlocks(Selector selector, Selection selection) throws Exception {
        Poller select = Poller.run(() -> selection.of(selector));
        select.awaitBlocked();
        selector.wakeup();
        assertEquals(0, select.result());
    }
}
