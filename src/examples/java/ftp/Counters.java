package ftp;

import java.util.Locale;

/** What the server did, for the table at the end. Of the loop's thread. */
final class Counters {
    int sessions;
    int sessionsAtOnce;
    int sessionsRefused;
    int logins;
    int loginsRefused;
    int downloads;
    int uploads;
    int listings;
    int broken;
    int hijacks;
    int acceptFailures;
    long bytesOut;
    long bytesIn;

    String table(BufferPool buffers) {
        var memory = Runtime.getRuntime();
        return line("connections", sessions, sessionsAtOnce + " at once")
                + line("turned away", sessionsRefused, "too many connections")
                + line("logins", logins, loginsRefused + " refused")
                + line("downloads", downloads, String.format(Locale.ROOT, "%,d bytes", bytesOut))
                + line("uploads", uploads, String.format(Locale.ROOT, "%,d bytes", bytesIn))
                + line("listings", listings, "")
                + line("broken transfers", broken, "")
                + line("hijacks refused", hijacks, "data connections from another address")
                + line("accept failures", acceptFailures, "no free descriptor, most likely")
                + line(
                        "buffers",
                        buffers.made(),
                        buffers.made() * BufferPool.SIZE / 1024
                                + " KiB outside the heap, "
                                + buffers.lent()
                                + " lent")
                + line(
                        "heap",
                        memory.totalMemory() - memory.freeMemory() >> 10,
                        "KiB in use, of " + (memory.totalMemory() >> 10));
    }

    private static String line(String name, long value, String note) {
        return String.format(Locale.ROOT, "%-18s%,14d  %s%n", name, value, note).stripTrailing()
                + System.lineSeparator();
    }
}
