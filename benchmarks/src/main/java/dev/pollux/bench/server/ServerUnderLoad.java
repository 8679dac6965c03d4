package dev.pollux.bench.server;

import dev.pollux.bench.PinnedProcess;
import dev.pollux.bench.Programs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A server and its load, warm, and at rest between the turns. They are processes of their own and,
 * where there is taskset, each has a processor for itself: the server the first, the load the
 * second.
 */
public final class ServerUnderLoad implements AutoCloseable {
    private static final Path PROGRAMS = Path.of("target/load"); // of native/load
    private static final int STEP_MILLIS = 250;
    private static final int MOST_STEPS = 16;
    private static final long WARMUP_NANOS = 500_000_000; // of processor time
    private static final double RESTING = 0.1;
    private static final int WRK_SECONDS = 1; // it knows no fractions

    /** Makes load for a while; tells messages, nanoseconds and three latencies in nanoseconds. */
    private interface Load extends AutoCloseable {
        String run(int millis) throws IOException, InterruptedException;

        @Override
        default void close() {}
    }

    /** What was used up to now. */
    private record Used(long nanos, long processNanos) {
        static Used by(PinnedProcess server) throws IOException {
            return new Used(Long.parseLong(server.ask()), server.cpuNanos());
        }
    }

    private final ServerKind kind;
    private final PinnedProcess server;
    private Load load = millis -> "";

    private ServerUnderLoad(ServerKind kind, String protocol) throws IOException {
        this.kind = kind;
        server = new PinnedProcess(0, kind.command(PROGRAMS, protocol));
    }

    /** Why {@link #http} cannot be measured here; null if it can. */
    public static String httpUnavailableBecause() {
        return Programs.isInstalled("wrk") ? null : "wrk is not installed (Debian: wrk)";
    }

    /** Whether server and load do not share a processor. */
    public static boolean canPin() {
        return PinnedProcess.canPin();
    }

    /** Echoes of messages, of which each connection has one under way. */
    public static ServerUnderLoad echo(ServerKind kind, int connections, int messageBytes)
            throws IOException, InterruptedException {
        var opened = new ServerUnderLoad(kind, "echo");
        try {
            opened.load = new EchoLoad(opened.server.line(), connections, messageBytes);
            opened.warmUp();
            return opened;
        } catch (IOException | InterruptedException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** Requests by wrk, of which each connection has one under way; a turn takes a second. */
    public static ServerUnderLoad http(ServerKind kind, int connections)
            throws IOException, InterruptedException {
        var opened = new ServerUnderLoad(kind, "http");
        try {
            String url = "http://127.0.0.1:" + opened.server.line() + "/";
            opened.load = millis -> wrk(url, connections);
            opened.warmUp();
            return opened;
        } catch (IOException | InterruptedException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private static final class EchoLoad implements Load {
        private final PinnedProcess process;

        EchoLoad(String port, int connections, int messageBytes) throws IOException {
            process =
                    new PinnedProcess(
                            1,
                            List.of(
                                    PROGRAMS.resolve("echo_load").toString(),
                                    port,
                                    Integer.toString(connections),
                                    Integer.toString(messageBytes)));
            process.line();
        }

        @Override
        public String run(int millis) throws IOException, InterruptedException {
            process.signal();
            Thread.sleep(millis);
            return process.ask();
        }

        @Override
        public void close() {
            process.close();
        }
    }

    private static String wrk(String url, int connections)
            throws IOException, InterruptedException {
        List<String> command =
                List.of(
                        "wrk",
                        "--threads=1",
                        "--connections=" + connections,
                        "--duration=" + WRK_SECONDS,
                        "--script=" + PROGRAMS.resolve("wrk.lua"),
                        url);
        try (var wrk = new PinnedProcess(1, command)) {
            List<String> lines = wrk.lines();
            String last = lines.get(lines.size() - 1);
            if (lines.stream().anyMatch(line -> line.startsWith("failed: "))) {
                throw new IOException(String.join("; ", lines));
            }
            return last.substring(last.indexOf(' ') + 1);
        }
    }

    /**
     * Until it has worked for a while and the JIT rests, which has the server's processor too: when
     * the process takes little more than the thread that serves. Where more of them serve, the
     * latter cannot be told. C needs one step, to get going.
     */
    private void warmUp() throws IOException, InterruptedException {
        Used last = Used.by(server);
        for (int steps = 1; steps <= MOST_STEPS; steps++) {
            load.run(STEP_MILLIS);
            Used now = Used.by(server);
            long nanos = now.nanos - last.nanos;
            long others = now.processNanos - last.processNanos - nanos;
            boolean rests = kind.hasManyThreads() || others < RESTING * nanos;
            if (kind.isFloor() || now.nanos >= WARMUP_NANOS && rests) {
                return;
            }
            last = now;
        }
    }

    /** Works for so long, and for as long as what is under way then takes to come back. */
    public ServerTurn turn(int millis) throws IOException, InterruptedException {
        Used before = Used.by(server);
        String figures = load.run(millis);
        Used after = Used.by(server);
        long[] numbers = Arrays.stream(figures.split(" ")).mapToLong(Long::parseLong).toArray();
        if (numbers[0] == 0) {
            throw new IOException(kind.title + " does not answer");
        }
        return new ServerTurn(
                numbers[0],
                numbers[1] / 1e9,
                after.nanos - before.nanos,
                after.processNanos - before.processNanos,
                numbers[2] / 1e3,
                numbers[3] / 1e3,
                numbers[4] / 1e3);
    }

    @Override
    public void close() {
        load.close();
        server.close();
    }
}
