package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.sys.jfr.DispatchEvent;
import dev.pollux.sys.jfr.EventTimer;
import dev.pollux.sys.jfr.PollEvent;
import dev.pollux.sys.jfr.Recorder;
import dev.pollux.sys.jfr.RefusedChangeEvent;
import dev.pollux.sys.jfr.WakeupEvent;

/**
 * What the flight recorder gets to see of a selector, while it records. Its events are objects that
 * are kept: a poll allocates nothing for them.
 */
final class LoopRecording extends LoopObserver {
    /** Has a selector observed while the recorder records. Loads nothing of the recorder's. */
    static final class Switch implements Recorder.Recorded {
        private final Observers observers;
        private final PendingChanges pending;
        private final String backend;
        private LoopObserver recording; // null: off

        Switch(Observers observers, PendingChanges pending, String backend) {
            this.observers = observers;
            this.pending = pending;
            this.backend = backend;
        }

        @Override
        public void recorded(boolean on) {
            if (on) {
                recording = new LoopRecording(pending, backend);
                observers.add(recording);
            } else {
                observers.remove(recording);
                recording = null;
            }
        }
    }

    private final PendingChanges pending;
    private final PollEvent poll = new PollEvent();
    private final EventTimer polls = poll.timer();
    private final DispatchEvent dispatch = new DispatchEvent();
    private final EventTimer dispatches = dispatch.timer();
    private final WakeupEvent wakeups = new WakeupEvent(); // says whether they are to be recorded
    private final RefusedChangeEvent refusals = new RefusedChangeEvent(); // as well, and is loaded

    // The polling thread's.
    private long waitBegan;
    private long sentBefore;

    private LoopRecording(PendingChanges pending, String backend) {
        this.pending = pending;
        poll.backend = backend;
    }

    // ---- a poll

    @Override
    void pollBegins(long timeoutNanos) {
        polls.begin();
        poll.timeout = timeoutNanos == Driver.FOREVER ? Long.MAX_VALUE : timeoutNanos;
        poll.waited = 0;
        poll.events = 0;
        sentBefore = pending.sent();
    }

    @Override
    void waitBegins(long timeoutNanos) {
        waitBegan = polls.now();
    }

    @Override
    void waitEnded(int rc, long timeoutNanos) {
        poll.waited += Math.max(0, polls.now() - waitBegan);
        poll.events += Math.max(0, rc);
    }

    @Override
    void pollEnded(PollResult result, Throwable thrown) {
        if (polls.end()) {
            poll.changes = pending.sent() - sentBefore;
            poll.endedBy = result != null ? result.name() : thrown.getClass().getName();
            poll.commit();
        }
    }

    // ---- its handlers

    @Override
    void delivering(FdKey key, Ready ready) {
        dispatches.begin();
    }

    @Override
    void delivered(FdKey key, Ready ready) {
        if (dispatches.end()) {
            write(key, ready);
        }
    }

    private void write(FdKey key, Ready ready) {
        Object attachment = key.attachment();
        dispatch.fd = key.fd;
        dispatch.interest = key.interest().toString();
        dispatch.trigger = key.trigger().toString();
        dispatch.ready = ready.toString();
        dispatch.attachment = attachment == null ? null : attachment.getClass();
        dispatch.commit();
        dispatch.attachment = null;
    }

    // ---- any thread

    @Override
    void wakeup(boolean first) {
        if (wakeups.isEnabled()) {
            var event = new WakeupEvent();
            event.pending = !first;
            event.commit();
        }
    }

    @Override
    void refused(FdKey key, PolluxException why) {
        if (refusals.isEnabled()) {
            var event = new RefusedChangeEvent();
            event.fd = key.fd;
            event.interest = key.interest().toString();
            event.trigger = key.trigger().toString();
            event.why = why == null ? "its descriptor is closed" : why.getMessage();
            event.commit();
        }
    }
}
