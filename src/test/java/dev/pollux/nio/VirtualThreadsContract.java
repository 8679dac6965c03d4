package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;

/**
 * Selections by virtual threads, of which any number may wait at once: from JDK 24 on one that
 * waits releases its carrier, also while it holds monitors; before, the scheduler adds one for it.
 */
class VirtualThreadsContract {
    @BeforeAll
    static void the_pollers_of_the_jdk_are_open() throws Exception {
        if (Runtime.version().feature() < Host.FIRST_VIRTUAL) {
            return; // each test says that it is skipped
        }
        // The JDK's pollers open what they need once, each when it is first used.
        var selectors = new ArrayList<Selector>();
        var selections = new ArrayList<Selection>();
        for (int i = 0; i < 32; i++) {
            selectors.add(Subject.jdk().openSelector());
            selections.add(new Selection(selectors.get(i)::select));
        }
        for (int i = 0; i < 32; i++) {
            selections.get(i).awaitParked();
            selectors.get(i).wakeup();
            selections.get(i).result();
            selectors.get(i).close();
        }
    }

    /** One selection, by a virtual thread of its own. */
    private static final class Selection {
        private final CompletableFuture<Object> result = new CompletableFuture<>();
        private final Thread thread;

        Selection(Poller.Body<?> body) throws ReflectiveOperationException {
            Runnable run =
                    () -> {
                        try {
                            result.complete(body.call());
                        } catch (Throwable e) {
                            result.completeExceptionally(e);
                        }
                    };
            thread = Host.startVirtual(run);
        }

        Selection awaitParked() {
            Poller.await(
                    "a virtual thread that waits",
                    () ->
                            thread.getState() == Thread.State.WAITING
                                    || thread.getState() == Thread.State.TIMED_WAITING
                                    || isInKernel());
            return this;
        }

        /** As the JDK's own selector is before JDK 24, and keeps a carrier. */
        private boolean isInKernel() {
            StackTraceElement[] stack = thread.getStackTrace();
            return stack.length > 0 && stack[0].getClassName().equals("sun.nio.ch.EPoll");
        }

        Object result() throws Exception {
            return result.get(Poller.LIMIT, TimeUnit.SECONDS);
        }
    }

    @EveryProvider
    void many_wait_at_once_and_others_go_on(Peers peers, Subject subject) throws Exception {
        Subject.requireVirtualThreads();
        // twice as many as there could be carriers
        int many = 2 * Math.max(16, Runtime.getRuntime().availableProcessors());
        var selections = new ArrayList<Selection>();
        var selectors = new ArrayList<Selector>();
        var pipes = new ArrayList<Pipe>();
        for (int i = 0; i < many; i++) {
            Selector selector = peers.selector();
            Pipe pipe = peers.pipe();
            pipe.source().register(selector, OP_READ);
            selectors.add(selector);
            pipes.add(pipe);
            selections.add(new Selection(selector::select));
        }
        for (Selection selection : selections) {
            selection.awaitParked();
        }
        assertEquals("done", new Selection(() -> "done").result(), "there is a carrier left");
        for (int i = 0; i < many; i++) {
            if (i % 3 == 0) {
                selectors.get(i).wakeup();
            } else {
                Peers.send(pipes.get(i).sink(), 1);
            }
        }
        for (int i = 0; i < many; i++) {
            assertEquals(i % 3 == 0 ? 0 : 1, selections.get(i).result());
        }
    }

    @EveryProvider
    void all_forms_of_selection_work(Selector selector, Peers peers, Subject subject)
            throws Exception {
        Subject.requireVirtualThreads();
        Pipe pipe = peers.pipe();
        pipe.source().register(selector, OP_READ);
        assertEquals(0, new Selection(selector::selectNow).result());
        assertEquals(0, new Selection(() -> selector.select(5)).result());
        assertEquals(0, new Selection(() -> selector.select(key -> {}, 5)).result());
        List<Poller.Body<Integer>> forms =
                List.of(
                        selector::select,
                        () -> selector.select(0),
                        () -> selector.select(Long.MAX_VALUE),
                        () -> selector.select(Peers.LIMIT * 10),
                        () -> selector.select(key -> {}),
                        () -> selector.select(key -> {}, Peers.LIMIT * 10));
        for (Poller.Body<Integer> form : forms) {
            Selection woken = new Selection(form).awaitParked();
            selector.wakeup();
            assertEquals(0, woken.result());
            Selection ready = new Selection(form).awaitParked();
            Peers.send(pipe.sink(), 1);
            assertEquals(1, ready.result());
            Peers.drain(pipe.source());
            selector.selectedKeys().clear();
        }
    }

    @EveryProvider
    void a_time_out_is_never_shorter_than_asked(Selector selector) throws Exception {
        Subject.requireVirtualThreads();
        for (int millis : new int[] {1, 5, 30}) {
            long start = System.nanoTime();
            assertEquals(0, new Selection(() -> selector.select(millis)).result());
            assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(millis));
        }
    }

    @EveryProvider
    void an_interrupt_ends_a_wait_and_is_kept(Selector selector, Peers peers, Subject subject)
            throws Exception {
        Subject.requireVirtualThreads();
        peers.pipe().source().register(selector, OP_READ);
        for (int i = 0; i < 10; i++) {
            boolean before = i % 2 == 0;
            Selection selection =
                    new Selection(
                            () -> {
                                if (before) {
                                    Thread.currentThread().interrupt();
                                }
                                int updated = selector.select();
                                return updated + " " + Thread.currentThread().isInterrupted();
                            });
            if (!before) {
                selection.awaitParked().thread.interrupt();
            }
            assertEquals("0 true", selection.result());
            selector.selectNow();
        }
    }

    @EveryProvider
    void close_ends_a_wait(Peers peers, Subject subject) throws Exception {
        Subject.requireVirtualThreads();
        for (int i = 0; i < 10; i++) {
            Selector selector = peers.selector();
            Selection selection = new Selection(selector::select).awaitParked();
            Selection close =
                    new Selection(
                            () -> {
                                selector.close();
                                return "closed";
                            });
            assertEquals("closed", close.result());
            try {
                assertEquals(0, selection.result());
            } catch (ExecutionException e) {
                assertTrue(e.getCause() instanceof ClosedSelectorException, "" + e.getCause());
            }
        }
    }

    @EveryProvider
    void no_wakeup_is_lost(Selector selector) throws Exception {
        Subject.requireVirtualThreads();
        int rounds = 2_000;
        var turn = new java.util.concurrent.atomic.AtomicInteger();
        Selection selecting =
                new Selection(
                        () -> {
                            int selections = 0;
                            while (turn.get() < rounds) {
                                selector.select();
                                selections++;
                                turn.incrementAndGet();
                            }
                            return selections;
                        });
        Selection waking =
                new Selection(
                        () -> {
                            for (int seen = 0; seen < rounds; ) {
                                selector.wakeup();
                                int before = seen;
                                while ((seen = turn.get()) == before) {
                                    // One that only yields keeps its carrier from the other.
                                    LockSupport.parkNanos(1_000);
                                }
                            }
                            return "done";
                        });
        assertEquals("done", waking.result());
        assertEquals(rounds, selecting.result());
    }
}
