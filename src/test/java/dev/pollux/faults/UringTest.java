package dev.pollux.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.ForwardingSyscalls;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Libc;
import dev.pollux.support.Seccomp;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the ring adds to epoll: looks at memory, which must say what the kernel would. That all else
 * is as with epoll the contract says, by {@code make test BACKEND=uring}.
 */
class UringTest {
    private static final ReadyHandler NOTHING = (key, ready) -> {};
    private static final int ROUNDS = 500;

    private Syscalls jni;

    @BeforeEach
    void open() {
        try {
            jni = Bindings.open("jni");
            Internals.open(Backend.URING, jni).close();
        } catch (Bindings.Unavailable | PolluxException e) {
            assumeTrue(false, e.getMessage());
        }
    }

    private static PollResult look(FdSelector selector, ReadyHandler handler) throws IOException {
        return selector.poll(0, TimeUnit.SECONDS, handler);
    }

    /** Until a look is one at memory. */
    private static void settle(FdSelector selector) throws IOException {
        for (int i = 0; i < 3; i++) {
            assertEquals(PollResult.TIMEOUT, look(selector, NOTHING));
        }
    }

    @Test
    void looks_that_find_nothing_make_no_call_and_the_first_that_can_find_something_finds_it()
            throws IOException {
        var calls = new Intercepted(jni);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, calls.sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            for (int round = 0; round < 3; round++) {
                settle(selector);
                calls.calls();
                for (int i = 0; i < ROUNDS; i++) {
                    assertEquals(PollResult.TIMEOUT, look(selector, NOTHING));
                }
                assertEquals(List.of(), calls.calls());
                Fds.write(pipe[1], 1);
                for (int i = 0; i < 3; i++) {
                    assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
                }
                assertEquals(List.of("epollWait", "epollWait", "epollWait"), calls.calls());
                Fds.drain(pipe[0]);
            }
            selector.wakeup();
            assertEquals(PollResult.WAKEUP, look(selector, NOTHING));
            settle(selector);
            int fd = fds.socketpair()[0];
            selector.register(fd, Interest.WRITE, Trigger.ONESHOT, null);
            assertEquals(fd + " WRITE", Fds.pollNow(selector));
            settle(selector);
        }
    }

    /** The ring's own completion comes later: what is due must be seen before. */
    @ParameterizedTest
    @EnumSource(
            value = Trigger.class,
            names = {"LEVEL", "EDGE"})
    void what_another_thread_has_written_is_found_by_the_next_look(Trigger trigger)
            throws Exception {
        var asked = new AtomicInteger();
        var written = new AtomicInteger();
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, jni)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, trigger, null);
            Thread writer =
                    new Thread(
                            () -> {
                                for (int i = 1; i <= ROUNDS; i++) {
                                    while (asked.get() != i) {
                                        Thread.yield();
                                    }
                                    try {
                                        Fds.write(pipe[1], 1);
                                    } catch (IOException e) {
                                        return; // found missing below
                                    }
                                    written.set(i);
                                }
                            });
            writer.setDaemon(true);
            writer.start();
            for (int i = 1; i <= ROUNDS; i++) {
                settle(selector);
                asked.set(i);
                while (written.get() != i && writer.isAlive()) {
                    Thread.onSpinWait(); // no system call, which would complete what is due
                }
                assertEquals(PollResult.EVENTS, look(selector, NOTHING), "round " + i);
                Fds.drain(pipe[0]);
            }
            writer.join();
        }
    }

    /** One after another they look, until each would go by memory; then something comes. */
    @Test
    void each_of_many_threads_finds_what_has_come() throws Exception {
        int count = 40; // more than the ring has room for completions
        var pools = new ArrayList<ExecutorService>();
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, jni)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            for (int i = 0; i < count; i++) {
                ExecutorService pool = Executors.newSingleThreadExecutor();
                pools.add(pool);
                on(pool, () -> settle(selector)); // and then its thread parks
            }
            for (int round = 0; round < 3; round++) {
                for (ExecutorService pool : pools) {
                    on(pool, () -> assertEquals("TIMEOUT", Fds.pollNow(selector)));
                    Fds.write(pipe[1], 1);
                    on(pool, () -> assertEquals(pipe[0] + " READ", Fds.pollNow(selector)));
                    Fds.drain(pipe[0]);
                    on(pool, () -> settle(selector));
                }
            }
            pools.remove(count - 1).shutdown(); // a watch of a thread that has ended
            Fds.write(pipe[1], 1);
            on(pools.get(0), () -> assertEquals(pipe[0] + " READ", Fds.pollNow(selector)));
        } finally {
            pools.forEach(ExecutorService::shutdown);
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void on(ExecutorService pool, Step step) throws Exception {
        pool.submit(
                        () -> {
                            step.run();
                            return null;
                        })
                .get();
    }

    /** A poll that may wait leaves the watch alone, and the watch does it no harm. */
    @Test
    void polls_that_wait_and_looks_take_turns() throws Exception {
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, jni)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.EDGE, null);
            for (int i = 0; i < 200; i++) {
                settle(selector);
                var begun = new CountDownLatch(1);
                var writer =
                        new Thread(
                                () -> {
                                    try {
                                        begun.await();
                                        Fds.write(pipe[1], 1);
                                    } catch (IOException | InterruptedException e) {
                                        selector.wakeup(); // found below
                                    }
                                });
                writer.start();
                begun.countDown();
                assertEquals(PollResult.EVENTS, selector.poll(NOTHING));
                writer.join();
                Fds.drain(pipe[0]);
                assertEquals(PollResult.TIMEOUT, selector.poll(1, TimeUnit.MICROSECONDS, NOTHING));
            }
        }
    }

    @Test
    void with_what_is_no_socket_and_no_pipe_each_look_asks_the_kernel() throws IOException {
        var calls = new Intercepted(jni);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, calls.sys)) {
            selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            settle(selector);
            int eventfd = fds.keep(Libc.eventfd());
            selector.register(eventfd, Interest.READ, Trigger.LEVEL, null);
            settle(selector);
            calls.calls();
            settle(selector);
            assertEquals(List.of("epollWait", "epollWait", "epollWait"), calls.calls());
        }
    }

    /** What it reports once, between the two, would be the watch's. */
    @Test
    void the_watch_ends_before_such_a_descriptor_is_registered() throws IOException {
        var calls = new Intercepted(jni);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, calls.sys)) {
            selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, null);
            int directory = fds.keep(Libc.openToRead(Path.of("/")));
            int eventfd = fds.keep(Libc.eventfd());
            settle(selector);
            assertThrows(
                    PolluxException.NotPollable.class,
                    () -> selector.register(directory, Interest.READ, Trigger.LEVEL, null));
            settle(selector); // with a watch again
            calls.calls();
            selector.register(eventfd, Interest.READ, Trigger.LEVEL, null);
            var made = calls.calls();
            assertEquals(1, made.indexOf("epollCtl") - made.indexOf("uringWatch"), made.toString());
            assertTrue(made.contains("uringWatch"), made.toString());
        }
    }

    @Test
    void epoll_does_without_a_watch_that_is_refused() throws IOException {
        var sys = new FaultySyscalls(jni).on("uringWatch", call -> -jni.errno().ENOMEM);
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            settle(selector);
            settle(selector);
            assertEquals(1, sys.calls("uringWatch"));
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
        }
    }

    @Test
    void a_watch_that_is_refused_to_one_thread_loses_nothing_of_another() throws Exception {
        int error = -jni.errno().ENOMEM;
        var sys = new FaultySyscalls(jni);
        sys.on("uringWatch", call -> call.nth() == 2 ? error : call.go());
        ExecutorService other = Executors.newSingleThreadExecutor();
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, sys)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            on(other, () -> settle(selector)); // and goes by its watch
            settle(selector);
            assertEquals(3, sys.calls("uringWatch"), "one for each, and the first is ended");
            Fds.write(pipe[1], 1);
            for (int i = 0; i < 3; i++) {
                on(other, () -> assertEquals(pipe[0] + " READ", Fds.pollNow(selector)));
            }
        } finally {
            other.shutdown();
        }
    }

    /** Its number closed, or taken by somebody, with a watch that has not ended and without. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothing_is_lost_when_the_ring_breaks(boolean watched) throws IOException {
        try (var fds = new Fds();
                FdSelector selector = Internals.open(Backend.URING, jni)) {
            int[] pipe = fds.pipe();
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            if (watched) {
                settle(selector);
            }
            Libc.dup2(fds.keep(Libc.eventfd()), ringOf(selector));
            for (int i = 0; i < 3; i++) {
                settle(selector);
                Fds.write(pipe[1], 1);
                assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
                Fds.drain(pipe[0]);
            }
        }
    }

    private static int ringOf(FdSelector selector) throws IOException {
        for (int fd : Fds.numbers()) {
            Path link = Path.of("/proc/self/fd/" + fd);
            if (Files.isSymbolicLink(link)
                    && Files.readSymbolicLink(link).toString().contains("[io_uring]")) {
                return fd;
            }
        }
        throw new AssertionError("no ring of " + selector);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ENOSYS", "EINVAL", "EPERM", "EACCES"})
    void where_there_is_none_opening_says_why_and_what_to_take(String error) throws IOException {
        int before = Fds.openCount();
        var sys = new FaultySyscalls(jni).on("uringOpen", call -> -jni.errno().number(error));
        var e =
                assertThrows(
                        PolluxException.Unsupported.class,
                        () -> Internals.open(Backend.URING, sys));
        assertEquals(jni.errno().number(error), e.errno());
        assertTrue(e.getMessage().startsWith("open(URING): io_uring_setup: " + error), e::toString);
        assertTrue(e.getMessage().endsWith("take epoll"), e::toString);
        Fds.assertOpenCount(before);
    }

    @Test
    void limits_are_named() throws IOException {
        Errno errno = jni.errno();
        for (int error : new int[] {errno.ENOMEM, errno.EMFILE, errno.ENFILE}) {
            var sys = new FaultySyscalls(jni).on("uringOpen", call -> -error);
            assertThrows(
                    PolluxException.LimitReached.class, () -> Internals.open(Backend.URING, sys));
        }
    }

    @Test
    void no_memory_to_reach_the_ring_by_is_a_limit_and_leaves_nothing() throws IOException {
        int before = Fds.openCount();
        var sys =
                new ForwardingSyscalls(jni) {
                    @Override
                    public ByteBuffer uringMemory(long ring) {
                        return null;
                    }
                };
        assertThrows(PolluxException.LimitReached.class, () -> Internals.open(Backend.URING, sys));
        Fds.assertOpenCount(before);
    }

    @Test
    void another_binding_says_that_it_has_none() throws Exception {
        var e =
                assertThrows(
                        PolluxException.Unsupported.class,
                        () -> Internals.open(Backend.URING, Bindings.open("jnr")));
        assertTrue(e.getMessage().contains("only the JNI binding has it"), e::toString);
    }

    @Test
    void under_a_filter_that_refuses_it_opening_says_so() throws IOException {
        Child.example()
                .property(Bindings.PROPERTY, "jni")
                .property(Bindings.LIBC, "false") // also under a sanitizer
                .run(UnderSeccomp.class)
                .ok()
                .expectLine(".*io_uring is forbidden here.*");
    }

    /** In a process of its own: a filter is for good. */
    static final class UnderSeccomp {
        public static void main(String[] args) throws IOException {
            Seccomp.filter(Seccomp.REFUSE);
            System.out.println(Backend.URING.unavailableBecause());
        }
    }
}
