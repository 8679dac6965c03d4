package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How another JVM is started, for what happens once in a process, and for examples. It has this
 * one's environment.
 */
public final class Child {
    /** Its exit status and all that it printed. */
    public record Result(int status, String text) {
        /** Fails unless it ended well. */
        public Result ok() {
            return expect(0);
        }

        public Result expect(int expected) {
            assertTrue(status == expected, () -> "exit status " + status + "\n" + text);
            return this;
        }

        /** A line of which this is all but the margin. */
        public Result expectLine(String regex) {
            assertTrue(
                    text.lines().anyMatch(line -> line.strip().matches(regex)),
                    () -> "no line like: " + regex + "\n" + text);
            return this;
        }

        public Result expectNoTrace() {
            assertFalse(text.contains("\tat "), text);
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
        for (Path path : classPath) {
            this.classPath.add(path);
            if (hasFfm() && path.equals(classes())) { // where a JVM looks in a jar alone
                this.classPath.add(path.resolve("META-INF/versions/22"));
            }
        }
        options.add("-Xshare:auto");
        options.add("-XX:TieredStopAtLevel=1");
        options.add("-XX:-UsePerfData"); // it would write into the temporary directory
    }

    /** On the classes of this build. */
    public static Child here() {
        return new Child(classes(), testClasses());
    }

    /** For an example, which has all libraries of the tests, and is held to the rules of JNI. */
    public static Child example() throws IOException {
        Child child = here().option("-XX:+UseSerialGC").option("-Xcheck:jni");
        for (String name :
                List.of("pollux.library.path", "pollux.kqueue.library", "pollux.strict")) {
            if (System.getProperty(name) != null) {
                child.property(name, System.getProperty(name));
            }
        }
        String libraries = Files.readString(Path.of("target", "classpath.txt")).strip();
        Stream.of(libraries.split(File.pathSeparator)).map(Path::of).forEach(child.classPath::add);
        return child;
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

    /** jnr-ffi, and these classes, as modules. */
    public Child withJnrModules(Path classes) {
        option("--add-modules=ALL-MODULE-PATH");
        return option(
                "--module-path="
                        + Stream.concat(Stream.of(classes), paths().filter(Child::isOfJnr))
                                .map(Path::toString)
                                .collect(Collectors.joining(File.pathSeparator)));
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
        return Program.run(command(main, arguments));
    }

    /** The command line that starts it. */
    public List<String> command(String main, String... arguments) {
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
        return command;
    }

    /** Where the library's classes are. */
    public static Path classes() {
        return Path.of("target", "classes").toAbsolutePath();
    }

    public static Path testClasses() {
        return Path.of("target", "test-classes").toAbsolutePath();
    }

    /** Whether this JVM can have the FFM binding. */
    public static boolean hasFfm() {
        return Runtime.version().feature() >= 22;
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
