package dev.pollux.kernel;

import static dev.pollux.kernel.KeventProbe.ENABLE;
import static dev.pollux.kernel.KeventProbe.NO_FILTER;
import static dev.pollux.kernel.Recorded.of;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.Fd;
import dev.pollux.support.Fds;
import dev.pollux.support.LostAgent;
import dev.pollux.support.Poller;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The models answer as their kernels did: flags of knotes, changes, receipts, order, waits. */
@ExtendWith(LostAgent.class)
class RecordedTriggersTest {
    @BeforeEach
    void there_is_a_kqueue() {
        Recorded.requireKqueue();
    }

    @TestFactory
    Stream<DynamicTest> clear() {
        return Recorded.tests(
                of("reported, and again without news", p -> twice(p, p.pipe(1, p.clear)))
                        .all("[R[CLEAR]][]"),
                of("half of it read, no news", p -> halfRead(p, p.pipe(2, p.clear)))
                        .all("[R[CLEAR]]")
                        .notPlayed("Linux does not notify of what was read"),
                of("added again while readable", p -> touch(p, p.clear, p.add | p.clear))
                        .all("0[R[CLEAR]][]"),
                of("changed without flags while readable", p -> touch(p, p.clear, 0))
                        .freebsd("0[R[CLEAR]][]")
                        .openbsd("0[][]")
                        .netbsd("0[][]"),
                of("enabled while enabled and readable", p -> touch(p, p.clear, ENABLE))
                        .freebsd("0[R[CLEAR]][]")
                        .openbsd("0[][]")
                        .netbsd("0[][]"),
                of("made level by EV_ADD", p -> touch(p, p.clear, p.add)).all("0[R[CLEAR]][]"),
                of("made clear by EV_ADD", p -> touch(p, 0, p.add | p.clear)).all("0[R[]][R[]]"),
                of("deleted and added in one call", RecordedTriggersTest::deleteAndAdd)
                        .all("2R[ERROR 0]R[ERROR 0][R[CLEAR]][]"),
                of("writable once, and when a full pipe is drained", RecordedTriggersTest::drained)
                        .all("[W[CLEAR]][][][W[CLEAR]][]"),
                of("news that are read before the wait", p -> readBefore(p, p.clear)).all("[]"));
    }

    private static void twice(KeventProbe p, int[] pipe) {
        p.poll();
        p.poll();
    }

    private static void halfRead(KeventProbe p, int[] pipe) throws Exception {
        p.skip();
        assertEquals(1, Fd.read(pipe[0], ByteBuffer.allocate(1)));
        p.poll();
    }

    private static void touch(KeventProbe p, int flags, int change) throws Exception {
        int[] pipe = p.pipe(1, flags);
        p.skip();
        p.change(pipe[0], p.r, change);
        p.poll();
        p.poll();
    }

    private static void deleteAndAdd(KeventProbe p) throws Exception {
        int[] pipe = p.pipe(1, p.clear);
        p.skip();
        p.put(0, pipe[0], p.r, p.delete | p.layout.EV_RECEIPT);
        p.put(1, pipe[0], p.r, p.add | p.clear | p.layout.EV_RECEIPT);
        p.make(2, 2);
        p.poll();
        p.poll();
    }

    private static void drained(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        p.set(pipe[1], p.w, p.add | p.clear);
        p.poll();
        p.poll();
        Fds.fill(pipe[1]);
        p.poll();
        Fds.drain(pipe[0]);
        p.poll();
        p.poll();
    }

    private static void readBefore(KeventProbe p, int flags) throws Exception {
        int[] pipe = p.fds.pipe();
        p.set(pipe[0], p.r, p.add | flags);
        Fds.write(pipe[1], 1);
        Fds.drain(pipe[0]);
        p.poll();
    }

