package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Host;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Starts examples as their reader does, each in a JVM of its own and by the class path. */
final class Examples {
    static final int LIMIT_MILLIS = 60_000;

    /** All servers that were started, so that none is left behind by a test that fails. */
    private static final List<Process> STARTED = new ArrayList<>();

    private Examples() {}

    /** Whatever servers still run. */
    static void endServers() {
        STARTED.forEach(Process::destroyForcibly);
    }

    static boolean hasEdge(Pair pair) {
        return pair.backend() == Backend.EPOLL || pair.backend() == Backend.KQUEUE;
    }

    /** Some pair that can be used here, with one of these backends; skips if there is none. */
    static Pair available(Backend... backends) {
        List<Pair> pairs = new ArrayList<>(Pair.all());
        pairs.removeIf(p -> !List.of(backends).contains(p.backend()));
        List<Pair> here = pairs.stream().filter(p -> p.unavailableBecause() == null).toList();
        assumeTrue(!here.isEmpty(), "none available of " + pairs);
        return here.get(0);
    }

    static List<String> java(Pair pair, String example, String... arguments) throws IOException {
        assumeTrue(Capability.IN_A_CHILD.isThere(pair), () -> pair + ": a model is in this JVM");
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xcheck:jni"));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-Dpollux.binding=" + pair.binding());
        command.add("-Dpollux.backend=" + pair.backend());
        for (String library : List.of("pollux.library.path", "pollux.kqueue.library")) {
            if (System.getProperty(library) != null) {
                command.add("-D" + library + "=" + System.getProperty(library));
            }
        }
        String libraries = Files.readString(Path.of("target", "classpath.txt")).strip();
        command.addAll(List.of("-cp", "target/test-classes:target/classes:" + libraries, example));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The same with this limit of open descriptors. */
    static List<String> limited(int descriptors, List<String> command) {
        var limited = new ArrayList<>(List.of("sh", "-c"));
        limited.addAll(List.of("ulimit -n " + descriptors + " && exec \"$@\"", "sh"));
        limited.addAll(command);
        return limited;
    }

    /** What it printed, and its exit status. */
    record Run(int status, String out) {
        /** A line of which this is all but the margin. */
        void expectLine(String regex) {
            assertTrue(
                    out.lines().anyMatch(line -> line.strip().matches(regex)),
                    () -> "no line like: " + regex + "\n" + out);
        }
    }

    static Run run(Pair pair, String example, String... arguments) throws Exception {
        return run(java(pair, example, arguments));
    }

