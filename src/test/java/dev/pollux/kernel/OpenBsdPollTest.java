package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.kenai.jffi.MemoryIO;
import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import dev.pollux.sys.Layout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * OpenBSD's poll and select, as far as it differs: pipe_destroy of sys_pipe.c notifies a writer
 * before it marks the end, so a poll that waits for room alone is not ended by it; the next one
 * sees it. Who asks for urgent data too is notified behind the mark.
 */
class OpenBsdPollTest {
    private static final MemoryIO MEMORY = MemoryIO.getInstance();
    private static final List<Backend> SCANNING = List.of(Backend.POLL, Backend.SELECT);

    private static FaultySyscalls played(Pair pair) {
        Layout layout = pair.sys().layout();
        var sys = new FaultySyscalls(pair.sys());
        sys.on("fileStatus", call -> withoutNames(layout, call));
        sys.on("select", OpenBsdPollTest::select);
        return sys.on("poll", call -> wait(layout, call));
    }

    /** Looks, and then waits for none that asks for room: the test has no other. */
    private static int select(FaultySyscalls.Call call) {
        long timeout = call.args()[4];
        int words = (call.arg(0) + 63) / 64;
        long[] sets = {call.args()[1], call.args()[2], call.args()[3]};
        byte[][] asked = new byte[3][words * 8];
        for (int i = 0; i < 3; i++) {
            MEMORY.getByteArray(sets[i], asked[i], 0, words * 8);
        }
        call.args()[4] = 0;
        int rc = call.go();
        if (rc != 0 || timeout == 0) {
            return rc;
        }
        for (int i = 0; i < 3; i++) {
            MEMORY.putByteArray(sets[i], i == 1 ? new byte[words * 8] : asked[i], 0, words * 8);
        }
        call.args()[4] = timeout;
        return call.go();
    }

    /** Its pipes have neither device nor inode. */
    private static int withoutNames(Layout layout, FaultySyscalls.Call call) {
        int rc = call.go();
        long status = call.args()[1];
        if (rc == 0 && (MEMORY.getLong(status + 16) & layout.S_IFMT) == layout.S_IFIFO) {
            MEMORY.putLong(status, 0);
            MEMORY.putLong(status + 8, 0);
        }
        return rc;
    }

    /** Looks, and then waits without those that ask for room alone. */
    private static int wait(Layout layout, FaultySyscalls.Call call) {
        long timeout = call.args()[2];
        call.args()[2] = 0;
        int rc = call.go();
        if (rc != 0 || timeout == 0) {
            return rc;
        }
        long entries = call.args()[0];
        hide(layout, entries, call.arg(1), true);
        call.args()[2] = timeout;
        rc = call.go();
        hide(layout, entries, call.arg(1), false);
        return rc;
    }

    private static void hide(Layout layout, long entries, int count, boolean now) {
        for (int i = 0; i < count; i++) {
            long entry = entries + (long) i * layout.pollfdSize;
            int fd = MEMORY.getInt(entry + layout.pollfdFd);
            boolean room = MEMORY.getShort(entry + layout.pollfdEvents) == layout.POLLOUT;
            if (room && fd >= 0 == now) {
                MEMORY.putInt(entry + layout.pollfdFd, ~fd);
            }
        }
    }

    @EveryBackend
    void a_poll_that_blocks_ends_when_the_reader_of_a_full_pipe_closes(Pair pair) throws Exception {
        assumeTrue(Host.LINUX && SCANNING.contains(pair.backend()), "it is made of Linux's poll");
        for (Trigger trigger : List.of(Trigger.LEVEL, Trigger.ONESHOT)) {
            try (var fds = new Fds();
                    FdSelector selector = Internals.open(pair.backend(), played(pair))) {
                int[] pipe = fds.pipe();
                Fds.fill(pipe[1]);
                FdKey key = selector.register(pipe[1], Interest.READ, trigger, null);
                selector.modify(key, Interest.WRITE);
                var seen = new AtomicInteger();
                var poll = Poller.poll(selector, (k, ready) -> seen.set(k.fd()));
                poll.awaitBlocked();
                fds.close(pipe[0]);
                assertEquals(PollResult.EVENTS, poll.result());
                assertEquals(pipe[1], seen.get());
            }
        }
    }

    @EveryBackend
    void what_is_asked_for_beside_room_is_not_reported(Pair pair) throws Exception {
        assumeTrue(Host.LINUX && SCANNING.contains(pair.backend()), "it is made of Linux's poll");
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), played(pair))) {
            int[] pipe = fds.pipe();
            selector.register(pipe[1], Interest.WRITE, Trigger.LEVEL, null);
            assertEquals(pipe[1] + " WRITE", Fds.pollNow(selector));
            Fds.fill(pipe[1]);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }
}
