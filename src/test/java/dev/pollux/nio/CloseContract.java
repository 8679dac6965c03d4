package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Crew;
import dev.pollux.support.Fds;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.function.Executable;

/** A selector's end. */
class CloseContract {

    @EveryProvider
    void every_method_but_close_and_wakeup_then_refuses(Selector selector, Peers peers)
            throws IOException {
        SelectableChannel channel = peers.pipe().source();
        selector.close();
        assertFalse(selector.isOpen());
        List<Executable> refused =
                List.of(
                        selector::keys,
                        selector::selectedKeys,
                        selector::selectNow,
                        selector::select,
                        () -> selector.select(0),
                        () -> selector.select(1),
                        () -> selector.selectNow(key -> {}),
                        () -> selector.select(key -> {}),
                        () -> selector.select(key -> {}, 1),
                        () -> channel.register(selector, 0),
                        () -> channel.register(selector, OP_READ, this));
        for (Executable executable : refused) {
            assertThrows(ClosedSelectorException.class, executable);
        }
        selector.wakeup();
        selector.close();
        selector.close();
        assertSame(peers.provider(), selector.provider());
        assertFalse(channel.isRegistered());
        assertNull(channel.keyFor(selector));
        channel.configureBlocking(true);
    }

    @EveryProvider
    void its_keys_become_invalid_and_its_channels_are_deregistered(Selector selector, Peers peers)
            throws IOException {
        Pipe.SourceChannel source = peers.readable();
        SelectionKey key = source.register(selector, OP_READ, "attached");
        assertEquals(1, selector.select());
        Set<SelectionKey> keys = selector.keys();
        Set<SelectionKey> selected = selector.selectedKeys();
        selector.close();
        assertFalse(key.isValid());
        assertTrue(keys.isEmpty());
        assertTrue(selected.isEmpty());
        assertFalse(source.isRegistered());
        assertNull(source.keyFor(selector));
        assertTrue(source.isOpen());
        source.configureBlocking(true);
        assertEquals(1, source.read(java.nio.ByteBuffer.allocate(8)));
        source.configureBlocking(false);
        SelectionKey again = source.register(peers.selector(), OP_READ);
        assertTrue(again.isValid());
        assertSame(source, key.channel());
        assertSame(selector, key.selector());
        assertEquals("attached", key.attachment());
    }

    @EveryProvider
    void methods_of_its_keys_say_that_they_are_cancelled(Selector selector, Peers peers)
            throws IOException {
        SelectionKey key = peers.tcp().here().register(selector, OP_READ);
        selector.close();
        assertCancelled(key);
    }

    @EveryProvider
    void a_key_that_was_cancelled_before_is_deregistered_too(Selector selector, Peers peers)
            throws IOException {
        Pipe.SourceChannel source = peers.readable();
        SelectionKey key = source.register(selector, OP_READ);
        key.cancel();
        assertTrue(source.isRegistered());
        selector.close();
        assertFalse(source.isRegistered());
        assertFalse(key.isValid());
        assertCancelled(key);
    }

    @EveryProvider
    void a_channel_that_was_closed_before_gives_its_descriptor_back(Selector selector, Peers peers)
            throws IOException {
        Peers.Link link = peers.tcp();
        int before = Fds.openCount();
        link.here().register(selector, OP_READ);
        link.here().close();
        assertTrue(link.here().isRegistered());
        Fds.assertOpenCount(before);
        selector.close();
        assertFalse(link.here().isRegistered());
        assertTrue(Fds.openCount() < before);
    }

    @EveryProvider
    void it_ends_a_selection_that_waits(Peers peers) throws Exception {
        for (int form = 0; form < 4; form++) {
            Selector selector = peers.selector();
            SelectionKey key = peers.pipe().source().register(selector, OP_READ);
            List<Poller.Body<?>> forms =
                    List.of(
                            selector::select,
                            () -> selector.select(Peers.LIMIT * 10),
                            () -> selector.select(k -> {}),
                            () -> selector.select(k -> {}, Peers.LIMIT * 10));
            Poller select = Poller.run(forms.get(form)).awaitBlocked();
            selector.close();
            assertFalse(selector.isOpen());
            assertFalse(key.isValid());
            // woken "as if by wakeup": that it ends counts, by a return or by the exception
            try {
                assertEquals(0, select.result());
            } catch (ClosedSelectorException e) {
                continue;
            }
        }
    }

    @EveryProvider
    void it_waits_until_the_selection_has_left(Selector selector, Peers peers) throws Exception {
        peers.readable().register(selector, OP_READ);
        var inAction = new AtomicBoolean();
        var goOn = new AtomicBoolean();
        Poller select =
                Poller.run(
                        () ->
                                selector.select(
                                        key -> {
                                            inAction.set(true);
                                            Poller.await("go on", goOn::get);
                                        }));
        Poller.await("the action", inAction::get);
        Poller close = Poller.run(() -> closed(selector));
        Poller.await("a blocked close", () -> close.thread().getState() == Thread.State.BLOCKED);
        goOn.set(true);
        assertSame(selector, close.result());
        assertThrows(ClosedSelectorException.class, select::result);
    }

