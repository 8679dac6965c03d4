package dev.pollux.bench.peer;

import dev.pollux.bench.Jvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * What registrations cost one contender, in a JVM of its own; all for one registration.
 *
 * @param connectionBytes objects that must be there before it can be registered: what the user
 *     keeps of a connection, and the channel, session or handle that the contender wants
 * @param heapBytes live objects more than before it was registered
 * @param nativeBytes memory that the JVM knows to have been taken outside the heap, buffers mostly
 * @param registerNanos to register, with the poll that comes after all of them
 * @param registerBytes allocated by that, garbage or not
 * @param unregisterNanos to take it out again, with a poll likewise
 * @param unregisterBytes allocated by that
 */
public record MemoryTurn(
        double connectionBytes,
        double heapBytes,
        double nativeBytes,
        double registerNanos,
        double registerBytes,
        double unregisterNanos,
        double unregisterBytes) {

    /** Starts a JVM that measures, and waits for what it says. */
    public static MemoryTurn take(Peer peer, int registrations)
            throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command(peer, registrations))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String said;
        try {
            var bytes = process.getInputStream().readAllBytes();
            said = new String(bytes, StandardCharsets.UTF_8).strip();
        } finally {
            process.destroy();
        }
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException(peer + " ended with status " + status + ": " + said);
        }
        double[] figures =
                Arrays.stream(said.split(" ")).mapToDouble(Double::parseDouble).toArray();
        return new MemoryTurn(
                figures[0], figures[1], figures[2], figures[3], figures[4], figures[5], figures[6]);
    }

    /** After a collection of the serial collector what is in use is live, to the byte. */
    private static List<String> command(Peer peer, int registrations) {
        return Jvm.command(
                List.of(
                        "-XX:+UseSerialGC",
                        "-Xms256m",
                        "-Xmx256m",
                        "-XX:NativeMemoryTracking=summary"),
                MemoryMain.class,
                peer.name(),
                Integer.toString(registrations));
    }
}
