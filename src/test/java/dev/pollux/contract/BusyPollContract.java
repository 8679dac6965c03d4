package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.driver.BusyPoll;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Ledger;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Reported;
import dev.pollux.support.Setting;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/**
 * {@code pollux.busy-poll}: what an epoll instance is set to, and by which words it is refused.
 * That a network card is polled then no machine without one can show.
 */
@LocalOnly("the agent has no such call")
class BusyPollContract {
    private static final String PROPERTY = "pollux.busy-poll";

    private final Setting property = new Setting(PROPERTY);

    @AfterEach
    void restore() {
        property.close();
    }

    private static FdSelector open(Pair pair, Syscalls sys, String value) throws IOException {
        System.setProperty(PROPERTY, value);
        return Internals.open(pair.backend(), sys);
    }

    /** Where this kernel has it. */
    private static void requireBusyPoll(Pair pair) {
        assumeTrue(Reported.isEpoll(pair.backend()), "only epoll polls busily");
        int epfd = pair.sys().epollCreate();
        try {
            assumeTrue(
                    BusyPoll.of(pair.sys(), epfd) != null,
                    "this kernel has no EPIOCGPARAMS: it is of Linux 6.9 and later");
        } finally {
            pair.sys().close(epfd);
        }
    }

    private static BusyPoll ofKernel(Pair pair, FdSelector selector) throws IOException {
        return BusyPoll.of(pair.sys(), selector.fd());
    }

    @EveryBackend
    void the_kernel_has_what_the_property_says(Pair pair) throws IOException {
        requireBusyPoll(pair);
        var expected =
                Map.of(
                        "50", new BusyPoll(50, 0, false),
                        " 50,16 ", new BusyPoll(50, 16, false),
                        "2147483647,64,prefer", new BusyPoll(Integer.MAX_VALUE, 64, true),
                        "1,0,prefer", new BusyPoll(1, 0, true));
        for (String value : expected.keySet()) {
            try (FdSelector selector = open(pair, pair.sys(), value)) {
                assertEquals(expected.get(value), ofKernel(pair, selector), value);
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
        }
    }

    @EveryBackend
    void without_the_property_nothing_is_asked_for(Pair pair) throws IOException {
        for (String value : List.of("", " ", "0", "0,8", "0,8,prefer")) {
            var sys = new FaultySyscalls(pair.sys());
            sys.on("epollSetParams", FaultySyscalls.Call::go);
            try (FdSelector selector = open(pair, sys, value)) {
                assertEquals(0, sys.calls("epollSetParams"), value);
                assertFalse(selector.dump().contains("busy"), selector.dump());
            }
        }
    }

    @EveryBackend
    void a_dump_says_what_the_kernel_has(Pair pair) throws IOException {
        requireBusyPoll(pair);
        try (FdSelector selector = open(pair, pair.sys(), "50,16,prefer")) {
            String dump = selector.dump();
            assertTrue(dump.contains(", busy polling 50 us, budget 16, preferred, "), dump);
        }
        try (FdSelector selector = open(pair, pair.sys(), "50")) {
            String dump = selector.dump();
            assertTrue(dump.contains(", busy polling 50 us, budget of the kernel's, "), dump);
        }
    }

    @EveryBackend
    void other_backends_refuse_it(Pair pair) throws IOException {
        assumeTrue(!Reported.isEpoll(pair.backend()), "epoll has it");
        int before = Fds.openCount();
        var e =
                assertThrows(
                        PolluxException.Unsupported.class, () -> open(pair, pair.sys(), "50,8"));
        assertEquals(pair.sys().errno().ENOSYS, e.errno());
        assertTrue(
                e.getMessage().startsWith("open(" + pair.backend() + ", pollux.busy-poll=50,8): "),
                e.getMessage());
        assertTrue(e.getMessage().contains("only epoll and uring poll busily"), e.getMessage());
        Fds.assertOpenCount(before);
    }

    @EveryBackend
    void a_refusal_says_why_and_leaves_nothing_open(Pair pair) throws IOException {
        assumeTrue(Reported.isEpoll(pair.backend()), "only epoll polls busily");
        Errno errno = pair.sys().errno();
        refused(pair, "50", errno.number("ENOTTY"), "Linux 6.9");
        refused(pair, "50", errno.EOPNOTSUPP, "CONFIG_NET_RX_BUSY_POLL");
        refused(pair, "50,65", errno.EPERM, "above 64 needs the capability CAP_NET_ADMIN");
        refused(pair, "50,64", errno.EPERM, "a seccomp filter or a security module");
        refused(pair, "50", errno.EINVAL, "the kernel does not take this");
        refused(pair, "50", errno.ENOSYS, "this binding, or this system");
    }

    private static void refused(Pair pair, String value, int error, String why) throws IOException {
        int before = Fds.openCount();
        var sys = new FaultySyscalls(pair.sys()).on("epollSetParams", call -> -error);
        var e = assertThrows(PolluxException.Unsupported.class, () -> open(pair, sys, value));
        assertEquals(error, e.errno());
        assertEquals("open", e.operation());
        String name = pair.sys().errno().describe(error);
        String begin =
                "open(" + pair.backend() + ", pollux.busy-poll=" + value + "): EPIOCSPARAMS: ";
        assertTrue(e.getMessage().startsWith(begin + name), e.getMessage());
        assertTrue(e.getMessage().contains(why), e.getMessage());
        Fds.assertOpenCount(before);
    }

    @EveryBackend
    void digits_are_those_that_the_property_takes(Pair pair) {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            var e = assertThrows(IllegalArgumentException.class, () -> open(pair, pair.sys(), "x"));
            assertTrue(e.getMessage().contains("up to 2147483647 and 65535"), e.getMessage());
        } finally {
            Locale.setDefault(before);
        }
    }

