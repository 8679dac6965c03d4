package dev.pollux.bench;

import java.io.IOException;
import java.util.List;

/**
 * The same loops in C, see {@code native/floor/floor.c}: a process that is kept, since it needs no
 * warming up, and that takes its turns when it is asked.
 */
final class FloorProcess {
    private static final String PROGRAM = "target/floor/floor";
    private static final int MILLIS = 40;

    private static PinnedProcess running;

    private FloorProcess() {}

    /** Nanoseconds for one operation of a workload of the C program's, with {@code idle} others. */
    static synchronized double nanos(String workload, int idle) throws IOException {
        if (running == null) {
            running = new PinnedProcess(0, List.of(PROGRAM));
            Runtime.getRuntime().addShutdownHook(new Thread(running::close));
        }
        try {
            String answer = running.ask(workload + " " + idle + " " + MILLIS);
            return Double.parseDouble(answer.split(" ")[2]);
        } catch (IOException e) {
            running.close();
            running = null; // so that the next workload has a process
            throw new IOException("instead of measuring " + workload + ": " + e.getMessage(), e);
        }
    }
}
