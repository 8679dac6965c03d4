package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.support.Allocation;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Consumer;

/** What a selection allocates, once warm: nothing. The JDK's own allocates for each ready key. */
class AllocationContract {
    private static final int ROUNDS = 20_000;

    private long events;

    @EveryProvider
    void selections_of_ready_keys_allocate_nothing(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireOurs();
        for (int i = 0; i < 10; i++) {
            peers.readable().register(selector, OP_READ);
            peers.pipe().source().register(selector, OP_READ);
        }
        assertEquals(
                0,
                Allocation.of(
                        ROUNDS,
                        i -> {
                            events += selector.selectNow();
                            selector.selectedKeys().clear();
                            events += selector.select();
                            events += selector.select(1_000); // and again, with nothing new
                            selector.selectedKeys().clear();
                        }));
        assertEquals(0, events % 20);
    }

    @EveryProvider
    void selections_with_an_action_allocate_nothing(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireOurs();
        for (int i = 0; i < 10; i++) {
            peers.readable().register(selector, OP_READ);
        }
        Consumer<SelectionKey> action = key -> events += key.isReadable() ? 1 : 0;
        assertEquals(
                0,
                Allocation.of(
                        ROUNDS,
                        i -> {
                            selector.selectNow(action);
                            selector.select(action);
                            selector.select(action, 1_000);
                        }));
    }

    @EveryProvider
    void changes_of_interest_allocate_nothing(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireOurs();
        SelectionKey key = peers.unix().here().register(selector, OP_READ);
        assertEquals(
                0,
                Allocation.of(
                        ROUNDS,
                        i -> {
                            key.interestOps(OP_READ | OP_WRITE);
                            events += selector.selectNow();
                            key.interestOpsAnd(~OP_WRITE);
                            selector.selectNow();
                            key.interestOpsOr(OP_WRITE);
                            key.interestOps(OP_READ);
                            selector.selectNow();
                            selector.selectedKeys().clear();
                        }));
    }

    @EveryProvider
    void an_interest_that_comes_and_goes_allocates_nothing(
            Selector selector, Peers peers, Subject subject) throws IOException {
        subject.emulationDeviates("it has no PRIORITY, and so no silent registration");
        subject.requireEdge(); // elsewhere an empty interest is a registration less
        Pipe.SourceChannel source = peers.readable();
        SelectionKey key = source.register(selector, OP_READ);
        assertEquals(
                0,
                Allocation.of(
                        ROUNDS,
                        i -> {
                            key.interestOps(0);
                            selector.selectNow();
                            key.interestOps(OP_READ);
                            events += selector.selectNow();
                            selector.selectedKeys().clear();
                        }));
    }

    @EveryProvider
    void wakeups_and_time_outs_allocate_nothing(Selector selector, Peers peers, Subject subject)
            throws IOException {
        subject.requireOurs();
        peers.pipe().source().register(selector, OP_READ);
        assertEquals(
                0,
                Allocation.of(
                        20_000,
                        i -> {
                            selector.wakeup();
                            events += selector.select();
                            selector.wakeup();
                            events += selector.select(1);
                        }));
        assertEquals(0, Allocation.of(100, i -> events += selector.select(1)));
        assertEquals(0, events);
    }
}
