package dev.pollux.bench;

import dev.pollux.bench.peer.MemoryTurn;
import dev.pollux.bench.peer.Peer;
import java.io.IOException;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What does a registration cost that is idle, and one that comes and goes? */
final class MemoryChapter implements Chapter {
    private static final int REGISTRATIONS = 10_000;

    private Contenders contenders;
    private SideBySide<Peer, MemoryTurn> row;

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public List<SideBySide<Peer, MemoryTurn>> rows() {
        if (REGISTRATIONS > Sockets.most()) {
            return List.of();
        }
        if (row == null) {
            contenders = Contenders.all();
            row =
                    new SideBySide<>(
                            String.format("%,d idle registrations", REGISTRATIONS),
                            contenders.forRegistrations(),
                            peer -> MemoryTurn.take(peer, REGISTRATIONS));
        }
        return List.of(row);
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading(String.format("Memory: %,d idle registrations", REGISTRATIONS));
        if (row == null) {
            report.text("Left out: " + Sockets.tooMany());
            return;
        }
        if (!row.isMeasured()) {
            return;
        }
        var table =
                new Table(
                        "for one registration",
                        "connection, bytes",
                        "registration, bytes",
                        "outside the heap, bytes",
                        "register ns",
                        "allocates, bytes",
                        "unregister ns",
                        "allocates, bytes");
        for (Peer peer : row.contenders()) {
            table.row(
                    peer.title,
                    figure(peer, MemoryTurn::connectionBytes),
                    figure(peer, MemoryTurn::heapBytes),
                    figure(peer, MemoryTurn::nativeBytes),
                    figure(peer, MemoryTurn::registerNanos),
                    figure(peer, MemoryTurn::registerBytes),
                    figure(peer, MemoryTurn::unregisterNanos),
                    figure(peer, MemoryTurn::unregisterBytes));
        }
        report.table(table);
        var figure = Figure.bars("Memory of one idle connection: less is better", "bytes");
        for (Peer peer : row.contenders()) {
            bar(figure, "the registration", peer, MemoryTurn::heapBytes);
            bar(figure, "outside the heap", peer, MemoryTurn::nativeBytes);
            bar(figure, "the connection", peer, MemoryTurn::connectionBytes);
        }
        report.chart("memory", "Bytes for one idle connection and its registration", figure);
        report.text(
                "A connection is what must be there before it can be registered: what its user"
                        + " keeps of it (the attachment, or the handle or session that stands for"
                        + " it), and the channel where the contender wants one; bare descriptors"
                        + " are in arrays. Registration is what comes with it, the share of one of"
                        + " 10,000 in tables included, which double when they are full. Live bytes"
                        + " after collections; outside the heap what the JVM counts as taken by"
                        + " Unsafe, direct buffers and JNI. That leaves out Pollux's buffers, taken"
                        + " by malloc: 9 KB for a selector on epoll, whatever is registered. What"
                        + " the kernel keeps is not included; it is the same for all that stand on"
                        + " epoll. Times and allocations: all registered, then a poll; all"
                        + " unregistered, then a poll; the median of 15 times. "
                        + contenders.missing());
    }

    private String figure(Peer peer, ToDoubleFunction<MemoryTurn> figure) {
        return row.of(peer, figure).median();
    }

    private void bar(Figure to, String series, Peer peer, ToDoubleFunction<MemoryTurn> figure) {
        to.bar(series, peer.title, row.of(peer, figure).middle());
    }
}
