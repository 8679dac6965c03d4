package dev.pollux.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.Seccomp;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Errno;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Ring;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many changes in one call, through an io_uring beside epoll: where it is refused, or breaks, the
 * changes go one by one, and nobody sees a difference.
 */
class BatchTest {
    private static final int MANY = 64;
    private static final String SAYS = "says: ";

    private Syscalls jni;
    private Errno errno;

    @BeforeEach
    void open() {
        try {
            jni = Bindings.open("jni");
        } catch (Bindings.Unavailable e) {
            assumeTrue(false, e.getMessage());
        }
        errno = jni.errno();
        try (var memory = new NativeMemory(jni)) {
            var ring = new Ring(jni, memory);
            int rc = ring.open(8, 0, 0);
            ring.close();
            assumeTrue(rc == 0, () -> "io_uring_setup: " + errno.describe(-rc));
        }
        assumeTrue(jni.seccomp() == 0, "a seccomp filter: no ring is tried under it");
    }

    /** Registers many, changes them all, and says what a poll reports of them. */
    private static int use(FdSelector selector, Fds fds) throws IOException {
        int[] ends = new int[MANY];
        for (int i = 0; i < MANY; i++) {
            ends[i] = fds.socketpair()[0];
        }
        List<FdKey> keys = selector.registerAll(ends, Interest.READ, Trigger.LEVEL, fd -> null);
        for (FdKey key : keys) {
            selector.modify(key, Interest.WRITE);
        }
        Set<FdKey> seen = new HashSet<>();
        while (selector.poll(0, TimeUnit.SECONDS, (key, ready) -> seen.add(key)) != null
                && seen.size() < MANY) {}
        for (FdKey key : keys) {
            selector.unregister(key);
        }
        assertEquals("TIMEOUT", Fds.pollNow(selector));
        return seen.size();
    }

    @Test
    void one_ring_is_opened_when_many_changes_are_pending_and_closed_with_the_selector()
            throws IOException {
        var sys = new FaultySyscalls(jni).on("uringOpen", call -> call.go());
        try (var fds = new Fds()) {
            FdSelector selector = Internals.open(Backend.EPOLL, sys);
            FdKey key = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            selector.modify(key, Interest.PRIORITY);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertEquals(0, sys.calls("uringOpen"), "for one change none");
            use(selector, fds);
            use(selector, fds);
            assertEquals(1, sys.calls("uringOpen"));
            assertEquals(1, rings().size());
            selector.close();
            assertEquals(List.of(), rings());
        }
    }

    /** The errors of a kernel without it, a container that forbids it, and of limits. */
    @ParameterizedTest
    @ValueSource(strings = {"ENOSYS", "EPERM", "EACCES", "ENOMEM", "EMFILE", "ENFILE", "EINVAL"})
    void where_the_ring_is_refused_changes_go_one_by_one(String why) throws IOException {
        var sys = new FaultySyscalls(jni).on("uringOpen", call -> -errno.number(why));
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.EPOLL, sys)) {
            assertEquals(MANY, use(selector, fds));
            assertEquals(MANY, use(selector, fds));
            assertEquals(1, sys.calls("uringOpen"), "asked once");
        }
    }

    @Test
    void none_stays_registered_when_something_is_thrown_in_the_middle() throws IOException {
        int add = jni.layout().EPOLL_CTL_ADD;
        int remove = jni.layout().EPOLL_CTL_DEL;
        var registered = new HashSet<Integer>();
        var sys = new FaultySyscalls(jni).on("uringOpen", call -> -errno.ENOSYS);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.EPOLL, sys)) {
            int[] ends = new int[MANY];
            for (int i = 0; i < MANY; i++) {
                ends[i] = fds.pipe()[0];
            }
            sys.on(
                    "epollCtl",
                    call -> {
                        if (call.nth() == 7) {
                            throw new OutOfMemoryError("by this test");
                        }
                        if (call.arg(1) == add) {
                            registered.add(call.arg(2));
                        } else if (call.arg(1) == remove) {
                            registered.remove(call.arg(2));
                        }
                        return call.go();
                    });
            assertThrows(
                    OutOfMemoryError.class,
                    () -> selector.registerAll(ends, Interest.READ, Trigger.LEVEL, fd -> null));
            assertTrue(sys.calls("epollCtl") >= 7);
            assertEquals(Set.of(), registered);
            assertEquals(0, selector.size());
            sys.heal("epollCtl");
            assertEquals(MANY, use(selector, fds));
        }
    }

    @Test
    void under_a_seccomp_filter_no_ring_is_tried() throws IOException {
        var sys = new FaultySyscalls(jni).on("uringOpen", call -> call.go());
        sys.on("seccomp", call -> 2);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.EPOLL, sys)) {
            assertEquals(MANY, use(selector, fds));
            assertEquals(0, sys.calls("uringOpen"));
        }
    }

    /** Its number taken by somebody: what the ring does not take any more is made one by one. */
    @Test
    void nothing_is_lost_when_the_ring_breaks() throws IOException {
        var sys = new FaultySyscalls(jni).on("uringOpen", call -> call.go());
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.EPOLL, sys)) {
            int file = fds.keep(Libc.eventfd());
            assertEquals(MANY, use(selector, fds));
            Libc.dup2(file, rings().get(0));
            assertEquals(MANY, use(selector, fds));
            assertEquals(MANY, use(selector, fds));
            assertEquals(1, sys.calls("uringOpen"), "no other is opened");
        }
    }

    private static List<Integer> rings() throws IOException {
        var rings = new ArrayList<Integer>();
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path path : all.toList()) {
                if (Files.isSymbolicLink(path)
                        && Files.readSymbolicLink(path).toString().contains("[io_uring]")) {
                    rings.add(Integer.valueOf(path.getFileName().toString()));
                }
            }
        }
        return rings;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "true"})
    void a_filter_that_refuses_it_is_not_noticed(String batch) throws IOException {
        child(batch, Seccomp.REFUSE).ok().expectLine(SAYS + MANY);
    }

    /** As a service manager's filter does for what it does not know. */
    @Test
    void a_filter_that_kills_for_it_is_not_met_unless_asked_for() throws IOException {
        child("", Seccomp.KILL).ok().expectLine(SAYS + MANY);
        assertEquals(128 + 31, child("true", Seccomp.KILL).status(), "the control");
    }

    @Test
    void the_property_switches_it_off_and_a_wrong_one_says_so() throws IOException {
        child("false", Seccomp.KILL).ok().expectLine(SAYS + MANY);
        var e = child("maybe", Seccomp.REFUSE);
        assertTrue(e.text().contains("pollux.batch=maybe is none of true, false"), e.text());
    }

    private static Child.Result child(String batch, String filter) throws IOException {
        Child child = Child.example().property(Bindings.PROPERTY, "jni");
        child.property(Bindings.LIBC, "false"); // also under a sanitizer
        if (!batch.isEmpty()) {
            child.property(Bindings.BATCH, batch);
        }
        return child.run(UnderSeccomp.class, filter);
    }

    /** In a process of its own: a filter is for good. */
    static final class UnderSeccomp {
        public static void main(String[] args) throws IOException {
            try (FdSelector warm = FdSelector.open(Backend.EPOLL)) {
                warm.poll(0, TimeUnit.SECONDS, (key, ready) -> {});
            }
            Seccomp.filter(args[0]);
            try (var fds = new Fds();
                    FdSelector selector = FdSelector.open(Backend.EPOLL)) {
                System.out.println(SAYS + use(selector, fds));
            }
        }
    }
}
