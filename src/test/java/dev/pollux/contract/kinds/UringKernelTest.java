package dev.pollux.contract.kinds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Fd;
import dev.pollux.PolluxException;
import dev.pollux.contract.kinds.PollRing.Completion;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What io_uring does with polls, asked of the kernel without Pollux: what {@code Backend.URING}
 * stands on, and why events do not come through its ring. docs/io_uring.md refers to these tests.
 */
class UringKernelTest {
    private static final int COOP = PollRing.COOP_TASKRUN | PollRing.TASKRUN_FLAG;
    private static final int DEFER =
            PollRing.SINGLE_ISSUER | PollRing.DEFER_TASKRUN | PollRing.TASKRUN_FLAG;
    private static final int POLL = 7; // what a poll is called here
    private static final int UPDATE = 8;
    private static final Completion EVENT = new Completion(POLL, PollRing.IN, true);
    private static final List<Completion> NONE = List.of();

    private Fds fds;
    private PollRing ring;
    private Syscalls sys;
    private Layout layout;
    private int epoll;

    @BeforeEach
    void open() throws Exception {
        Kernel.requireLinux();
        sys = Bindings.current();
        layout = sys.layout();
        fds = new Fds();
        ring = new PollRing(fds, COOP, 64);
        epoll = fds.keep(sys.epollCreate());
    }

    @AfterEach
    void close() throws IOException {
        if (ring != null) {
            ring.close();
        }
        if (fds != null) {
            fds.close();
        }
    }

    private void registerWithEpoll(int fd, int trigger) {
        int events = layout.EPOLLIN | trigger;
        assertEquals(0, sys.epollCtl(epoll, layout.EPOLL_CTL_ADD, fd, events, POLL));
    }

    /** How many events epoll reports now. */
    private int epollNow() {
        try (var memory = new NativeMemory(sys)) {
            long events = memory.allocate(16 * layout.epollEventSize).address();
            return sys.epollWait(epoll, events, 16, 0, null);
        }
    }

    private static void readOne(int fd) throws IOException {
        assertEquals(1, Fd.read(fd, ByteBuffer.allocateDirect(1)));
    }

    private List<Completion> removeAndTake() throws IOException {
        return ring.next(PollRing.POLL_REMOVE, -1, POLL, 0, 0, UPDATE).enterAndTake();
    }

    // ---- as epoll

    @Test
    void a_multishot_poll_reports_what_an_edge_triggered_registration_would() throws IOException {
        int[] pipe = fds.pipe();
        registerWithEpoll(pipe[0], layout.EPOLLET);
        ring.poll(pipe[0], PollRing.MULTI, POLL);
        assertEquals(NONE, ring.take());
        for (int i = 0; i < 3; i++) { // also while something is unread
            Fds.write(pipe[1], 2);
            assertEquals(List.of(EVENT), ring.enterAndTake());
            assertEquals(NONE, ring.enterAndTake(), "without a change");
            readOne(pipe[0]);
            assertEquals(NONE, ring.enterAndTake(), "after a partial read");
            assertEquals(1, epollNow());
            assertEquals(0, epollNow());
        }
    }

    @Test
    void what_is_ready_when_it_is_polled_is_reported_at_once() throws IOException {
        int[] pipe = fds.pipe();
        Fds.write(pipe[1], 1);
        ring.poll(pipe[0], PollRing.MULTI, POLL);
        assertEquals(List.of(EVENT), ring.take());
    }

    @Test
    void an_update_with_the_same_mask_reports_again_what_is_still_ready() throws IOException {
        int[] pipe = fds.pipe();
        Fds.write(pipe[1], 1);
        ring.poll(pipe[0], PollRing.MULTI, POLL);
        ring.take();
        int how = PollRing.UPDATE_EVENTS | PollRing.MULTI;
        ring.next(PollRing.POLL_REMOVE, -1, POLL, how, PollRing.IN, UPDATE);
        var said = ring.enterAndTake();
        assertEquals(2, said.size(), said::toString);
        assertTrue(said.contains(new Completion(UPDATE, 0, false)), said::toString);
        assertTrue(said.contains(EVENT), said::toString);
    }

