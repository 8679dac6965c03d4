package dev.pollux.support;

import dev.pollux.FdSelector;
import dev.pollux.PollResult;
import dev.pollux.ReadyHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A thread that polls again and again, for tests of what others do meanwhile. */
public final class PollingThread implements AutoCloseable {
    private final FdSelector selector;
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final List<PollResult> results = new ArrayList<>(); // synchronized on itself
    private volatile boolean ended;
    private final Poller poller;

    /** Starts it. */
    public PollingThread(FdSelector selector) {
        this.selector = selector;
        poller = Poller.run(this::run);
    }

    private Void run() throws Exception {
        ReadyHandler handler = (key, ready) -> events.add(key.fd() + " " + ready);
        while (!ended) {
            PollResult result = selector.poll(handler);
            synchronized (results) {
                results.add(result);
            }
        }
        return null;
    }

    /** Waits until the thread sleeps in the kernel. */
    public void awaitBlocked() {
        poller.awaitBlocked();
    }

    /** The next event, {@code "7 READ"}; fails when none comes. */
    public String next() throws InterruptedException {
        String event = events.poll(Poller.LIMIT, TimeUnit.SECONDS);
        if (event == null) {
            throw new AssertionError("no event; results so far: " + results());
        }
        return event;
    }

    /** The events that were not taken yet. */
    public List<String> rest() {
        var rest = new ArrayList<String>();
        events.drainTo(rest);
        return rest;
    }

    /** How the polls so far have ended. */
    public List<PollResult> results() {
        synchronized (results) {
            return List.copyOf(results);
        }
    }

    /** Wakes the poll, and waits until it has ended: what it delivers later, a later poll found. */
    public void finishPoll() {
        int before = results().size();
        selector.wakeup();
        Poller.await("a wakeup", () -> poller.isDone() || wokenSince(before));
    }

    private boolean wokenSince(int before) {
        List<PollResult> now = results();
        return now.subList(before, now.size()).contains(PollResult.WAKEUP);
    }

    /** Ends the thread; fails if a poll has failed. */
    @Override
    public void close() {
        ended = true;
        selector.wakeup();
        try {
            poller.result();
        } catch (Exception e) {
            throw new AssertionError("results so far: " + results(), e);
        }
    }
}
