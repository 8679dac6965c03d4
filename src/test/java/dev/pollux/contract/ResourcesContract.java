package dev.pollux.contract;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.remote.Remote;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Ledger;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.LostAgent;
import dev.pollux.support.Poller;
import dev.pollux.support.Reported;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.constants.platform.RLIMIT;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import jnr.posix.RLimit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The chapter "Resources"; what a poll allocates is measured by {@link AllocationTest}. */
@ExtendWith(LostAgent.class)
class ResourcesContract {
    private static final int CYCLES = Remote.isOn() ? 200 : 2_000;

    private static final POSIX POSIX = POSIXFactory.getNativePOSIX();

    // ---- every descriptor the library makes

    @EveryBackend
    void every_fd_of_a_selector_is_close_on_exec_and_non_blocking(Pair pair) throws IOException {
        Capability.KNOWS_ITS_DESCRIPTORS.require();
        pair.open().close();
        Set<Integer> before = Fds.openNow();
        try (FdSelector selector = pair.open()) {
            Set<Integer> own = Fds.openNow();
            own.removeAll(before);
            assertFalse(own.isEmpty());
            for (int fd : own) {
                if (pair.backend() == Backend.KQUEUE) {
                    // Nobody reads it: that some systems refuse to mark it otherwise hurts nobody.
                    assertTrue(SyscallsContract.flags(fd).isCloseOnExec(), "close-on-exec: " + fd);
                } else {
                    assertMarked(fd);
                }
                assertThrows(
                        IllegalArgumentException.class,
                        () -> selector.register(fd, Interest.READ, Trigger.LEVEL, null),
                        "it is the selector's own");
            }
        }
        assertEquals(before, Fds.openNow());
    }

    @EveryBackend
    void so_is_every_fd_that_an_operation_makes_for_a_moment(Pair pair) throws IOException {
        var calls = new Intercepted(pair);
        var made = new ArrayList<String>();
        calls.take(
                (name, arguments, real) -> {
                    Object rc = real.make();
                    if (rc.equals(-pair.sys().errno().ENOSYS)) {
                        return rc;
                    }
                    if (name.equals("epollCreate") || name.equals("eventfd")) {
                        made.add(name);
                        assertMarked((Integer) rc);
                    } else if (name.equals("epollReplace")) {
                        made.add(name);
                        assertMarked((Integer) arguments[1]);
                    }
                    return rc;
                });
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
            // An event of a registration that can no longer be removed makes the driver rebuild
            // epoll.
            int[] pipe = fds.pipe();
            int copy = Libc.dup(pipe[0]);
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            fds.close(pipe[0]);
            selector.unregister(key);
            Fds.write(pipe[1], 1);
            for (int i = 0; i < 4; i++) {
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
            Fd.close(copy);
            // And devices are shown to epoll by the others, which could not know.
            assertThrows(
                    PolluxException.NotPollable.class,
                    () -> {
                        int fd = devNull();
                        try {
                            selector.register(fd, Interest.READ, Trigger.LEVEL, null);
                        } finally {
                            Fd.close(fd);
                        }
                    });
            boolean epoll = Reported.isEpoll(pair.backend());
            if (pair.sys().layout().epollEventSize != 0) {
                assertTrue(made.contains(epoll ? "epollReplace" : "epollCreate"), made.toString());
            }
        }
    }

    private static int devNull() throws IOException {
        return Libc.openToRead(Path.of("/dev/null")); // jnr-posix has an open that is not variadic
    }

    @Test
    void pipes_and_socket_pairs_are_close_on_exec_and_non_blocking() throws IOException {
        try (var fds = new Fds()) {
            for (int fd : Fd.pipe()) {
                assertMarked(fds.keep(fd));
            }
            for (int fd : Fd.socketpair()) {
                assertMarked(fds.keep(fd));
            }
        }
    }

