package dev.pollux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A thread that polls without end, for tests of what others do meanwhile. */
final class PollingThread implements AutoCloseable {
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final FdSelector selector;
    private final Thread thread;
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final List<PollResult> results = new ArrayList<>(); // synchronized on itself
    private volatile int tid;
    private volatile boolean ended;
    private volatile Throwable failure;

    /** Starts it; every event is {@linkplain #next told}. */
    PollingThread(FdSelector selector) {
        this(selector, (key, ready) -> {});
    }

    /** Starts it; every event is given to the handler, then {@linkplain #next told}. */
    PollingThread(FdSelector selector, ReadyHandler handler) {
        this.selector = selector;
        thread = new Thread(() -> run(handler), "polling");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(ReadyHandler handler) {
        tid = Libc.gettid();
        ReadyHandler telling =
                (key, ready) -> {
                    handler.onReady(key, ready);
                    events.add(key.fd() + " " + ready);
                };
        try {
            while (!ended) {
                PollResult result = selector.poll(telling);
                synchronized (results) {
                    results.add(result);
                }
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    /** The next event, {@code "7 READ"}; fails when none comes. */
    String next() throws InterruptedException {
        String event = events.poll(LIMIT_NANOS, TimeUnit.NANOSECONDS);
        if (event == null) {
            throw new AssertionError("no event; results so far: " + results(), failure);
        }
        return event;
    }

    /** The events that were not taken yet. */
    List<String> rest() {
        var rest = new ArrayList<String>();
        events.drainTo(rest);
        return rest;
    }

    /** How the polls so far have ended. */
    List<PollResult> results() {
        synchronized (results) {
            return List.copyOf(results);
        }
    }

    /** Waits until the thread sleeps in the kernel. */
    void awaitBlocked() throws IOException, InterruptedException {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (tid == 0 || !isAsleep()) {
            failIfOver(end);
            Thread.sleep(1);
        }
    }

    /** Waits until this is so. */
    void await(BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!condition.getAsBoolean()) {
            failIfOver(end);
            Thread.onSpinWait();
        }
    }

    private boolean isAsleep() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/task/" + tid + "/stat"));
        return stat.charAt(stat.lastIndexOf(')') + 2) == 'S';
    }

    /** Wakes the poll, and waits until it has ended: what it delivers later, a later poll found. */
    void finishPoll() throws InterruptedException {
        int before = results().size();
        selector.wakeup();
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!wokenSince(before)) {
            failIfOver(end);
            Thread.sleep(1);
        }
    }

    private boolean wokenSince(int before) {
        List<PollResult> now = results();
        return now.subList(before, now.size()).contains(PollResult.WAKEUP);
    }

    private void failIfOver(long end) {
        if (failure != null || System.nanoTime() > end) {
            throw new AssertionError("results so far: " + results(), failure);
        }
    }

    /** Ends the thread; fails if a poll has failed. */
    @Override
    public void close() {
        ended = true;
        selector.wakeup();
        try {
            thread.join(TimeUnit.NANOSECONDS.toMillis(LIMIT_NANOS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (thread.isAlive() || failure != null) {
            throw new AssertionError("results so far: " + results(), failure);
        }
    }
}
