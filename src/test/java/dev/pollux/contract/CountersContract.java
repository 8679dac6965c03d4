package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Counters;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** {@link FdSelector#counters}: each counts what it says. */
class CountersContract {

    @EveryBackend
    void without_asking_for_it_nothing_is_counted(FdSelector selector) {
        var why = assertThrows(IllegalStateException.class, selector::counters);
        assertTrue(why.getMessage().contains("startCounting"), why.getMessage());
        selector.close();
        assertThrows(PolluxException.Closed.class, () -> selector.startCounting(false));
    }

    @EveryBackend
    void polls_waits_and_events(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] one = fds.pipe();
            int[] two = fds.pipe();
            selector.register(one[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(two[0], Interest.READ, Trigger.LEVEL, null);
            selector.startCounting(false);
            selector.poll(0, TimeUnit.SECONDS, Poller.UNEXPECTED);
            Counters empty = selector.counters();
            assertEquals(1, empty.polls());
            assertEquals(1, empty.waits());
            assertEquals(1, empty.emptyWaits());
            assertEquals(0, empty.events());
            assertEquals(2, empty.registrations());
            Fds.write(one[1], 1);
            assertEquals(one[0] + " READ", Fds.pollNow(selector));
            Fds.write(two[1], 1);
            selector.poll(0, TimeUnit.SECONDS, (key, ready) -> {});
            Counters counters = selector.counters();
            assertEquals(3, counters.polls());
            assertEquals(3, counters.waits());
            assertEquals(1, counters.emptyWaits());
            assertEquals(3, counters.events());
            assertEquals(2, counters.largestBatch());
            assertEquals(0, counters.waitedNanos());
            assertEquals(0, counters.handlerNanos());
            selector.startCounting(false);
            assertEquals(0, selector.counters().polls());
            selector.close();
            assertEquals(0, selector.counters().registrations());
        }
    }

    @EveryBackend
    void wakeups_and_those_that_cost_nothing(FdSelector selector) throws IOException {
        selector.startCounting(false);
        selector.wakeup();
        selector.wakeup();
        selector.wakeup();
        assertEquals(PollResult.WAKEUP, selector.poll(Poller.UNEXPECTED));
        assertEquals(3, selector.counters().wakeups());
        assertEquals(2, selector.counters().coalescedWakeups());
        selector.wakeup();
        assertEquals(4, selector.counters().wakeups());
        assertEquals(2, selector.counters().coalescedWakeups());
    }

    @EveryBackend
    void changes_that_are_pending_sent_and_cancelled_out(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.startCounting(false);
            selector.modify(key, Interest.WRITE);
            selector.modify(key, Interest.READ);
            selector.poll(0, TimeUnit.SECONDS, Poller.UNEXPECTED);
            assertEquals(2, selector.counters().pendingChanges());
            assertEquals(0, selector.counters().sentChanges());
            assertEquals(1, selector.counters().cancelledChanges());
            selector.modify(key, Interest.WRITE);
            selector.modify(key, Interest.READ.plus(Interest.WRITE));
            selector.poll(0, TimeUnit.SECONDS, (any, ready) -> {});
            assertEquals(4, selector.counters().pendingChanges());
            assertEquals(1, selector.counters().sentChanges());
            assertEquals(1, selector.counters().cancelledChanges());
        }
    }

    @EveryBackend
    void times_are_those_of_the_wait_and_of_the_handlers(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.startCounting(true);
            selector.poll(20, TimeUnit.MILLISECONDS, Poller.UNEXPECTED);
            Counters waited = selector.counters();
            assertTrue(waited.waitedNanos() >= 20_000_000, waited.toString());
            assertEquals(0, waited.handlerNanos());
            Fds.write(pipe[1], 1);
            selector.poll(
                    (key, ready) -> {
                        long begin = System.nanoTime();
                        while (System.nanoTime() - begin < 5_000_000) {
                            Thread.onSpinWait();
                        }
                    });
            assertTrue(selector.counters().handlerNanos() >= 5_000_000);
        }
    }

    @EveryBackend
    void a_handler_that_throws_is_counted(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            selector.startCounting(true);
            assertThrows(
                    IOException.class,
                    () ->
                            selector.poll(
                                    (key, ready) -> {
                                        throw new IOException("of the handler");
                                    }));
            assertEquals(1, selector.counters().events());
            assertTrue(selector.counters().handlerNanos() > 0);
        }
    }
}
