package dev.pollux.bench;

import dev.pollux.bench.peer.Peer;
import dev.pollux.bench.peer.PeerPollBenchmark;
import dev.pollux.bench.peer.PeerRegisterBenchmark;
import dev.pollux.bench.peer.PeerWakeupBenchmark;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.openjdk.jmh.results.RunResult;

/** Is it the fastest of those that there are for the JVM? Each does the same work its own way. */
final class PeersChapter implements Chapter {
    /** Two look at all that is registered, and are off any scale; two are Pollux once more. */
    private static final List<Peer> CHARTED =
            List.of(
                    Peer.POLLUX,
                    Peer.DROPIN,
                    Peer.JDK,
                    Peer.JDK_CONSUMER,
                    Peer.NETTY,
                    Peer.NETTY_BARE,
                    Peer.ONE_NIO);

    private Contenders contenders;
    private final List<SideBySide<Peer, RunResult>> rows = new ArrayList<>();
    private final StringBuilder leftOut = new StringBuilder();

    private void list() {
        contenders = Contenders.all();
        int[][] polls = {{1, 10}, {1, 1000}, {1, 10_000}, {100, 1000}};
        for (int[] poll : polls) {
            String text = String.format("%,d of %,d ready", poll[0], poll[1]);
            if (poll[1] > Sockets.most()) {
                leftOut.append(" Left out: ").append(text).append(": ").append(Sockets.tooMany());
                continue;
            }
            row(
                    text,
                    contenders.forPolls(),
                    new JmhFork(PeerPollBenchmark.class, "poll")
                            .with("ready", poll[0])
                            .with("registered", poll[1]));
        }
        List<Peer> few = contenders.forRegistrations();
        row(
                "register, poll, unregister, poll",
                few,
                new JmhFork(PeerRegisterBenchmark.class, "comeAndGo"));
        row(
                "wakeup there and back",
                contenders.forWakeups(),
                new JmhFork(PeerWakeupBenchmark.class, "roundTrip"));
    }

    private void row(String text, List<Peer> who, JmhFork fork) {
        rows.add(new SideBySide<>(text, who, peer -> fork.with("peer", peer.name()).run()));
    }

    @Override
    public String name() {
        return "peers";
    }

    @Override
    public List<SideBySide<Peer, RunResult>> rows() {
        if (rows.isEmpty()) {
            list();
        }
        return rows;
    }

    @Override
    public int rounds(boolean full) {
        return full ? 9 : 1;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("The peers: the same work, each in its own way");
        List<SideBySide<Peer, RunResult>> measured =
                rows.stream().filter(SideBySide::isMeasured).toList();
        for (var row : measured) {
            row.contenders().forEach(peer -> report.jmh(row.turns(peer)));
        }
        report.text("Nanoseconds; in brackets as a ratio to Pollux's in the same round.");
        report.table(table(measured, PeersChapter::nanos));
        report.text(
                "Bytes allocated by one operation; ? where too few are done to tell it from JMH's"
                        + " own.");
        report.table(table(measured, (row, peer) -> row.of(peer, JmhFork::bytes).median()));
        Figure figure = figure(measured);
        if (!figure.isEmpty()) {
            report.chart("peers", "Time of the same work as a ratio to Pollux's", figure);
        }
        report.text(
                "All hold AF_UNIX stream sockets, the one kind that each of them can hold, and look"
                        + " without waiting; one-nio cannot, but finds something ready always. Each"
                        + " counts at an object of its user's for each that is ready. Netty's event"
                        + " loop is a ManualIoEventLoop with handles of its own SPI, so that no"
                        + " pipeline is measured; its internal wait is"
                        + " io.netty.channel.epoll.Native, with an array by descriptor."
                        + " jnr-enxio and junixsocket stand on poll(2) here, which looks at all"
                        + " that is registered: they are not in the chart, nor are jnr-ffi and the"
                        + " drop-in's Consumer. A Consumer differs from selected keys in the poll"
                        + " only, so the other columns are blank; one-nio has no wakeup. Changes of"
                        + " interest are in the chapter on churn."
                        + OneProcessor.note()
                        + " "
                        + contenders.missing()
                        + "Versions: "
                        + Contenders.versions()
                        + leftOut);
    }

    private Table table(
            List<SideBySide<Peer, RunResult>> measured,
            BiFunction<SideBySide<Peer, RunResult>, Peer, String> cell) {
        var headings = new ArrayList<>(List.of(""));
        measured.forEach(row -> headings.add(row.text()));
        var table = new Table(headings.toArray(String[]::new));
        for (Peer peer : contenders.forPolls()) {
            var cells = new ArrayList<>(List.of(peer.title));
            for (var row : measured) {
                cells.add(row.contenders().contains(peer) ? cell.apply(row, peer) : Table.BLANK);
            }
            table.row(cells.toArray(String[]::new));
        }
        return table;
    }

    private static String nanos(SideBySide<Peer, RunResult> row, Peer peer) {
        String nanos = row.of(peer, JmhFork::nanos).median();
        return peer == Peer.POLLUX
                ? nanos
                : String.format(Locale.ROOT, "%s (%.2f)", nanos, ratio(row, peer));
    }

    private static double ratio(SideBySide<Peer, RunResult> row, Peer peer) {
        return row.ratio(peer, Peer.POLLUX, JmhFork::nanos).middle();
    }

    private static Figure figure(List<SideBySide<Peer, RunResult>> measured) {
        var figure =
                Figure.bars(
                                "The same work with other libraries: above 1 is slower than Pollux",
                                "time as a ratio to Pollux's")
                        .mark(1);
        for (var row : measured) {
            CHARTED.stream()
                    .filter(row.contenders()::contains)
                    .forEach(peer -> figure.bar(peer.title, row.text(), ratio(row, peer)));
        }
        return figure;
    }
}
