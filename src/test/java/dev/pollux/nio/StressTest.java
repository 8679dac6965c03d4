package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Crew;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many threads do everything at once to a selector with which one selects: nothing is lost, nothing
 * is left, and no exception is thrown but the documented ones.
 */
class StressTest {
    private static final int THREADS = 4;
    private static final int ROUNDS = 1_200;

    @EveryProvider
    void nothing_is_lost_with_the_selected_key_set(Selector selector) {
        loseNothing(selector, () -> selectKeys(selector));
    }

    @EveryProvider
    void nothing_is_lost_with_an_action(Selector selector) {
        loseNothing(selector, () -> selector.select(StressTest::report));
    }

    private static void selectKeys(Selector selector) throws IOException {
        selector.select();
        for (var i = selector.selectedKeys().iterator(); i.hasNext(); ) {
            SelectionKey key = i.next();
            i.remove();
            report(key);
        }
    }

    /** Takes the bytes, and says how many there were. */
    private static void report(SelectionKey key) {
        try {
            if (key.isValid() && key.isReadable()) {
                int count = (int) Peers.drain((Pipe.SourceChannel) key.channel());
                ((AtomicInteger) key.attachment()).addAndGet(count);
            }
        } catch (CancelledKeyException e) {
            assertFalse(key.isValid());
        } catch (IOException e) {
            assertFalse(key.channel().isOpen());
        }
    }

    /** Something to do again and again. */
    private interface Work {
        void once() throws IOException;
    }

    private static void loseNothing(Selector selector, Work selecting) {
        var over = new AtomicBoolean();
        var crew = new Crew();
        Thread selectingThread =
                crew.start(
                        "selecting",
                        () -> {
                            while (!over.get()) {
                                selecting.once();
                            }
                        });
        var working = new ArrayList<Thread>();
        for (int t = 0; t < THREADS; t++) {
            int seed = t;
            working.add(crew.start("working " + t, () -> work(selector, crew, seed)));
        }
        var beside =
                crew.start(
                        "looking",
                        () -> { // and waking, for no reason
                            for (int i = 0; !over.get(); i++) {
                                for (SelectionKey key : selector.keys()) {
                                    assertEquals(selector, key.selector());
                                }
                                if (i % 64 == 0) {
                                    selector.wakeup();
                                }
                                Thread.yield();
                            }
                        });
        working.forEach(crew::join);
        over.set(true);
        selector.wakeup();
        crew.join(selectingThread);
        crew.join(beside);
        select(selector);
        assertTrue(selector.keys().isEmpty(), "" + selector.keys());
        assertTrue(selector.selectedKeys().isEmpty());
    }

    private static void select(Selector selector) {
        try {
            selector.selectNow();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** One pipe after the other: each byte that is of interest must be reported. */
    private static void work(Selector selector, Crew crew, int seed) throws IOException {
        var random = new Random(seed);
        SelectorProvider provider = selector.provider();
        for (int round = 0; round < ROUNDS; ) {
            Pipe pipe = provider.openPipe();
            try (var source = pipe.source();
                    var sink = pipe.sink()) {
                source.configureBlocking(false);
                var reported = new AtomicInteger();
                SelectionKey key = source.register(selector, OP_READ, reported);
                if (random.nextBoolean()) {
                    selector.wakeup();
                }
                int sent = 0;
                for (int i = random.nextInt(8); i >= 0; i--, round++) {
                    switch (random.nextInt(4)) {
                        case 0 -> key.interestOps(0);
                        case 1 -> key.interestOpsAnd(~OP_READ);
                        case 2 -> key.interestOpsOr(OP_READ);
                        default -> {}
                    }
                    Peers.send(sink, 1);
                    sent++;
                    if (random.nextInt(3) == 0) {
                        key = again(source, selector, key, crew, reported);
                    }
                    key.interestOps(OP_READ);
                    selector.wakeup();
                    int expected = sent;
                    crew.await("byte " + sent + " of " + key, () -> reported.get() == expected);
                }
                if (random.nextBoolean()) {
                    key.cancel();
                }
            }
            if (random.nextInt(4) == 0) {
                selector.wakeup();
            }
        }
    }

    /** Cancels a key, and registers its channel again as soon as that can be. */
    private static SelectionKey again(
            Pipe.SourceChannel source,
            Selector selector,
            SelectionKey old,
            Crew crew,
            AtomicInteger reported)
            throws IOException {
        old.cancel();
        selector.wakeup();
        crew.await("the end of " + old, () -> source.keyFor(selector) != old);
        return source.register(selector, 0, reported);
    }

    @EveryProvider
    void a_selector_may_be_closed_in_the_middle_of_it(Peers peers) throws Exception {
        for (int round = 0; round < 30; round++) {
            Selector selector = peers.selector();
            var crew = new Crew();
            crew.start("selecting", () -> untilClosed(selector, () -> selectKeys(selector)));
            for (int t = 0; t < 3; t++) {
                List<Pipe.SourceChannel> mine = List.of(peers.readable(), peers.readable());
                crew.start(
                        "registering",
                        () ->
                                untilClosed(
                                        selector,
                                        () -> {
                                            for (Pipe.SourceChannel source : mine) {
                                                cycle(source, selector);
                                            }
                                        }));
            }
            for (int i = 0; i < round * 2; i++) {
                selector.wakeup();
                Thread.yield();
            }
            selector.close();
            crew.join();
            assertFalse(selector.isOpen());
        }
    }

    private static void cycle(Pipe.SourceChannel source, Selector selector) throws IOException {
        try {
            SelectionKey key = source.register(selector, OP_READ, new AtomicInteger());
            key.interestOps(0);
            key.interestOps(OP_READ);
            key.cancel();
        } catch (CancelledKeyException e) {
            selector.wakeup(); // until the next selection
            Thread.yield(); // which needs the channel's lock, too
        }
    }

    private static void untilClosed(Selector selector, Work work) throws IOException {
        try {
            while (selector.isOpen()) {
                work.once();
            }
        } catch (ClosedSelectorException e) {
            assertFalse(selector.isOpen());
        }
    }
}
