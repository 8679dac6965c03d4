package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.ReadyBatch;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.Allocation;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Poller;
import dev.pollux.support.Recorded;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a poll in steady state allocates on the Java heap: nothing. */
@LocalOnly("each call allocates on its way there")
class AllocationTest {
    @BeforeEach
    void notWhereEveryPollIsLookedAt() {
        Host.requireNotStrict("it allocates where it has something to look at");
    }

    private static final int POLLS = 200_000;
    private static final int FEWER = 20_000;

    private int events; // by the handler; a field, so that it captures no box
    private Object kept;

    @Test
    void the_measurement_sees_one_object_among_all_rounds() throws IOException {
        long once =
                Allocation.of(
                        POLLS,
                        i -> {
                            if (i == POLLS / 2) {
                                kept = new byte[1];
                            }
                        });
        assertTrue(once >= 16 && once < 64, once + " bytes");
        assertEquals(0, Allocation.of(POLLS, i -> events++));
    }

    @EveryBackend
    void polls_of_one_that_is_ready_allocate_nothing(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            selector.register(ready(fds), Interest.READ, Trigger.LEVEL, null);
            selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            ReadyHandler handler = (key, ready) -> events += ready.isReadable() ? 1 : 0;
            assertEquals(0, Allocation.of(POLLS, i -> selector.poll(1, DAYS, handler)));
            assertTrue(events >= POLLS, events + " events");
        }
    }

    @EveryBackend
    void polls_whose_events_are_taken_in_a_loop_allocate_nothing(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            for (int i = 0; i < 3; i++) {
                selector.register(ready(fds), Interest.READ, Trigger.LEVEL, null);
            }
            Allocation.Round round =
                    i -> {
                        int readable = 0;
                        try (ReadyBatch batch = selector.poll(1, DAYS)) {
                            while (batch.next()) {
                                readable += batch.ready().isReadable() ? 1 : 0;
                            }
                        }
                        events += readable;
                    };
            assertEquals(0, Allocation.of(POLLS, round));
            assertTrue(events >= 3 * POLLS, events + " events");
            if (Capability.ALLOCATES_NOTHING_OBSERVED.isThere()) {
                selector.startCounting(true);
                assertEquals(0, Allocation.of(FEWER, round));
            }
        }
    }

    @EveryBackend
    void polls_that_are_counted_and_timed_allocate_nothing(FdSelector selector) throws IOException {
        Capability.ALLOCATES_NOTHING_OBSERVED.require();
        try (var fds = new Fds()) {
            selector.register(ready(fds), Interest.READ, Trigger.LEVEL, null);
            selector.startCounting(true);
            ReadyHandler handler = (key, ready) -> events++;
            assertEquals(0, Allocation.of(FEWER, i -> selector.poll(1, DAYS, handler)));
            assertEquals(0, Allocation.of(FEWER, i -> selector.wakeup()));
        }
    }

    @EveryBackend
    void polls_that_are_recorded_allocate_nothing(FdSelector selector) throws IOException {
        Capability.ALLOCATES_NOTHING_OBSERVED.require();
        try (var fds = new Fds();
                var recorded = new Recorded()) {
            selector.register(ready(fds), Interest.READ, Trigger.LEVEL, null);
            selector.startCounting(true); // two observers
            ReadyHandler handler = (key, ready) -> events++;
            assertEquals(0, Allocation.of(FEWER, i -> selector.poll(1, DAYS, handler)));
            assertEquals(0, Allocation.of(FEWER, i -> selector.wakeup()));
            recorded.events();
        }
    }

    @EveryBackend
    void polls_that_find_nothing_allocate_nothing(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            ReadyHandler handler = (key, ready) -> events++;
            assertEquals(0, Allocation.of(FEWER, i -> selector.poll(0, SECONDS, handler)));
            assertEquals(0, Allocation.of(5_000, i -> selector.poll(1, NANOSECONDS, handler)));
            assertEquals(0, events);
        }
    }

    @EveryBackend
    void polls_with_changes_of_interest_allocate_nothing(FdSelector selector) throws IOException {
        Capability.ALLOCATES_NOTHING_TO_MODIFY.require();
        try (var fds = new Fds()) {
            int[] both = fds.socketpair();
            Fds.write(both[1], 1);
            FdKey key = selector.register(both[0], Interest.READ, Trigger.LEVEL, null);
            ReadyHandler handler =
                    (k, ready) -> {
                        events++;
                        selector.modify(k, ready.isReadable() ? Interest.WRITE : Interest.READ);
                    };
            assertEquals(0, Allocation.of(FEWER, i -> selector.poll(handler)));
            selector.modify(key, Interest.READ, Trigger.ONESHOT);
            ReadyHandler again = (k, ready) -> selector.modify(k, Interest.READ);
            assertEquals(0, Allocation.of(FEWER, i -> selector.poll(again)));
        }
    }

    @EveryBackend
    void rounds_of_wakeup_and_poll_allocate_nothing(FdSelector selector) throws IOException {
        ReadyHandler handler = (key, ready) -> events++;
        Allocation.Round round =
                i -> {
                    selector.wakeup();
                    if (selector.poll(handler) != PollResult.WAKEUP) {
                        throw new AssertionError();
                    }
                };
        assertEquals(0, Allocation.of(FEWER, round));
    }

    @EveryBackend
    void a_batch_of_many_with_a_read_and_a_write_each_allocates_nothing(FdSelector selector)
            throws IOException {
        int count = 100;
        try (var fds = new Fds()) {
            ByteBuffer one = ByteBuffer.allocateDirect(1);
            for (int i = 0; i < count; i++) {
                int[] both = fds.socketpair();
                Fds.write(both[0], 1);
                selector.register(both[1], Interest.READ, Trigger.LEVEL, both);
            }
            ReadyHandler handler =
                    (key, ready) -> {
                        events++;
                        Fd.read(key.fd(), one.clear());
                        Fd.write(((int[]) key.attachment())[0], one.flip());
                    };
            assertEquals(0, Allocation.of(500, i -> selector.poll(handler)));
            assertEquals(0, events % count);
        }
    }

    @Test
    void reads_and_writes_of_heap_buffers_allocate_nothing() throws IOException {
        try (var fds = new Fds()) {
            int[] both = fds.socketpair();
            ByteBuffer heap = ByteBuffer.allocate(100);
            Allocation.Round round =
                    i -> {
                        Fd.write(both[0], heap.clear());
                        Fd.read(both[1], heap.clear());
                    };
            assertEquals(0, Allocation.of(20_000, round));
        }
    }

    @EveryBackend
    void a_poll_in_another_thread_that_is_woken_allocates_nothing(Pair pair) throws Exception {
        try (FdSelector selector = pair.open()) {
            ReadyHandler handler = (key, ready) -> events++;
            var waking = new Thread(() -> wakeUntilInterrupted(selector), "waking");
            waking.start();
            Object bytes =
                    Poller.run(() -> Allocation.of(20_000, i -> selector.poll(handler))).result();
            waking.interrupt();
            waking.join();
            assertEquals(0L, bytes);
        }
    }

    /** Each poll once it waits: the others need no signal, and would be all that is measured. */
    private static void wakeUntilInterrupted(FdSelector selector) {
        while (!Thread.currentThread().isInterrupted()) {
            if (Internals.isWaiting(selector)) {
                selector.wakeup();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private static int ready(Fds fds) throws IOException {
        int[] pipe = fds.pipe();
        Fds.write(pipe[1], 1);
        return pipe[0];
    }
}
