package dev.pollux.sys.jfr;

import jdk.jfr.Event;

/**
 * Begins and ends one event over and over, of which few last long enough to be written. By {@link
 * Clock}: what lasts no tick of it is short, and only what may be long looks at the recorder's own
 * clock. So an event may seem to begin up to a tick too early. If the threshold is 0 each event is
 * timed exactly.
 */
public final class EventTimer {
    private static final long NEVER = 0;

    private final Event event;
    private long begunAt = NEVER; // by the clock
    private boolean all; // the threshold is 0

    EventTimer(Event event) {
        this.event = event;
    }

    public void begin() {
        long now = Clock.now();
        if (all || now != begunAt) {
            begin(now);
        }
    }

    private void begin(long now) {
        if (now != begunAt) {
            event.begin();
            event.end();
            all = event.shouldCommit(); // enabled, and as short as can be
            begunAt = now;
        }
        event.begin();
    }

    /** Whether it is to be written. */
    public boolean end() {
        return (all || Clock.now() != begunAt) && isLong();
    }

    private boolean isLong() {
        event.end();
        begunAt = NEVER;
        return event.shouldCommit();
    }

    /** For parts of the event: in nanoseconds, exact if all events are written. */
    public long now() {
        return all ? System.nanoTime() : Clock.now();
    }
}
