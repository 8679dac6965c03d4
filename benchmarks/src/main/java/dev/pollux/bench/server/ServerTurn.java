package dev.pollux.bench.server;

/**
 * What one server did under load for a while.
 *
 * @param messages how many came back
 * @param seconds from the first one's sending to the last one's return
 * @param usedNanos processor time of the thread that serves; of the process, in hundredths of a
 *     second, if there are more of them
 * @param processNanos also of the JIT's and the collector's threads; in hundredths of a second
 * @param p50 microseconds from a message's sending to its return, the median
 * @param p99 the same, of the slowest hundredth
 * @param p999 the same, of the slowest thousandth
 */
public record ServerTurn(
        double messages,
        double seconds,
        double usedNanos,
        double processNanos,
        double p50,
        double p99,
        double p999) {

    /** As many as server and load can together. */
    public double messagesPerSecond() {
        return messages / seconds;
    }

    /** Processor time for one message. */
    public double cpuNanos() {
        return usedNanos / messages;
    }
}
