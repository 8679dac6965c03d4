package dev.pollux.bench;

import dev.pollux.Backend;
import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import dev.pollux.Trigger;
import dev.pollux.bench.edge.Dimension;
import dev.pollux.bench.edge.Mode;
import dev.pollux.bench.edge.Trace;
import dev.pollux.bench.edge.Traffic;
import dev.pollux.bench.edge.Turn;
import dev.pollux.bench.edge.WorkerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * When does EDGE pay? The same requests and replies, one thing of them varied at a time, served in
 * a few modes; how many system calls and how much time each takes. The baseline is LEVEL with one
 * read an event. Client and server take turns on one thread, and only the server's part is timed;
 * why not with JMH says {@link dev.pollux.bench.edge.Worker}.
 */
final class EdgeOrLevelChapter implements Chapter {
    private static final long TURN_NANOS = 30_000_000;

    /**
     * Two that are equal seem to differ in all of five rounds once in 16 times; of three, in four.
     */
    private static final int LEAST_ROUNDS = 5;

    private final List<Mode> modes = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();
    private final Backend backend;
    private final Map<Traffic, SideBySide<Mode, Turn>> rows = new LinkedHashMap<>();
    private final KernelCount kernelCount = new KernelCount();
    private WorkerProcess worker;
    private Traffic open; // in the worker
    private Map<Mode, Turn> round = Map.of(); // what is left of it

