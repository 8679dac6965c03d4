package dev.pollux.bench.edge;

import java.util.Locale;
import java.util.Scanner;

/**
 * What one mode did in one turn.
 *
 * @param messages requests that were answered
 * @param nanosPerMessage what the server took for one, the client's part left out
 * @param calls the system calls that the server made
 */
public record Turn(long messages, double nanosPerMessage, Calls calls) {
    public double pollsPerMessage() {
        return (double) calls.polls() / messages;
    }

    public double readsPerMessage() {
        return (double) calls.reads() / messages;
    }

    public double writesPerMessage() {
        return (double) calls.writes() / messages;
    }

    public double changesPerMessage() {
        return (double) calls.changes() / messages;
    }

    /** To another process. */
    String toLine() {
        return messages
                + " "
                + nanosPerMessage
                + " "
                + calls.polls()
                + " "
                + calls.reads()
                + " "
                + calls.writes()
                + " "
                + calls.changes();
    }

    static Turn of(String line) {
        try (var in = new Scanner(line).useLocale(Locale.ROOT)) {
            return new Turn(
                    in.nextLong(),
                    in.nextDouble(),
                    new Calls(in.nextLong(), in.nextLong(), in.nextLong(), in.nextLong()));
        }
    }
}
