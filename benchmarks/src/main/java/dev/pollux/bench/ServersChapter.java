package dev.pollux.bench;

import dev.pollux.bench.server.ServerKind;
import dev.pollux.bench.server.ServerTurn;
import dev.pollux.bench.server.ServerUnderLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** What is a whole server worth on each of them, and how near does Pollux's come to C's? */
final class ServersChapter implements Chapter {
    private static final int MESSAGE_BYTES = 64;
    private static final int[] CONNECTIONS = {1, 100, 1000, 5000};
    private static final int HTTP_CONNECTIONS = 100;
    private static final int SLICES = 20;
    private static final int HTTP_SLICES = 3; // of a second
    private static final int SLICE_MILLIS = 100;
    private static final int CONNECTIONS_A_MILLI = 25; // to begin with all, and to end
    private static final double LEAST_MESSAGES = 0.98; // of C
    private static final double MOST_CPU = 1.00;

    private static final Set<ServerKind> HTTP =
            EnumSet.of(
                    ServerKind.C_LEVEL,
                    ServerKind.POLLUX_LEVEL,
                    ServerKind.POLLUX_EDGE_SHORT,
                    ServerKind.NIO,
                    ServerKind.NIO_ON_POLLUX,
                    ServerKind.NETTY_NIO,
                    ServerKind.NETTY_NIO_ON_POLLUX,
                    ServerKind.NETTY_EPOLL);

    /** As many lines as an eye can follow. */
    private static final Set<ServerKind> LINES =
            EnumSet.of(
                    ServerKind.C_LEVEL,
                    ServerKind.POLLUX_LEVEL,
                    ServerKind.POLLUX_EDGE_SHORT,
                    ServerKind.POLLUX_URING,
                    ServerKind.POLLUX_URING_EDGE,
                    ServerKind.POLLUX_SELECT,
                    ServerKind.NIO,
                    ServerKind.NIO_ON_POLLUX,
                    ServerKind.NETTY_NIO,
                    ServerKind.NETTY_EPOLL,
                    ServerKind.THREADS,
                    ServerKind.VIRTUAL_THREADS);

    /** What is held against C. */
    private enum Held {
        MESSAGES(ServerTurn::messagesPerSecond, true),
        CPU(ServerTurn::cpuNanos, false);

        final ToDoubleFunction<ServerTurn> figure;
        private final boolean moreIsBetter;

        Held(ToDoubleFunction<ServerTurn> figure, boolean moreIsBetter) {
            this.figure = figure;
            this.moreIsBetter = moreIsBetter;
        }

        /** The one with the best median of all turns. */
        ServerKind best(SideBySide<ServerKind, ServerTurn> row, List<ServerKind> kinds) {
            Comparator<ServerKind> byMedian =
                    Comparator.comparingDouble(kind -> row.of(kind, figure).middle());
            return Collections.max(kinds, moreIsBetter ? byMedian : byMedian.reversed());
        }
    }

    /** One table. */
    private record Load(int connections, boolean isEcho, ServersRow servers) {
        SideBySide<ServerKind, ServerTurn> row() {
            return servers.turns;
        }
    }

    private final List<ServerKind> kinds = new ArrayList<>();
    private final List<Load> loads = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();

    ServersChapter() {
        for (ServerKind kind : ServerKind.values()) {
            String reason = kind.unavailableBecause();
            if (reason == null) {
                kinds.add(kind);
            } else {
                leftOut.add(kind.title + ": " + reason);
            }
        }
        for (int connections : CONNECTIONS) {
            String text = String.format("echo, connections: %,d", connections);
            if (connections > Sockets.most()) {
                leftOut.add(text + ": a process may not have so many descriptors here");
                continue;
            }
            loads.add(
                    new Load(
                            connections,
                            true,
                            new ServersRow(
                                    text,
                                    kinds,
                                    SLICES,
                                    SLICE_MILLIS + connections / CONNECTIONS_A_MILLI,
                                    k -> ServerUnderLoad.echo(k, connections, MESSAGE_BYTES))));
        }
        String text = String.format("HTTP, connections: %,d", HTTP_CONNECTIONS);
        String reason = ServerUnderLoad.httpUnavailableBecause();
        if (reason == null) {
            loads.add(
                    new Load(
                            HTTP_CONNECTIONS,
                            false,
                            new ServersRow(
                                    text,
                                    kinds.stream().filter(HTTP::contains).toList(),
                                    HTTP_SLICES,
                                    0,
                                    k -> ServerUnderLoad.http(k, HTTP_CONNECTIONS))));
        } else {
            leftOut.add(text + ": " + reason);
        }
    }

    @Override
    public String name() {
        return "servers";
    }

    @Override
    public List<ServersRow> rows() {
        return loads.stream().map(Load::servers).toList();
    }

    @Override
    public int rounds(boolean full) {
        return full ? 4 : 1;
    }

    // ---- what came out

    @Override
    public void report(Report report) throws IOException {
        report.heading("Servers: one thread that serves, under load from another processor");
        for (Load load : loads) {
            if (load.row().isMeasured()) {
                report.text("**" + load.row().text() + "**");
                report.table(table(load.row()));
                if (load.isEcho) {
                    report.text(verdict(load.row()));
                }
            }
        }
        charts(report);
        report.text(
                String.format(
                        "Echo: messages of %d bytes, one under way on each connection; HTTP: wrk,"
                                + " and servers that look for the empty line and no further,"
                                + " Netty's too. All servers of a table are started and warmed up"
                                + " first, and then take %d turns of a fraction of a second (HTTP:"
                                + " %d of a second). Medians; the ratios are, turn by turn, to the"
                                + " server in C with the best median. CPU is that of the serving"
                                + " thread for one message, beside it that of the whole process,"
                                + " in which the JIT's is; where more than one thread serves, both"
                                + " are the process's, and too coarse for a ratio. The load makes"
                                + " the same system calls as a server, so it is busy too: CPU is"
                                + " the honest figure, messages per second end where the slower of"
                                + " the two does. Latency is from a message's sending to its"
                                + " return.%s%s",
                        MESSAGE_BYTES,
                        SLICES,
                        HTTP_SLICES,
                        ServerUnderLoad.canPin() ? "" : " Server and load shared the processors.",
                        leftOut.isEmpty() ? "" : " Left out: " + String.join("; ", leftOut) + "."));
    }