    /** By which a look at memory can say that there is nothing. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_poll_once_of_an_epoll_instance_comes_once(boolean before) throws IOException {
        int[] pipe = fds.pipe();
        registerWithEpoll(pipe[0], 0);
        if (before) {
            Fds.write(pipe[1], 1);
        }
        ring.poll(epoll, 0, POLL);
        if (!before) {
            assertEquals(NONE, ring.take());
            Fds.write(pipe[1], 1);
        }
        assertEquals(List.of(new Completion(POLL, PollRing.IN, false)), ring.enterAndTake());
        Fds.write(pipe[1], 1);
        assertEquals(NONE, ring.enterAndTake());
        assertEquals(1, epollNow());
    }

    @Test
    void what_another_thread_has_made_ready_is_due_once_its_write_has_returned() throws Exception {
        int[] pipe = fds.pipe();
        registerWithEpoll(pipe[0], 0);
        ring.poll(epoll, 0, POLL);
        assertFalse(ring.isDue());
        assertEquals("", onAnotherThread(() -> Fds.write(pipe[1], 1)));
        // To wait for the thread may have been a call into the kernel, which completes what is due.
        assertTrue(ring.isDue() || !ring.take().isEmpty());
    }

    // ---- otherwise than epoll: why descriptors are not polled through the ring

    /** Contract: LEVEL is reported by every poll while it holds. */
    @ParameterizedTest
    @ValueSource(ints = {PollRing.LEVEL, PollRing.LEVEL | PollRing.MULTI})
    void there_is_no_level_triggered_poll(int how) throws IOException {
        ring.poll(fds.pipe()[0], how, POLL);
        var said = ring.take();
        assumeTrue(!said.isEmpty(), "this kernel takes IORING_POLL_ADD_LEVEL");
        assertEquals(List.of(new Completion(POLL, -Errno.EINVAL.intValue(), false)), said);
    }

    /** Contract: what cannot be watched is refused by register. */
    @ParameterizedTest
    @ValueSource(strings = {"/dev/null", "/"})
    void what_epoll_refuses_is_ready_once(String path) throws IOException {
        int fd = fds.keep(Libc.openToRead(Path.of(path)));
        int add = layout.EPOLL_CTL_ADD;
        assertEquals(-sys.errno().EPERM, sys.epollCtl(epoll, add, fd, layout.EPOLLIN, 0));
        ring.poll(fd, PollRing.MULTI, POLL);
        assertEquals(List.of(new Completion(POLL, PollRing.IN, false)), ring.take());
    }

    @Test
    void a_bad_descriptor_is_a_completion_and_no_failure_of_the_call() throws IOException {
        ring.poll(-1, PollRing.MULTI, POLL);
        assertEquals(List.of(new Completion(POLL, -Errno.EBADF.intValue(), false)), ring.take());
    }

    /** Contract: a descriptor that is registered is refused, the kernel is the truth. */
    @Test
    void a_descriptor_can_be_polled_twice() throws IOException {
        int[] pipe = fds.pipe();
        Fds.write(pipe[1], 1);
        for (int i = 0; i < 2; i++) {
            ring.poll(pipe[0], PollRing.MULTI, POLL);
            assertEquals(List.of(EVENT), ring.take());
        }
    }

    /** Contract: closing without unregister is as ever, for the other end as well. */
    @Test
    void a_pipe_that_was_closed_stays_open_as_long_as_it_is_polled() throws IOException {
        int[] pipe = fds.pipe();
        ring.poll(pipe[0], PollRing.MULTI, POLL);
        fds.close(pipe[0]);
        Fds.write(pipe[1], 1);
        assertEquals(List.of(EVENT), ring.enterAndTake(), "and is reported");
        removeAndTake();
        assertBroken(pipe[1]);

        int[] control = fds.pipe();
        registerWithEpoll(control[0], layout.EPOLLET);
        fds.close(control[0]);
        assertBroken(control[1]);
    }

    private static void assertBroken(int pipe) {
        var e = assertThrows(PolluxException.class, () -> Fds.write(pipe, 1));
        assertEquals(Errno.EPIPE.intValue(), e.errno());
    }

    @Test
    void a_connection_that_was_closed_stays_as_long_as_it_is_polled() throws IOException {
        int[] pair = fds.socketpair();
        ring.poll(pair[0], PollRing.MULTI, POLL);
        fds.close(pair[0]);
        var byteBuffer = ByteBuffer.allocateDirect(1);
        assertEquals(0, Fd.read(pair[1], byteBuffer), "nothing yet");
        removeAndTake();
        assertEquals(-1, Fd.read(pair[1], byteBuffer), "its end");
    }

    @Test
    void a_listener_that_was_closed_keeps_its_port_as_long_as_it_is_polled() throws IOException {
        int listener = fds.keep(Libc.Socket.TCP_V4.listen());
        byte[] address = Kernel.loopback(Kernel.port(listener));
        ring.poll(listener, PollRing.MULTI, POLL);
        fds.close(listener);
        int other = fds.keep(Libc.Socket.TCP_V4.open());
        int rc = Kernel.C.bind(other, address, address.length);
        var e = assertThrows(Kernel.Failed.class, () -> Kernel.check("bind", rc));
        assertEquals(Errno.EADDRINUSE, e.errno);
    }

    /** Contract: what was drained before the poll is not reported. */
    @ParameterizedTest
    @ValueSource(ints = {COOP, DEFER})
    void what_was_drained_before_anybody_looked_is_reported_all_the_same(int setup)
            throws IOException {
        try (var polls = new PollRing(fds, setup, 64)) {
            int[] pipe = fds.pipe();
            registerWithEpoll(pipe[0], layout.EPOLLET);
            polls.poll(pipe[0], PollRing.MULTI, POLL);
            Fds.write(pipe[1], 1);
            Fds.drain(pipe[0]);
            assertEquals(0, epollNow());
            assertEquals(List.of(EVENT), polls.enterAndTake());
        }
    }

