package dev.pollux.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Programs of the system that are used where they are installed. */
public final class Programs {
    public static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }

    /** A command that keeps to this processor, where there is taskset. */
    public static List<String> on(int processor, List<String> command) {
        var pinned = new ArrayList<String>();
        if (isInstalled("taskset")) {
            pinned.addAll(List.of("taskset", "-c", Integer.toString(processor)));
        }
        pinned.addAll(command);
        return pinned;
    }

    private Programs() {}
}