    @TestFactory
    Stream<DynamicTest> level_and_dispatch() {
        return Recorded.tests(
                of("level: news that are read before the wait", p -> readBefore(p, 0)).all("[]"),
                of("dispatch: added again, then enabled", RecordedTriggersTest::addAndEnable)
                        .all("[R[DISPATCH]][]0[]0[R[DISPATCH]][]"),
                of(
                                "dispatch: added and enabled",
                                p -> touch(p, p.dispatch, p.add | ENABLE | p.dispatch))
                        .all("0[R[DISPATCH]][]"),
                of("dispatch: deleted while disabled", RecordedTriggersTest::deleteDisabled)
                        .all("0ENOENT0[R[DISPATCH]][]"),
                of("dispatch: news, a change without flags", RecordedTriggersTest::newsDisabled)
                        .all("0[]"),
                of("dispatch and clear: enabled", p -> touch(p, p.dispatch | p.clear, ENABLE))
                        .freebsd("0[R[CLEAR+DISPATCH]][]")
                        .openbsd("0[R[CLEAR+DISPATCH]][]")
                        .netbsd("0[][]"),
                of("disabled while active, enabled", RecordedTriggersTest::disableActive)
                        .all("0[]0[R[]]"),
                of("disabled, news, read, enabled", RecordedTriggersTest::disableRead).all("0[]"));
    }

    private static void addAndEnable(KeventProbe p) throws Exception {
        int[] pipe = p.pipe(1, p.dispatch);
        p.poll();
        p.poll();
        p.change(pipe[0], p.r, p.add | p.dispatch);
        p.poll();
        p.change(pipe[0], p.r, ENABLE);
        p.poll();
        p.poll();
    }

    private static void deleteDisabled(KeventProbe p) throws Exception {
        int[] pipe = p.pipe(1, p.dispatch);
        p.skip();
        p.change(pipe[0], p.r, p.delete);
        p.change(pipe[0], p.r, ENABLE);
        p.change(pipe[0], p.r, p.add | p.dispatch);
        p.poll();
        p.poll();
    }

    private static void newsDisabled(KeventProbe p) throws Exception {
        int[] pipe = p.pipe(1, p.dispatch);
        p.skip();
        Fds.write(pipe[1], 1);
        p.change(pipe[0], p.r, 0);
        p.poll();
    }

    private static void disableActive(KeventProbe p) throws Exception {
        int[] pipe = p.pipe(1, 0);
        p.change(pipe[0], p.r, p.disable);
        p.poll();
        p.change(pipe[0], p.r, ENABLE);
        p.poll();
    }

    private static void disableRead(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        p.set(pipe[0], p.r, p.add | p.clear);
        p.set(pipe[0], p.r, p.disable);
        Fds.write(pipe[1], 1);
        Fds.drain(pipe[0]);
        p.change(pipe[0], p.r, ENABLE);
        p.poll();
    }

    @TestFactory
    Stream<DynamicTest> user_events() {
        String none = "EINVAL";
        return Recorded.tests(
                of("triggered twice", RecordedTriggersTest::triggerTwice)
                        .freebsd("000[U[CLEAR]][]0[U[CLEAR]][]")
                        .openbsd(none + none + none + "[][]" + none + "[][]")
                        .netbsd(none + none + none + "[][]" + none + "[][]"),
                of("triggered, and never added", RecordedTriggersTest::trigger)
                        .freebsd("ENOENT")
                        .openbsd(none)
                        .netbsd(none),
                of("triggered, behind a full list", RecordedTriggersTest::triggerFull)
                        .freebsd("[R[] R[]][R[] U[CLEAR]][R[] R[]][R[] R[]]"));
    }

    private static int user(KeventProbe p) {
        return p.layout.EVFILT_USER == 0 ? NO_FILTER : p.layout.EVFILT_USER;
    }

    private static void trigger(KeventProbe p) {
        p.change(1, user(p), 0, p.layout.NOTE_TRIGGER, 0);
    }

    private static void triggerTwice(KeventProbe p) {
        p.change(1, user(p), p.add | p.clear);
        trigger(p);
        trigger(p);
        p.poll();
        p.poll();
        trigger(p);
        p.poll();
        p.poll();
    }

