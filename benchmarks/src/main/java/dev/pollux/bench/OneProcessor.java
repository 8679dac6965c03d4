package dev.pollux.bench;

import java.io.IOException;

/**
 * Two threads that hand something to each other are kept on one processor. On two it is measured
 * how long a processor takes to wake up, from a few microseconds to fifty, as the machine pleases.
 */
public final class OneProcessor {
    /** Whether that can be done here. */
    static boolean isPossible() {
        return Programs.isInstalled("taskset");
    }

    /** What is to be said of it where it matters. */
    static String note() {
        return isPossible()
                ? " The two threads of wakeup there and back are kept on one processor."
                : " There is no taskset: wakeup there and back depends on where its threads are.";
    }

    /** Has all threads of this process, and those to come, keep to one, where that is possible. */
    public static void keep() throws IOException {
        if (!isPossible()) {
            return;
        }
        String self = Long.toString(ProcessHandle.current().pid());
        Process taskset =
                new ProcessBuilder("taskset", "-a", "-p", "-c", "0", self)
                        .redirectErrorStream(true)
                        .start();
        String answer = new String(taskset.getInputStream().readAllBytes());
        if (taskset.onExit().join().exitValue() != 0) {
            throw new IOException(answer.strip());
        }
    }

    private OneProcessor() {}
}
