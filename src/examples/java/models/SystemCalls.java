/* Counts the system calls of another process, see IoModels; not an example of its own. */
package models;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** By {@code man 1 strace}, which slows that process down: in a pass of its own. */
final class SystemCalls implements AutoCloseable {
    private final Process strace;
    private final Path summary;

    /** Returns when all threads are being watched; new ones will be. */
    SystemCalls(long pid) throws IOException {
        summary = Files.createTempFile("io-models", ".strace");
        try {
            strace =
                    new ProcessBuilder("strace", "-f", "-c", "-o", "" + summary, "-p", "" + pid)
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException e) {
            Files.delete(summary);
            throw e;
        }
        BufferedReader out = strace.inputReader();
        String line = out.readLine();
        if (line == null || !line.contains(" attached")) {
            close();
            throw new IOException(line == null ? "strace says nothing" : line);
        }
        var rest = new Thread(() -> out.lines().forEach(next -> {}), "strace"); // each new thread
        rest.setDaemon(true);
        rest.start();
    }

    /** Why they cannot be counted here; null if they can. */
    static String unavailableBecause(long pid) {
        try (var calls = new SystemCalls(pid)) {
            calls.stop();
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    /** Lets the process go; how many there were. */
    long stop() throws IOException {
        strace.toHandle().destroy();
        try {
            strace.waitFor();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        // % time, seconds, usecs/call, calls, errors (may be empty), syscall. Not the line of
        // totals:
        // older versions leave usecs/call empty. Of nothing it prints no table.
        long calls = 0;
        for (String line : Files.readAllLines(summary)) {
            String[] columns = line.strip().split(" +");
            if (columns[0].matches("\\d.*") && !columns[columns.length - 1].equals("total")) {
                calls += Long.parseLong(columns[3]);
            }
        }
        return calls;
    }

    @Override
    public void close() throws IOException {
        strace.toHandle().destroy();
        Files.deleteIfExists(summary);
    }
}
