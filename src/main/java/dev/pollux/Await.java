package dev.pollux;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Waits for one descriptor as if it blocked, on any thread: a virtual one parks meanwhile and keeps
 * no carrier. One platform thread waits in the kernel for all of them.
 *
 * <pre>{@code
 * ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
 * try (var await = Await.open()) {
 *     while (Fd.read(fd, buffer) == 0) { // it would block
 *         await.await(fd, Interest.READ, 1, TimeUnit.SECONDS);
 *     }
 * }
 * }</pre>
 *
 * <p>Each wait is a registration with {@link Trigger#ONESHOT}, which ends with it: nothing of it is
 * left in the kernel. Any number of threads may wait for a descriptor at a time, also for different
 * interests. What two things that happen at once come to:
 *
 * <ul>
 *   <li>A report and a time-out, an interrupt or a cancellation: one of them wins. A report that
 *       lost does no harm: the descriptor stays ready, and the next wait for it returns at once.
 *       (Not for what the kernel reports once, to whoever looks first, such as a PSI trigger: wait
 *       for it without a time-out, or with an {@link FdSelector}.)
 *   <li>A report and {@link #closeDescriptor}: one of them wins; whoever was reported READ reads
 *       from a closed descriptor, as with a close that comes a moment later.
 *   <li>A close by other means, such as {@link Fd#close}, ends no wait: on epoll and kqueue the
 *       kernel forgets it silently. The wait never hears of the number's next owner: it ends by its
 *       time-out, or fails when the number is waited for again.
 *   <li>{@link #close} and a wait that begins: it fails as those that are under way.
 * </ul>
 */
public final class Await implements AutoCloseable {
    private final Waits waits;

    private Await(Waits waits) {
        this.waits = waits;
    }

    /**
     * Opens one, on the backend of {@link DefaultSelector}, and starts its thread.
     *
     * @return it; close it
     * @throws PolluxException as {@link DefaultSelector#open}
     */
    public static Await open() throws PolluxException {
        return on(DefaultSelector.open());
    }

    /** On a selector that is nobody else's, and is closed with this. */
    static Await on(FdSelector selector) {
        return new Await(Waits.start(selector));
    }

    /**
     * Waits until a descriptor is ready. Blocks the current thread, and if it is virtual not its
     * carrier. Allocates two small objects.
     *
     * @param fd an open descriptor; use it without blocking
     * @param interest what to wait for
     * @param timeout how long to wait at most; 0 is over at once: to look, read or write
     * @param unit of the time-out
     * @return what it is ready for; a hint: the operation may still find that it would block
     * @throws TimeoutException if the time is over
     * @throws InterruptedException if the thread is interrupted
     * @throws AsynchronousCloseException after {@link #closeDescriptor} for this descriptor
     * @throws PolluxException.Closed after {@link #close}, also if it comes while this waits
     * @throws PolluxException as {@link FdSelector#register}
     * @throws IllegalArgumentException if the descriptor or the time-out is negative
     * @throws IllegalStateException on this object's own thread, in what depends on a future of
     *     {@link #when}: nobody would end the wait
     */
    public Ready await(int fd, Interest interest, long timeout, TimeUnit unit)
            throws IOException, InterruptedException, TimeoutException {
        if (timeout < 0) {
            throw new IllegalArgumentException(
                    "await(timeout=" + timeout + "): negative; await(fd, interest) has none");
        }
        Wait wait = waits.begin(fd, interest);
        try {
            return wait.get(timeout, unit);
        } catch (ExecutionException e) {
            throw failure(e);
        } catch (TimeoutException e) {
            return endedBefore(wait, e);
        } catch (InterruptedException e) {
            return endedBefore(wait, e);
        } finally {
            waits.end(wait);
        }
    }

    /**
     * As {@link #await(int, Interest, long, TimeUnit)}, without a time-out.
     *
     * @param fd an open descriptor; use it without blocking
     * @param interest what to wait for
     * @return what it is ready for
     * @throws InterruptedException if the thread is interrupted
     * @throws IOException as there
     */
    public Ready await(int fd, Interest interest) throws IOException, InterruptedException {
        Wait wait = waits.begin(fd, interest);
        try {
            return wait.get();
        } catch (ExecutionException e) {
            throw failure(e);
        } catch (InterruptedException e) {
            return endedBefore(wait, e);
        } finally {
            waits.end(wait);
        }
    }

    /** Throws why it ended, unless it was over already: then the report is not to be lost. */
    private static <E extends Exception> Ready endedBefore(Wait wait, E why) throws E, IOException {
        if (wait.complete(null)) {
            throw why;
        }
        if (why instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        try {
            return wait.getNow(null);
        } catch (CompletionException e) {
            throw failure(e);
        }
    }

    /** What the waits are completed with is no other. */
    private static IOException failure(Exception e) {
        if (e.getCause() instanceof IOException io) {
            return io;
        }
        return new IOException("await: its thread has failed", e.getCause());
    }

    /**
     * The same as a future. Cancelling or completing it ends the wait; {@link
     * CompletableFuture#orTimeout} gives it a time-out. What depends on it runs on the one thread
     * that waits for all: take the Async methods for what takes long or blocks.
     *
     * @param fd an open descriptor; use it without blocking
     * @param interest what to wait for
     * @return completed with what it is ready for; or with what {@link #await(int, Interest)}
     *     throws
     * @throws IllegalArgumentException if the descriptor is negative
     */
    public CompletableFuture<Ready> when(int fd, Interest interest) {
        Wait wait;
        try {
            wait = waits.begin(fd, interest);
        } catch (PolluxException e) {
            return CompletableFuture.failedFuture(e);
        }
        wait.whenComplete((ready, failure) -> waits.end(wait));
        return wait;
    }

    /**
     * Ends all waits for a descriptor, which throw {@link AsynchronousCloseException}, and closes
     * it: no wait for the number's next owner can come between.
     *
     * @param fd a descriptor
     * @throws PolluxException as {@link Fd#close}; the waits have ended all the same
     */
    public void closeDescriptor(int fd) throws PolluxException {
        waits.closeDescriptor(fd);
    }

    /**
     * Ends all waits, which throw {@link PolluxException.Closed}, and the thread. The descriptors
     * stay open. Closing again does nothing. On the thread's own, in what depends on a future, this
     * returns before the thread has ended.
     */
    @Override
    public void close() {
        waits.close();
    }

    /** How many are under way. */
    int waits() {
        return waits.count();
    }

    /** For people: {@code Await[FdSelector[EPOLL/jni, 3 registered], 3 waits]}. */
    @Override
    public String toString() {
        return "Await[" + waits + "]";
    }
}
