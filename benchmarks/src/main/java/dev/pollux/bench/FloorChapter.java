package dev.pollux.bench;

import dev.pollux.Backend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.RunResult;

/**
 * How near is the library to the kernel? The same loops in C are measured right before and after.
 */
final class FloorChapter implements Chapter {
    private static final boolean HAS_FFM = Runtime.version().feature() >= 22;

    static final List<String> BINDINGS =
            HAS_FFM ? List.of("jni", "ffm", "jnr") : List.of("jni", "jnr");

    /** The JNI binding with {@link Backend#URING}; beside the bindings, where it could differ. */
    private static final String RING = "uring";

    private static final double NONE = Double.NaN;

    /** A turn of the library's, and the mean of those of C before and after it. */
    private record Turn(RunResult jmh, double floorNanos) {
        double nanos() {
            return JmhFork.nanos(jmh);
        }

        double ratio() {
            return nanos() / floorNanos;
        }

        double bytes() {
            return JmhFork.bytes(jmh);
        }
    }

    /**
     * @param target the ratio that the JNI binding is to reach; FFM and jnr-ffi go through libc as
     *     C does, with their own cost on top
     */
    private record Line(SideBySide<String, Turn> row, double target) {}

    private final List<Line> lines = new ArrayList<>();
    private final StringBuilder leftOut = new StringBuilder();
    private final boolean hasRing = Backend.URING.isAvailable();

    FloorChapter() {
        if (!hasRing) {
            leftOut.append(" Left out: uring: ").append(Backend.URING.unavailableBecause());
            leftOut.append('.');
        }
        for (int idle : new int[] {10, 1000, 10_000}) {
            line(String.format("poll, one ready, %,d idle", idle), 1.03, "epoll-one", "one", idle);
        }
        line("poll that may block, one ready", NONE, "epoll-block-one", "blockOne", 10);
        line("poll, none ready", NONE, "epoll-empty", "empty", 10);
        line("modify + poll", 0.85, "epoll-modify", "modify", 10);
        line("64 modifies + poll", 0.65, "epoll-modify-64", "modify64", 64);
        line("modify there and back + poll", NONE, "epoll-empty", "toggle", 10);
        line("register + unregister", 0.85, "epoll-register", "register", 10);
        line("64 registers + poll + unregisters", NONE, "epoll-register-64", "register64", 10);
        line("write + read, one byte", NONE, "write-read", "writeRead", 10);
        line("wakeup there and back", 1.2, "epoll-wakeup", "wakeup", 10);
    }

    private static JmhFork fork(String method, int idle) {
        boolean ready =
                switch (method) {
                    case "one", "blockOne", "modify", "modify64" -> true;
                    default -> false;
                };
        return new JmhFork(FloorBenchmark.class, method)
                .with("idle", idle)
                .with("oneReady", ready)
                .with("oneProcessor", method.equals("wakeup"));
    }

    private void line(String text, double target, String floor, String method, int idle) {
        if (idle > Sockets.most()) {
            leftOut.append(" Left out: ").append(text).append(": ").append(Sockets.tooMany());
            return;
        }
        JmhFork fork = fork(method, idle);
        var contenders = new ArrayList<>(BINDINGS);
        if (hasRing && isOfRing(floor, idle)) {
            contenders.add(RING);
        }
        var row =
                new SideBySide<>(
                        text,
                        contenders,
                        (String contender) -> {
                            double before = FloorProcess.nanos(floor, idle);
                            RunResult turn = of(contender, fork).run();
                            double after = FloorProcess.nanos(floor, idle);
                            return new Turn(turn, (before + after) / 2);
                        });
        lines.add(new Line(row, target));
    }

    /** What io_uring has a part in; how many are idle makes no difference to it. */
    private static boolean isOfRing(String floor, int idle) {
        return floor.startsWith("epoll-") && !floor.equals("epoll-wakeup") && idle < 1000;
    }

