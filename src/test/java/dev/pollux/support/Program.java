package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** Another process, whose output is kept while it runs; both of its streams, as UTF-8. */
public class Program implements AutoCloseable {
    /** What has not happened after so long never will. */
    public static final int LIMIT_MILLIS = 60_000;

    public final Process process;
    private final StringBuilder output = new StringBuilder(); // guarded by itself
    private final FutureTask<Void> listening;

    public Program(List<String> command) throws IOException {
        this(new ProcessBuilder(command));
    }

    public Program(ProcessBuilder builder) throws IOException {
        process = builder.redirectErrorStream(true).start();
        listening = spawn(this::listen);
    }

    private Void listen() throws IOException {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line; (line = out.readLine()) != null; ) {
                synchronized (output) {
                    output.append(line).append('\n');
                    output.notifyAll();
                }
            }
            return null;
        } finally {
            synchronized (output) {
                output.notifyAll();
            }
        }
    }

    /** The same command with this limit of open descriptors. */
    public static List<String> limited(int descriptors, List<String> command) {
        var limited = new ArrayList<>(List.of("sh", "-c"));
        limited.addAll(List.of("ulimit -n " + descriptors + " && exec \"$@\"", "sh"));
        limited.addAll(command);
        return limited;
    }

    /** Runs it to its end. */
    public static Child.Result run(List<String> command) throws IOException {
        return run(new ProcessBuilder(command), "");
    }

    public static Child.Result run(String... command) throws IOException {
        return run(List.of(command));
    }

    /** Runs it to its end, on this input. */
    public static Child.Result run(ProcessBuilder builder, String input) throws IOException {
        try (var program = new Program(builder)) {
            if (builder.redirectInput() == ProcessBuilder.Redirect.PIPE) {
                try (var in = program.process.outputWriter(StandardCharsets.UTF_8)) {
                    in.write(input);
                }
            }
            return program.result();
        }
    }

    // ---- what it says, and what is typed to it

    public String said() {
        synchronized (output) {
            return output.toString();
        }
    }

    /** Waits until it has printed a line with this in it. */
    public String expect(String part) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
        synchronized (output) {
            while (output.indexOf(part) < 0) {
                boolean over = listening.isDone() || System.nanoTime() > end;
                assertFalse(over, () -> "no '" + part + "' in:\n" + output);
                output.wait(100);
            }
            return output.toString()
                    .lines()
                    .filter(line -> line.contains(part))
                    .findFirst()
                    .orElseThrow();
        }
    }

    public void type(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    public void endInput() throws IOException {
        process.getOutputStream().close();
    }

    // ---- its end

    /** Waits until it has ended by itself. */
    public Child.Result result() {
        try {
            assertTrue(process.waitFor(2 * LIMIT_MILLIS, TimeUnit.MILLISECONDS), this::said);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        readRest();
        return new Child.Result(process.exitValue(), said());
    }

    /** Ends it as Ctrl-C does. */
    public Child.Result stop() {
        process.toHandle().destroy(); // leaves its output to be read
        return result();
    }

    /**
     * Ends it for certain; {@code Process.destroyForcibly} would close its output under the reader.
     */
    public void kill() {
        process.toHandle().destroyForcibly();
    }

    /** Ends it for certain, if it still runs, and reads what it has printed. */
    @Override
    public void close() {
        kill();
        process.onExit().join();
        readRest();
    }

    private void readRest() {
        try {
            listening.get(LIMIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(said(), e);
        }
        closeInput();
        awaitReaper();
        assertFalse(said().contains("in native method"), this::said); // -Xcheck:jni
        assertFalse(said().contains("WARNING: strict: "), this::said); // pollux.strict
    }

    /**
     * Once the end is known the JDK closes the pipes in a thread of its own. Who closes one of them
     * at the same time returns before it is closed, and a later test would count it.
     */
    private static void awaitReaper() {
        try {
            until(() -> !isReaping(), "that the pipes are closed");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isReaping() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith("process reaper"))
                .flatMap(thread -> Arrays.stream(thread.getValue()))
                .anyMatch(frame -> frame.getClassName().equals("java.lang.ProcessImpl"));
    }

    private void closeInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) { // it has ended without having read all
            assertFalse(process.isAlive(), e::toString);
        }
    }

    // ---- beside programs

    /** Skips the test where this one is not installed, and says so. */
    public static void assumeInstalled(String program) {
        boolean installed =
                Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        if (!installed) {
            System.out.println(program + " is not installed, so it is not tried");
        }
        assumeTrue(installed, program + " is not installed");
    }

    /** A connection to a server on this machine. */
    public static Socket connect(int port) throws IOException {
        var socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(LIMIT_MILLIS);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** Waits until something is so that another process does. */
    public static void until(BooleanSupplier condition, String what) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, () -> "never: " + what);
            Thread.sleep(5);
        }
    }

    /** A job for a thread of its own. */
    public static <T> FutureTask<T> spawn(Callable<T> job) {
        var task = new FutureTask<>(job);
        var thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        return task;
    }
}
