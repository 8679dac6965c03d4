package dev.pollux.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Measures and writes the report. Contenders are measured by turns, each turn in a process of its
 * own; the figures that count are ratios within one round, seconds apart, and how far they spread
 * over the rounds tells what they are worth.
 */
@Command(
        name = "bench",
        description = "Measures Pollux beside C, and beside what else there is for the JVM.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true)
final class Bench implements Callable<Integer> {
    private static final int WIDTH = 100;
    private static final Path COMPLETE = Path.of("benchmarks/results");
    private static final Path PARTIAL = Path.of("benchmarks/target/results");

    /**
     * In the order of the report; {@code nio} only where it is asked for: `peers` has the gist of
     * it; and {@code observed}, {@code relay} and {@code await}.
     */
    private final List<Chapter> all =
            List.of(
                    new ScaleChapter(),
                    new FloorChapter(),
                    new ScansChapter(),
                    new PeersChapter(),
                    new ServersChapter(),
                    new EdgeOrLevelChapter(),
                    new ChurnChapter(),
                    new MemoryChapter(),
                    new ProcessesChapter(),
                    new SpinChapter(),
                    new RelayChapter(),
                    new AwaitChapter(),
                    new ObservedChapter(),
                    new NioChapter());

    private static final Set<String> ONLY_WHEN_NAMED = Set.of("nio", "observed", "relay", "await");

    @Parameters(paramLabel = "CHAPTER", description = "which chapters; otherwise all")
    private List<String> named = List.of();

    @Option(names = "--full", description = "more rounds")
    private boolean full;

    @Option(
            names = "--rounds",
            description = "how often each is measured; otherwise as the chapter likes")
    private Integer rounds;

    @Option(names = "--only", description = "only rows whose text has a match of this pattern")
    private Pattern only;

    @Option(
            names = "--results",
            description =
                    "the directory for tables, charts and JMH's JSON; otherwise benchmarks/results for a"
                            + " complete run, benchmarks/target/results for another")
    private Path results;

    @Spec private CommandSpec spec;

    private final List<String> failures = new ArrayList<>();
    private final Set<Row> failed = new HashSet<>();

    public static void main(String[] args) {
        // Forks are made one after the other here; what another program measures is its own affair.
        System.setProperty("jmh.ignoreLock", "true");
        System.setProperty("java.awt.headless", "true"); // charts go to files
        System.exit(new CommandLine(new Bench()).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        long start = System.nanoTime();
        List<Chapter> chapters = chapters();
        if (!Figure.canBeDrawn()) {
            System.err.println(
                    "bench: no fonts, so no charts can be drawn (Debian: apt-get install fontconfig"
                            + " fonts-dejavu-core)");
            return 1;
        }
        measure(chapters);
        boolean complete = named.isEmpty() && only == null;
        var report = new Report(results != null ? results : complete ? COMPLETE : PARTIAL);
        long seconds = (System.nanoTime() - start) / 1_000_000_000;
        report.text("# Measured\n\n" + Surroundings.of(command(), seconds));
        report.text(howOften(chapters));
        report.text(JmhFork.decisions());
        for (Chapter chapter : chapters) {
            chapter.report(report);
        }
        if (!failures.isEmpty()) {
            report.heading("Failed");
            failures.forEach(report::text);
        }
        Path page = report.write();
        System.out.print("\n" + report + "\nWritten: " + page + "\n");
        return failures.isEmpty() ? 0 : 1;
    }

    private List<Chapter> chapters() {
        if (rounds != null && rounds < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--rounds=" + rounds + " would measure nothing");
        }
        var names = all.stream().map(Chapter::name).toList();
        for (String name : named) {
            if (!names.contains(name)) {
                throw new ParameterException(
                        spec.commandLine(), "no chapter " + name + ": there are " + names);
            }
        }
        var chosen =
                all.stream()
                        .filter(
                                chapter ->
                                        named.isEmpty()
                                                ? !ONLY_WHEN_NAMED.contains(chapter.name())
                                                : named.contains(chapter.name()))
                        .filter(chapter -> only == null || !rows(chapter).isEmpty())
                        .toList();
        if (chosen.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--only=" + only + " leaves nothing of:\n" + String.join("\n", allTexts()));
        }
        return chosen;
    }

    private List<String> allTexts() {
        return all.stream()
                .filter(chapter -> named.isEmpty() || named.contains(chapter.name()))
                .flatMap(chapter -> chapter.rows().stream())
                .map(Row::text)
                .toList();
    }

    private List<? extends Row> rows(Chapter chapter) {
        return chapter.rows().stream()
                .filter(row -> only == null || only.matcher(row.text()).find())
                .toList();
    }

    private int rounds(Chapter chapter) {
        return rounds != null ? rounds : chapter.rounds(full);
    }

    private String command() {
        var words = new ArrayList<>(List.of(full ? "make bench-full" : "make bench"));
        var arguments = new ArrayList<>(named);
        if (rounds != null) {
            arguments.add("--rounds=" + rounds);
        }
        if (only != null) {
            arguments.add("--only=" + quoted(only.pattern()));
        }
        if (!arguments.isEmpty()) {
            words.add("ARGS='" + String.join(" ", arguments) + "'");
        }
        return String.join(" ", words);
    }

    /** For make, and for the shell that it hands it to. */
    private static String quoted(String pattern) {
        return pattern.matches("[\\w.,:-]+") ? pattern : '"' + pattern.replace("$", "$$") + '"';
    }

    private String howOften(List<Chapter> chapters) {
        return chapters.stream()
                .map(chapter -> chapter.name() + " " + rounds(chapter))
                .collect(
                        Collectors.joining(
                                ", ",
                                "Rounds: ",
                                ". Figures are medians of the rounds; [least–greatest]."));
    }

    // ---- measuring

    private void measure(List<Chapter> chapters) throws IOException, InterruptedException {
        int turns = 0;
        for (Chapter chapter : chapters) {
            turns += rounds(chapter) * rows(chapter).stream().mapToInt(Row::turns).sum();
        }
        try (ProgressBar bar = progressBar(turns)) {
            for (Chapter chapter : chapters) {
                for (int i = 0; i < rounds(chapter); i++) {
                    for (Row row : rows(chapter)) {
                        bar.setExtraMessage(chapter.name() + ": " + row.text());
                        measure(row, bar);
                    }
                }
            }
            bar.setExtraMessage("");
        }
    }

    /** A row that fails is not tried again; the others are measured all the same. */
    private void measure(Row row, ProgressBar bar) {
        long before = bar.getCurrent();
        if (!failed.contains(row)) {
            try {
                row.round(bar::step);
            } catch (Exception e) {
                failed.add(row);
                failures.add(row.text() + ": " + e);
                System.err.println("\n" + row.text() + " failed:");
                e.printStackTrace();
            }
        }
        bar.stepTo(before + row.turns());
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
}