    /** Contract: any thread may register and poll, one after another. */
    @Test
    void a_ring_that_completes_when_it_is_asked_to_is_of_one_thread() throws Exception {
        try (var deferred = new PollRing(fds, DEFER, 64)) {
            deferred.enter();
            var thrown = onAnotherThread(deferred::enter);
            assertEquals(new Kernel.Failed("io_uring_enter", Errno.EEXIST).toString(), thrown);
        }
    }

    /** Contract: as before. The event that ends it is not reported. */
    @Test
    void a_poll_whose_thread_has_ended_ends_with_its_next_event() throws Exception {
        int[] pipe = fds.pipe();
        registerWithEpoll(pipe[0], layout.EPOLLET);
        assertEquals("", onAnotherThread(() -> ring.poll(pipe[0], PollRing.MULTI, POLL)));
        List<Completion> said = List.of(EVENT);
        while (said.equals(List.of(EVENT))) { // the kernel's part ends later than the JVM's
            Fds.drain(pipe[0]);
            Fds.write(pipe[1], 1);
            said = awaitCompletions();
        }
        assertEquals(List.of(new Completion(POLL, -Errno.ECANCELED.intValue(), false)), said);
        Fds.write(pipe[1], 1);
        assertEquals(NONE, ring.enterAndTake());
        assertEquals(1, epollNow(), "the control");
    }

    private interface Call {
        void run() throws IOException;
    }

    /** What it has thrown; empty: nothing. */
    private static String onAnotherThread(Call call) throws InterruptedException {
        var thrown = new String[] {""};
        var thread =
                new Thread(
                        () -> {
                            try {
                                call.run();
                            } catch (IOException e) {
                                thrown[0] = e.toString();
                            }
                        });
        thread.start();
        thread.join();
        return thrown[0];
    }

    private List<Completion> awaitCompletions() throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        List<Completion> said = NONE;
        while (said.isEmpty() && System.nanoTime() < deadline) {
            said = ring.enterAndTake();
            Thread.yield();
        }
        return said;
    }

    /** Contract: nothing is lost when more is ready than there is room for. */
    @Test
    void a_completion_that_finds_no_room_is_the_last_of_its_poll() throws IOException {
        int room = 8;
        int count = 12;
        try (var small = new PollRing(fds, COOP, room)) {
            int[][] pipes = new int[count][];
            for (int i = 0; i < count; i++) {
                pipes[i] = fds.pipe();
                small.poll(pipes[i][0], PollRing.MULTI, i);
            }
            assertEquals(count, writeToAll(pipes, small).size());
            var second = writeToAll(pipes, small);
            assertEquals(room, second.size(), second::toString);
            assertTrue(second.values().stream().allMatch(more -> more), second::toString);
            for (int i = 0; i < count; i++) {
                if (!second.containsKey((long) i)) {
                    small.poll(pipes[i][0], PollRing.MULTI, i);
                }
            }
            var third = writeToAll(pipes, small);
            assertEquals(count, third.size(), third::toString);
        }
    }

    /** Which of the polls have said so, and whether they go on. */
    private static Map<Long, Boolean> writeToAll(int[][] pipes, PollRing ring) throws IOException {
        for (int[] pipe : pipes) {
            Fds.write(pipe[1], 1);
        }
        var said = new TreeMap<Long, Boolean>();
        for (var some = ring.enterAndTake(); !some.isEmpty(); some = ring.enterAndTake()) {
            for (Completion one : some) {
                assertEquals(PollRing.IN, one.result());
                said.put(one.data(), one.more());
            }
        }
        for (int[] pipe : pipes) {
            Fds.drain(pipe[0]);
        }
        return said;
    }

    // ---- otherwise than epoll: why the ring does not wait itself

    /** Contract: what was drained, changed or disarmed before the poll is not reported. */
    @Test
    void a_wait_in_the_ring_takes_events_when_they_come() throws IOException {
        try (var memory = new NativeMemory(sys)) {
            long events = memory.allocate(4 * layout.epollEventSize).address();
            int[] pipe = fds.pipe();
            registerWithEpoll(pipe[0], layout.EPOLLONESHOT);
            ring.next(PollRing.EPOLL_WAIT, epoll, events, 4, 0, POLL).enter();
            var refused = ring.take();
            assumeTrue(
                    refused.isEmpty(),
                    () -> "IORING_OP_EPOLL_WAIT, Linux 6.15: " + refused.get(0).result());
            Fds.write(pipe[1], 1);
            Fds.drain(pipe[0]);
            assertEquals(List.of(new Completion(POLL, 1, false)), ring.enterAndTake());
            Fds.write(pipe[1], 1);
            assertEquals(0, epollNow(), "the registration is disarmed");
        }
    }
}
