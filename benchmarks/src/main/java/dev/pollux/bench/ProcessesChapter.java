package dev.pollux.bench;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/**
 * Is one process as fast as the next? What is decided when the library is loaded holds for the life
 * of a process, so many fresh ones are measured, each beside the same loop in C.
 */
final class ProcessesChapter implements Chapter {
    private static final String KNOWN = "as it comes";
    private static final String MEASURED = "pollux.returns=measure";
    private static final double BIN = 0.05;
    private static final List<String> DECISIONS = List.of("renewed", "kept");

    private static final int PAIRS = 5;

    /** A process that polled, and how fast to C: the median of turns, each between two of C's. */
    private record Turn(String decision, double ratio) {}

    private final SideBySide<String, Turn> polling =
            new SideBySide<>(
                    "fresh processes: poll, one ready, 10 idle",
                    List.of("jni"),
                    binding -> {
                        try (var process = new FreshProcess("")) {
                            process.nanosOfPoll(); // warms up
                            var ratios = new DescriptiveStatistics();
                            double before = FloorProcess.nanos("epoll-one", 10);
                            for (int i = 0; i < PAIRS; i++) {
                                double nanos = process.nanosOfPoll();
                                double after = FloorProcess.nanos("epoll-one", 10);
                                ratios.addValue(nanos / ((before + after) / 2));
                                before = after;
                            }
                            return new Turn(process.decision(), ratios.getPercentile(50));
                        }
                    });

    private final SideBySide<String, String> busy =
            new SideBySide<>(
                    "fresh processes, all processors busy: what they decide",
                    List.of(KNOWN, MEASURED),
                    how -> {
                        var load = new Load();
                        try (var process = new FreshProcess(how.equals(KNOWN) ? "" : "measure")) {
                            return process.decision();
                        } finally {
                            load.end();
                        }
                    });

    /** A thread for each processor that does nothing but run. */
    private static final class Load {
        private volatile boolean ending;
        private volatile long sink;

        Load() {
            for (int i = Runtime.getRuntime().availableProcessors(); i > 0; i--) {
                var thread = new Thread(this::run, "load");
                thread.setDaemon(true);
                thread.start();
            }
        }

        private void run() {
            long x = 1;
            while (!ending) {
                x = x * 6364136223846793005L + 1;
            }
            sink = x;
        }

        void end() {
            ending = true;
        }
    }

    @Override
    public String name() {
        return "processes";
    }

    @Override
    public List<Row> rows() {
        return List.of(polling, busy);
    }

    @Override
    public int rounds(boolean full) {
        return full ? 100 : 20;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("Fresh processes: is one as fast as the next?");
        if (polling.isMeasured()) {
            List<Turn> turns = polling.turns("jni");
            Series ratios = polling.of("jni", Turn::ratio);
            report.text(
                    String.format(
                            Locale.ROOT,
                            "%d processes, each by turns with the same loop in C (poll, one ready"
                                    + " of 11), the median of "
                                    + PAIRS
                                    + " turns: ratio to C %s; 97 of 100 are at %.2f or less. The"
                                    + " return predictor: %s.",
                            turns.size(),
                            ratios.spread(),
                            ratios.percentile(97),
                            counts(turns.stream().map(Turn::decision))));
            report.chart(
                    "processes",
                    "How many fresh processes poll at which ratio to the same loop in C",
                    distribution(turns));
        }
        if (busy.isMeasured()) {
            var table = new Table("all processors busy", "processes", "renewed", "kept");
            for (String how : busy.contenders()) {
                List<String> decisions = busy.turns(how);
                table.row(
                        how,
                        Integer.toString(decisions.size()),
                        count(decisions, "renewed"),
                        count(decisions, "kept"));
            }
            report.table(table);
        }
        report.text(
                "What is decided of the return predictor when the library is loaded"
                        + " (native/returns.h) holds for the life of a process. With"
                        + " pollux.returns=measure a timing decides, also where it is known what"
                        + " pays. C and the processes keep to one processor, where there is"
                        + " taskset.");
    }

    private static Figure distribution(List<Turn> turns) {
        var figure =
                Figure.bars("Fresh processes by their ratio to C: all alike is best", "processes");
        long first = bin(turns.stream().mapToDouble(Turn::ratio).min().orElseThrow());
        long last = bin(turns.stream().mapToDouble(Turn::ratio).max().orElseThrow());
        for (long bin = first; bin <= last; bin++) {
            String text = String.format(Locale.ROOT, "%.2f to %.2f", bin * BIN, (bin + 1) * BIN);
            for (String decision : DECISIONS) {
                long at = bin;
                long count =
                        turns.stream()
                                .filter(turn -> turn.decision().equals(decision))
                                .filter(turn -> bin(turn.ratio()) == at)
                                .count();
                figure.bar("return predictor " + decision, text, count);
            }
        }
        return figure;
    }

    private static long bin(double ratio) {
        return (long) (ratio / BIN);
    }

    private static String counts(Stream<String> decisions) {
        List<String> all = decisions.toList();
        return "renewed in " + count(all, "renewed") + ", kept in " + count(all, "kept");
    }

    private static String count(List<String> decisions, String which) {
        return Long.toString(decisions.stream().filter(which::equals).count());
    }
}
