package dev.pollux.sys.jfr;

import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;

/** What {@link Recorder} knows of the flight recorder. */
final class Listener implements FlightRecorderListener {
    private static final Listener LISTENER = new Listener();

    private Listener() {}

    /** Not in every JVM that has the module. */
    static boolean isAvailable() {
        return FlightRecorder.isAvailable();
    }

    static Void start() {
        FlightRecorder.addListener(LISTENER);
        return null;
    }

    static Void stop() {
        FlightRecorder.removeListener(LISTENER);
        return null;
    }

    /** Initializes nothing. */
    static boolean isRecording() {
        if (FlightRecorder.isInitialized()) {
            for (Recording each : FlightRecorder.getFlightRecorder().getRecordings()) {
                if (each.getState() == RecordingState.RUNNING) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public void recordingStateChanged(Recording recording) {
        Recorder.update();
    }
}