    @EveryBackend
    void what_is_no_such_value_is_a_wrong_argument(Pair pair) throws IOException {
        int before = Fds.openCount();
        for (String value :
                List.of(
                        "x",
                        "-1",
                        "1.5",
                        "50,",
                        "50,x",
                        "50,-1",
                        "50,65536",
                        "2147483648",
                        "99999999999",
                        "50,8,",
                        "50,8,often",
                        "50,prefer",
                        "0,x",
                        "50 us")) {
            var e =
                    assertThrows(
                            IllegalArgumentException.class, () -> open(pair, pair.sys(), value));
            assertTrue(
                    e.getMessage().startsWith("pollux.busy-poll=" + value + " is not MICROSECONDS"),
                    e.getMessage());
        }
        Fds.assertOpenCount(before);
    }

    // ---- a rebuilt epoll instance

    /** A registration that cannot be removed: closed, but open under another number. */
    private static void orphan(FdSelector selector, Fds fds) throws IOException {
        int[] pipe = fds.pipe();
        Libc.dup2(pipe[0], fds.pipe()[0]);
        FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
        fds.close(pipe[0]);
        selector.unregister(key);
        Fds.write(pipe[1], 1);
    }

    @EveryBackend
    void a_rebuilt_epoll_instance_is_set_again(Pair pair) throws IOException {
        requireBusyPoll(pair);
        var sys = new FaultySyscalls(pair.sys()).on("epollReplace", FaultySyscalls.Call::go);
        try (var fds = new Fds();
                FdSelector selector = open(pair, sys, "70,9,prefer")) {
            System.clearProperty(PROPERTY); // what counts was read when it was opened
            orphan(selector, fds);
            for (int polls = 0; polls < 20 && sys.calls("epollReplace") == 0; polls++) {
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
            assertEquals(1, sys.calls("epollReplace"), "epoll was rebuilt");
            assertEquals(new BusyPoll(70, 9, true), ofKernel(pair, selector));
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void for_that_no_memory_is_needed(Pair pair) throws IOException {
        requireBusyPoll(pair);
        var ledger = new Ledger(pair.sys());
        var sys = new FaultySyscalls(ledger).on("epollReplace", FaultySyscalls.Call::go);
        try (var fds = new Fds();
                FdSelector selector = open(pair, sys, "70,9,prefer")) {
            orphan(selector, fds);
            int before = ledger.allocations();
            int open = Fds.openCount();
            for (int polls = 0; polls < 20 && sys.calls("epollReplace") == 0; polls++) {
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
            assertEquals(1, sys.calls("epollReplace"), "epoll was rebuilt");
            assertEquals(before, ledger.allocations());
            Fds.assertOpenCount(open);
        }
    }

    /**
     * As to who has dropped CAP_NET_ADMIN since: an orphan that every wait reports would be worse.
     */
    @EveryBackend
    void where_that_is_refused_the_rebuilt_one_does_without(Pair pair) throws IOException {
        requireBusyPoll(pair);
        int[] sets = new int[1];
        var sys = new FaultySyscalls(pair.sys()).on("epollReplace", FaultySyscalls.Call::go);
        int error = pair.sys().errno().EPERM;
        sys.on("epollSetParams", call -> ++sets[0] > 1 ? -error : call.go());
        try (var fds = new Fds();
                FdSelector selector = open(pair, sys, "70,9,prefer")) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.EDGE, null);
            orphan(selector, fds);
            int open = Fds.openCount();
            for (int polls = 0; polls < 20 && sets[0] == 1; polls++) {
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
            assertEquals(2, sets[0], "it has come to that step");
            assertEquals(1, sys.calls("epollReplace"));
            Fds.assertOpenCount(open);
            assertEquals(new BusyPoll(0, 0, false), ofKernel(pair, selector));
            assertFalse(selector.dump().contains("busy"), selector.dump());
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
        }
    }
}
