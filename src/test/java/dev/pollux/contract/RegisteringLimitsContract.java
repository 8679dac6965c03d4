package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The chapter "Registering": the kernel has no room. Where it is asked, its answer is altered. */
@PlantsFaults(Kind.CLOSED)
class RegisteringLimitsContract {
    /** By error: what the message must name. */
    private static final Map<String, String> NAMED =
            Map.of(
                    "ENOSPC", "max_user_watches",
                    "ENOMEM", "memory",
                    "EMFILE", "RLIMIT_NOFILE",
                    "ENFILE", "file-max");

    /** The call by which this backend learns of the limit when {@link #limited} is registered. */
    private static String limitedCall(Backend backend) {
        return Reported.isEpoll(backend)
                ? "epollCtl"
                : backend == Backend.KQUEUE ? "keventChange" : "epollCreate";
    }

    /** Writable; poll and select ask epoll whether it can be waited for, and no kernel else. */
    private static int limited(Fds fds, Backend backend) throws IOException {
        return backend == Backend.KQUEUE ? fds.socketpair()[0] : fds.keep(Libc.eventfd());
    }

    @EveryBackend
    void a_limit_is_named_and_nothing_is_half_registered(EveryBackend.Pair pair)
            throws IOException {
        var faulty = new FaultySyscalls(pair.sys());
        String call = limitedCall(pair.backend());
        try (var fds = new Fds();
                var selector = Internals.open(pair.backend(), faulty)) {
            int fd = limited(fds, pair.backend());
            for (String name : NAMED.keySet()) {
                int errno = pair.sys().errno().number(name);
                faulty.on(call, made -> -errno);
                var e =
                        assertThrows(
                                PolluxException.LimitReached.class,
                                () -> selector.register(fd, Interest.WRITE, Trigger.LEVEL, null));
                faulty.heal(call);
                assertEquals(errno, e.errno());
                assertEquals(fd, e.fd());
                assertEquals("register", e.operation());
                assertTrue(e.getMessage().contains(name), e::getMessage);
                assertTrue(e.getMessage().contains(NAMED.get(name)), e::getMessage);
                assertTrue(selector.keys().isEmpty());
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
            FdKey key = selector.register(fd, Interest.WRITE, Trigger.LEVEL, null);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            selector.unregister(key);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_limit_does_not_drop_the_registration_of_a_number_that_was_reused(EveryBackend.Pair pair)
            throws IOException {
        var faulty = new FaultySyscalls(pair.sys());
        String call = Reported.isEpoll(pair.backend()) ? "epollCtl" : "epollCreate";
        try (var fds = new Fds();
                var selector = Internals.open(pair.backend(), faulty)) {
            int number = fds.pipe()[0];
            FdKey old = selector.register(number, Interest.READ, Trigger.LEVEL, "old");
            fds.reuse(number, fds.keep(Libc.eventfd()));
            faulty.on(call, made -> -pair.sys().errno().ENOMEM);
            assertThrows(
                    PolluxException.LimitReached.class,
                    () -> selector.register(number, Interest.WRITE, Trigger.LEVEL, null));
            faulty.heal(call);
            assertTrue(old.isValid());
            assertEquals(List.of(old), selector.keys());
            FdKey now = selector.register(number, Interest.WRITE, Trigger.LEVEL, "new");
            assertFalse(old.isValid());
            assertEquals(List.of(now), selector.keys());
            assertEquals(number + " WRITE", Fds.pollNow(selector));
        }
    }

    /** man 2 epoll_ctl has EINVAL for many things; this is the one that users meet. */
    @EveryBackend
    void more_than_500_selectors_that_watch_one_are_a_limit(
            FdSelector outer, EveryBackend.Pair pair) throws IOException {
        assumeTrue(
                pair.backend() != Backend.KQUEUE && pair.sys().layout().epollEventSize != 0,
                "a limit of epoll");
        var sys = pair.sys();
        try (var fds = new Fds();
                var inner = Internals.open(Backend.EPOLL, sys)) {
            int last = -1;
            for (int i = 0; i < 500; i++) {
                last = fds.keep(sys.epollCreate());
                int add = sys.layout().EPOLL_CTL_ADD;
                assertEquals(0, sys.epollCtl(last, add, inner.fd(), sys.layout().EPOLLIN, 0));
            }
            if (Reported.isEpoll(pair.backend())) {
                var e =
                        assertThrows(
                                PolluxException.LimitReached.class,
                                () ->
                                        outer.register(
                                                inner.fd(), Interest.READ, Trigger.LEVEL, null));
                assertTrue(e.getMessage().contains("500 selectors"), e::getMessage);
                assertTrue(outer.keys().isEmpty());
                fds.close(last);
            }
            outer.register(inner.fd(), Interest.READ, Trigger.LEVEL, null);
            inner.wakeup();
            assertEquals(inner.fd() + " READ", Fds.pollNow(outer));
        }
    }

    /** Not a limit, although the kernel says the same. */
    @EveryBackend
    void a_selector_cannot_be_watched_exclusively(FdSelector outer, EveryBackend.Pair pair)
            throws IOException {
        if (!outer.supports(Trigger.LEVEL_EXCLUSIVE)) {
            return; // refused by register, see RegisteringContract
        }
        try (var inner = pair.open()) {
            for (Trigger trigger : List.of(Trigger.LEVEL_EXCLUSIVE, Trigger.EDGE_EXCLUSIVE)) {
                var e =
                        assertThrows(
                                PolluxException.Unsupported.class,
                                () -> outer.register(inner.fd(), Interest.READ, trigger, null));
                assertTrue(e.getMessage().contains("use LEVEL or EDGE"), e::getMessage);
            }
            assertTrue(outer.keys().isEmpty());
        }
    }

    @EveryBackend
    void an_unknown_error_keeps_its_number(EveryBackend.Pair pair) throws IOException {
        var faulty = new FaultySyscalls(pair.sys());
        String call = limitedCall(pair.backend());
        try (var fds = new Fds();
                var selector = Internals.open(pair.backend(), faulty)) {
            int fd = limited(fds, pair.backend());
            int errno = pair.sys().errno().number("EIO");
            faulty.on(call, made -> -errno);
            var e =
                    assertThrows(
                            PolluxException.class,
                            () -> selector.register(fd, Interest.WRITE, Trigger.LEVEL, null));
            assertSame(PolluxException.class, e.getClass());
            assertEquals(errno, e.errno());
            assertTrue(selector.keys().isEmpty());
        }
    }
}
