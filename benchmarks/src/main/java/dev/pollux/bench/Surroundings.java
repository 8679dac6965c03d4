package dev.pollux.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;

/** Where and when a run was made. */
final class Surroundings {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    /**
     * @param command what to type for the same
     */
    static String of(String command, long seconds) throws IOException {
        return String.format(
                "`%s`, %s; JDK %s, %s %s on %s, %s; %d min %d s.",
                command,
                LocalDate.now(),
                System.getProperty("java.vm.version"),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"),
                processors(),
                seconds / 60,
                seconds % 60);
    }

    private static String processors() throws IOException {
        String count = Runtime.getRuntime().availableProcessors() + " processors";
        if (!Files.isReadable(PROCESSORS)) {
            return count;
        }
        String name = ofFirst("model name");
        return name == null
                ? count
                : count
                        + " of "
                        + name
                        + " (family "
                        + ofFirst("cpu family")
                        + ", model "
                        + ofFirst("model")
                        + ")";
    }

    /** What is said of the first processor; null: nothing. */
    private static String ofFirst(String what) throws IOException {
        try (var lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.matches(what + "\\s*:.*"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse(null);
        }
    }

    private Surroundings() {}
}
