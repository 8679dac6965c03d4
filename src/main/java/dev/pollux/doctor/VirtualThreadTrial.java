package dev.pollux.doctor;

import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import dev.pollux.PollResult;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Finds out whether a virtual thread that polls releases its carrier: there is one carrier, a first
 * thread polls, and only a second one can wake it.
 */
final class VirtualThreadTrial {
    private static final int ENOUGH_MILLIS = 400;
    private static final int LIMIT_SECONDS = 10;

    private VirtualThreadTrial() {}

    /** Before anything else in this JVM has made a virtual thread: it sets how many carriers. */
    static String run() {
        int version = Runtime.version().feature();
        Method start;
        try {
            start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        } catch (NoSuchMethodException e) {
            return "none: JDK " + version + " does not have them, 21 does";
        }
        System.setProperty("jdk.virtualThreadScheduler.parallelism", "1");
        System.setProperty("jdk.virtualThreadScheduler.maxPoolSize", "1");
        try (FdSelector selector = DefaultSelector.open()) {
            selector.poll(0, TimeUnit.SECONDS, (key, ready) -> {}); // loads what it needs
            var ended = new CompletableFuture<PollResult>();
            start.invoke(null, (Runnable) () -> poll(selector, ended));
            start.invoke(null, (Runnable) selector::wakeup);
            String backend = selector.backend().toString();
            return ended.get(LIMIT_SECONDS, TimeUnit.SECONDS) == PollResult.WAKEUP
                    ? "one that polls releases its carrier (" + backend + ")"
                    : "one that polls keeps its carrier ("
                            + backend
                            + "): poll on a platform thread";
        } catch (InvocationTargetException e) {
            return "none: JDK " + version + ": " + e.getCause().getMessage();
        } catch (ExecutionException e) {
            return "not known: " + e.getCause();
        } catch (IOException
                | IllegalAccessException
                | IllegalArgumentException
                | TimeoutException e) {
            return "not known: " + e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "not known: interrupted";
        }
    }

    private static void poll(FdSelector selector, CompletableFuture<PollResult> ended) {
        try {
            ended.complete(selector.poll(ENOUGH_MILLIS, TimeUnit.MILLISECONDS, (key, ready) -> {}));
        } catch (IOException | RuntimeException e) {
            ended.completeExceptionally(e);
        }
    }
}
