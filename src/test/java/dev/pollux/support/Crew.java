package dev.pollux.support;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Threads that work on one selector; the first failure of one is the failure of all. */
public final class Crew {
    /** What has not happened after so long is lost, or locked up. */
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(60);

    private final List<Thread> threads = new ArrayList<>();
    private volatile Throwable failure;

    /** Nobody yet. */
    public Crew() {}

    @FunctionalInterface
    public interface Work {
        void run() throws Exception;
    }

    /** Starts a thread. */
    public Thread start(String name, Work work) {
        var thread =
                new Thread(
                        () -> {
                            try {
                                work.run();
                            } catch (Throwable e) {
                                fail(e);
                            }
                        },
                        name);
        thread.setDaemon(true); // one that is locked up must not keep the JVM
        threads.add(thread);
        thread.start();
        return thread;
    }

    private synchronized void fail(Throwable e) {
        if (failure == null) {
            failure = e;
        }
    }

    /** Until it is so; fails when that takes too long, or another thread has failed. */
    public void await(Object what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT;
        for (int spins = 0; !condition.getAsBoolean(); spins++) {
            if (failure != null) {
                throw new AssertionError("another thread failed", failure);
            }
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("in vain: " + what + stacks());
            }
            if (spins > 500) {
                LockSupport.parkNanos(20_000); // there may be fewer processors than threads
            }
        }
    }

    /** Until this thread has ended. */
    public void join(Thread thread) {
        await(thread.getName() + " ends", () -> !thread.isAlive());
        check();
    }

    /** Until all have ended. */
    public void join() {
        threads.forEach(this::join);
    }

    /** Throws what a thread has thrown. */
    public void check() {
        if (failure != null) {
            throw new AssertionError("a thread failed", failure);
        }
    }

    private String stacks() {
        var text = new StringBuilder();
        for (Thread thread : threads) {
            text.append("\n\n").append(thread.getName()).append(' ').append(thread.getState());
            Arrays.stream(thread.getStackTrace()).forEach(f -> text.append("\n    ").append(f));
        }
        return text.append('\n').toString();
    }
}
