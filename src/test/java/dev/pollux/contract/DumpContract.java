package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.Crew;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Poller;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@link FdSelector#dump}: what a selector has, what the kernel says of it, and that it only looks.
 */
@LocalOnly("a dump names this machine's descriptors")
class DumpContract {

    // ---- what it says

    @EveryBackend
    void each_registration_is_a_line_with_what_it_is_and_says_now(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int[] tcp = fds.connected(Libc.Socket.TCP_V4);
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(tcp[1], Interest.WRITE, Trigger.ONESHOT, null);
            expect(selector, "FdSelector\\[" + selector.backend() + "/(j|f).*], 2 registered, .*");
            expect(selector, pipe[0] + "  READ LEVEL +never reported +not ready\\b.*");
            expect(selector, tcp[1] + "  WRITE ONESHOT +never reported +ready: WRITE\\b.*");
            Fds.write(pipe[1], 1);
            expect(selector, pipe[0] + "  READ LEVEL +never reported +ready: READ\\b.*");
            if (Host.LINUX) {
                expect(selector, pipe[0] + " .* pipe, reading end, here also .*");
                expect(selector, tcp[1] + " .* tcp 127.0.0.1:\\d+ <-> 127.0.0.1:\\d+, established");
                Fds.write(tcp[0], 5);
                expect(selector, tcp[1] + " .* ready: READ\\|WRITE +.*, 5 bytes unread");
            }
        }
    }

    @EveryBackend
    void what_was_reported_and_is_disarmed_is_said(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, null);
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            expect(selector, ".* [1-9]\\d* waits so far, nobody polls");
            expect(
                    selector,
                    pipe[0] + "  READ ONESHOT, not armed +reported by wait \\d+ +ready: READ\\b.*");
            selector.modify(key, Interest.READ);
            expect(selector, pipe[0] + " .*; pending: re-arm");
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertFalse(selector.dump().contains("pending"), selector.dump());
        }
    }

    @EveryBackend
    void a_pending_change_is_said_until_it_is_sent(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[1], Interest.READ, Trigger.LEVEL, null);
            selector.modify(key, Interest.WRITE);
            expect(selector, pipe[1] + "  READ LEVEL .*; pending: from READ LEVEL to WRITE LEVEL");
            assertEquals(pipe[1] + " WRITE", Fds.pollNow(selector));
            expect(selector, pipe[1] + "  WRITE LEVEL +reported by wait \\d+ .*");
            assertFalse(selector.dump().contains("pending"), selector.dump());
        }
    }

    @EveryBackend
    void a_descriptor_that_was_closed_is_said(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            fds.close(pipe[0]);
            expect(selector, pipe[0] + "  READ LEVEL +never reported +not open( +closed.*)?");
            if (Reported.isEpoll(selector.backend()) && Host.LINUX) {
                expect(selector, pipe[0] + " .*; the kernel has dropped it: .*");
            }
        }
    }

    /** epoll alone: the kernel goes by the open file, everybody else by the number. */
    @EveryBackend
    void what_the_kernel_watches_for_nobody_is_said(FdSelector selector) throws IOException {
        assumeTrue(Reported.isEpoll(selector.backend()), "others go by the number");
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int copy = fds.dup(pipe[0]);
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            fds.close(pipe[0]);
            expect(
                    selector,
                    pipe[0] + " .* closed; what is watched is open as .*\\b" + copy + ".*");
            selector.unregister(key);
            expect(selector, ".*, 0 registered, .*");
            expect(selector, pipe[0] + "  read.*, level +orphaned +not asked +closed; .*");
        }
    }

    @EveryBackend
    void after_close_it_says_so(FdSelector selector) throws IOException {
        selector.close();
        assertTrue(selector.dump().endsWith("], closed"), selector.dump());
    }

    /** What it has read by then may be of whoever has the numbers next. */
    @EveryBackend
    void a_close_meanwhile_leaves_nothing_to_say(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                var selector = Internals.open(pair.backend(), sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            expect(selector, ".*, 1 registered, .*");
            FdSelector closing = selector;
            sys.on(
                    "poll",
                    call -> {
                        closing.close();
                        return call.go();
                    });
            String said = selector.dump();
            assertEquals(1, sys.calls("poll"));
            assertTrue(said.matches("FdSelector\\[.*], closed"), said);
        }
    }

    // ---- that it only looks

    @EveryBackend
    void a_poll_that_is_blocked_is_named_and_goes_on(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var reported = new AtomicBoolean();
            Poller poller = Poller.poll(selector, (key, ready) -> reported.set(true));
            poller.awaitBlocked();
            for (int i = 0; i < 10; i++) {
                expect(selector, ".*, polled by thread \".*\"");
                expect(selector, pipe[0] + "  READ LEVEL +never reported +not ready\\b.*");
            }
            assertFalse(reported.get());
            Fds.write(pipe[1], 1);
            poller.result();
            assertTrue(reported.get());
            expect(selector, ".*, nobody polls");
        }
    }

    /** Linux reports a change of such a file once: a look of ours would take it away. */
    @EveryBackend
    void a_file_that_reports_once_is_not_asked(FdSelector selector) throws IOException {
        Host.requireLinux("/proc/self/mountinfo");
        Capability.REPORTS_AS_LINUX.require();
        try (var fds = new Fds()) {
            int mounts = fds.keep(Libc.open("/proc/self/mountinfo"));
            selector.register(mounts, Interest.PRIORITY, Trigger.LEVEL, null);
            expect(
                    selector,
                    mounts
                            + "  PRIORITY LEVEL +never reported +not asked +file /proc/\\d+/mountinfo");
        }
    }

    @EveryBackend
    @PlantsFaults(Kind.CLOSED)
    void registrations_that_come_and_go_meanwhile_do_no_harm(FdSelector selector) throws Exception {
        var crew = new Crew();
        try (var fds = new Fds()) {
            int[] kept = fds.pipe();
            selector.register(kept[0], Interest.READ, Trigger.LEVEL, null);
            var enough = new AtomicBoolean();
            crew.start(
                    "comes and goes",
                    () -> {
                        while (!enough.get()) {
                            try (var own = new Fds()) {
                                int[] pipe = own.pipe();
                                FdKey key =
                                        selector.register(
                                                pipe[1], Interest.WRITE, Trigger.LEVEL, null);
                                selector.modify(key, Interest.READ);
                                own.close(pipe[1]);
                                selector.unregister(key);
                            }
                        }
                    });
            crew.start(
                    "polls",
                    () -> {
                        while (!enough.get()) {
                            selector.poll(1, TimeUnit.MILLISECONDS, (key, ready) -> {});
                        }
                    });
            for (int i = 0; i < 100; i++) {
                expect(selector, kept[0] + "  READ LEVEL +never reported +not ready\\b.*");
            }
            enough.set(true);
            crew.join();
        }
    }

    private static void expect(FdSelector selector, String regex) {
        String dump = selector.dump();
        assertTrue(
                dump.lines().anyMatch(line -> line.strip().matches(regex)),
                () -> "no line like: " + regex + "\n" + dump);
    }
}
