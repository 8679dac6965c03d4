/*
 * Five I/O models, and virtual threads: what each costs while it serves, and while it waits.
 *
 * Run   make example NAME=IoModels
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" models.IoModels
 * or    make example NAME=IoModels ARGS='--models THREADS,EPOLL_EDGE --connections 10,5000'
 *
 * You will see, after two or three minutes, a table for 1, 100 and 1,000 connections with a row for
 * each model: its threads, what a message of 64 bytes there and back takes (system calls, CPU time,
 * latency), and what a second takes in which nothing comes. One message at a time is under way, on
 * a connection chosen at random; all others are silent. A chart of it goes to target/io-models.png.
 * The server of each model is a JVM of its own, and all that is said about CPU, threads and system
 * calls is about that process as a whole. The system calls are counted by strace, which slows the
 * server down, in a pass of their own; where there is no strace, they are left out.
 *
 * The models, in this directory: BlockingThreads; BusyPolling; Multiplexed (select, poll, epoll);
 * SignalDriven; Asynchronous; and VirtualThreads, which wait by a selector and read like the first.
 */
package models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line, and the order of the measurements. */
@Command(name = "IoModels", showDefaultValues = true)
final class IoModels implements Callable<Integer> {
    private static final double WARM_UP_SECONDS = 2;
    private static final int SETTLING_MILLIS = 100;
    private static final int SETTLED_NANOS = 1_000_000; // of CPU in that time

    @Option(names = "--models", split = ",", description = "${COMPLETION-CANDIDATES}; default: all")
    private Set<ModelName> models = EnumSet.allOf(ModelName.class);

    @Option(names = "--connections", split = ",", defaultValue = "1,100,1000", description = "each")
    private List<Integer> connections;

    @Option(names = "--in-flight", defaultValue = "1", description = "messages at a time")
    private int inFlight;

    @Option(names = "--seconds", defaultValue = "0.8", description = "of each measurement")
    private double seconds;

    @Option(names = "--chart", defaultValue = "target/io-models.png", description = "a PNG file")
    private Path chart;

    @Option(names = "--deadline", defaultValue = "300", description = "seconds until giving up")
    private int deadline;

    @Option(names = "--help", usageHelp = true, description = "this help")
    private boolean help;

    @Spec private CommandSpec spec;

    private String uncounted; // why system calls are not; null if they are

