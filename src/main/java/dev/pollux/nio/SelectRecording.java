package dev.pollux.nio;

import dev.pollux.PollResult;
import dev.pollux.sys.jfr.EventTimer;
import dev.pollux.sys.jfr.Recorder;
import dev.pollux.sys.jfr.SelectEvent;

/** What the flight recorder gets to see of selections, while it records. */
final class SelectRecording {
    /** Has selections recorded while the recorder records. Loads nothing of the recorder's. */
    static final class Switch implements Recorder.Recorded {
        volatile SelectRecording now; // null: off

        @Override
        public void recorded(boolean on) {
            now = on ? new SelectRecording() : null;
        }
    }

    private final SelectEvent select = new SelectEvent();
    private final EventTimer selects = select.timer();

    void begin() {
        selects.begin();
    }

    /**
     * @param endedBy null: something was thrown
     */
    void end(long timeoutNanos, int keys, int selected, PollResult endedBy) {
        if (selects.end()) {
            select.timeout = timeoutNanos;
            select.keys = keys;
            select.selected = selected;
            select.endedBy = endedBy == null ? "an exception" : endedBy.name();
            select.commit();
        }
    }
}
