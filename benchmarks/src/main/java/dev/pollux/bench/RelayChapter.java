package dev.pollux.bench;

import java.io.IOException;
import java.util.List;

/**
 * Does it pay to leave the bytes of a proxy in the kernel? The baseline is the loop that one writes
 * otherwise, which reads into a buffer and writes from it.
 */
final class RelayChapter implements Chapter {
    private final SideBySide<RelayTurn.Way, RelayTurn> row =
            new SideBySide<>(
                    "relay: loopback TCP, pieces of 1 MiB",
                    List.of(RelayTurn.Way.values()),
                    way -> RelayTurn.take(way, RelayTurn.BYTES));

    @Override
    public String name() {
        return "relay";
    }

    @Override
    public List<SideBySide<RelayTurn.Way, RelayTurn>> rows() {
        return List.of(row);
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("A relay: bytes for a second of processor time");
        if (!row.isMeasured()) {
            return;
        }
        var table = new Table("the thread that moves them", "MB in a CPU second", "ratio", "MB/s");
        for (RelayTurn.Way way : row.contenders()) {
            table.row(
                    way.title,
                    row.of(way, RelayTurn::perCpuSecond).median(),
                    row.ratio(way, RelayTurn.Way.COPY, RelayTurn::perCpuSecond).spread(),
                    row.of(way, RelayTurn::perSecond).median());
        }
        report.table(table);
        report.text(
                String.format(
                        "%,d MB in each turn, from one loopback connection of TCP to another;"
                                + " checksums (CRC32C) of what was sent and what arrived are"
                                + " compared. CPU time is that of the one thread, by the kernel's"
                                + " clock for it.",
                        RelayTurn.BYTES / 1_000_000));
    }
}