    public static void main(String[] arguments) throws IOException {
        if (arguments.length == 2 && arguments[0].equals(ServerProcess.SERVE)) {
            ServerProcess.serve(arguments[1]);
            return;
        }
        System.setProperty("java.awt.headless", "true"); // before the first chart
        var commandLine = new CommandLine(new IoModels());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    if (e instanceof IOException) {
                        System.err.println(e.getMessage());
                    } else {
                        e.printStackTrace();
                    }
                    return 2;
                });
        System.exit(commandLine.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (connections.stream().anyMatch(n -> n < 1) || inFlight < 1) {
            throw wrong("at least 1 connection, 1 message in flight");
        }
        if (!(seconds >= 0.05 && seconds <= 60) || deadline < 1) {
            throw wrong("0.05 to 60 seconds of each measurement, a deadline of 1 second or more");
        }
        if (!chart.toString().endsWith(".png")) {
            throw wrong("the chart is a PNG file, and not " + chart);
        }
        try { // rather now than in three minutes
            Files.createDirectories(chart.toAbsolutePath().getParent());
            Files.newOutputStream(chart, StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                    .close();
        } catch (IOException e) {
            throw wrong("cannot write the chart: " + e);
        }
        var possible = new ArrayList<ModelName>();
        for (ModelName model : models) {
            String why = model.unavailableBecause();
            if (why == null) {
                possible.add(model);
            } else {
                System.out.printf("left out: %s (%s): %s%n", model, model.title, why);
            }
        }
        if (possible.isEmpty() || !hasDescriptors(Collections.max(connections) + 100)) {
            return 2;
        }
        Model.spawn("deadline", this::giveUp);
        var rows = new ArrayList<Row>();
        Row.Waiting jvm;
        try (ProgressBar bar = progressBar(1 + possible.size() * connections.size())) {
            try (var server = new ServerProcess(null)) {
                uncounted = SystemCalls.unavailableBecause(server.pid());
                jvm = silence(server);
                bar.step();
            }
            for (ModelName model : possible) {
                try (var server = new ServerProcess(model)) {
                    try (var load = new Load(server.port, 10, inFlight)) {
                        load.run(Math.min(WARM_UP_SECONDS, 4 * seconds));
                    }
                    for (int each : connections) {
                        rows.add(measure(model, server, each));
                        bar.step();
                    }
                }
            }
        }
        System.out.print(new Report(rows, jvm));
        notes(rows);
        return 0;
    }

    private Row measure(ModelName model, ServerProcess server, int each) throws Exception {
        try (var load = new Load(server.port, each, inFlight)) {
            long before = server.cpuNanos();
            double messages = load.run(seconds);
            double cpuMicros = (server.cpuNanos() - before) / messages / 1e3;
            double p50 = load.micros(0.5);
            double p99 = load.micros(0.99);
            int threads = server.threads();
            double calls = uncounted != null ? Double.NaN : callsPerMessage(server, load);
            Row.Waiting waiting = silence(server);
            return new Row(model, each, threads, calls, cpuMicros, p50, p99, waiting);
        }
    }

    private double callsPerMessage(ServerProcess server, Load load) throws Exception {
        try (var calls = new SystemCalls(server.pid())) {
            Thread.sleep(SETTLING_MILLIS); // strace has yet to stop and release each thread
            double messages = load.run(seconds);
            return calls.stop() / messages;
        }
    }

    /** What a second costs in which nothing comes. */
    private Row.Waiting silence(ServerProcess server) throws Exception {
        settle(server);
        long millis = (long) (seconds * 1e3);
        long before = server.cpuNanos();
        Thread.sleep(millis);
        double cpuMillis = (server.cpuNanos() - before) / 1e6 / seconds;
        if (uncounted != null) {
            return new Row.Waiting(cpuMillis, Double.NaN);
        }
        try (var calls = new SystemCalls(server.pid())) {
            Thread.sleep(millis);
            return new Row.Waiting(cpuMillis, calls.stop() / seconds);
        }
    }

    /** Waits, not for ever, while the last messages have left work to do: signals, compiling. */
    private void settle(ServerProcess server) throws Exception {
        long end = System.nanoTime() + (long) (4 * seconds * 1e9);
        long before;
        do {
            before = server.cpuNanos();
            Thread.sleep(SETTLING_MILLIS);
        } while (server.cpuNanos() - before > SETTLED_NANOS && System.nanoTime() < end);
    }

    private void notes(List<Row> rows) throws IOException {
        System.out.printf(
                "%nThreads: those of the server process beyond the JVM's own%s.%n",
                rows.get(0).threads() < 0 ? "; left out: there is no /proc here" : "");
        System.out.println(
                uncounted == null
                        ? "System calls: counted by strace, at whose pace busy polling makes fewer: '>'."
                        : "System calls are left out: " + uncounted);
        try {
            ModelChart.save(rows, chart);
            System.out.println("Chart: " + chart);
        } catch (LinkageError | InternalError | RuntimeException e) { // no java.desktop, no fonts
            Throwable why = e;
            while (why.getCause() != null) {
                why = why.getCause();
            }
            System.out.println("No chart: this JDK cannot draw here: " + why);
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    /** Whether a process may have that many descriptors open; says what to do if not. */
    private static boolean hasDescriptors(int needed) throws IOException {
        var shell = new ProcessBuilder("sh", "-c", "ulimit -n").start(); // inherits our limit
        String limit = new String(shell.getInputStream().readAllBytes()).strip();
        if (limit.equals("unlimited") || Integer.parseInt(limit) >= needed) {
            return true;
        }
        System.err.printf("%d descriptors are needed, but the limit is %s.%n", needed, limit);
        System.err.printf("Raise it by ulimit -n %d, or take less --connections.%n", needed);
        return false;
    }

    private static ProgressBar progressBar(int steps) throws Exception {
        boolean terminal = new ProcessBuilder("test", "-t", "1").inheritIO().start().waitFor() == 0;
        return ProgressBar.builder()
                .setTaskName("measured")
                .setInitialMax(steps)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(terminal ? 500 : 10_000)
                .setConsumer(
                        terminal
                                ? new ConsoleProgressBarConsumer(System.out, 79)
                                : new DelegatingProgressBarConsumer(System.out::println, 79))
                .build();
    }

    /** So that it can never hang; the servers end with it. */
    private void giveUp() throws InterruptedException {
        TimeUnit.SECONDS.sleep(deadline);
        System.err.println("\nNot over after " + deadline + " s: giving up.");
        Runtime.getRuntime().halt(2);
    }
}
