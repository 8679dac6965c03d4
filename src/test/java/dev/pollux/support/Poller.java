package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdSelector;
import dev.pollux.ReadyHandler;
import dev.pollux.remote.Remote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;

/** One call, usually a poll, in a thread of its own. */
public final class Poller {
    /** For polls that report nothing. */
    public static final ReadyHandler UNEXPECTED =
            (key, ready) -> {
                throw new AssertionError("unexpected: " + key + " is " + ready);
            };

    /** What has not happened after so many seconds never will. */
    public static final int LIMIT = 60;

    /** The call. */
    @FunctionalInterface
    public interface Body<T> {
        T call() throws Exception;
    }

    private static final String FUTEX = // its number: what a thread waits in for Java's own locks
            System.getProperty("os.arch").equals("amd64") ? "202" : "98";

    private final Thread thread;
    private final CompletableFuture<Long> tid = new CompletableFuture<>();
    private final CompletableFuture<Object> result = new CompletableFuture<>();

    private final boolean virtual;

    private Poller(Body<?> body, boolean virtual, Function<Runnable, Thread> factory) {
        this.virtual = virtual;
        thread =
                factory.apply(
                        () -> {
                            try {
                                tid.complete(ownTid());
                                result.complete(body.call());
                            } catch (Throwable e) {
                                tid.completeExceptionally(e);
                                result.completeExceptionally(e);
                            }
                        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Polls without end, with a handler that must not be called. */
    public static Poller poll(FdSelector selector) {
        return poll(selector, UNEXPECTED);
    }

    /** Polls without end. */
    public static Poller poll(FdSelector selector, ReadyHandler handler) {
        return run(() -> selector.poll(handler));
    }

    /** Polls without end, in a thread that calls itself by this number, as some frameworks' do. */
    public static Poller poll(FdSelector selector, ReadyHandler handler, long id) {
        return new Poller(
                () -> selector.poll(handler),
                false,
                body ->
                        new Thread(body, "poller") {
                            @Override
                            @SuppressWarnings("deprecation") // from JDK 19 on
                            public long getId() {
                                return id;
                            }
                        });
    }

    public static Poller run(Body<?> body) {
        return new Poller(body, Host.VIRTUAL, Host::newThread);
    }

    public Thread thread() {
        return thread;
    }

    /** Waits until the thread sleeps in a system call that is not one for Java's locks. */
    public Poller awaitBlocked() {
        await(
                "a blocked poll",
                () -> {
                    if (result.isDone()) {
                        throw new AssertionError("it has ended: " + result);
                    }
                    if (Remote.isOn()) {
                        return Remote.link().waits(thread);
                    }
                    if (virtual) {
                        return isParkedInPoll() || isInWait();
                    }
                    return Host.LINUX ? sleepsInCall() : isInWait();
                });
        return this;
    }

    /** A virtual thread lets the JDK's poller, or a thread of the selector's, wait for it. */
    private boolean isParkedInPoll() {
        Thread.State state = thread.getState();
        return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
                && Stream.of(thread.getStackTrace())
                        .map(StackTraceElement::getClassName)
                        .anyMatch(name -> name.equals("dev.pollux.VirtualWait"));
    }

    private boolean sleepsInCall() {
        String call = read(Path.of("/proc/self/task/" + tid.join() + "/syscall"));
        return !call.startsWith("running") && !call.startsWith(FUTEX + " ");
    }

    /**
     * Whether it has called the kernel for what may block: the nearest to it that a stack trace can
     * show.
     */
    private boolean isInWait() {
        StackTraceElement[] trace = thread.getStackTrace();
        return trace.length > 0
                && trace[0].isNativeMethod()
                && Stream.of(trace).anyMatch(Poller::mayBlock);
    }

    private static boolean mayBlock(StackTraceElement frame) {
        String call = frame.getMethodName();
        return frame.getClassName().matches(".*[.](Jni|Jnr|Libc)Syscalls")
                && (Intercepted.isWait(call) || call.equals("write"));
    }

    public boolean isDone() {
        return result.isDone();
    }

    /** What the call returned; throws what it threw. */
    public Object result() throws Exception {
        try {
            return result.get(LIMIT, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw new AssertionError(e.getCause());
        } catch (TimeoutException e) {
            var trace = new AssertionError("it has not ended; its stack:");
            trace.setStackTrace(thread.getStackTrace());
            throw trace;
        }
    }

    /** Waits until something is so. */
    public static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain for " + what);
            if (Host.VIRTUAL) {
                LockSupport.parkNanos(100_000); // those that only yield keep all carriers
            } else {
                Thread.yield();
            }
        }
    }

    /** As {@link #await}; collects until it is so. */
    public static void collectUntil(String what, BooleanSupplier condition) {
        await(
                what,
                () -> {
                    System.gc();
                    return condition.getAsBoolean();
                });
    }

    /** The kernel's number of this thread. */
    private static long ownTid() throws IOException {
        if (!Host.LINUX || Remote.isOn()) {
            return -1; // not needed
        }
        return Long.parseLong(
                Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString());
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
