package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.driver.Driver;
import dev.pollux.driver.KqueueDriver;
import dev.pollux.driver.ReadyEvents;
import dev.pollux.kernel.KqueueDriverTest.Setting;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.sys.NativeMemory;
import java.util.HashSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Room for what a wait finds is made before it: memory that is not there afterwards would lose what
 * the kernel reports once.
 */
class KqueueRoomTest {
    /** More than there is room for at first. */
    private static final int MANY = 600;

    @BeforeEach
    void there_is_epoll() {
        assumeTrue(Host.LINUX, KqueueModel.MADE_OF_EPOLL);
    }

    /** A driver of its own, and its batch. */
    private static final class Own implements AutoCloseable {
        final FaultySyscalls sys;
        final KqueueDriver driver;
        final ReadyEvents events = new ReadyEvents(0);
        private int capacity;

        Own(Setting s) throws Driver.OpenFailed {
            sys = new FaultySyscalls(s.sys);
            driver = new KqueueDriver(sys, new NativeMemory(sys));
            during(() -> {});
        }

        /** Does this in the next wait, when the kernel has answered. */
        void during(Runnable step) {
            sys.on(
                    "keventWait",
                    call -> {
                        int rc = call.go();
                        if (call.nth() == 1) {
                            step.run();
                        }
                        capacity = events.capacity();
                        return rc;
                    });
        }

        /** Polls once, and says how many events there are. */
        int poll() {
            events.clear();
            int count;
            try {
                count = driver.poll(TimeUnit.SECONDS.toNanos(60), events);
            } catch (OutOfMemoryError e) { // would end the whole run
                throw new AssertionError("after the wait", e);
            }
            assertEquals(capacity, events.capacity(), "it has grown after the wait");
            return count;
        }

        @Override
        public void close() {
            driver.close();
        }
    }

    /** The facade numbers slots from 0; no memory has room for this one. */
    @TestFactory
    Stream<DynamicTest> the_slot_of_a_token_takes_no_memory() {
        return KqueueModel.each(
                Setting::new,
                s -> {
                    int[] pair = s.fds.socketpair();
                    Fds.write(pair[1], 1);
                    long token = 1L << 32 | Integer.MAX_VALUE - 1;
                    try (var own = new Own(s)) {
                        int both = Driver.READ | Driver.WRITE;
                        assertEquals(0, own.driver.add(pair[0], both, Driver.EDGE, token));
                        assertEquals(1, own.poll());
                        assertEquals(token, own.events.token(0));
                        assertEquals(both, own.events.bits(0));
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> there_is_room_for_all_pipes_without_a_reader() {
        return KqueueModel.each(
                Setting::new,
                s -> {
                    try (var own = new Own(s)) {
                        addBroken(s, own.driver);
                        assertAllReported(own);
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> pipes_without_a_reader_that_come_during_the_wait_come_with_the_next() {
        return KqueueModel.each(
                Setting::new,
                s -> {
                    int[] pair = s.fds.socketpair();
                    Fds.write(pair[1], 1);
                    try (var own = new Own(s)) {
                        assertEquals(0, own.driver.add(pair[0], Driver.READ, Driver.EDGE, 0));
                        own.during(
                                () ->
                                        KqueueDriverTest.inAnotherThread(
                                                () -> {
                                                    addBroken(s, own.driver);
                                                    return null;
                                                }));
                        assertTrue(own.poll() > 0);
                        assertEquals(0, own.events.token(0));
                        var reported = new HashSet<Long>();
                        take(own.events, reported);
                        reported.remove(0L);
                        assertAllReported(own, reported);
                    }
                });
    }

    private static void addBroken(Setting s, KqueueDriver driver) throws Exception {
        for (int i = 1; i <= MANY; i++) {
            assertEquals(0, driver.add(s.broken(), Driver.WRITE, Driver.EDGE, i));
        }
    }

    private static void assertAllReported(Own own) {
        assertAllReported(own, new HashSet<>());
    }

    private static void assertAllReported(Own own, HashSet<Long> reported) {
        while (reported.size() < MANY && own.poll() >= 0) {
            take(own.events, reported);
        }
        assertEquals(MANY, reported.size());
    }

    private static void take(ReadyEvents events, HashSet<Long> reported) {
        for (int i = 0; i < events.size(); i++) {
            assertTrue(reported.add(events.token(i)), "reported twice");
        }
    }
}
