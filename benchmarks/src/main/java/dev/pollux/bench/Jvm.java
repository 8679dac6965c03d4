package dev.pollux.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How another JVM like this one is started, with the same classes. */
public final class Jvm {
    /**
     * Newer JDKs warn of native access and of Unsafe, which some peers use; older ones do not know
     * the second option, but can be told to bear with that. The Makefile has them, too.
     */
    private static final List<String> QUIET =
            List.of(
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+IgnoreUnrecognizedVMOptions",
                    "--sun-misc-unsafe-memory-access=allow");

    public static List<String> command(List<String> options, Class<?> main, String... arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(QUIET);
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private Jvm() {}
}