    private static void triggerFull(KeventProbe p) throws Exception {
        for (int i = 0; i < 3; i++) {
            p.pipe(1, 0);
        }
        p.set(1, user(p), p.add | p.clear);
        p.put(0, 1, user(p), 0, p.layout.NOTE_TRIGGER, 0, 0);
        assertEquals(0, p.sys.keventChange(p.kq, p.sys.address(p.list()), 1, 0));
        p.poll(p.kq, 2);
        p.poll(p.kq, 2);
        p.poll(p.kq, 2);
        p.poll(p.kq, 2);
    }

    @TestFactory
    Stream<DynamicTest> order() {
        return Recorded.tests(
                of("three pipes written to in reverse", RecordedTriggersTest::reverse)
                        .all("210 210 "),
                of("five at level in a list of two", RecordedTriggersTest::roundRobin)
                        .all("01 23 40 12 34 "));
    }

    private static void reverse(KeventProbe p) throws Exception {
        int[][] pipes = {p.fds.pipe(), p.fds.pipe(), p.fds.pipe()};
        for (int i = 0; i < 3; i++) {
            p.set(p.kq, pipes[i][0], p.r, p.add, i);
        }
        for (int i = 2; i >= 0; i--) {
            Fds.write(pipes[i][1], 1);
        }
        p.tokens(64);
        p.tokens(64);
    }

    private static void roundRobin(KeventProbe p) throws Exception {
        for (int i = 0; i < 5; i++) {
            int[] pipe = p.fds.pipe();
            p.set(p.kq, pipe[0], p.r, p.add, i);
            Fds.write(pipe[1], 1);
        }
        for (int i = 0; i < 5; i++) {
            p.tokens(2);
        }
    }

    @TestFactory
    Stream<DynamicTest> waits() {
        String threads = "a wait is one thread's here";
        return Recorded.tests(
                of("a list of nothing", p -> p.poll(p.kq, 0)).all("[]"),
                of("time-outs of 1e8, 1e9, 2^40 seconds", RecordedTriggersTest::longWaits)
                        .all("1 1 1 "),
                of("time-outs of 1, 20, 250 ms, waited", RecordedTriggersTest::shortWaits)
                        .all("true true true "),
                of("registered by another thread", RecordedTriggersTest::addWhileBlocked).all("1"),
                of("one edge for two threads", p -> p.say(threads))
                        .freebsd("reported to 1")
                        .openbsd("reported to 1")
                        .notPlayed(threads)
                        .notSent(),
                of("closed while it blocks", p -> p.say(threads))
                        .freebsd("still blocked")
                        .openbsd("EBADF")
                        .notPlayed("the driver wakes it first, and so need the models")
                        .notSent());
    }

    private static void longWaits(KeventProbe p) throws Exception {
        p.pipe(1, 0);
        for (long seconds :
                new long[] {100_000_000, 1_000_000_000, Long.MAX_VALUE / 1_000_000_000}) {
            long nanos = seconds * 1_000_000_000;
            p.say(p.sys.keventWait(p.kq, p.sys.address(p.list()), 8, nanos) + " ");
        }
    }

    private static void shortWaits(KeventProbe p) {
        for (int millis : new int[] {1, 20, 250}) {
            long nanos = millis * 1_000_000L;
            long begin = System.nanoTime();
            assertEquals(0, p.sys.keventWait(p.kq, p.sys.address(p.list()), 8, nanos));
            p.say((System.nanoTime() - begin >= nanos) + " ");
        }
    }

    private static void addWhileBlocked(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        Fds.write(pipe[1], 1);
        ByteBuffer events = ByteBuffer.allocateDirect(64);
        var waiting = Poller.run(() -> p.sys.keventWait(p.kq, p.sys.address(events), 1, -1));
        waiting.awaitBlocked();
        p.set(pipe[0], p.r, p.add);
        p.say(waiting.result());
    }
}
