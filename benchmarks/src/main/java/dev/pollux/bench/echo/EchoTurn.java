package dev.pollux.bench.echo;

import dev.pollux.bench.Contender;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one server did under load for a while. Server and load are processes of their own and, where
 * there is taskset, each has a processor for itself: the server the first, the load the second.
 */
public record EchoTurn(double messagesPerSecond, double cpuNanosPerMessage) {
    private static final String LOAD = "target/load/echo_load"; // native/load/echo_load.c
    private static final int MESSAGE_BYTES = 64;
    private static final int WARMUP_MILLIS = 2000;
    private static final int MEASURED_MILLIS = 1000;
    private static final int LOAD_SECONDS = 60; // ended before; at the latest it ends itself then

    /** What the server has done up to now. */
    private record Account(long nanos, long cpuNanos, long bytes) {
        static Account of(Peer server) throws IOException {
            server.process.outputWriter().append('\n').flush();
            long[] numbers =
                    Arrays.stream(server.line().split(" ")).mapToLong(Long::parseLong).toArray();
            return new Account(numbers[0], numbers[1], numbers[2]);
        }
    }

    /** The other process. */
    private record Peer(Process process, BufferedReader output) implements AutoCloseable {
        static Peer start(int processor, List<String> command) throws IOException {
            var pinned = new ArrayList<String>();
            if (canPin()) {
                pinned.addAll(List.of("taskset", "-c", Integer.toString(processor)));
            }
            pinned.addAll(command);
            Process process =
                    new ProcessBuilder(pinned)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            return new Peer(process, process.inputReader());
        }

        String line() throws IOException {
            String line = output.readLine();
            if (line == null) {
                throw new IOException("it has ended: " + process.info().commandLine().orElse("?"));
            }
            return line;
        }

        @Override
        public void close() {
            process.destroy();
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether server and load do not share a processor. */
    public static boolean canPin() {
        return Runtime.getRuntime().availableProcessors() > 1
                && Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "taskset")));
    }

    /**
     * Starts server and load, lets them warm up, and measures.
     *
     * @param server which server, see {@link EchoServerMain}
     */
    public static EchoTurn take(String server, Contender contender, int connections)
            throws IOException, InterruptedException {
        try (Peer echo = Peer.start(0, serverCommand(server, contender));
                Peer clients =
                        Peer.start(
                                1,
                                List.of(
                                        LOAD,
                                        echo.line(),
                                        Integer.toString(connections),
                                        Integer.toString(MESSAGE_BYTES),
                                        Integer.toString(LOAD_SECONDS)))) {
            clients.line();
            Thread.sleep(WARMUP_MILLIS);
            Account before = Account.of(echo);
            Thread.sleep(MEASURED_MILLIS);
            Account after = Account.of(echo);
            double messages = (double) (after.bytes - before.bytes) / MESSAGE_BYTES;
            if (messages == 0 || !clients.process.isAlive()) {
                throw new IOException(server + " on " + contender + " does not answer");
            }
            return new EchoTurn(
                    messages * 1e9 / (after.nanos - before.nanos),
                    (after.cpuNanos - before.cpuNanos) / messages);
        }
    }

    private static List<String> serverCommand(String server, Contender contender) {
        return List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                EchoServerMain.class.getName(),
                server,
                contender.name());
    }
}
