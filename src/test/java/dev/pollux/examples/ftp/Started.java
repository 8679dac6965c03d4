package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.sys.Bindings;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Programs in processes of their own: the examples of package ftp, and clients of other makes. */
final class Started {
    static final int LIMIT_MILLIS = 60_000;

    private Started() {}

    /** What a program printed, and its exit status. */
    record Run(int status, String out) {
        Run expect(int expected) {
            assertTrue(status == expected, () -> "exit status " + status + "\n" + out);
            return this;
        }

        Run expectLine(String regex) {
            assertTrue(
                    out.lines().anyMatch(line -> line.strip().matches(regex)),
                    () -> "no line like: " + regex + "\n" + out);
            return this;
        }
    }

    /** Skips the test where the examples cannot run on this backend. */
    static void assume(Backend backend) throws Bindings.Unavailable {
        String only = System.getProperty("pollux.backend", "");
        assumeTrue(
                only.isBlank() || only.equalsIgnoreCase(backend.name()),
                () -> "only " + only + " is tested");
        assumeTrue(
                Bindings.current().binding().equals("jni"),
                "the FTP examples need the descriptors of channels, which only jni knows");
        assumeTrue(backend.isAvailable(), () -> backend + ": " + backend.unavailableBecause());
    }

    /** The best backend there is; skips if there is none. */
    static Backend best() throws Bindings.Unavailable {
        String only = System.getProperty("pollux.backend", "");
        Backend best =
                Arrays.stream(Backend.values())
                        .filter(b -> only.isBlank() || only.equalsIgnoreCase(b.name()))
                        .filter(Backend::isAvailable)
                        .findFirst()
                        .orElse(Backend.valueOf(only.isBlank() ? "POLL" : only.toUpperCase()));
        assume(best);
        return best;
    }

    static List<String> java(Backend backend, String example, String... arguments)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xcheck:jni"));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-Dpollux.backend=" + backend);
        for (String name : List.of("pollux.library.path", "pollux.kqueue.library")) {
            if (System.getProperty(name) != null) {
                command.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        String libraries = Files.readString(Path.of("target", "classpath.txt")).strip();
        String here = Path.of("target").toAbsolutePath().toString();
        command.addAll(
                List.of("-cp", here + "/test-classes:" + here + "/classes:" + libraries, example));
        command.addAll(List.of(arguments));
        return command;
    }

    static Run run(List<String> command) throws Exception {
        return run(new ProcessBuilder(command), "");
    }

    static Run run(String... command) throws Exception {
        return run(List.of(command));
    }

    static Run run(ProcessBuilder builder, String input) throws Exception {
        Process process = builder.redirectErrorStream(true).start();
        endAtLast(process);
        try (var in = process.outputWriter()) {
            in.write(input);
        }
        String out = new String(process.getInputStream().readAllBytes());
        expectNoMisuse(out);
        return new Run(process.waitFor(), out);
    }

    static void endAtLast(Process process) {
        CompletableFuture.delayedExecutor(LIMIT_MILLIS, TimeUnit.MILLISECONDS)
                .execute(process::destroyForcibly);
    }

    /** Of -Xcheck:jni; and no exception that nobody expected. */
    static void expectNoMisuse(String out) {
        assertFalse(out.contains("in native method"), out);
        assertFalse(out.contains("\tat "), out);
    }

    /** Skips the test, and says so. */
    static void assumeInstalled(String program) {
        boolean installed =
                Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        if (!installed) {
            System.out.println("ftp: " + program + " is not installed, so it is not tried");
        }
        assumeTrue(installed, program + " is not installed");
    }

    static boolean hasIpv6() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    static void assumeIpv6() {
        if (!hasIpv6()) {
            System.out.println("ftp: there is no ::1 here, so IPv6 is not tried");
        }
        assumeTrue(hasIpv6(), "there is no ::1 here");
    }

    /** Waits until it is so. */
    static void until(BooleanSupplier condition, String what) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, () -> "never: " + what);
            Thread.sleep(5);
        }
    }

    /** A job for a thread of its own. */
    static <T> FutureTask<T> spawn(Callable<T> job) {
        var task = new FutureTask<>(job);
        var thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    /** What a process says, as it comes. */
    static final class Output {
        private final StringBuilder said = new StringBuilder(); // guarded by itself
        private final CompletableFuture<Void> listening;

        Output(Process process) {
            BufferedReader out = process.inputReader();
            listening =
                    CompletableFuture.runAsync(
                            () -> listen(out), task -> startDaemon(new Thread(task)));
        }

        private static void startDaemon(Thread thread) {
            thread.setDaemon(true);
            thread.start();
        }

        private void listen(BufferedReader out) {
            out.lines()
                    .forEach(
                            line -> {
                                synchronized (said) {
                                    said.append(line).append('\n');
                                }
                            });
        }

        String all() {
            synchronized (said) {
                return said.toString();
            }
        }

        String toTheEnd() {
            listening.orTimeout(LIMIT_MILLIS, TimeUnit.MILLISECONDS).join();
            return all();
        }
    }
}
