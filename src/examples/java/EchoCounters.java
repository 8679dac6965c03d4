/* What the echo server counts, see EdgeEchoServer; not an example of its own. */

import java.util.Locale;

/** Written by the server's thread; read by others when that has ended. */
final class EchoCounters {
    int connections;
    int open;
    int mostOpen;
    int resets;
    int refusals;
    long polls;
    long events;
    long reads;
    long writes;
    long bytesIn;
    long bytesOut;
    long emptyReads;
    long fullWrites;
    long interruptions;
    long pauses;

    void accepted() {
        connections++;
        open++;
        mostOpen = Math.max(mostOpen, open);
    }

    void read(int n) {
        reads++;
        if (n > 0) {
            bytesIn += n;
        } else if (n == 0) {
            emptyReads++;
        }
    }

    void written(int n, boolean all) {
        writes++;
        bytesOut += n;
        if (!all) {
            fullWrites++;
        }
    }

    /** A table, one line each. */
    @Override
    public String toString() {
        return line("connections", connections, "%d at once, %d reset", mostOpen, resets)
                + line("bytes in", bytesIn, "")
                + line("bytes out", bytesOut, "")
                + line("polls", polls, "")
                + line("events", events, "%.2f a poll", ratio(events, polls))
                + line("reads", reads, "%.2f an event", ratio(reads, events))
                + line("writes", writes, "")
                + line(
                        "EAGAINs met",
                        emptyReads + fullWrites,
                        "%d reading, %d writing",
                        emptyReads,
                        fullWrites)
                + line(
                        "turns cut short",
                        interruptions,
                        "by the budget of %d KB",
                        EchoConnection.BUDGET / 1024)
                + line(
                        "pauses",
                        pauses,
                        "in reading, %d KB being unsent",
                        EchoConnection.BUFFER / 1024);
    }

    private static double ratio(long a, long b) {
        return b == 0 ? 0 : (double) a / b;
    }

    static String line(String name, long value, String note, Object... arguments) {
        String remark = String.format(Locale.ROOT, note, arguments);
        return String.format(Locale.ROOT, "  %-16s %,14d  %s", name, value, remark).stripTrailing()
                + "\n";
    }
}
