package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.StrictReport.Kind;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.io.TempDir;

/** One wait after the other; many at once are in {@link AwaitStressTest}. */
class AwaitTest {
    @TempDir Path directory;

    private static Poller waiting(Await await, int fd, Interest interest) {
        int before = await.waits();
        Poller waiting = Poller.run(() -> await.await(fd, interest));
        Poller.await("a wait", () -> await.waits() > before || waiting.isDone());
        return waiting;
    }

    /** Nobody waits, and soon nothing is registered. */
    private static void assertOver(Await await, FdSelector selector) {
        assertEquals(0, await.waits());
        Poller.await("no registration", () -> isEmpty(selector));
    }

    private static boolean isEmpty(FdSelector selector) {
        try {
            return selector.keys().isEmpty();
        } catch (PolluxException e) {
            throw new AssertionError(e);
        }
    }

    private static ExecutionException failure(CompletableFuture<?> future) {
        return assertThrows(
                ExecutionException.class, () -> future.get(Poller.LIMIT, TimeUnit.SECONDS));
    }

    // ---- reports

    @EveryBackend
    void a_wait_ends_with_what_is_reported(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pair = fds.socketpair();
            for (int round = 0; round < 3; round++) {
                Poller waiting = waiting(await, pair[0], Interest.READ);
                assertFalse(waiting.isDone());
                Fds.write(pair[1], 1);
                assertEquals(Ready.of(Ready.READ), waiting.result());
                Fds.drain(pair[0]);
            }
            assertEquals(Ready.of(Ready.WRITE), await.await(pair[0], Interest.WRITE), "at once");
            assertOver(await, selector);
        }
    }

    @EveryBackend
    void who_reads_and_who_writes_wait_for_one_descriptor(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pair = fds.socketpair();
            Fds.fill(pair[0]);
            Poller writer = waiting(await, pair[0], Interest.WRITE);
            Poller reader = waiting(await, pair[0], Interest.READ);
            Poller another = waiting(await, pair[0], Interest.READ);
            assertEquals(3, await.waits());
            Fds.write(pair[1], 1);
            assertEquals(Ready.of(Ready.READ), reader.result());
            assertEquals(Ready.of(Ready.READ), another.result());
            assertFalse(writer.isDone());
            assertEquals(1, await.waits());
            Fds.drain(pair[1]);
            assertTrue(((Ready) writer.result()).isWritable());
            assertOver(await, selector);
        }
    }

    @EveryBackend
    void the_end_and_errors_are_reported_to_everybody(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pair = fds.socketpair();
            Fds.fill(pair[0]);
            Poller writer = waiting(await, pair[0], Interest.WRITE);
            Poller reader = waiting(await, pair[0], Interest.READ);
            fds.close(pair[1]);
            assertTrue(((Ready) reader.result()).isReadable());
            assertTrue(((Ready) writer.result()).isWritable());
            assertOver(await, selector);
        }
    }

    // ---- what ends a wait otherwise

    @EveryBackend
    void a_time_out_ends_a_wait_and_loses_nothing(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pipe = fds.pipe();
            assertThrows(
                    TimeoutException.class,
                    () -> await.await(pipe[0], Interest.READ, 1, TimeUnit.MILLISECONDS));
            assertOver(await, selector);
            Fds.write(pipe[1], 1);
            Ready ready = await.await(pipe[0], Interest.READ, 1, TimeUnit.DAYS);
            assertEquals(Ready.of(Ready.READ), ready);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> await.await(pipe[0], Interest.READ, -1, TimeUnit.SECONDS));
        }
    }

    @EveryBackend
    void an_interrupt_ends_a_wait(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pipe = fds.pipe();
            Poller waiting = waiting(await, pipe[0], Interest.READ);
            waiting.thread().interrupt();
            assertThrows(InterruptedException.class, waiting::result);
            assertOver(await, selector);
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> await.await(pipe[0], Interest.READ));
            assertFalse(Thread.interrupted());
        }
    }

    @EveryBackend
    void a_future_ends_by_a_report_a_cancellation_and_a_time_out(FdSelector selector)
            throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pipe = fds.pipe();
            var reported = await.when(pipe[0], Interest.READ).thenApply(Ready::isReadable);
            Fds.write(pipe[1], 1);
            assertTrue(reported.get(Poller.LIMIT, TimeUnit.SECONDS));
            Fds.drain(pipe[0]);
            var cancelled = await.when(pipe[0], Interest.READ);
            assertEquals(1, await.waits());
            assertTrue(cancelled.cancel(true));
            assertOver(await, selector);
            var late = await.when(pipe[0], Interest.READ).orTimeout(1, TimeUnit.MILLISECONDS);
            assertInstanceOf(TimeoutException.class, failure(late).getCause());
            Poller.await("no wait", () -> await.waits() == 0);
            var given =
                    await.when(pipe[0], Interest.READ).completeOnTimeout(null, 0, TimeUnit.DAYS);
            given.get(Poller.LIMIT, TimeUnit.SECONDS);
            Poller.await("no wait", () -> await.waits() == 0);
            assertOver(await, selector);
        }
    }

    @EveryBackend
    void closing_a_descriptor_ends_its_waits(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pipe = fds.pipe();
            int copy = Libc.dupAbove(pipe[0], 600);
            Poller waiting = waiting(await, copy, Interest.READ);
            var future = await.when(copy, Interest.READ);
            await.closeDescriptor(copy);
            assertThrows(AsynchronousCloseException.class, waiting::result);
            assertInstanceOf(AsynchronousCloseException.class, failure(future).getCause());
            assertFalse(Libc.isOpen(copy));
            assertOver(await, selector);
            assertThrows(
                    PolluxException.BadDescriptor.class, () -> await.await(copy, Interest.READ));
            assertThrows(PolluxException.BadDescriptor.class, () -> await.closeDescriptor(copy));
            int unknown = Libc.dupAbove(pipe[0], 600);
            await.closeDescriptor(unknown);
            assertFalse(Libc.isOpen(unknown), "one that nobody waits for");
        }
    }

    /** On poll and select, which keep nothing in the kernel, the number is all that there is. */
    @EveryBackend
    @PlantsFaults(Kind.CLOSED)
    void a_wait_for_a_number_that_is_anothers_fails_when_that_is_waited_for(Pair pair)
            throws Exception {
        assumeTrue(pair.backend() == Backend.EPOLL, pair + ": it knows numbers alone, or a model");
        FdSelector selector = pair.open();
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] old = fds.pipe();
            int[] fresh = fds.pipe();
            Poller waiting = waiting(await, old[0], Interest.READ);
            fds.reuse(old[0], fresh[0]);
            Fds.write(fresh[1], 1);
            assertEquals(Ready.of(Ready.READ), await.await(old[0], Interest.READ));
            assertThrows(PolluxException.BadDescriptor.class, waiting::result);
            assertOver(await, selector);
        }
    }

    // ---- close, and misuse

    @EveryBackend
    void close_ends_all_waits_and_the_thread(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            var await = Await.on(selector);
            Poller waiting = waiting(await, pipe[0], Interest.READ);
            var future = await.when(pipe[0], Interest.WRITE);
            await.close();
            await.close();
            assertThrows(PolluxException.Closed.class, waiting::result);
            assertInstanceOf(PolluxException.Closed.class, failure(future).getCause());
            assertThrows(PolluxException.Closed.class, () -> await.await(pipe[0], Interest.READ));
            var late = await.when(pipe[0], Interest.READ);
            assertInstanceOf(PolluxException.Closed.class, failure(late).getCause());
            assertTrue(Libc.isOpen(pipe[0]), "the descriptor is the caller's");
            assertThrows(PolluxException.Closed.class, selector::keys);
            assertTrue(
                    Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().equals("pollux-await")));
        }
    }

    @EveryBackend
    void what_depends_on_a_future_may_close_and_may_not_wait(FdSelector selector) throws Exception {
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int[] pipe = fds.pipe();
            var waits = await.when(pipe[0], Interest.READ).thenApply(r -> again(await, pipe[0]));
            Fds.write(pipe[1], 1);
            assertInstanceOf(IllegalStateException.class, failure(waits).getCause());
            var asynchronous =
                    await.when(pipe[0], Interest.READ).thenApplyAsync(r -> again(await, pipe[0]));
            assertTrue(asynchronous.get(Poller.LIMIT, TimeUnit.SECONDS).isReadable());
            var closes = await.when(pipe[0], Interest.READ).thenAccept(ready -> end(await));
            closes.get(Poller.LIMIT, TimeUnit.SECONDS);
        }
    }

    private static void end(Await await) {
        await.close();
    }

    private static Ready again(Await await, int fd) {
        try {
            return await.await(fd, Interest.READ);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @EveryBackend
    void what_cannot_be_waited_for_is_refused_as_register_does(FdSelector selector)
            throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "text");
        try (var fds = new Fds();
                var await = Await.on(selector)) {
            int fd = fds.keep(Fd.open(file));
            assertThrows(PolluxException.NotPollable.class, () -> await.await(fd, Interest.READ));
            var future = await.when(fd, Interest.READ);
            assertInstanceOf(PolluxException.NotPollable.class, failure(future).getCause());
            assertThrows(IllegalArgumentException.class, () -> await.await(-1, Interest.READ));
            assertThrows(NullPointerException.class, () -> await.await(fd, null));
            assertOver(await, selector);
        }
    }

    /** Nobody may wait for ever for a thread that cannot. */
    @EveryBackend
    void a_wait_that_the_kernel_fails_fails_all(Pair pair) throws Exception {
        assumeTrue(!(pair.sys() instanceof dev.pollux.kernel.BsdKqueue), pair + ": it is a model");
        var failing = new AtomicBoolean();
        var sys = new FaultySyscalls(pair.sys());
        for (String wait :
                List.of("epollWait", "epollPwait2", "keventWait", "poll", "ppoll", "select")) {
            sys.on(wait, call -> failing.get() ? -sys.errno().EPERM : call.go());
        }
        try (var fds = new Fds();
                var await = Await.on(Internals.open(pair.backend(), sys))) {
            int[] pipe = fds.pipe();
            Poller waiting = waiting(await, pipe[0], Interest.READ);
            failing.set(true);
            await.when(pipe[1], Interest.WRITE); // this one is reported, or fails
            var e = assertThrows(PolluxException.class, waiting::result);
            assertTrue(e.getMessage().contains("EPERM"), e::getMessage);
            assertThrows(PolluxException.class, () -> await.await(pipe[0], Interest.READ));
        }
    }

    // ---- resources

    @EveryBackend
    void a_thread_that_waits_leaves_nothing_behind(Pair pair) throws Exception {
        pair.open().close();
        int before = Fds.openCount();
        try (var fds = new Fds();
                var await = Await.on(pair.open())) {
            int[] pipe = fds.pipe();
            ByteBuffer one = ByteBuffer.allocate(1);
            for (int i = 0; i < 100; i++) {
                Fds.write(pipe[1], 1);
                await.await(pipe[0], Interest.READ);
                assertEquals(1, Fd.read(pipe[0], one.clear()));
            }
            assertTrue(await.toString().contains("0 waits]"), await.toString());
        }
        Fds.assertOpenCount(before);
        assertFalse(Host.LINUX && Fds.openCount() > before);
    }
}
