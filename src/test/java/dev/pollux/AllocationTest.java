package dev.pollux;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.pollux.EveryBackend.Pair;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What a poll in steady state allocates on the Java heap: nothing. */
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int POLLS = 1_000_000;
    private static final int FEWER = 50_000;
    private static final int WARM_UP = 20_000;
    private static final int A_LITTLE = 10_000;

    /** One round of what is measured. */
    @FunctionalInterface
    private interface Round {
        void run(int i) throws IOException;
    }

    private int events; // by the handler; a field, so that it captures no box
    private Object kept;

    @Test
    void the_measurement_sees_one_object_among_a_million_rounds() throws IOException {
        long once =
                allocated(
                        POLLS,
                        i -> {
                            if (i == POLLS / 2) {
                                kept = new byte[1];
                            }
                        });
        assertTrue(once >= 16 && once < 64, once + " bytes");
        assertEquals(0, allocated(POLLS, i -> events++));
    }

    @EveryBackend
    void a_million_polls_of_one_that_is_ready_allocate_nothing(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            selector.register(ready(fds), Interest.READ, Trigger.LEVEL, null);
            selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            ReadyHandler handler = (key, ready) -> events += ready.isReadable() ? 1 : 0;
            assertEquals(0, allocated(POLLS, i -> selector.poll(1, DAYS, handler)));
            assertTrue(events >= POLLS, events + " events");
        }
    }

    @EveryBackend
    void polls_that_find_nothing_allocate_nothing(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            ReadyHandler handler = (key, ready) -> events++;
            assertEquals(0, allocated(FEWER, i -> selector.poll(0, SECONDS, handler)));
            assertEquals(0, allocated(5_000, i -> selector.poll(1, NANOSECONDS, handler)));
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
            assertEquals(0, allocated(FEWER, i -> selector.poll(handler)));
            selector.modify(key, Interest.READ, Trigger.ONESHOT);
            ReadyHandler again = (k, ready) -> selector.modify(k, Interest.READ);
            assertEquals(0, allocated(FEWER, i -> selector.poll(again)));
        }
    }

    @EveryBackend
    void rounds_of_wakeup_and_poll_allocate_nothing(FdSelector selector) throws IOException {
        ReadyHandler handler = (key, ready) -> events++;
        Round round =
                i -> {
                    selector.wakeup();
                    if (selector.poll(handler) != PollResult.WAKEUP) {
                        throw new AssertionError();
                    }
                };
        assertEquals(0, allocated(FEWER, round));
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
            assertEquals(0, allocated(2_000, i -> selector.poll(handler)));
            assertEquals(0, events % count);
        }
    }

    @EveryBackend
    void a_poll_in_another_thread_that_is_woken_allocates_nothing(Pair pair) throws Exception {
        try (FdSelector selector = pair.open()) {
            ReadyHandler handler = (key, ready) -> events++;
            var waking = new Thread(() -> wakeUntilInterrupted(selector), "waking");
            waking.start();
            Object bytes =
                    Poller.run(() -> allocated(20_000, i -> selector.poll(handler))).result();
            waking.interrupt();
            waking.join();
            assertEquals(0L, bytes);
        }
    }

    private static void wakeUntilInterrupted(FdSelector selector) {
        while (!Thread.currentThread().isInterrupted()) {
            selector.wakeup();
        }
    }

    private static int ready(Fds fds) throws IOException {
        int[] pipe = fds.pipe();
        Fds.write(pipe[1], 1);
        return pipe[0];
    }

    /**
     * How many bytes this thread allocates in so many rounds, once warm. The JVM itself allocates a
     * little when it compiles; what is measured again because of that must come to nothing then.
     */
    private static long allocated(int rounds, Round round) throws IOException {
        run(Math.min(rounds, WARM_UP), round);
        long bytes = -1;
        for (int i = 0; i < 3 && bytes != 0 && bytes < A_LITTLE; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            run(rounds, round);
            bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        return bytes;
    }

    private static void run(int rounds, Round round) throws IOException {
        for (int i = 0; i < rounds; i++) {
            round.run(i);
        }
    }
}
