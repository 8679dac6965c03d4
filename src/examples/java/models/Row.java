/* What was measured of one model, see IoModels; not an example of its own. */
package models;

/**
 * One model with so many connections. Threads are -1, and what was to be counted is NaN, where that
 * could not be.
 */
record Row(
        ModelName model,
        int connections,
        int threads,
        double callsPerMessage,
        double cpuMicrosPerMessage,
        double p50Micros,
        double p99Micros,
        Waiting waiting) {

    /** What a second costs in which nothing arrives. */
    record Waiting(double cpuMillis, double calls) {}
}
