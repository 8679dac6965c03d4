package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Another JVM, for what happens once in a process. It has this one's environment. */
public final class Child {
    /** Its exit status and all that it printed. */
    public record Result(int status, String text) {
        /** Fails unless it ended well. */
        public Result ok() {
            assertEquals(0, status, text);
            return this;
        }

        /** The lines that begin so, without that. */
        public List<String> lines(String prefix) {
            return text.lines()
                    .filter(line -> line.startsWith(prefix))
                    .map(line -> line.substring(prefix.length()))
                    .collect(Collectors.toList());
        }
    }

    private static final String[] OF_JNR = {"jnr-", "jffi-", "asm-"};

    private final List<String> options = new ArrayList<>();
    private final List<Path> classPath = new ArrayList<>();
    private List<String> before = List.of();
    private boolean nativeAccess = true;

    /** On these classes alone. */
    public Child(Path... classPath) {
        this.classPath.addAll(List.of(classPath));
        options.add("-Xshare:auto");
        options.add("-XX:TieredStopAtLevel=1");
        options.add("-XX:-UsePerfData"); // it would write into the temporary directory
    }

    /** On the classes of this build. */
    public static Child here() {
        return new Child(classes(), testClasses());
    }

    /** With the properties {@code pollux.*} of this JVM. */
    public Child withProperties() {
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("pollux.")) {
                property(name, System.getProperty(name));
            }
        }
        return this;
    }

    public Child withJnr() {
        paths().filter(Child::isOfJnr).forEach(classPath::add);
        return this;
    }

    /** With everything else that is on this JVM's paths, JUnit for one. */
    public Child withAllElse() {
        paths().filter(path -> !classPath.contains(path)).forEach(classPath::add);
        return this;
    }

    public Child property(String name, Object value) {
        return option("-D" + name + "=" + value);
    }

    public Child option(String option) {
        options.add(option);
        return this;
    }

    /** Of a JVM that lets nobody use native code who was not allowed to: JDK 24 and later. */
    public Child withoutNativeAccess() {
        nativeAccess = false;
        return option("--illegal-native-access=deny");
    }

    /** Commands that run the JVM. */
    public Child before(String... commands) {
        before = List.of(commands);
        return this;
    }

    public Result run(Class<?> main, String... arguments) throws IOException {
        return run(main.getName(), arguments);
    }

    public Result run(String main, String... arguments) throws IOException {
        var command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (nativeAccess) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(options);
        command.add("-cp");
        command.add(
                classPath.stream()
                        .map(Path::toString)
                        .collect(Collectors.joining(File.pathSeparator)));
        command.add(main);
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("pollux-child", ".txt");
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
            try {
                assertTrue(process.waitFor(120, TimeUnit.SECONDS), () -> "it hangs: " + command);
            } finally {
                process.destroyForcibly();
            }
            return new Result(process.exitValue(), Files.readString(output));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            Files.delete(output);
        }
    }

    /** Where the library's classes are. */
    public static Path classes() {
        return Path.of("target", "classes").toAbsolutePath();
    }

    public static Path testClasses() {
        return Path.of("target", "test-classes").toAbsolutePath();
    }

    private static boolean isOfJnr(Path path) {
        String name = path.getFileName().toString();
        return Stream.of(OF_JNR).anyMatch(name::startsWith);
    }

    /** Every place that this JVM has classes from. */
    private static Stream<Path> paths() {
        return Stream.of("jdk.module.path", "java.class.path", "surefire.test.class.path")
                .map(name -> System.getProperty(name, ""))
                .flatMap(paths -> Stream.of(paths.split(File.pathSeparator)))
                .filter(path -> !path.isEmpty())
                .map(Path::of)
                .distinct();
    }
}
