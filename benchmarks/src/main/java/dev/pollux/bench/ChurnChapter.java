package dev.pollux.bench;

import dev.pollux.bench.peer.Peer;
import dev.pollux.bench.peer.PeerModifyBenchmark;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.openjdk.jmh.results.RunResult;

/** How often a second can interest change, with the polls that go with it? */
final class ChurnChapter implements Chapter {
    private static final String C = "C, epoll";
    private static final String POLLUX = Peer.POLLUX.title;
    private static final int CHANGED = 64;

    /** C does not go through JMH. */
    private record Turn(double nanos, RunResult jmh) {
        double bytes() {
            return jmh == null ? 0 : JmhFork.bytes(jmh);
        }
    }

    private record Line(int changes, SideBySide<String, Turn> row) {
        double perSecond(Turn turn) {
            return changes * 1e9 / turn.nanos;
        }

        double millions(String contender) {
            return row.of(contender, this::perSecond).middle() / 1e6;
        }

        String cell(String contender) {
            return String.format(
                    Locale.ROOT,
                    "%.2f (%.2f)",
                    millions(contender),
                    row.ratio(contender, POLLUX, this::perSecond).middle());
        }
    }

    private Contenders contenders;
    private final Map<String, Peer> peers = new LinkedHashMap<>();
    private final List<Line> lines = new ArrayList<>();

    private void list() {
        contenders = Contenders.all();
        contenders.forChanges().forEach(peer -> peers.put(peer.title, peer));
        line("one change, then a poll", 1, "modify", "socket-modify");
        line("64 changes, then a poll", CHANGED, "modify64", "socket-modify-64");
        line("a change there and back, then a poll", 2, "thereAndBack", "socket-there-and-back");
    }

    private void line(String text, int changes, String method, String floor) {
        var who = new ArrayList<>(peers.keySet());
        who.add(C);
        var fork = new JmhFork(PeerModifyBenchmark.class, method);
        lines.add(new Line(changes, new SideBySide<>(text, who, name -> turn(name, fork, floor))));
    }

    private Turn turn(String contender, JmhFork fork, String floor) throws Exception {
        if (contender.equals(C)) {
            return new Turn(FloorProcess.nanos(floor, CHANGED), null);
        }
        RunResult result = fork.with("peer", peers.get(contender).name()).run();
        return new Turn(JmhFork.nanos(result), result);
    }

    @Override
    public String name() {
        return "churn";
    }

    @Override
    public List<SideBySide<String, Turn>> rows() {
        if (lines.isEmpty()) {
            list();
        }
        return lines.stream().map(Line::row).toList();
    }

    @Override
    public int rounds(boolean full) {
        return full ? 9 : 1;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("Interest churn: READ to READ|WRITE and back");
        List<Line> measured = lines.stream().filter(line -> line.row.isMeasured()).toList();
        if (measured.isEmpty()) {
            return;
        }
        var headings = new ArrayList<>(List.of("million changes a second"));
        for (Line line : measured) {
            headings.add(line.row.text());
            headings.add("bytes");
        }
        var table = new Table(headings.toArray(String[]::new));
        var figure =
                Figure.bars(
                        "Changes of interest, with the polls that go with them: more is faster",
                        "million changes a second");
        for (String contender : measured.get(0).row.contenders()) {
            var cells = new ArrayList<>(List.of(contender));
            for (Line line : measured) {
                cells.add(line.cell(contender));
                cells.add(
                        contender.equals(C)
                                ? Table.BLANK
                                : line.row.of(contender, Turn::bytes).median());
                var forks = line.row.turns(contender).stream().map(Turn::jmh);
                report.jmh(forks.filter(Objects::nonNull).toList());
            }
            table.row(cells.toArray(String[]::new));
            measured.forEach(l -> figure.bar(contender, l.row.text(), l.millions(contender)));
        }
        report.table(table);
        report.chart("churn", "Million changes of interest a second", figure);
        report.text(
                "In brackets as a ratio to Pollux's in the same round; bytes allocated by one"
                        + " operation. 65 sockets are registered, one is readable, none of those"
                        + " that change is writable. java.nio, its drop-in and Pollux tell the"
                        + " kernel with the next poll, so a change that is taken back costs no"
                        + " system call; C, Netty and one-nio tell it at once. For poll(2) there is"
                        + " no kernel to tell, a change is a write to an array; its poll looks at"
                        + " all that is registered instead, which pays as long as most of it"
                        + " changes: jnr-enxio, junixsocket, and Pollux with"
                        + " -Dpollux.backend=poll. "
                        + contenders.missing());
    }
}
