package dev.pollux.faults;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Intercepted;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Poller;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * No memory, no stack: whatever is thrown in the middle of a poll or of a change leaves the
 * selector usable, to other threads too, and no change and no event is lost.
 */
@LocalOnly("what is thrown in the middle of a call would break the connection")
class ThrowablesContract {
    private static final int STACK = 256 * 1024;

    /** What must not be held for ever is taken by a thread that can be waited for. */
    private static void assertOthersMayRegister(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Poller.run(
                            () -> {
                                FdKey key =
                                        selector.register(
                                                pipe[0], Interest.READ, Trigger.LEVEL, null);
                                selector.unregister(key);
                                return null;
                            })
                    .result();
        }
    }

    @EveryBackend
    void what_is_thrown_before_the_wait_holds_nothing_and_the_changes_are_made_by_the_next(
            Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        for (String call : new String[] {"a wait", "keventChange"}) {
            for (long nanos : new long[] {0, 1_000_000_000, 1_000_000_001}) {
                try (var fds = new Fds();
                        FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
                    int[] pipe = fds.pipe();
                    FdKey key = selector.register(pipe[1], Interest.READ, Trigger.LEVEL, null);
                    var mine = new StackOverflowError("made up");
                    var once = new AtomicBoolean();
                    selector.modify(key, Interest.WRITE); // pending: nobody polls
                    calls.take(
                            (name, arguments, real) -> {
                                boolean isIt = name.equals(call) || Intercepted.isWait(name);
                                if (isIt && once.compareAndSet(false, true)) {
                                    throw mine;
                                }
                                return real.make();
                            });
                    assertSame(
                            mine,
                            assertThrows(
                                    StackOverflowError.class,
                                    () -> selector.poll(nanos, NANOSECONDS, (k, r) -> {})));
                    assertOthersMayRegister(selector);
                    assertEquals(pipe[1] + " WRITE", Fds.pollNow(selector));
                }
            }
        }
    }

    @EveryBackend
    void what_is_thrown_while_an_edit_signals_the_poll_stops_nobody(Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            int[] pipe = fds.pipe();
            var polling = Poller.poll(selector, (key, ready) -> {}).awaitBlocked();
            calls.take(
                    (name, arguments, real) -> {
                        if (name.equals("write") || name.equals("epollCtl")) {
                            throw new OutOfMemoryError("made up");
                        }
                        return real.make();
                    });
            try {
                FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                selector.unregister(key); // kqueue needs neither call
            } catch (OutOfMemoryError e) {
                assertEquals("made up", e.getMessage());
            }
            calls.take((name, arguments, real) -> real.make());
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            polling.result();
        }
    }

    /** A poll at each depth of a stack that is nearly used up. */
    @EveryBackend
    void a_stack_that_ends_anywhere_in_a_poll_loses_nothing(Pair pair) throws Exception {
        // The others lock with java.util.concurrent, whose unlock may find no stack itself: then
        // the
        // lock is held until that thread polls again. Deterministic Errors are tested on all above.
        assumeTrue(
                Reported.isEpoll(pair.backend()),
                pair + ": its lock is the JDK's, which may find no stack to be unlocked");
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            Trigger once = selector.supports(Trigger.EDGE) ? Trigger.EDGE : Trigger.LEVEL;
            int[] pipe = fds.pipe();
            int[] pair1 = fds.socketpair();
            FdKey reader = selector.register(pipe[0], Interest.READ, once, null);
            FdKey changed = selector.register(pair1[0], Interest.READ, Trigger.LEVEL, null);
            var deep = new Deep(selector, reader);
            Thread thread = new Thread(null, deep, "deep", STACK);
            thread.setDaemon(true);
            thread.start();
            while (deep.awaitTurn()) {
                Fds.write(pipe[1], 1);
                deep.seen = 0;
                selector.modify(changed, Interest.WRITE);
                deep.poll();
                for (int i = 0; i < 2; i++) { // the rest of a batch, then what failed
                    selector.poll(0, NANOSECONDS, deep.handler);
                }
                assertOthersMayRegister(selector);
                assertTrue((deep.seen & 1) != 0, "the arrival, after " + deep.failures);
                assertTrue((deep.seen & 2) != 0, "the change, after " + deep.failures);
                Fds.drain(pipe[0]);
                selector.modify(changed, Interest.READ);
                selector.poll(0, NANOSECONDS, (key, ready) -> {});
            }
            thread.join();
            assertTrue(deep.failures > 5, "it had no stack: " + deep.failures);
        }
    }

    /** Goes down as far as it can, and polls on the way back; hands over without a call. */
    private static final class Deep implements Runnable {
        private static final int ENOUGH = 20; // polls that succeed

        private final FdSelector selector;
        private final ReadyHandler handler;
        private volatile int asked; // how many polls; the deep thread's
        private volatile int granted;
        private volatile int done; // the deep thread's
        private volatile boolean over;
        volatile int seen;
        volatile int failures;
        private int successes;

        Deep(FdSelector selector, FdKey reader) {
            this.selector = selector;
            handler = (key, ready) -> seen |= key == reader ? 1 : 2;
        }

        boolean awaitTurn() {
            Poller.await("the deep thread", () -> over || asked > done);
            return !over;
        }

        void poll() {
            granted = asked;
            Poller.await("a deep poll", () -> done == granted);
        }

        @Override
        public void run() {
            try {
                dive();
            } finally {
                over = true;
            }
        }

        private void dive() {
            try {
                dive();
            } catch (StackOverflowError e) {
                // the end of the stack: from here on upwards
            }
            if (successes > ENOUGH) {
                return;
            }
            asked++;
            while (granted != asked) {
                try {
                    Thread.yield();
                } catch (StackOverflowError e) {
                    // there is no stack for a call: it spins
                }
            }
            try {
                selector.poll(0, NANOSECONDS, handler);
                successes++;
            } catch (StackOverflowError e) {
                failures++;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            done = asked;
        }
    }
}
