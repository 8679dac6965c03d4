package dev.pollux.bench;

import dev.pollux.bench.echo.EchoTurn;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Is java.nio faster on Pollux than on the JDK's own selector? Measures the two by turns, each turn
 * in a JVM of its own, and prints Markdown tables. The figure that counts is the ratio of the two
 * within one round, seconds apart; how far it spreads over the rounds tells what it is worth.
 */
@Command(
        name = "NioComparison",
        description = "Compares java.nio on Pollux with java.nio on the JDK's selector.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true)
final class NioComparison implements Callable<Integer> {
    private static final int WIDTH = 100;

    @Option(names = "--rounds", description = "how often each is measured")
    private int rounds = 5;

    @Option(names = "--only", description = "only rows whose text has a match of this pattern")
    private Pattern only = Pattern.compile("");

    @Option(names = "--load", description = "the load program, native/load/echo_load.c")
    private Path load = Path.of("target/load/echo_load");

    @Option(names = "--results", description = "the directory for JMH's JSON and the tables")
    private Path results = Path.of("benchmarks/results");

    @Spec private CommandSpec spec;

    private final List<SideBySide<RunResult>> selects = new ArrayList<>();
    private final List<SideBySide<EchoTurn>> echoes = new ArrayList<>();

    public static void main(String[] args) {
        // Forks are made one after the other here; what another program measures is its own affair.
        System.setProperty("jmh.ignoreLock", "true");
        System.exit(new CommandLine(new NioComparison()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        listRows();
        if (rows().findAny().isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--only=" + only + " leaves no row");
        }
        measure();
        Files.createDirectories(results);
        var tables = new StringBuilder();
        if (!selects.isEmpty()) {
            try (var json = new PrintStream(results.resolve("nio-jmh.json").toFile(), "UTF-8")) {
                ResultFormatFactory.getInstance(ResultFormatType.JSON, json).writeOut(merged());
            }
            tables.append(selectTable());
        }
        if (!echoes.isEmpty()) {
            tables.append(echoTable());
        }
        tables.append(surroundings());
        Files.writeString(results.resolve("nio.md"), tables);
        System.out.print("\n" + tables);
        return 0;
    }

    // ---- what is measured

    private void listRows() {
        for (int registered : new int[] {10, 1000, 10_000}) {
            selects(1, registered);
        }
        for (int ready : new int[] {10, 100, 1000}) {
            selects(ready, 1000);
        }
        var few = Map.of("ready", "1", "registered", "10");
        jmh(
                "select, 1 of 10 ready, Set.clear",
                new JmhFork(NioSelectBenchmark.class, "select", few));
        jmh("READ <-> READ+WRITE, selectNow", NioInterestBenchmark.class, "readWrite");
        jmh("READ <-> 0, selectNow", NioInterestBenchmark.class, "suspend");
        jmh("64 keys READ <-> READ+WRITE, selectNow", NioInterestBenchmark.class, "readWrite64");
        jmh("register, selectNow, cancel, selectNow", NioRegisterBenchmark.class, "registerCancel");
        jmh("wakeup there and back", NioWakeupBenchmark.class, "roundTrip");
        for (int connections : new int[] {100, 1000}) {
            echo("java.nio", "nio", connections);
            echo("Netty NIO", "netty", connections);
        }
    }

    private void selects(int ready, int registered) {
        String text = String.format("selectNow, %,d of %,d ready", ready, registered);
        var parameters =
                Map.of(
                        "ready", Integer.toString(ready),
                        "registered", Integer.toString(registered));
        Class<?> type = NioSelectBenchmark.class;
        jmh(text + ", Iterator.remove", new JmhFork(type, "remove", parameters));
        jmh(text + ", Set.clear", new JmhFork(type, "clear", parameters));
        jmh(text + ", Consumer", new JmhFork(type, "consumer", parameters));
    }

    private void jmh(String text, Class<?> type, String method) {
        jmh(text, new JmhFork(type, method, Map.of()));
    }

    private void jmh(String text, JmhFork fork) {
        if (only.matcher(text).find()) {
            selects.add(new SideBySide<>(text, fork::run));
        }
    }

    private void echo(String name, String server, int connections) {
        String text = String.format("echo on %s, %,d connections", name, connections);
        if (only.matcher(text).find()) {
            echoes.add(
                    new SideBySide<>(
                            text,
                            contender -> EchoTurn.take(load, server, contender, connections)));
        }
    }

    // ---- measuring

    private void measure() throws Exception {
        int turns = rounds * (selects.size() + echoes.size());
        try (ProgressBar bar = progressBar(turns)) {
            for (int i = 0; i < rounds; i++) {
                for (SideBySide<?> row : (Iterable<SideBySide<?>>) rows()::iterator) {
                    bar.setExtraMessage(row.text);
                    row.round();
                    bar.step();
                }
            }
            bar.setExtraMessage("");
        }
    }

    private Stream<SideBySide<?>> rows() {
        return Stream.concat(selects.stream(), echoes.stream());
    }

    private static ProgressBar progressBar(int turns) throws IOException, InterruptedException {
        boolean terminal = new ProcessBuilder("test", "-t", "1").inheritIO().start().waitFor() == 0;
        return ProgressBar.builder()
                .setTaskName("measured")
                .setInitialMax(turns)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(terminal ? 200 : 20_000)
                .setConsumer(
                        terminal
                                ? new ConsoleProgressBarConsumer(System.out, WIDTH)
                                : new DelegatingProgressBarConsumer(System.out::println, WIDTH))
                .build();
    }

    // ---- what came out

    private List<RunResult> merged() {
        var all = new ArrayList<RunResult>();
        for (SideBySide<RunResult> row : selects) {
            for (Contender contender : Contender.values()) {
                all.add(JmhFork.merged(row.turns(contender)));
            }
        }
        return all;
    }

    private String selectTable() {
        var table =
                new StringBuilder(
                        """
                        | one operation | JDK ns | Pollux ns | ratio [range] | JDK B | Pollux B |
                        |---|---:|---:|---:|---:|---:|
                        """);
        for (SideBySide<RunResult> row : selects) {
            table.append(
                    line(
                            row.text,
                            row.of(Contender.JDK, JmhFork::nanos).median(),
                            row.of(Contender.POLLUX, JmhFork::nanos).median(),
                            row.ratio(JmhFork::nanos).spread(),
                            row.of(Contender.JDK, JmhFork::bytes).median(),
                            row.of(Contender.POLLUX, JmhFork::bytes).median()));
        }
        return table.append('\n').toString();
    }

    private String echoTable() {
        var table =
                new StringBuilder(
                        """
                        | 64-byte messages | JDK | Pollux | ratio [range] |
                        |---|---:|---:|---:|
                        """);
        for (SideBySide<EchoTurn> row : echoes) {
            table.append(echoLine(row, "messages/s", EchoTurn::messagesPerSecond));
            table.append(echoLine(row, "server's CPU ns/message", EchoTurn::cpuNanosPerMessage));
        }
        return table.append('\n').toString();
    }

    private static String echoLine(
            SideBySide<EchoTurn> row, String unit, ToDoubleFunction<EchoTurn> figure) {
        return line(
                row.text + ", " + unit,
                row.of(Contender.JDK, figure).median(),
                row.of(Contender.POLLUX, figure).median(),
                row.ratio(figure).spread());
    }

    private static String line(String... cells) {
        return "| " + String.join(" | ", cells) + " |\n";
    }

    private String surroundings() {
        return String.format(
                "Medians of %d rounds; JDK %s, %s %s on %s, %d processors%s, %s.%n",
                rounds,
                System.getProperty("java.vm.version"),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                EchoTurn.canPin() ? "" : " (shared by server and load)",
                LocalDate.now());
    }
}
