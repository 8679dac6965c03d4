package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.FdKey;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.driver.Driver;
import dev.pollux.driver.KqueueDriver;
import dev.pollux.driver.ReadyEvents;
import dev.pollux.kernel.KqueueDriverTest.Setting;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.sys.NativeMemory;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * A pipe's reader goes away: FreeBSD drops the write filter, OpenBSD and NetBSD do not notify it;
 * KqueueControl (f) and (g).
 */
class KqueuePipesTest {
    private static final List<Trigger> TRIGGERS =
            List.of(Trigger.LEVEL, Trigger.EDGE, Trigger.ONESHOT);

    @BeforeEach
    void there_is_epoll() {
        assumeTrue(Host.LINUX, KqueueModel.MADE_OF_EPOLL);
    }

    private static Stream<DynamicTest> each(KqueueModel.Check<Setting> check) {
        return KqueueModel.each(Setting::new, check);
    }

    /** The filter is gone, and the driver does not know it yet. */
    @TestFactory
    Stream<DynamicTest> another_thread_modifies_while_the_event_is_on_its_way() {
        return each(
                s -> {
                    for (Trigger trigger : TRIGGERS) {
                        int[] pipe = s.fds.pipe();
                        Fds.fill(pipe[1]);
                        FdKey key = s.register(pipe[1], Interest.WRITE, trigger);
                        s.fds.close(pipe[0]);
                        var once = new AtomicInteger();
                        s.sys.found =
                                () -> {
                                    if (once.getAndIncrement() == 0) {
                                        KqueueDriverTest.inAnotherThread(
                                                () -> {
                                                    s.selector.modify(key, Interest.WRITE);
                                                    return null;
                                                });
                                    }
                                };
                        String writable = pipe[1] + " WRITE|WRITE_CLOSED";
                        assertTrue(List.of(s.pollNow(), s.pollNow()).contains(writable));
                        assertTrue(key.isValid());
                        s.pollNow();
                        s.selector.modify(key, Interest.WRITE, Trigger.EDGE);
                        assertEquals(writable, s.pollNow());
                        assertEquals("TIMEOUT", s.pollNow());
                        s.selector.unregister(key);
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> another_thread_registers_while_the_event_is_on_its_way() {
        return each(
                s -> {
                    int[] pipe = s.fds.pipe();
                    Fds.fill(pipe[1]);
                    FdKey key = s.register(pipe[1], Interest.WRITE, Trigger.LEVEL);
                    s.fds.close(pipe[0]);
                    s.sys.found =
                            () ->
                                    KqueueDriverTest.inAnotherThread(
                                            () ->
                                                    assertThrows(
                                                            PolluxException.AlreadyRegistered.class,
                                                            () ->
                                                                    s.register(
                                                                            pipe[1],
                                                                            Interest.WRITE,
                                                                            Trigger.EDGE)));
                    String writable = pipe[1] + " WRITE|WRITE_CLOSED";
                    assertEquals(writable, s.pollNow());
                    assertEquals(writable, s.pollNow());
                    assertTrue(key.isValid());
                });
    }

    /** What belongs to the filter that nobody asked for ends no wait, and not twice. */
    @TestFactory
    Stream<DynamicTest> data_at_the_wrong_end_ends_no_second_wait() {
        return each(
                s -> {
                    int[] pipe = s.fds.pipe();
                    var events = new ReadyEvents(16);
                    var driver = new KqueueDriver(s.sys, new NativeMemory(s.sys));
                    try {
                        assertEquals(0, driver.add(pipe[0], Driver.WRITE, 0, 1));
                        Fds.write(pipe[1], 1);
                        for (int i = 0; i < 3; i++) {
                            assertEquals(0, driver.poll(0, events));
                        }
                        assertEquals(0, driver.modify(pipe[0], 0, Driver.READ, 0, 1));
                        assertEquals(1, driver.poll(0, events));
                        assertEquals(Driver.READ, events.bits(0));
                        assertEquals(0, driver.remove(pipe[0], 1));
                    } finally {
                        driver.close();
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> interest_moves_between_the_ends_meaning() {
        return each(
                s -> {
                    int[] pipe = s.fds.pipe();
                    Fds.fill(pipe[1]);
                    FdKey key = s.register(pipe[1], Interest.READ, Trigger.LEVEL);
                    assertEquals("TIMEOUT", s.pollNow());
                    s.selector.modify(key, Interest.WRITE);
                    assertEquals("TIMEOUT", s.pollNow());
                    s.fds.close(pipe[0]);
                    for (int i = 0; i < 3; i++) {
                        assertEquals(pipe[1] + " WRITE|WRITE_CLOSED", s.pollNow());
                    }
                    s.selector.modify(key, Interest.READ);
                    assertEquals(pipe[1] + " READ|READ_CLOSED", s.pollNow());
                    s.selector.modify(key, Interest.WRITE, Trigger.ONESHOT);
                    assertEquals(pipe[1] + " WRITE|WRITE_CLOSED", s.pollNow());
                    assertEquals("TIMEOUT", s.pollNow());
                });
    }
}
