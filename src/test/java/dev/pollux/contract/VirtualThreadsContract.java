package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Intercepted;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Mounts;
import dev.pollux.support.Poller;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A virtual thread that polls gets what a platform thread would; that its carrier is free meanwhile
 * is in {@code VirtualThreadsTest}.
 */
@LocalOnly("the JDK's poller waits for descriptors of this process")
class VirtualThreadsContract {
    private static final ReadyHandler NOTHING = (key, ready) -> {};

    /** A call in a virtual thread. */
    private static final class Virtual {
        final CompletableFuture<Object> result = new CompletableFuture<>();
        final Thread thread;

        Virtual(Poller.Body<?> body) throws ReflectiveOperationException {
            assumeTrue(
                    Runtime.version().feature() >= Host.FIRST_VIRTUAL,
                    "before JDK 21 there are no virtual threads");
            thread =
                    Host.startVirtual(
                            () -> {
                                try {
                                    result.complete(body.call());
                                } catch (Throwable e) {
                                    result.completeExceptionally(e);
                                }
                            });
        }

        /** Waits until it is parked in a poll. */
        Virtual awaitParked() {
            Poller.await(
                    "a virtual thread that is parked in a poll",
                    () -> {
                        assertFalse(result.isDone(), () -> "it has ended: " + result);
                        Thread.State state = thread.getState();
                        return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
                    });
            return this;
        }

        Object get() throws Exception {
            return result.get(Poller.LIMIT, SECONDS);
        }
    }

    // ---- what is reported once

    @EveryBackend
    void what_is_reported_once_is_reported_to_a_virtual_thread(Pair pair) throws Exception {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.EDGE)) {
            try (FdSelector selector = pair.open();
                    var fds = new Fds();
                    var mounts = new Mounts()) {
                if (!selector.supports(Interest.PRIORITY, trigger)) {
                    continue;
                }
                int fd = fds.keep(mounts.open());
                selector.register(fd, Interest.PRIORITY, trigger, null);
                var events = new AtomicInteger();
                for (int i = 1; i <= 5; i++) {
                    var virtual =
                            new Virtual(
                                    () -> selector.poll((key, ready) -> events.incrementAndGet()));
                    virtual.awaitParked();
                    mounts.change();
                    assertEquals(PollResult.EVENTS, virtual.get(), trigger + ", change " + i);
                    assertEquals(i, events.get());
                }
            }
        }
    }

    /** The control is the first event: the thread waits by the JDK's poller where it can. */
    @EveryBackend
    void also_when_it_is_registered_while_the_thread_waits(FdSelector selector) throws Exception {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        try (var fds = new Fds();
                var mounts = new Mounts()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var first = new Virtual(() -> selector.poll(NOTHING)).awaitParked();
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, first.get());
            assertEquals(1, Fds.drain(pipe[0]));
            var second = new Virtual(() -> selector.poll(NOTHING)).awaitParked();
            int fd = fds.keep(mounts.open());
            selector.register(fd, Interest.PRIORITY, Trigger.LEVEL, null);
            mounts.change();
            assertEquals(PollResult.EVENTS, second.get());
        }
    }

    // ---- the thread that waits

    @EveryBackend
    void the_thread_that_waits_for_it_ends_with_the_selector(Pair pair) throws Exception {
        int before = waitingThreads();
        FdSelector selector = pair.open();
        try (selector;
                var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            for (int i = 0; i < 3; i++) {
                var virtual = new Virtual(() -> selector.poll(NOTHING)).awaitParked();
                Fds.write(pipe[1], 1);
                assertEquals(PollResult.EVENTS, virtual.get());
                Fds.drain(pipe[0]);
            }
            assertTrue(waitingThreads() <= before + 1, "one for all its polls");
            var virtual = new Virtual(() -> selector.poll(NOTHING)).awaitParked();
            selector.close();
            var failure = assertThrows(ExecutionException.class, virtual::get);
            assertEquals(PolluxException.Closed.class, failure.getCause().getClass());
        }
        assertEquals(before, waitingThreads());
    }

    private static int waitingThreads() {
        int count = 0;
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            count += thread.getName().equals("pollux-wait") ? 1 : 0;
        }
        return count;
    }

    @EveryBackend
    void it_hears_a_wakeup_an_interrupt_a_register_and_the_end_of_its_time(FdSelector selector)
            throws Exception {
        try (var fds = new Fds()) {
            var woken = new Virtual(() -> selector.poll(NOTHING)).awaitParked();
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, woken.get());

            var interrupted =
                    new Virtual(
                                    () -> {
                                        var reason = selector.poll(NOTHING);
                                        return reason + " " + Thread.interrupted();
                                    })
                            .awaitParked();
            interrupted.thread.interrupt();
            assertEquals("INTERRUPT true", interrupted.get());

            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            var registered = new Virtual(() -> selector.poll(NOTHING)).awaitParked();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            assertEquals(PollResult.EVENTS, registered.get());
            Fds.drain(pipe[0]);

            long start = System.nanoTime();
            var over = new Virtual(() -> selector.poll(30, MILLISECONDS, NOTHING));
            assertEquals(PollResult.TIMEOUT, over.get());
            assertTrue(System.nanoTime() - start >= 30_000_000, "not before its time");
        }
    }

    @EveryBackend
    void what_the_wait_throws_reaches_the_virtual_thread(Pair pair) throws Exception {
        var calls = new Intercepted(pair);
        try (FdSelector selector = Internals.open(pair.backend(), calls.sys);
                var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var thrown = new OutOfMemoryError("by this test");
            calls.take(
                    (name, arguments, real) -> {
                        if (Intercepted.isWait(name)) {
                            throw thrown;
                        }
                        return real.make();
                    });
            var failing = new Virtual(() -> selector.poll(NOTHING));
            var failure = assertThrows(ExecutionException.class, failing::get);
            assertEquals(thrown, failure.getCause());
            calls.take((name, arguments, real) -> real.make());
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, new Virtual(() -> selector.poll(NOTHING)).get());
        }
    }

    @EveryBackend
    void one_that_nobody_can_reach_is_closed_with_its_thread(Pair pair) throws Exception {
        int before = waitingThreads();
        abandoned(pair);
        Poller.collectUntil(
                "the thread of an unreachable selector has ended",
                () -> waitingThreads() == before);
    }

    private static void abandoned(Pair pair) throws Exception {
        FdSelector selector = pair.open();
        var virtual = new Virtual(() -> selector.poll(1, MILLISECONDS, NOTHING));
        assertEquals(PollResult.TIMEOUT, virtual.get());
    }
}
