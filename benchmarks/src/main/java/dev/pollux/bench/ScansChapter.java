package dev.pollux.bench;

import dev.pollux.Backend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What does the library add to poll(2) and select(2)? The baseline is C on the same open files. */
final class ScansChapter implements Chapter {
    private static final int IDLE = 1000;
    private static final double TARGET = 1.05;

    private final List<SideBySide<String, ScansTurn>> rows = new ArrayList<>();

    ScansChapter() {
        for (Backend backend : List.of(Backend.POLL, Backend.SELECT)) {
            String text =
                    String.format(
                            Locale.ROOT,
                            "%s as the backend, one ready, %,d idle",
                            backend.name().toLowerCase(Locale.ROOT),
                            IDLE);
            rows.add(
                    new SideBySide<>(
                            text,
                            FloorChapter.BINDINGS,
                            binding -> ScansTurn.take(backend, binding, IDLE)));
        }
    }

    @Override
    public String name() {
        return "scans";
    }

    @Override
    public List<SideBySide<String, ScansTurn>> rows() {
        return rows;
    }

    @Override
    public int rounds(boolean full) {
        return full ? 11 : 3;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("poll and select as the backend, beside C on the same files");
        var table = new Table("", "binding", "C ns", "ns", "ratio to C", "target");
        for (SideBySide<String, ScansTurn> row : rows) {
            for (String binding : row.isMeasured() ? row.contenders() : List.<String>of()) {
                Series ratio = row.of(binding, ScansTurn::ratio);
                table.row(
                        row.text(),
                        binding,
                        row.of(binding, ScansTurn::floorNanos).median(),
                        row.of(binding, ScansTurn::nanos).median(),
                        ratio.spread(),
                        binding.equals("jni")
                                ? FloorChapter.verdict(TARGET, ratio.middle())
                                : Table.BLANK);
            }
        }
        report.table(table);
        report.text(
                "The kernel looks at every file, and how long that takes depends on where those lie"
                        + " in memory, by a quarter: so each round opens them once, for both, and"
                        + " measures by turns. The target is the JNI binding's.");
    }
}