    private static Table table(SideBySide<ServerKind, ServerTurn> row) {
        var table =
                new Table(
                        "",
                        "messages/s",
                        "ratio to C",
                        "CPU ns",
                        "ratio to C",
                        "process's",
                        "p50 µs",
                        "p99",
                        "p99.9");
        for (ServerKind kind : row.contenders()) {
            table.row(
                    kind.title,
                    row.of(kind, ServerTurn::messagesPerSecond).median(),
                    ratioToC(row, List.of(kind), Held.MESSAGES).spread(),
                    cpu(row, kind).median(),
                    kind.hasManyThreads()
                            ? Table.BLANK
                            : ratioToC(row, List.of(kind), Held.CPU).spread(),
                    processCpu(row, kind).median(),
                    row.of(kind, ServerTurn::p50).median(),
                    row.of(kind, ServerTurn::p99).median(),
                    row.of(kind, ServerTurn::p999).median());
        }
        return table;
    }

    /** Over all turns: one turn is too short for hundredths of a second. */
    private static Series processCpu(SideBySide<ServerKind, ServerTurn> row, ServerKind kind) {
        double nanos = row.turns(kind).stream().mapToDouble(ServerTurn::processNanos).sum();
        double messages = row.turns(kind).stream().mapToDouble(ServerTurn::messages).sum();
        return new Series(Stream.of(nanos / messages), Double::doubleValue);
    }

    private static Series cpu(SideBySide<ServerKind, ServerTurn> row, ServerKind kind) {
        return kind.hasManyThreads() ? processCpu(row, kind) : row.of(kind, ServerTurn::cpuNanos);
    }

    private static Series ratioToC(
            SideBySide<ServerKind, ServerTurn> row, List<ServerKind> kinds, Held held) {
        return ratio(
                row, kinds, row.contenders().stream().filter(ServerKind::isFloor).toList(), held);
    }

    /** The best of some divided by the best of others, turn by turn. */
    private static Series ratio(
            SideBySide<ServerKind, ServerTurn> row,
            List<ServerKind> kinds,
            List<ServerKind> to,
            Held held) {
        return row.ratio(held.best(row, kinds), held.best(row, to), held.figure);
    }

    /** Whether Pollux's best is as near to C's best, and as far ahead of others, as it is to be. */
    private static String verdict(SideBySide<ServerKind, ServerTurn> row) {
        var peers = ServerKind.PEERS.stream().filter(row.contenders()::contains).toList();
        Series messages = ratioToC(row, ServerKind.POLLUX, Held.MESSAGES);
        Series cpu = ratioToC(row, ServerKind.POLLUX, Held.CPU);
        Series peerMessages = ratio(row, ServerKind.POLLUX, peers, Held.MESSAGES);
        // Of a process with many threads a turn has some hundredths of a second, or none.
        var ofOneThread = peers.stream().filter(kind -> !kind.hasManyThreads()).toList();
        Series peerCpu = ratio(row, ServerKind.POLLUX, ofOneThread, Held.CPU);
        return String.format(
                Locale.ROOT,
                "Pollux's best to C's best: messages %s, target %.2f %s; CPU %s, target %.2f %s."
                        + " To the best of java.nio, Netty and the blocking ones: messages %s, to"
                        + " be more than 1: %s; to the best CPU of java.nio and Netty %s, to be"
                        + " less than 1: %s.",
                messages.spread(),
                LEAST_MESSAGES,
                verdict(messages.middle() >= LEAST_MESSAGES),
                cpu.spread(),
                MOST_CPU,
                verdict(cpu.middle() <= MOST_CPU),
                peerMessages.spread(),
                verdict(peerMessages.middle() > 1),
                peerCpu.spread(),
                verdict(peerCpu.middle() < 1));
    }

    private static String verdict(boolean isMet) {
        return isMet ? "met" : "missed";
    }

    private void charts(Report report) throws IOException {
        var messages =
                Figure.lines(
                        "Messages echoed in a second: more is better",
                        "connections",
                        "messages per second",
                        false);
        var cpu =
                Figure.bars(
                        "Processor time for one message echoed: less is better",
                        "microseconds of the server's processor");
        for (Load load : loads) {
            if (load.isEcho && load.row().isMeasured()) {
                String name = String.format("%,d connections", load.connections);
                for (ServerKind kind : kinds) {
                    if (LINES.contains(kind)) {
                        double perSecond =
                                load.row().of(kind, ServerTurn::messagesPerSecond).middle();
                        messages.point(kind.title, load.connections, perSecond);
                    }
                    if (load.connections > 1) { // which is all sleeping and waking
                        double nanos = cpu(load.row(), kind).middle();
                        cpu.bar(name, kind.title, nanos / 1000);
                    }
                }
            }
        }
        if (!messages.isEmpty()) {
            report.chart(
                    "servers-messages",
                    "Messages per second against the number of connections, by server",
                    messages);
        }
        if (!cpu.isEmpty()) {
            report.chart("servers-cpu", "Processor time for a message, by server", cpu);
        }
    }
}
