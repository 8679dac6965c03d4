package dev.pollux.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;

/**
 * The same loops in C, see {@code native/floor/floor.c}: a process that is kept, since it needs no
 * warming up, and that takes its turns when it is asked.
 */
final class FloorProcess {
    private static final String PROGRAM = "target/floor/floor";
    private static final int MILLIS = 40;

    private static FloorProcess running;

    private final Process process;
    private final BufferedReader answers;

    private FloorProcess() throws IOException {
        process =
                new ProcessBuilder(Programs.on(0, List.of(PROGRAM)))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        answers = process.inputReader();
    }

    /** Nanoseconds for one operation of a workload of the C program's, with {@code idle} others. */
    static synchronized double nanos(String workload, int idle) throws IOException {
        if (running == null) {
            running = new FloorProcess();
        }
        try {
            return running.ask(workload, idle);
        } catch (IOException e) {
            running.process.destroy();
            running = null; // so that the next workload has a process
            throw e;
        }
    }

    private double ask(String workload, int idle) throws IOException {
        process.outputWriter().append(workload + " " + idle + " " + MILLIS + "\n").flush();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException(PROGRAM + " has ended instead of measuring " + workload);
        }
        return Double.parseDouble(answer.split(" ")[2]);
    }
}