    @Test
    void the_control_a_descriptor_without_the_marks_is_found_out() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int copy = Libc.dup(pipe[0]); // close-on-exec is not copied
            try {
                assertThrows(AssertionError.class, () -> assertMarked(copy));
            } finally {
                Fd.close(copy);
            }
            Fd.setNonBlocking(pipe[1], false);
            assertThrows(AssertionError.class, () -> assertMarked(pipe[1]));
        }
    }

    private static void assertMarked(int fd) throws IOException {
        SyscallsContract.Flags flags = SyscallsContract.flags(fd);
        assertTrue(flags.isCloseOnExec(), "close-on-exec: " + fd);
        assertTrue(flags.isNonBlocking(), "non-blocking: " + fd);
    }

    // ---- nothing stays

    @EveryBackend
    void thousands_of_cycles_leave_no_fd_no_memory_and_no_thread(Pair pair) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            Fds.write(pipe[1], 1);
            var ledger = new Ledger(pair.sys());
            for (int i = 0; i < 20; i++) {
                cycle(pair.backend(), ledger, pipe[0]);
            }
            Set<Integer> open = Fds.openNow();
            int threads = threads();
            for (int i = 0; i < CYCLES; i++) {
                cycle(pair.backend(), ledger, pipe[0]);
            }
            assertEquals(Map.of(), ledger.held());
            if (Capability.RELEASES_AT_ONCE.isThere()) {
                assertEquals(open, Fds.openNow());
            }
            Fds.assertOpenCount(open.size());
            Poller.await("the threads of before", () -> threads() <= threads);
        }
    }

    private static void cycle(Backend backend, Syscalls sys, int fd) throws IOException {
        try (FdSelector selector = Internals.open(backend, sys)) {
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            selector.modify(key, Interest.READ, Trigger.ONESHOT);
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, selector.poll(1, SECONDS, (k, ready) -> {}));
        }
    }

    @EveryBackend
    void the_control_a_selector_that_stays_open_is_found_out(Pair pair) throws IOException {
        Set<Integer> open = Fds.openNow();
        var ledger = new Ledger(pair.sys());
        try (FdSelector selector = Internals.open(pair.backend(), ledger)) {
            assertFalse(open.containsAll(Fds.openNow()), selector.toString());
            assertFalse(ledger.held().isEmpty(), selector.toString());
        }
    }

    private static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    // ---- opening that fails

    @EveryBackend
    void opening_that_fails_at_any_call_leaves_nothing(Pair pair) throws IOException {
        Capability.RELEASES_AT_ONCE.require();
        Set<Integer> before = Fds.openNow();
        for (String error : List.of("EMFILE", "ENFILE", "ENOMEM", "ENOSPC")) {
            int rc = -pair.sys().errno().number(error);
            int failed = 0;
            for (boolean failing = true; failing; failed++) {
                var calls = new Intercepted(pair);
                var left = new AtomicInteger(failed);
                calls.take(
                        (name, arguments, real) ->
                                !name.equals("close")
                                                && !name.equals("uringClose")
                                                && left.getAndDecrement() == 0
                                        ? rc
                                        : real.make());
                try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
                    failing = false;
                    assertTrue(left.get() >= 0, "call " + failed + " failed: " + selector);
                } catch (PolluxException.LimitReached e) {
                    assertEquals(-rc, e.errno());
                    assertEquals("open", e.operation());
                    assertTrue(e.getMessage().contains(error), e.getMessage());
                }
                assertEquals(before, Fds.openNow(), error + " at call " + failed);
            }
            assertTrue(failed > 1);
        }
    }

    @LocalOnly("it lowers a limit of this process")
    @EveryBackend
    void opening_with_no_descriptor_left_names_the_limit_and_leaves_nothing(Pair pair)
            throws IOException {
        Capability.RELEASES_AT_ONCE.require();
        // Loads every class that is needed: that takes descriptors, too.
        opening_that_fails_at_any_call_leaves_nothing(pair);
        Fd.close(POSIX.dup(0));
        int resource = RLIMIT.RLIMIT_NOFILE.intValue();
        RLimit limit = POSIX.getrlimit(resource);
        Set<Integer> before = Fds.openNow();
        var taken = new ArrayDeque<Integer>();
        taken.push(POSIX.dup(0));
        int refused = 0;
        assertEquals(0, POSIX.setrlimit(resource, taken.peek() + 16, limit.rlimMax()));
        try {
            for (int fd; (fd = POSIX.dup(0)) >= 0; ) {
                taken.push(fd);
            }
            for (boolean failing = true; failing; ) {
                try {
                    pair.open().close();
                    failing = false;
                } catch (PolluxException.LimitReached e) {
                    assertTrue(e.getMessage().contains("RLIMIT_NOFILE"), e.getMessage());
                    refused++;
                    Fd.close(taken.pop()); // one more may be opened
                }
            }
        } finally {
            assertEquals(0, POSIX.setrlimit(resource, limit.rlimCur(), limit.rlimMax()));
            for (int fd : taken) {
                Fd.close(fd);
            }
        }
        assertTrue(refused > 0, "it was never refused");
        assertEquals(before, Fds.openNow());
    }
}