    static Run run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        endAtLast(process);
        String out = new String(process.getInputStream().readAllBytes());
        expectNoMisuse(out);
        return new Run(process.waitFor(), out);
    }

    static String output(ProcessBuilder builder) throws Exception {
        Process process = builder.redirectErrorStream(true).start();
        endAtLast(process);
        return new String(process.getInputStream().readAllBytes());
    }

    static void endAtLast(Process process) {
        CompletableFuture.delayedExecutor(LIMIT_MILLIS, TimeUnit.MILLISECONDS)
                .execute(process::destroyForcibly);
    }

    /** Of -Xcheck:jni. */
    static void expectNoMisuse(String out) {
        assertFalse(out.contains("in native method"), out);
    }

    static void assumeInstalled(String program) {
        boolean installed =
                Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        if (!installed) {
            System.out.println(program + " is not installed, so it is not tried");
        }
        assumeTrue(installed, program + " is not installed");
    }

    /** A running server. */
    static final class Server {
        final Process process;
        final String first;
        final int port;
        private final StringBuilder said = new StringBuilder(); // guarded by itself
        private final FutureTask<Void> listening;

        /** On any free port, with this limit of open descriptors. */
        Server(String example, Pair pair, int descriptors, String... options) throws Exception {
            this(limited(descriptors, onAnyPort(example, pair, options)));
        }

        private static List<String> onAnyPort(String example, Pair pair, String... options)
                throws IOException {
            var arguments = new ArrayList<>(List.of("0"));
            arguments.addAll(List.of(options));
            return java(pair, example, arguments.toArray(String[]::new));
        }

        Server(List<String> command) throws Exception {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
            STARTED.add(process);
            listening = spawn(this::listen);
            first = expectLine(" on 127.0.0.1 port ");
            port = Integer.parseInt(first.replaceAll(".* port ([0-9]+) .*", "$1"));
        }

        private Void listen() throws IOException {
            BufferedReader out = process.inputReader();
            for (String line; (line = out.readLine()) != null; ) {
                synchronized (said) {
                    said.append(line).append('\n');
                    said.notifyAll();
                }
            }
            return null;
        }

        String said() {
            synchronized (said) {
                return said.toString();
            }
        }

        /** Waits until it has said a line with this in it. */
        String expectLine(String part) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
            synchronized (said) {
                while (!said.toString().contains(part)) {
                    assertTrue(process.isAlive() && System.nanoTime() < end, () -> said.toString());
                    said.wait(100);
                }
                return said.toString()
                        .lines()
                        .filter(line -> line.contains(part))
                        .findFirst()
                        .get();
            }
        }

        /** A number of its closing table. */
        long counted(String name) {
            String line = said().lines().filter(l -> l.strip().startsWith(name)).findFirst().get();
            return Long.parseLong(
                    line.strip().substring(name.length()).strip().split(" ")[0].replace(",", ""));
        }

        Socket connect() throws IOException {
            var socket = new Socket("127.0.0.1", port);
            socket.setSoTimeout(LIMIT_MILLIS);
            socket.setTcpNoDelay(true);
            return socket;
        }

        /** Sockets of its port that a process has open, but for the listening one. */
        private int connections() throws Exception {
            if (!Host.LINUX) {
                return connectionsOfNetstat();
            }
            int open = 0;
            for (String table : List.of("tcp", "tcp6")) {
                var lines = Files.readAllLines(Path.of("/proc/net", table));
                for (String line : lines.subList(1, lines.size())) {
                    String[] columns = line.strip().split(" +"); // man 5 proc
                    boolean ours = columns[1].endsWith(String.format(":%04X", port));
                    boolean listening = columns[3].equals("0A");
                    boolean orphan = columns[9].equals("0");
                    open += ours && !listening && !orphan ? 1 : 0;
                }
            }
            return open;
        }

        /** The same by the states in which a process has not closed its socket. */
        private int connectionsOfNetstat() throws Exception {
            String out = output(new ProcessBuilder("netstat", "-an", "-p", "tcp"));
            int open = 0;
            for (String line : out.lines().toList()) {
                String[] columns = line.strip().split(" +"); // protocol, queues, local, peer, state
                open +=
                        columns.length >= 6
                                        && columns[3].endsWith("." + port)
                                        && columns[5].matches("ESTABLISHED|CLOSE_WAIT")
                                ? 1
                                : 0;
            }
            return open;
        }

        void expectNoConnections() throws Exception {
            expectConnections(0);
        }

        /** Waits until it has as many connections open. */
        void expectConnections(int count) throws Exception {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
            while (connections() != count) {
                assertTrue(process.isAlive(), this::said);
                assertTrue(System.nanoTime() < end, () -> "not " + count + " connections");
                Thread.sleep(5);
            }
        }

        void stop() throws Exception {
            process.toHandle().destroy(); // leaves its output to be read
            assertTrue(process.waitFor(LIMIT_MILLIS, TimeUnit.MILLISECONDS));
            listening.get();
            expectNoMisuse(said());
            assertFalse(said().contains("Exception"), said());
        }
    }

    // ---- what clients do

    static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    /** Sends all in such pieces, by another thread, and then says so if {@code closing}. */
    static FutureTask<Void> sending(Socket socket, byte[] bytes, int piece, boolean closing) {
        return spawn(
                () -> {
                    OutputStream out = socket.getOutputStream();
                    for (int at = 0; at < bytes.length; at += piece) {
                        out.write(bytes, at, Math.min(piece, bytes.length - at));
                    }
                    if (closing) {
                        socket.shutdownOutput();
                    }
                    return null;
                });
    }

    static <T> FutureTask<T> spawn(Callable<T> job) {
        var task = new FutureTask<>(job);
        var thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        return task;
    }
}
