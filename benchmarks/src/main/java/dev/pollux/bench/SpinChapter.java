package dev.pollux.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is it worth to spin before a wait, and what does it cost? A byte comes from a thread on
 * another processor. The baseline is the poll of epoll that waits at once.
 */
final class SpinChapter implements Chapter {
    private static final SpinTurn.Way WAITING = SpinTurn.Way.EPOLL;
    private static final double TARGET = 0.5;

    private final List<String> leftOut = new ArrayList<>();
    private final SideBySide<SpinTurn.Way, SpinTurn> row;

    SpinChapter() {
        var ways = new ArrayList<SpinTurn.Way>();
        for (SpinTurn.Way way : SpinTurn.Way.values()) {
            String reason = way.backend.unavailableBecause();
            if (reason == null) {
                ways.add(way);
            } else {
                leftOut.add(way.title + ": " + reason);
            }
        }
        row = new SideBySide<>("spin: a byte from another processor", ways, SpinTurn::take);
    }

    private boolean canBeMeasured() {
        return row.contenders().contains(WAITING) && Runtime.getRuntime().availableProcessors() > 1;
    }

    @Override
    public String name() {
        return "spin";
    }

    @Override
    public List<SideBySide<SpinTurn.Way, SpinTurn>> rows() {
        return canBeMeasured() ? List.of(row) : List.of();
    }

    @Override
    public int rounds(boolean full) {
        return full ? 9 : 3;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("Spin, then wait: how long a byte from another processor takes");
        if (!canBeMeasured()) {
            report.text("Left out: there is no epoll here, or no second processor.");
            return;
        }
        if (!row.isMeasured()) {
            return;
        }
        var table =
                new Table(
                        "poll",
                        "median ns",
                        "ratio",
                        "target",
                        "p99 ns",
                        "ratio",
                        "target",
                        "processor time ns a byte");
        for (SpinTurn.Way way : row.contenders()) {
            Series median = row.ratio(way, WAITING, SpinTurn::medianNanos);
            Series p99 = row.ratio(way, WAITING, SpinTurn::p99Nanos);
            table.row(
                    way.title,
                    row.of(way, SpinTurn::medianNanos).median(),
                    median.spread(),
                    verdict(way, median),
                    row.of(way, SpinTurn::p99Nanos).median(),
                    p99.spread(),
                    verdict(way, p99),
                    row.of(way, SpinTurn::cpuNanos).median());
        }
        report.table(table);
        report.text(
                String.format(
                        Locale.ROOT,
                        "From before the write to a pipe until the handler has it. The next byte is"
                                + " written %d µs after that, by a thread that does not sleep, so"
                                + " that who waits is asleep by then. To spin is"
                                + " pollux.spin=%d (nanoseconds): each byte comes meanwhile."
                                + " Processor time is that of the thread that polls, by the kernel's"
                                + " clock for it; one that spins uses all that there is. %,d bytes in"
                                + " a JVM of its own for each turn.%s",
                        SpinTurn.PAUSE_NANOS / 1000,
                        SpinTurn.SPIN_NANOS,
                        SpinTurn.BYTES,
                        leftOut.isEmpty() ? "" : " Left out: " + String.join("; ", leftOut) + "."));
    }

    private static String verdict(SpinTurn.Way way, Series ratio) {
        return way.spins
                ? String.format(
                        Locale.ROOT, "%.2f %s", TARGET, ratio.middle() <= TARGET ? "met" : "missed")
                : Table.BLANK;
    }
}
