package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
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
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Mounts;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/**
 * The chapter "Registering", as far as it is about {@code register} and {@code unregister}. Changes
 * of a registration are in {@link ModifyingContract}, other threads in {@link
 * RegisteringWhilePollingContract}.
 */
class RegisteringContract {
    private static <T extends PolluxException> T refused(
            Class<T> type, FdSelector selector, int fd, Trigger trigger) {
        T e = assertThrows(type, () -> selector.register(fd, Interest.READ, trigger, "refused"));
        assertEquals(fd, e.fd());
        assertEquals("register", e.operation());
        assertTrue(e.getMessage().startsWith("register(fd=" + fd + ", interest=READ"), e::toString);
        return e;
    }

    // ---- arguments

    @EveryBackend
    void negative_descriptors_are_illegal(FdSelector selector) throws IOException {
        for (int fd : new int[] {-1, -2, Integer.MIN_VALUE}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> selector.register(fd, Interest.READ, Trigger.LEVEL, null));
        }
        assertTrue(selector.keys().isEmpty());
    }

    @EveryBackend
    void interest_and_trigger_are_mandatory_and_the_attachment_is_not(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.pipe()[0];
            assertThrows(
                    NullPointerException.class,
                    () -> selector.register(fd, null, Trigger.LEVEL, null));
            assertThrows(
                    NullPointerException.class,
                    () -> selector.register(fd, Interest.READ, null, null));
            assertTrue(selector.keys().isEmpty());
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            assertAll(
                    () -> assertEquals(List.of(key), selector.keys()),
                    () -> assertEquals(fd, key.fd()),
                    () -> assertSame(Interest.READ, key.interest()),
                    () -> assertSame(Trigger.LEVEL, key.trigger()),
                    () -> assertSame(selector, key.selector()),
                    () -> assertEquals(null, key.attachment()),
                    () -> assertTrue(key.isValid()));
        }
    }

    // ---- what cannot be registered

    @EveryBackend
    void register_of_a_closed_fd_says_bad_descriptor_and_registers_nothing(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.pipe()[0];
            fds.close(fd);
            refused(PolluxException.BadDescriptor.class, selector, fd, Trigger.LEVEL);
            refused(PolluxException.BadDescriptor.class, selector, 1_000_000, Trigger.LEVEL);
            refused(
                    PolluxException.BadDescriptor.class,
                    selector,
                    Integer.MAX_VALUE,
                    Trigger.LEVEL);
            assertTrue(selector.keys().isEmpty());
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void register_of_the_same_fd_twice_is_refused_and_leaves_the_first(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey first = selector.register(fd, Interest.WRITE, Trigger.ONESHOT, "first");
            refused(PolluxException.AlreadyRegistered.class, selector, fd, Trigger.LEVEL);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            refused(PolluxException.AlreadyRegistered.class, selector, fd, Trigger.ONESHOT);
            assertEquals("TIMEOUT", Fds.pollNow(selector), "armed by a refused register");
            assertTrue(first.isValid());
            assertEquals("first", first.attachment());
            assertSame(Interest.WRITE, first.interest());
            assertSame(Trigger.ONESHOT, first.trigger());
            assertEquals(List.of(first), selector.keys());
        }
    }

    @EveryBackend
    void files_and_directories_are_not_pollable(FdSelector selector, @TempDir Path dir)
            throws IOException {
        Path file = dir.resolve("file");
        Libc.createFile(file);
        not_pollable(selector, file.toString(), dir.toString());
    }

    @EveryBackend
    void dev_null_and_dev_zero_are_not_pollable(FdSelector selector) throws IOException {
        not_pollable(selector, "/dev/null", "/dev/zero");
    }

    private static void not_pollable(FdSelector selector, String... paths) throws IOException {
        try (var fds = new Fds()) {
            for (String path : paths) {
                int fd = fds.keep(Libc.open(path));
                var e = refused(PolluxException.NotPollable.class, selector, fd, Trigger.LEVEL);
                assertTrue(e.getMessage().contains("EPERM"), e::getMessage);
                assertTrue(e.getMessage().contains("without waiting"), e::getMessage);
            }
            assertTrue(selector.keys().isEmpty());
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    /** Those of /proc and /sys that the kernel can watch, such as the value of a GPIO line. */
    @EveryBackend
    void a_file_that_the_kernel_can_watch_is_pollable(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            Capability.PRIORITY.require();
            Capability.REPORTS_AS_LINUX.require();
            int mounts = fds.keep(Libc.openToRead(Path.of("/proc/self/mounts")));
            selector.register(mounts, Interest.PRIORITY, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    /** epoll itself looks when something is added; poll and select must not do so on their own. */
    @EveryBackend
    void what_is_reported_once_outlives_register_but_on_epoll(FdSelector selector)
            throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Capability.PRIORITY.require();
        try (var fds = new Fds();
                var mounts = new Mounts()) {
            int fd = fds.keep(mounts.open());
            mounts.change();
            selector.register(fd, Interest.PRIORITY, Trigger.LEVEL, null);
            boolean lost = Reported.isEpoll(selector.backend());
            assertEquals(lost ? "TIMEOUT" : fd + " PRIORITY", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            mounts.change();
            assertEquals(fd + " PRIORITY", Fds.pollNow(selector));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    /** poll says of them that they are closed, select that they are ready, for ever. */
    @LocalOnly("java.nio makes the file of a socket")
    @EveryBackend
    void what_was_opened_with_o_path_is_a_bad_descriptor(FdSelector selector, @TempDir Path dir)
            throws IOException {
        Capability.REPORTS_AS_LINUX.require();
        Path fifo = dir.resolve("fifo");
        Libc.mkfifo(fifo);
        Path file = Files.write(dir.resolve("file"), new byte[10]);
        Path socket = dir.resolve("socket");
        var proc = Path.of("/proc/self/mountinfo");
        try (var fds = new Fds();
                var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            for (Path path : List.of(fifo, socket, file, dir, proc, Path.of("/dev/null"))) {
                int fd = fds.keep(Libc.openAsPath(path));
                var e = refused(PolluxException.BadDescriptor.class, selector, fd, Trigger.LEVEL);
                assertTrue(e.getMessage().contains("O_PATH"), e::getMessage);
                assertTrue(e.getMessage().contains("open /proc/self/fd/" + fd), e::getMessage);
                assertThrows(
                        PolluxException.BadDescriptor.class,
                        () -> Fd.read(fd, ByteBuffer.allocate(1)));
            }
            assertTrue(selector.keys().isEmpty());
            assertEquals("TIMEOUT", Fds.pollNow(selector));

            int again =
                    Libc.openToRead(Path.of("/proc/self/fd/" + fds.keep(Libc.openAsPath(fifo))));
            selector.register(fds.keep(again), Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_trigger_that_the_backend_does_not_have_is_refused_by_name(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            for (Trigger trigger : Trigger.values()) {
                int fd = fds.pipe()[0];
                boolean there =
                        switch (trigger) {
                            case LEVEL, ONESHOT -> true;
                            case EDGE -> Reported.kernelKeeps(selector);
                            default -> Reported.isEpoll(selector.backend());
                        };
                assertEquals(there, selector.supports(trigger), trigger::toString);
                if (selector.supports(trigger)) {
                    selector.unregister(selector.register(fd, Interest.READ, trigger, null));
                } else {
                    var e = refused(PolluxException.Unsupported.class, selector, fd, trigger);
                    assertEquals(0, e.errno());
                    assertTrue(
                            e.getMessage().contains(selector.backend() + " does not have"),
                            e::getMessage);
                    assertTrue(
                            e.getMessage().contains("supports(interest, trigger)"), e::getMessage);
                }
            }
            assertTrue(selector.keys().isEmpty());
        }
    }

    // ---- the selector's own descriptors, and other selectors'

    private static Set<Integer> openNumbers(EveryBackend.Pair pair) throws IOException {
        Set<Integer> numbers = Fds.numbers();
        numbers.removeIf(fd -> pair.sys().isOpen(fd) < 0);
        return numbers;
    }

    @EveryBackend
    void a_descriptor_of_the_selectors_own_is_illegal(EveryBackend.Pair pair) throws IOException {
        Capability.KNOWS_ITS_DESCRIPTORS.require();
        pair.open().close(); // whatever opens files when it is used first has done so
        Set<Integer> before = openNumbers(pair);
        try (var selector = pair.open()) {
            Set<Integer> own = openNumbers(pair);
            own.removeAll(before);
            // kqueue: a pipe as well, where the kernel refuses EVFILT_USER, whatever its header
            // says
            Set<Integer> sizes =
                    switch (pair.backend()) {
                        case KQUEUE -> Set.of(1, 3);
                        case URING -> Set.of(3);
                        default -> Set.of(2);
                    };
            assertTrue(sizes.contains(own.size()), own::toString);
            for (int fd : own) {
                assertThrows(
                        IllegalArgumentException.class,
                        () -> selector.register(fd, Interest.READ, Trigger.LEVEL, null));
            }
            assertTrue(selector.keys().isEmpty());
        }
    }

    /** The one whose descriptor can be watched: no kernel has both. */
    private static Backend nesting(EveryBackend.Pair pair) {
        return pair.sys().layout().epollEventSize == 0 ? Backend.KQUEUE : Backend.EPOLL;
    }

    @EveryBackend
    void selectors_nest(FdSelector outer, EveryBackend.Pair pair) throws IOException {
        try (var fds = new Fds();
                var inner = Internals.open(nesting(pair), pair.sys())) {
            int[] pipe = fds.pipe();
            inner.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            outer.register(inner.fd(), Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(outer));
            Fds.write(pipe[1], 1);
            assertEquals(inner.fd() + " READ", Fds.pollNow(outer));
            assertEquals(pipe[0] + " READ", Fds.pollNow(inner));
            Fds.drain(pipe[0]);
            assertEquals("TIMEOUT", Fds.pollNow(inner));
            assertEquals("TIMEOUT", Fds.pollNow(outer));
            inner.wakeup();
            assertEquals(inner.fd() + " READ", Fds.pollNow(outer));
            assertEquals("WAKEUP", Fds.pollNow(inner));
            assertEquals("TIMEOUT", Fds.pollNow(outer));
        }
    }

    /** Nobody polls the inner one, so a change must not wait for its next poll. */
    @EveryBackend
    void a_modify_of_a_nested_selector_is_seen_by_the_outer_one(
            FdSelector outer, EveryBackend.Pair pair) throws IOException {
        try (var fds = new Fds();
                var inner = Internals.open(nesting(pair), pair.sys())) {
            FdKey key = inner.register(fds.socketpair()[0], Interest.READ, Trigger.LEVEL, null);
            outer.register(inner.fd(), Interest.READ, Trigger.LEVEL, null);
            assertEquals("TIMEOUT", Fds.pollNow(outer));
            inner.modify(key, Interest.WRITE);
            assertEquals(inner.fd() + " READ", Fds.pollNow(outer));
            assertEquals(key.fd() + " WRITE", Fds.pollNow(inner));
        }
    }

    @EveryBackend
    void selectors_in_a_circle_are_unsupported(FdSelector one, FdSelector other)
            throws IOException {
        if (!Reported.kernelKeeps(one) || !Capability.NESTS.isThere()) {
            var e = assertThrows(PolluxException.Unsupported.class, one::fd);
            assertTrue(e.getMessage().contains(one.backend().name()), e::getMessage);
            return;
        }
        one.register(other.fd(), Interest.READ, Trigger.LEVEL, null);
        var e = refused(PolluxException.Unsupported.class, other, one.fd(), Trigger.LEVEL);
        assertTrue(e.getMessage().contains("in a circle"), e::getMessage);
        assertTrue(other.keys().isEmpty());
        assertEquals("TIMEOUT", Fds.pollNow(other));
    }

    // ---- unregister

    @EveryBackend
    void unregister_ends_it_and_the_key_says_so(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey key = selector.register(fd, Interest.WRITE, Trigger.LEVEL, "kept");
            selector.unregister(key);
            assertFalse(key.isValid());
            assertTrue(selector.keys().isEmpty());
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertEquals("kept", key.attachment());
            assertEquals(fd, key.fd());
            FdKey again = selector.register(fd, Interest.WRITE, Trigger.LEVEL, null);
            assertFalse(key.isValid());
            assertTrue(again.isValid());
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
        }
    }

    @EveryBackend
    void a_key_that_is_not_registered_here_is_named_so(FdSelector selector, FdSelector other)
            throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.socketpair()[0];
            FdKey theirs = other.register(fd, Interest.WRITE, Trigger.LEVEL, null);
            FdKey gone = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            selector.unregister(gone);
            FdKey now = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            for (FdKey key : List.of(theirs, gone)) {
                var e =
                        assertThrows(
                                PolluxException.NotRegistered.class,
                                () -> selector.modify(key, Interest.WRITE));
                assertEquals(fd, e.fd());
                assertEquals("modify", e.operation());
                e =
                        assertThrows(
                                PolluxException.NotRegistered.class,
                                () -> selector.unregister(key));
                assertEquals("unregister", e.operation());
            }
            assertThrows(NullPointerException.class, () -> selector.unregister(null));
            assertThrows(NullPointerException.class, () -> selector.modify(null, Interest.READ));
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            assertTrue(now.isValid());
            assertTrue(theirs.isValid());
            assertEquals(fd + " WRITE", Fds.pollNow(other));
        }
    }

    @EveryBackend
    void unregister_after_the_fd_was_closed_succeeds_once(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] closed = fds.pipe();
            int[] live = fds.socketpair();
            FdKey key = selector.register(closed[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(live[0], Interest.WRITE, Trigger.LEVEL, null);
            fds.close(closed[0]);
            selector.unregister(key);
            assertFalse(key.isValid());
            assertEquals(live[0] + " WRITE", Fds.pollNow(selector));
            assertThrows(PolluxException.NotRegistered.class, () -> selector.unregister(key));
        }
    }

    @EveryBackend
    void nothing_can_be_registered_after_close(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.pipe()[0];
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            selector.close();
            assertFalse(key.isValid());
            assertThrows(
                    PolluxException.Closed.class,
                    () -> selector.register(fd, Interest.READ, Trigger.LEVEL, null));
            assertThrows(PolluxException.Closed.class, () -> selector.modify(key, Interest.WRITE));
            assertThrows(PolluxException.Closed.class, () -> selector.unregister(key));
            assertThrows(PolluxException.Closed.class, selector::keys);
            Fds.write(fds.dup(fds.pipe()[1]), 1); // the descriptors are the caller's still
            assertEquals(0, Fds.drain(fd));
        }
    }

    /** The kernel does not know of it: the selector's descriptor must say so all the same. */
    @EveryBackend
    void what_a_throwing_handler_left_is_seen_by_the_outer_selector(
            FdSelector selector, EveryBackend.Pair pair) throws IOException {
        try (var fds = new Fds();
                FdSelector outer = pair.open()) {
            if (!Reported.kernelKeeps(selector) || !Capability.NESTS.isThere()) {
                assertThrows(PolluxException.Unsupported.class, selector::fd);
                return;
            }
            for (int i = 0; i < 2; i++) {
                selector.register(fds.socketpair()[0], Interest.WRITE, Trigger.EDGE, null);
            }
            outer.register(selector.fd(), Interest.READ, Trigger.LEVEL, null);
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            selector.poll(
                                    0,
                                    java.util.concurrent.TimeUnit.SECONDS,
                                    (key, ready) -> {
                                        throw new IllegalStateException();
                                    }));
            assertEquals(selector.fd() + " READ", Fds.pollNow(outer));
            assertTrue(Fds.pollNow(selector).endsWith(" WRITE"));
        }
    }

    /** A wakeup that takes no call where nobody waits is one that the outer selector waits for. */
    @EveryBackend
    void a_wakeup_is_seen_by_the_outer_selector_whoever_asked_and_when(
            FdSelector selector, EveryBackend.Pair pair) throws IOException {
        try (var fds = new Fds();
                FdSelector outer = pair.open()) {
            if (!Reported.kernelKeeps(selector) || !Capability.NESTS.isThere()) {
                assertThrows(PolluxException.Unsupported.class, selector::fd);
                return;
            }
            selector.wakeup(); // before anybody knows that it nests
            outer.register(selector.fd(), Interest.READ, Trigger.LEVEL, null);
            assertEquals(selector.fd() + " READ", Fds.pollNow(outer));
            assertEquals(PollResult.WAKEUP, selector.poll((key, ready) -> {}));
            assertEquals("TIMEOUT", Fds.pollNow(outer));
            FdKey key = selector.register(fds.socketpair()[0], Interest.WRITE, Trigger.EDGE, null);
            assertEquals(PollResult.EVENTS, selector.poll((k, ready) -> selector.wakeup()));
            selector.unregister(key);
            assertEquals(selector.fd() + " READ", Fds.pollNow(outer));
            assertEquals(PollResult.WAKEUP, selector.poll((k, ready) -> {}));
        }
    }

    /** The first call of fd() comes while the selector is in a handler that asks for a wakeup. */
    @EveryBackend
    void a_wakeup_of_a_handler_is_seen_by_who_nests_the_selector_meanwhile(
            FdSelector selector, EveryBackend.Pair pair) throws IOException {
        try (var fds = new Fds();
                FdSelector outer = pair.open()) {
            if (!Reported.kernelKeeps(selector) || !Capability.NESTS.isThere()) {
                assertThrows(PolluxException.Unsupported.class, selector::fd);
                return;
            }
            FdKey key = selector.register(fds.socketpair()[0], Interest.WRITE, Trigger.EDGE, null);
            selector.poll(
                    (k, ready) -> {
                        selector.wakeup();
                        outer.register(selector.fd(), Interest.READ, Trigger.LEVEL, null);
                    });
            selector.unregister(key);
            assertEquals(selector.fd() + " READ", Fds.pollNow(outer));
            assertEquals(PollResult.WAKEUP, selector.poll((k, ready) -> {}));
        }
    }
}
