package dev.pollux.bench;

/** How a loop is looked at. */
public enum Observation {
    /** Not at all, by an earlier build, see {@link ObservedChapter}. */
    BASE("earlier build"),

    /** Not at all. */
    OFF("off"),

    /** By counters. */
    COUNTERS("counters"),

    /** By counters with times. */
    TIMES("with times"),

    /** By the flight recorder, with nothing but our own events at their default thresholds. */
    RECORDER("recorder"),

    /** By the flight recorder as it is usually started: with what it records of the JDK. */
    RECORDER_AND_JDK("recorder, default.jfc"),

    /** In strict mode. */
    STRICT("strict");

    final String title;

    Observation(String title) {
        this.title = title;
    }
}