    private static JmhFork of(String contender, JmhFork fork) {
        return contender.equals(RING)
                ? fork.with("binding", "jni").with("backend", RING)
                : fork.with("binding", contender);
    }

    @Override
    public String name() {
        return "floor";
    }

    @Override
    public List<SideBySide<String, Turn>> rows() {
        return lines.stream().map(Line::row).toList();
    }

    @Override
    public int rounds(boolean full) {
        return full ? 11 : 3;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("The floor: the same loops in C, through libc");
        var table =
                new Table(
                        "",
                        "C ns",
                        "JNI ns",
                        "ratio to C",
                        "target",
                        "bytes",
                        "uring, JNI ns",
                        "ratio to C",
                        "bytes",
                        "FFM ns",
                        "ratio to C",
                        "bytes",
                        "jnr-ffi ns",
                        "ratio to C",
                        "bytes");
        var figure =
                Figure.bars(
                                "Time against the same loop in C: below 1 is faster than C",
                                "ratio to C")
                        .mark(1);
        for (Line line : lines) {
            SideBySide<String, Turn> row = line.row;
            if (!row.isMeasured()) {
                continue;
            }
            boolean ring = row.contenders().contains(RING);
            row.contenders()
                    .forEach(c -> report.jmh(row.turns(c).stream().map(Turn::jmh).toList()));
            table.row(
                    row.text(),
                    row.of("jni", Turn::floorNanos).median(),
                    row.of("jni", Turn::nanos).median(),
                    row.of("jni", Turn::ratio).spread(),
                    verdict(line.target, row.of("jni", Turn::ratio).middle()),
                    row.of("jni", Turn::bytes).worst(),
                    ring ? row.of(RING, Turn::nanos).median() : Table.BLANK,
                    ring ? row.of(RING, Turn::ratio).spread() : Table.BLANK,
                    ring ? row.of(RING, Turn::bytes).worst() : Table.BLANK,
                    HAS_FFM ? row.of("ffm", Turn::nanos).median() : Table.BLANK,
                    HAS_FFM ? row.of("ffm", Turn::ratio).spread() : Table.BLANK,
                    HAS_FFM ? row.of("ffm", Turn::bytes).worst() : Table.BLANK,
                    row.of("jnr", Turn::nanos).median(),
                    row.of("jnr", Turn::ratio).spread(),
                    row.of("jnr", Turn::bytes).worst());
            figure.bar("JNI binding", row.text(), row.of("jni", Turn::ratio).middle());
            if (HAS_FFM) {
                figure.bar("FFM binding", row.text(), row.of("ffm", Turn::ratio).middle());
            }
            figure.bar("jnr-ffi binding", row.text(), row.of("jnr", Turn::ratio).middle());
            if (ring) {
                figure.bar("uring, JNI binding", row.text(), row.of(RING, Turn::ratio).middle());
            }
        }
        if (!figure.isEmpty()) {
            report.table(table);
            report.chart("floor", "Ratio of Pollux's time to that of the same loops in C", figure);
        }
        report.text(
                "Each turn is compared with the mean of C's right before and after it: medians, C's"
                        + " of stretches of a fifth of a millisecond, the library's of 20"
                        + " milliseconds, so what else goes on in a machine is rather in the"
                        + " library's. Bytes allocated by one operation, of the worst round, ?"
                        + " where too few are done to tell it from JMH's own;"
                        + " the target is the JNI binding's;"
                        + " unregistering needs what registering returned, a key. The turning there"
                        + " and back is held against a poll that finds nothing."
                        + (HAS_FFM ? "" : " FFM is of JDK 22 and later, and this is an older one.")
                        + OneProcessor.note()
                        + leftOut);
    }

    static String verdict(double target, double ratio) {
        if (Double.isNaN(target)) {
            return Table.BLANK;
        }
        return String.format(Locale.ROOT, "%.2f %s", target, ratio <= target ? "met" : "missed");
    }
}
