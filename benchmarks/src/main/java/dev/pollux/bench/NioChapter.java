package dev.pollux.bench;

import dev.pollux.bench.server.ServerKind;
import dev.pollux.bench.server.ServerTurn;
import dev.pollux.bench.server.ServerUnderLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;

/** Is java.nio faster on Pollux than on the JDK's own selector? */
final class NioChapter implements Chapter {
    private static final List<Contender> BOTH = List.of(Contender.values());
    private static final int MESSAGE_BYTES = 64;
    private static final int MEASURED_MILLIS = 1000;

    private final List<SideBySide<Contender, RunResult>> selects = new ArrayList<>();
    private final List<SideBySide<Contender, ServerTurn>> echoes = new ArrayList<>();

    NioChapter() {
        for (int registered : new int[] {10, 1000, 10_000}) {
            selects(1, registered);
        }
        for (int ready : new int[] {10, 100, 1000}) {
            selects(ready, 1000);
        }
        jmh("select, 1 of 10 ready, Set.clear", ready(1, 10, "select"));
        jmh("READ <-> READ+WRITE, selectNow", NioInterestBenchmark.class, "readWrite");
        jmh("READ <-> 0, selectNow", NioInterestBenchmark.class, "suspend");
        jmh("64 keys READ <-> READ+WRITE, selectNow", NioInterestBenchmark.class, "readWrite64");
        jmh("register, selectNow, cancel, selectNow", NioRegisterBenchmark.class, "registerCancel");
        jmh("wakeup there and back", NioWakeupBenchmark.class, "roundTrip");
        for (int connections : new int[] {100, 1000}) {
            echo("java.nio", ServerKind.NIO, ServerKind.NIO_ON_POLLUX, connections);
            echo("Netty NIO", ServerKind.NETTY_NIO, ServerKind.NETTY_NIO_ON_POLLUX, connections);
        }
    }

    private void selects(int ready, int registered) {
        String text = String.format("selectNow, %,d of %,d ready", ready, registered);
        jmh(text + ", Iterator.remove", ready(ready, registered, "remove"));
        jmh(text + ", Set.clear", ready(ready, registered, "clear"));
        jmh(text + ", Consumer", ready(ready, registered, "consumer"));
    }

    private static JmhFork ready(int ready, int registered, String method) {
        return new JmhFork(NioSelectBenchmark.class, method)
                .with("ready", ready)
                .with("registered", registered);
    }

    private void jmh(String text, Class<?> type, String method) {
        jmh(text, new JmhFork(type, method));
    }

    private void jmh(String text, JmhFork fork) {
        selects.add(new SideBySide<>(text, BOTH, c -> fork.with("provider", c).run()));
    }

    private void echo(String name, ServerKind onJdk, ServerKind onPollux, int connections) {
        String text = String.format("echo on %s, %,d connections", name, connections);
        echoes.add(
                new SideBySide<>(
                        text, BOTH, c -> echo(c == Contender.JDK ? onJdk : onPollux, connections)));
    }

    private static ServerTurn echo(ServerKind kind, int connections)
            throws IOException, InterruptedException {
        try (var server = ServerUnderLoad.echo(kind, connections, MESSAGE_BYTES)) {
            return server.turn(MEASURED_MILLIS);
        }
    }

    @Override
    public String name() {
        return "nio";
    }

    @Override
    public List<Row> rows() {
        return Stream.<Row>concat(selects.stream(), echoes.stream()).toList();
    }

    @Override
    public int rounds(boolean full) {
        return full ? 15 : 5;
    }

    @Override
    public void report(Report report) {
        report.heading("java.nio on Pollux and on the JDK's own selector");
        var one =
                new Table(
                        "one operation",
                        "JDK ns",
                        "Pollux ns",
                        "ratio [range]",
                        "JDK B",
                        "Pollux B");
        for (SideBySide<Contender, RunResult> row : selects) {
            if (row.isMeasured()) {
                BOTH.forEach(contender -> report.jmh(row.turns(contender)));
                one.row(
                        row.text(),
                        row.of(Contender.JDK, JmhFork::nanos).median(),
                        row.of(Contender.POLLUX, JmhFork::nanos).median(),
                        row.ratio(Contender.POLLUX, Contender.JDK, JmhFork::nanos).spread(),
                        row.of(Contender.JDK, JmhFork::bytes).median(),
                        row.of(Contender.POLLUX, JmhFork::bytes).median());
            }
        }
        report.table(one);
        var echo = new Table("64-byte messages", "JDK", "Pollux", "ratio [range]");
        for (SideBySide<Contender, ServerTurn> row : echoes) {
            if (row.isMeasured()) {
                echoLine(echo, row, "messages/s", ServerTurn::messagesPerSecond);
                echoLine(echo, row, "server's CPU ns/message", ServerTurn::cpuNanos);
            }
        }
        report.table(echo);
        if (!ServerUnderLoad.canPin()) {
            report.text("Server and load shared a processor.");
        }
    }

    private static void echoLine(
            Table table,
            SideBySide<Contender, ServerTurn> row,
            String unit,
            ToDoubleFunction<ServerTurn> figure) {
        table.row(
                row.text() + ", " + unit,
                row.of(Contender.JDK, figure).median(),
                row.of(Contender.POLLUX, figure).median(),
                row.ratio(Contender.POLLUX, Contender.JDK, figure).spread());
    }
}
