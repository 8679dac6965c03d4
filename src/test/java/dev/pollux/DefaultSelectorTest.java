package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.kernel.BsdKqueue;
import dev.pollux.kernel.KqueueModel;
import dev.pollux.support.Capability;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Setting;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DefaultSelectorTest {
    private final String before = System.getProperty(DefaultSelector.PROPERTY);

    @AfterEach
    void restore() {
        set(before);
    }

    private static void set(String value) {
        if (value == null) {
            System.clearProperty(DefaultSelector.PROPERTY);
        } else {
            System.setProperty(DefaultSelector.PROPERTY, value);
        }
    }

    @Test
    void without_the_property_it_is_the_first_that_works_here() throws Exception {
        Backend first = null;
        for (Backend backend : Backend.values()) {
            if (first == null && backend.isAvailable()) {
                first = backend;
            }
        }
        for (String none : new String[] {null, "", "  "}) {
            set(none);
            try (var selector = DefaultSelector.open()) {
                assertSame(first, selector.backend());
            }
        }
    }

    @Test
    void the_order_is_epoll_kqueue_poll_select_with_each_in_turn_unavailable() throws Exception {
        Syscalls here = Bindings.current();
        assumeTrue(Backend.EPOLL.isAvailable(), "no epoll here to begin with");
        int missing = -here.errno().ENOSYS;
        assertFirst(Backend.EPOLL, new FaultySyscalls(here));
        // A system with kqueue has no epoll; the model says so.
        var bsd = new FaultySyscalls(new BsdKqueue(KqueueModel.FREEBSD, here));
        assertFirst(Backend.KQUEUE, bsd);
        bsd.on("kqueue", call -> missing);
        assertFirst(Backend.POLL, bsd);
        bsd.on("pipe", call -> call.nth() == 1 ? missing : call.go()); // poll's, not select's
        assertFirst(Backend.SELECT, bsd);
        bsd.on("pipe", call -> missing);
        var e =
                assertThrows(
                        PolluxException.Unsupported.class,
                        () -> DefaultSelector.firstOn(bsd, null));
        for (Backend backend : Backend.values()) {
            boolean tried = e.getMessage().contains("open(" + backend + ")");
            assertEquals(backend != Backend.URING, tried, e::getMessage);
        }
    }

    private static void assertFirst(Backend expected, Syscalls sys) throws Exception {
        try (var selector = DefaultSelector.firstOn(sys, null)) {
            assertSame(expected, selector.backend());
        }
    }

    /** A limit is not a reason to take another backend: that would have the same one. */
    @Test
    void a_limit_is_reported_and_nothing_else_is_tried() throws Exception {
        Syscalls here = Bindings.current();
        assumeTrue(Backend.EPOLL.isAvailable(), "no epoll here to begin with");
        var sys = new FaultySyscalls(here).on("epollCreate", call -> -here.errno().EMFILE);
        assertThrows(PolluxException.LimitReached.class, () -> DefaultSelector.firstOn(sys, null));
    }

    @Test
    void where_busy_polling_is_refused_no_other_backend_is_taken_in_silence() throws Exception {
        Syscalls here = Bindings.current();
        assumeTrue(Backend.EPOLL.isAvailable(), "no epoll here to begin with");
        int error = here.errno().number("ENOTTY");
        var sys = new FaultySyscalls(here).on("epollSetParams", call -> -error);
        try (var busyPoll = new Setting(BusyPolling.PROPERTY)) {
            busyPoll.set("50");
            var e =
                    assertThrows(
                            PolluxException.Unsupported.class,
                            () -> DefaultSelector.firstOn(sys, null));
            assertTrue(e.getMessage().contains("Linux 6.9"), e.getMessage());
            assertTrue(e.getMessage().contains("open(POLL, pollux.busy-poll=50)"), e.getMessage());
        }
    }

    @Test
    void the_property_names_the_backend() throws Exception {
        for (Backend backend : Backend.values()) {
            if (!backend.isAvailable()) {
                assertTrue(!backend.unavailableBecause().isBlank());
                continue;
            }
            assertNull(backend.unavailableBecause());
            String name = backend.name();
            for (String value : new String[] {name.toLowerCase(Locale.ROOT), name, " " + name}) {
                set(value);
                try (var selector = DefaultSelector.open()) {
                    assertSame(backend, selector.backend());
                    assertEquals(
                            PollResult.TIMEOUT,
                            selector.poll(0, TimeUnit.SECONDS, (key, ready) -> {}));
                }
            }
        }
    }

    @Test
    void an_unknown_name_is_refused_with_the_names_that_there_are() {
        for (String unknown : new String[] {"iocp", "epoll,poll", "EPOLLS"}) {
            set(unknown);
            var e = assertThrows(IllegalArgumentException.class, DefaultSelector::open);
            assertTrue(e.getMessage().contains("pollux.backend=" + unknown), e::getMessage);
            for (Backend backend : Backend.values()) {
                String name = backend.name().toLowerCase(Locale.ROOT);
                assertTrue(e.getMessage().contains(name), e::getMessage);
            }
        }
    }

    @Test
    void a_selector_releases_its_descriptors() throws Exception {
        set(before);
        for (Backend backend : Backend.values()) {
            boolean named = backend.name().equalsIgnoreCase(before);
            assumeTrue(!named || backend.isAvailable(), () -> before + " is not available");
        }
        DefaultSelector.open().close();
        int count = Fds.openCount();
        try (var selector = DefaultSelector.open()) {
            if (Capability.RELEASES_AT_ONCE.isEverywhere()) { // or older ones go meanwhile
                assertTrue(Fds.openCount() > count);
            }
            assertTrue(selector.keys().isEmpty());
        }
        Fds.assertOpenCount(count);
    }
}
