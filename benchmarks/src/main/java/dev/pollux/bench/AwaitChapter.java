package dev.pollux.bench;

import java.io.IOException;
import java.util.List;

/**
 * How fast is a virtual thread woken that waits by Await? The baseline is the JDK's own, which
 * reads a socket. Before JDK 21 it is left out.
 */
final class AwaitChapter implements Chapter {
    private static final boolean HAS_VIRTUAL = Runtime.version().feature() >= 21;

    private final SideBySide<AwaitTurn.Way, AwaitTurn> row =
            new SideBySide<>(
                    "await: a byte there and back, on virtual threads",
                    List.of(AwaitTurn.Way.values()),
                    AwaitTurn::take);

    @Override
    public String name() {
        return "await";
    }

    @Override
    public List<SideBySide<AwaitTurn.Way, AwaitTurn>> rows() {
        return HAS_VIRTUAL ? List.of(row) : List.of();
    }

    @Override
    public int rounds(boolean full) {
        return full ? 15 : 5;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("Waiting on a virtual thread: how long until it is woken");
        if (!row.isMeasured()) {
            report.text(HAS_VIRTUAL ? "" : "Left out: virtual threads are of JDK 21 and later.");
            return;
        }
        var table = new Table("both ends", "µs there and back", "ratio");
        for (AwaitTurn.Way way : row.contenders()) {
            table.row(
                    way.title,
                    row.of(way, AwaitTurn::micros).median(),
                    row.ratio(way, AwaitTurn.Way.JDK, AwaitTurn::micros).spread());
        }
        report.table(table);
        report.text(
                "Two virtual threads throw a byte to one another: each waits while the other has"
                        + " it. The median of stretches, in a JVM of its own for each turn.");
    }
}
