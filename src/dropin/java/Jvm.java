import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The JVM that a program runs in, with one property and no other flag. */
final class Jvm implements AutoCloseable {
    static final boolean POLLUX = System.getProperty("dropin.provider").equals("pollux");
    private static final String OPTIONS = System.getProperty("dropin.options", "");
    private static final boolean JNR = OPTIONS.contains("-Dpollux.binding=jnr");
    private static final String PROVIDER = "dev.pollux.nio.PolluxSelectorProvider";
    private static final int LIMIT_SECONDS = 120;

    /**
     * What a selector on epoll is woken by. Its epoll says less: those by which the JDK lets
     * virtual threads wait stay open, once there are any.
     */
    static final String WAKEUP = "[eventfd]";

    private final Process process;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final PrintStream commands;
    private final Path errors;
    private final String version;
    private final int port;

    Jvm(Class<? extends Program> main, String... options) throws IOException {
        this(List.of(), List.of(), main, options);
    }

    /** The program, with an argument, which this command starts in its place. */
    static Jvm startedBy(List<String> parent, Class<? extends Program> main, String argument)
            throws IOException {
        return new Jvm(parent, List.of(argument), main);
    }

    private Jvm(
            List<String> parent,
            List<String> arguments,
            Class<? extends Program> main,
            String... options)
            throws IOException {
        assumeTrue(
                Files.isDirectory(Path.of("/proc/self/fd")),
                "descriptors are counted in /proc, which is Linux's");
        Path directory = Path.of(System.getProperty("dropin.directory"), "run", main.getName());
        Files.createDirectories(directory);
        errors = directory.resolve("stderr.txt");
        var command = new ArrayList<>(parent);
        command.addAll(command(main, options));
        command.addAll(arguments);
        process =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectError(errors.toFile())
                        .start();
        commands = new PrintStream(process.getOutputStream(), true);
        var reader = new Thread(this::readAnswers, "answers of " + main.getName());
        reader.setDaemon(true);
        reader.start();
        try {
            String[] hello = answer().split(" ");
            version = hello[0];
            port = Integer.parseInt(hello[1]);
        } catch (AssertionError | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static List<String> command(Class<?> main, String... options) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        String classPath = System.getProperty("surefire.test.class.path");
        if (classPath == null) {
            classPath = System.getProperty("java.class.path");
        }
        if (POLLUX) {
            command.add("-Djava.nio.channels.spi.SelectorProvider=" + PROVIDER);
            if (Runtime.version().feature() >= 24) {
                command.add("--enable-native-access=ALL-UNNAMED");
            }
            classPath += File.pathSeparator + System.getProperty("dropin.pollux");
            if (JNR && Runtime.version().feature() >= 23) {
                command.add("--sun-misc-unsafe-memory-access=allow"); // or it warns, on stderr
            }
        }
        Stream.of(OPTIONS.split(" ")).filter(option -> !option.isEmpty()).forEach(command::add);
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath, main.getName()));
        return command;
    }

    private void readAnswers() {
        try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            for (String line; (line = lines.readLine()) != null; ) {
                answers.add(line);
            }
        } catch (IOException e) {
            answers.add(e.toString());
        }
    }

    private String answer() {
        try {
            String answer = null;
            for (int i = 0; answer == null && i < LIMIT_SECONDS; i++) {
                answer = answers.poll(1, TimeUnit.SECONDS);
                if (answer == null && !process.isAlive()) {
                    answer = answers.poll(1, TimeUnit.SECONDS);
                    break;
                }
            }
            assertNotNull(answer, () -> "no answer; on stderr: " + errors());
            return answer;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    String ask(String command) {
        commands.println(command);
        return answer();
    }

    String version() {
        return version;
    }

    long pid() {
        return process.pid();
    }

    int port() {
        return port;
    }

    /**
     * What its descriptors stand for, once it has closed all connections; it has time for that.
     * Those of {@code SecureRandom}, which opens them when it is first used, stay for good; so does
     * the ring by which a selector sends many changes, as long as the selector.
     */
    List<String> descriptors() throws InterruptedException {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!ask("connections").equals("0")) {
            assertTrue(System.nanoTime() < limit, () -> "connected: " + ask("connections"));
            Thread.sleep(20);
        }
        return Stream.of(ask("descriptors").split(" "))
                .filter(name -> !name.endsWith("random") && !name.contains("[io_uring]"))
                .toList();
    }

    /** The same, with time to come down to so many; fails if it keeps more. */
    List<String> descriptorsDownTo(List<String> before) throws InterruptedException {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        List<String> now = descriptors();
        while (now.size() > before.size()) {
            var more = new ArrayList<>(now);
            before.forEach(more::remove);
            assertTrue(System.nanoTime() < limit, () -> "left: " + more);
            Thread.sleep(20);
            now = descriptors();
        }
        return now;
    }

    /**
     * That the provider is the one asked for, and that the program itself waits by it, and by
     * nothing else.
     */
    void isWhatItShouldBe() throws InterruptedException {
        String[] names = ask("provider").split(" ");
        assertEquals(POLLUX, names[0].equals(PROVIDER), names[0]);
        assertEquals(POLLUX, names[1].startsWith("dev.pollux.nio."), names[1]);
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        String waiting = ask("waiting");
        while (waiting.isEmpty() && System.nanoTime() < limit) {
            waiting = ask("waiting");
        }
        assertEquals(POLLUX, waiting.contains("dev.pollux."), waiting);
        assertEquals(!POLLUX, waiting.contains("sun.nio.ch."), waiting);
    }

    /** Stops it, and fails unless it ends by itself with nothing left behind and nothing said. */
    int stop() throws InterruptedException {
        String waiting = ask("stop");
        String descriptors = answer();
        assertEquals("", waiting, "threads still wait for channels");
        assertEquals("", errors());
        assertTrue(!descriptors.contains(WAKEUP), () -> "a selector is open: " + descriptors);
        assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), "it does not end");
        assertEquals("", errors());
        assertEquals(0, process.exitValue());
        assertTrue(answers.isEmpty(), answers::toString);
        return process.exitValue();
    }

    String errors() {
        try {
            return Files.readString(errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