    EdgeOrLevelChapter() {
        try (FdSelector selector = DefaultSelector.open()) {
            backend = selector.backend();
            for (Mode mode : Mode.values()) {
                if (!selector.supports(mode.trigger)) {
                    continue;
                }
                String reason = mode.unavailableBecause();
                if (reason == null) {
                    modes.add(mode);
                } else {
                    leftOut.add(mode.text + ": " + reason);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Dimension dimension : Dimension.values()) {
            for (int step : dimension.steps) {
                rows.computeIfAbsent(
                        dimension.at(step),
                        traffic ->
                                new SideBySide<>(
                                        traffic.text(), modes, mode -> turn(mode, traffic)));
            }
        }
    }

    /** The calls of a few messages, once for all rounds. */
    private final class KernelCount implements Row {
        private List<Trace.Both> counts = List.of();

        @Override
        public String text() {
            return "system calls as the kernel counts them";
        }

        @Override
        public int turns() {
            return 1;
        }

        @Override
        public void round(Runnable afterEachTurn) throws IOException {
            if (!isMeasured() && Trace.missingBecause(backend) == null) {
                counts = Trace.take(List.copyOf(rows.keySet()), modes);
            }
            afterEachTurn.run();
        }

        @Override
        public boolean isMeasured() {
            return !counts.isEmpty();
        }
    }

    @Override
    public String name() {
        return "edge";
    }

    @Override
    public List<Row> rows() {
        var all = new ArrayList<Row>(rows.values());
        all.add(kernelCount);
        return all;
    }

    @Override
    public int rounds(boolean full) {
        return full ? 15 : 5;
    }

    /** All modes are measured together; the first that is asked for has the others wait. */
    private Turn turn(Mode mode, Traffic traffic) throws IOException {
        if (worker == null || !worker.isAlive()) {
            worker = WorkerProcess.start(modes);
            open = null;
        }
        if (!traffic.equals(open)) {
            worker.open(traffic);
            open = traffic;
            round = Map.of();
        }
        if (!round.containsKey(mode)) {
            round = worker.round(TURN_NANOS);
        }
        return round.remove(mode);
    }

    // ---- what came out

    @Override
    public void report(Report report) throws IOException {
        if (worker != null) {
            worker.close();
        }
        report.heading("Edge or level: when does EDGE pay?");
        report.text(
                "System calls for one request, and the server's time as a ratio to that of LEVEL with"
                        + " one read an event, by turns. A change of interest travels with a poll,"
                        + " and is a system call of the kernel's all the same. LEVEL asks for WRITE"
                        + " while a reply is stuck; EDGE has asked for both from the beginning.");
        if (!modes.contains(Mode.EDGE_SHORT)) {
            report.text("No figures for EDGE: " + backend + " does not have " + Trigger.EDGE + ".");
        }
        if (!leftOut.isEmpty()) {
            report.text("Left out: " + String.join("; ", leftOut) + ".");
        }
        for (Dimension dimension : Dimension.values()) {
            report(report, dimension);
        }
        if (modes.contains(Mode.EDGE_SHORT)) {
            decide(report);
        }
        compareWithKernel(report);
    }

    private void report(Report report, Dimension dimension) throws IOException {
        var table =
                new Table(
                        dimension.unit,
                        "served by",
                        "polls",
                        "reads",
                        "writes",
                        "changes",
                        "ns",
                        "time against the first");
        var figure =
                Figure.bars(
                                dimension.title,
                                "the server's time as a ratio to that of " + Mode.LEVEL_ONCE.text)
                        .mark(1);
        for (int step : dimension.steps) {
            SideBySide<Mode, Turn> row = rows.get(dimension.at(step));
            if (!row.isMeasured()) {
                continue;
            }
            for (Mode mode : modes) {
                Series ratio = ratio(row, mode, Mode.LEVEL_ONCE);
                table.row(
                        mode == modes.get(0) ? String.format("%,d", step) : Table.BLANK,
                        mode.text,
                        calls(row.of(mode, Turn::pollsPerMessage)),
                        calls(row.of(mode, Turn::readsPerMessage)),
                        calls(row.of(mode, Turn::writesPerMessage)),
                        calls(row.of(mode, Turn::changesPerMessage)),
                        row.of(mode, Turn::nanosPerMessage).median(),
                        mode == Mode.LEVEL_ONCE ? "1" : ratio.spread());
                if (mode != Mode.LEVEL_ONCE) {
                    figure.bar(
                            mode.text,
                            String.format("%,d %s", step, dimension.unit),
                            ratio.middle());
                }
            }
        }
        if (figure.isEmpty()) {
            return; // left out, or failed
        }
        report.text("**" + dimension.title + "** (" + dimension.constant + ")");
        report.table(table);
        report.chart(
                "edge-" + dimension.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                dimension.title + ": time of the modes as a ratio to " + Mode.LEVEL_ONCE.text,
                figure);
    }

    private static Series ratio(SideBySide<Mode, Turn> row, Mode mode, Mode to) {
        return row.ratio(mode, to, Turn::nanosPerMessage);
    }

    private static String calls(Series perMessage) {
        return String.format(Locale.ROOT, "%.2f", perMessage.middle());
    }

    /**
     * Who wins where, and by what of it: all from the figures. A range that has 1 in it is a tie.
     */
    private void decide(Report report) {
        var table =
                new Table(
                        "traffic",
                        "the trigger: EDGE / LEVEL, both until a short read",
                        "reading on: LEVEL until a short read / one read",
                        "asking for EAGAIN: EDGE until EAGAIN / a short read",
                        "the better EDGE / the better LEVEL",
                        "who wins");
        var wins = new TreeMap<String, List<Double>>();
        for (SideBySide<Mode, Turn> row : rows.values()) {
            if (row.turns(Mode.LEVEL_ONCE).size() >= LEAST_ROUNDS) {
                Mode edge = better(row, Mode.EDGE_EAGAIN, Mode.EDGE_SHORT);
                Mode level = better(row, Mode.LEVEL_ONCE, Mode.LEVEL_SHORT);
                Series ratio = ratio(row, edge, level);
                Mode faster = ratio.middle() < 1 ? edge : level;
                String winner = isTie(ratio) ? "tie" : faster.trigger.toString();
                table.row(
                        row.text(),
                        percent(ratio(row, Mode.EDGE_SHORT, Mode.LEVEL_SHORT)),
                        percent(ratio(row, Mode.LEVEL_SHORT, Mode.LEVEL_ONCE)),
                        percent(ratio(row, Mode.EDGE_EAGAIN, Mode.EDGE_SHORT)),
                        ratio.spread(),
                        isTie(ratio) ? "tie" : faster.text);
                wins.computeIfAbsent(winner, w -> new ArrayList<>()).add(ratio.middle());
            }
        }
        if (wins.isEmpty()) {
            report.text("Who wins where: not without " + LEAST_ROUNDS + " rounds of a row.");
        } else {
            report.text("**Who wins where** (more or less time; a range with 1 in it is a tie)");
            report.table(table);
            var sums = new ArrayList<String>();
            wins.forEach((winner, ratios) -> sums.add(winner + " " + sum(ratios)));
            report.text("Rows won: " + String.join("; ", sums) + ".");
        }
    }

    private static Mode better(SideBySide<Mode, Turn> row, Mode one, Mode other) {
        double nanos = row.of(one, Turn::nanosPerMessage).middle();
        return nanos <= row.of(other, Turn::nanosPerMessage).middle() ? one : other;
    }

    private static boolean isTie(Series ratio) {
        return ratio.least() <= 1 && ratio.greatest() >= 1;
    }

    private static String percent(Series ratio) {
        return isTie(ratio)
                ? "tie"
                : String.format(Locale.ROOT, "%+.1f %%", (ratio.middle() - 1) * 100);
    }

    private static String sum(List<Double> ratios) {
        return String.format(
                Locale.ROOT,
                "in %d (ratios %.2f–%.2f)",
                ratios.size(),
                Collections.min(ratios),
                Collections.max(ratios));
    }

    private void compareWithKernel(Report report) {
        if (!kernelCount.isMeasured()) {
            String why = Trace.missingBecause(backend);
            report.text(
                    "The calls are the program's own count; the kernel's is missing: "
                            + (why == null ? "left out, or failed." : why + "."));
            return;
        }
        var table = new Table("traffic", "mode", "counted", "by strace");
        int agree = 0;
        for (Trace.Both both : kernelCount.counts) {
            if (both.agree()) {
                agree++;
            } else {
                table.row(
                        both.traffic().text(),
                        both.mode().text,
                        both.counted().toString(),
                        both.traced().toString());
            }
        }
        int all = kernelCount.counts.size();
        report.text(
                String.format(
                        "strace counted the same calls as the program, of every kind, in %d of %d"
                                + " cases%s",
                        agree, all, agree == all ? "." : "; not in these:"));
        if (agree < all) {
            report.table(table);
        }
    }
}