    @EveryProvider
    void it_locks_the_selector_and_the_selected_keys(Peers peers) throws Exception {
        for (boolean first : new boolean[] {true, false}) {
            Selector selector = peers.selector();
            Object lock = first ? selector : selector.selectedKeys();
            Poller close;
            synchronized (lock) {
                close = Poller.run(() -> closed(selector));
                Poller.await(
                        "a blocked close", () -> close.thread().getState() == Thread.State.BLOCKED);
            }
            assertSame(selector, close.result());
        }
    }

    @EveryProvider
    void many_threads_may_close_at_once(Peers peers) throws Exception {
        for (int round = 0; round < 50; round++) {
            Selector selector = peers.selector();
            SelectionKey key = peers.pipe().source().register(selector, OP_READ);
            var closes = new ArrayList<Poller>();
            for (int i = 0; i < 4; i++) {
                closes.add(Poller.run(() -> closed(selector)));
            }
            for (Poller close : closes) {
                assertSame(selector, close.result());
            }
            assertFalse(key.isValid());
        }
    }

    @EveryProvider
    void a_registration_at_the_same_time_is_whole_or_not_at_all(Peers peers, Subject subject)
            throws Exception {
        for (int round = 0; round < 300; round++) {
            Selector selector = peers.selector();
            Pipe pipe = peers.pipe();
            if (subject.isJdk()) { // 17's close meets null in a channel that never had a key
                pipe.source().register(peers.selector(), 0).selector().close();
            }
            pipe.sink().register(selector, OP_WRITE);
            Poller register = Poller.run(() -> pipe.source().register(selector, OP_READ));
            if (round % 2 == 0) {
                Thread.yield();
            }
            selector.close();
            try {
                SelectionKey key = (SelectionKey) register.result();
                assertFalse(key.isValid(), "the selector is closed");
                assertCancelled(key);
            } catch (ClosedSelectorException e) {
                assertNull(pipe.source().keyFor(selector));
            } catch (CancelledKeyException e) {
                // interestOps of a key that close() has reached between
                assertFalse(selector.isOpen());
            }
            assertFalse(pipe.source().isRegistered());
            assertFalse(pipe.sink().isRegistered());
            pipe.source().close();
            pipe.sink().close();
        }
    }

    @EveryProvider
    void changes_of_interest_at_the_same_time_are_made_or_cancelled(Peers peers, Subject subject)
            throws Exception {
        subject.jdkDeviates("a change after close may throw ClosedSelectorException");
        for (int round = 0; round < 100; round++) {
            Selector selector = peers.selector();
            SelectionKey key = peers.pipe().source().register(selector, 0);
            var stop = new AtomicReference<RuntimeException>();
            var crew = new Crew();
            crew.start(
                    "changing",
                    () -> {
                        for (int i = 0; stop.get() == null; i++) {
                            try {
                                key.interestOps(i & OP_READ);
                            } catch (CancelledKeyException e) {
                                stop.set(e);
                            }
                        }
                    });
            selector.selectNow();
            selector.close();
            crew.join();
            assertTrue(stop.get() instanceof CancelledKeyException);
        }
    }

    @EveryProvider
    void a_channel_may_be_closed_at_the_same_time(Peers peers) throws Exception {
        for (int round = 0; round < 200; round++) {
            int before = Fds.openCount();
            Selector selector = peers.selector();
            Pipe pipe = peers.provider().openPipe();
            pipe.source().configureBlocking(false);
            SelectionKey key = pipe.source().register(selector, OP_READ);
            Poller close =
                    Poller.run(
                            () -> {
                                pipe.source().close();
                                return pipe;
                            });
            selector.close();
            assertSame(pipe, close.result());
            assertFalse(key.isValid());
            assertFalse(pipe.source().isRegistered());
            pipe.sink().close();
            Fds.assertOpenCount(before);
        }
    }

    @EveryProvider
    void two_hundred_selectors_leave_nothing(Peers peers) throws IOException {
        int before = Fds.openCount();
        SelectableChannel channel = peers.pipe().source();
        for (int i = 0; i < 200; i++) {
            Selector selector = peers.provider().openSelector();
            channel.register(selector, OP_READ);
            selector.selectNow();
            selector.close();
        }
        Fds.assertOpenCount(before + 2);
    }

    private static Selector closed(Selector selector) throws IOException {
        selector.close();
        return selector;
    }

    /** As every key is that is not valid. */
    static void assertCancelled(SelectionKey key) {
        assertFalse(key.isValid());
        List<Executable> refused =
                List.of(
                        key::interestOps,
                        () -> key.interestOps(0),
                        () -> key.interestOps(OP_READ),
                        () -> key.interestOpsOr(0),
                        () -> key.interestOpsOr(OP_READ),
                        () -> key.interestOpsAnd(0),
                        () -> key.interestOpsAnd(~0),
                        key::readyOps,
                        key::isReadable,
                        key::isWritable,
                        key::isConnectable,
                        key::isAcceptable);
        for (Executable executable : refused) {
            assertThrows(CancelledKeyException.class, executable);
        }
        key.cancel();
        assertFalse(key.isValid());
        Object before = key.attachment();
        assertSame(before, key.attach("new"));
        assertSame("new", key.attach(before));
    }
}
