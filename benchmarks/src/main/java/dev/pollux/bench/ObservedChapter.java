package dev.pollux.bench;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;

/**
 * What does it cost to look at a loop, and to be able to? {@code BASE} in the environment names
 * benchmarks.jar of an earlier build: its Pollux is the one that the others are compared with.
 * Otherwise that is this one, with nothing on.
 */
final class ObservedChapter implements Chapter {
    private static final String BASE = System.getenv("BASE");
    private static final List<Observation> CONTENDERS =
            Arrays.stream(Observation.values())
                    .filter(each -> each != Observation.BASE || BASE != null)
                    .toList();
    private static final Observation FIRST = CONTENDERS.get(0);
    private static final String CLASS_PATH = "java.class.path"; // JMH's forks have it

    private final List<SideBySide<Observation, RunResult>> rows = new ArrayList<>();

    ObservedChapter() {
        row("poll, one of 10 ready", "one");
        row("poll that may block, one ready", "blockOne");
        row("modify + poll", "modify");
        row("wakeup + poll", "wakeup");
    }

    private void row(String text, String method) {
        rows.add(new SideBySide<>("observed: " + text, CONTENDERS, each -> turn(method, each)));
    }

    private static RunResult turn(String method, Observation observation) throws RunnerException {
        String classes = System.getProperty(CLASS_PATH);
        if (observation == Observation.BASE) {
            System.setProperty(CLASS_PATH, BASE + File.pathSeparator + classes);
        }
        try {
            return new JmhFork(ObservedBenchmark.class, method)
                    .with("observation", observation)
                    .run();
        } finally {
            System.setProperty(CLASS_PATH, classes);
        }
    }

    @Override
    public String name() {
        return "observed";
    }

    @Override
    public List<SideBySide<Observation, RunResult>> rows() {
        return rows;
    }

    @Override
    public int rounds(boolean full) {
        return full ? 9 : 5;
    }

    @Override
    public void report(Report report) {
        report.heading("What it costs to look at a loop");
        var headings = new ArrayList<>(List.of("", FIRST.title + " ns"));
        CONTENDERS.stream().skip(1).forEach(each -> headings.add(each.title));
        headings.add("bytes");
        var table = new Table(headings.toArray(new String[0]));
        for (SideBySide<Observation, RunResult> row : rows) {
            if (row.isMeasured()) {
                CONTENDERS.forEach(each -> report.jmh(row.turns(each)));
                var cells = new ArrayList<String>();
                cells.add(row.text());
                cells.add(row.of(FIRST, JmhFork::nanos).median());
                CONTENDERS.stream()
                        .skip(1)
                        .map(each -> row.ratio(each, FIRST, JmhFork::nanos).spread())
                        .forEach(cells::add);
                cells.add(bytes(row));
                table.row(cells.toArray(new String[0]));
            }
        }
        report.table(table);
        report.text(
                "Ratios to the first column, in the same round. Bytes allocated by one operation, by"
                        + " the contender that allocates most, of the worst round.");
    }

    private static String bytes(SideBySide<Observation, RunResult> row) {
        double most =
                CONTENDERS.stream()
                        .flatMap(each -> row.turns(each).stream())
                        .mapToDouble(JmhFork::bytes)
                        .max()
                        .orElse(Double.NaN);
        return String.format(Locale.ROOT, "%.0f", most);
    }
}
