package dev.pollux.bench.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What one server did under load for a while. Server and load are processes of their own and, where
 * there is taskset, each has a processor for itself: the server the first, the load the second.
 *
 * @param messagesPerSecond as many as server and load can together
 * @param cpuNanos for one message: of the thread that serves; of the process, in hundredths of a
 *     second, if there are more of them
 * @param processCpuNanos for one message: also of the JIT's and the collector's threads; in
 *     hundredths of a second
 * @param p50 microseconds from a message's sending to its return, the median
 * @param p99 the same, of the slowest hundredth
 * @param p999 the same, of the slowest thousandth
 */
public record ServerTurn(
        double messagesPerSecond,
        double cpuNanos,
        double processCpuNanos,
        double p50,
        double p99,
        double p999) {
    private static final Path PROGRAMS = Path.of("target/load"); // of native/load
    private static final int STEP_MILLIS = 250;
    private static final int MOST_STEPS = 16;
    private static final long WARMUP_NANOS = 500_000_000; // of processor time, as the next
    private static final long MEASURED_NANOS = 350_000_000;
    private static final double RESTING = 0.1;
    private static final int WRK_SECONDS = 1; // it knows no fractions

    /** What was used up to now. */
    private record Used(long nanos, long processNanos) {
        static Used by(PinnedProcess server) throws IOException {
            return new Used(Long.parseLong(server.ask()), server.cpuNanos());
        }
    }

    /** Why {@link #http} cannot be measured here; null if it can. */
    public static String httpUnavailableBecause() {
        return PinnedProcess.isInstalled("wrk") ? null : "wrk is not installed (Debian: wrk)";
    }

    /** Whether server and load do not share a processor. */
    public static boolean canPin() {
        return PinnedProcess.canPin();
    }

    /** Echoes of messages, of which each connection has one under way. */
    public static ServerTurn echo(ServerKind kind, int connections, int messageBytes)
            throws IOException, InterruptedException {
        try (var server = new PinnedProcess(0, kind.command(PROGRAMS, "echo"));
                var load =
                        new PinnedProcess(
                                1,
                                List.of(
                                        PROGRAMS.resolve("echo_load").toString(),
                                        server.line(),
                                        Integer.toString(connections),
                                        Integer.toString(messageBytes)))) {
            load.line();
            warmUp(kind, server, () -> Thread.sleep(STEP_MILLIS));
            load.ask();
            Used before = Used.by(server);
            long used = 0;
            for (int i = 0; i < MOST_STEPS && used < MEASURED_NANOS; i++) {
                Thread.sleep(STEP_MILLIS);
                used = Used.by(server).nanos - before.nanos;
            }
            String figures = load.ask(); // before the server again: the same shift at both ends
            return of(kind, figures, before, Used.by(server));
        }
    }

    private interface Step {
        void take() throws IOException, InterruptedException;
    }

    /**
     * Until it has worked for a while and the JIT rests, which has the server's processor too: when
     * the process takes little more than the thread that serves. Where more of them serve, the
     * latter cannot be told. C needs one step, to get going.
     */
    private static void warmUp(ServerKind kind, PinnedProcess server, Step step)
            throws IOException, InterruptedException {
        Used last = Used.by(server);
        for (int steps = 1; steps <= MOST_STEPS; steps++) {
            step.take();
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

    /** Requests by wrk, of which each connection has one under way. */
    public static ServerTurn http(ServerKind kind, int connections)
            throws IOException, InterruptedException {
        try (var server = new PinnedProcess(0, kind.command(PROGRAMS, "http"))) {
            String url = "http://127.0.0.1:" + server.line() + "/";
            List<String> wrk =
                    List.of(
                            "wrk",
                            "--threads=1",
                            "--connections=" + connections,
                            "--duration=" + WRK_SECONDS,
                            "--script=" + PROGRAMS.resolve("wrk.lua"),
                            url);
            warmUp(kind, server, () -> figures(wrk));
            Used before = Used.by(server);
            String figures = figures(wrk);
            return of(kind, figures, before, Used.by(server));
        }
    }

    private static String figures(List<String> wrk) throws IOException, InterruptedException {
        try (var load = new PinnedProcess(1, wrk)) {
            List<String> lines = load.lines();
            String last = lines.get(lines.size() - 1);
            if (lines.stream().anyMatch(line -> line.startsWith("failed: "))) {
                throw new IOException(String.join("; ", lines));
            }
            return last.substring(last.indexOf(' ') + 1);
        }
    }

    private static ServerTurn of(ServerKind kind, String figures, Used before, Used after)
            throws IOException {
        long[] numbers = Arrays.stream(figures.split(" ")).mapToLong(Long::parseLong).toArray();
        double messages = numbers[0];
        if (messages == 0) {
            throw new IOException(kind.title + " does not answer");
        }
        return new ServerTurn(
                messages * 1e9 / numbers[1],
                (after.nanos - before.nanos) / messages,
                (after.processNanos - before.processNanos) / messages,
                numbers[2] / 1e3,
                numbers[3] / 1e3,
                numbers[4] / 1e3);
    }
}
