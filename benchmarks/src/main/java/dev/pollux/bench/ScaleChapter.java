package dev.pollux.bench;

import dev.pollux.Backend;
import dev.pollux.Trigger;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.RunResult;

/** The chart that the project exists for: how the cost of a poll grows with what is registered. */
final class ScaleChapter implements Chapter {
    private static final int[] REGISTERED = {10, 100, 1000, 5000, 10_000, 19_000};

    /** Who is asked, by which trigger, through which binding. */
    private record Way(Backend backend, Trigger trigger, String binding) {
        @Override
        public String toString() {
            String name = backend.name().toLowerCase(Locale.ROOT);
            return name
                    + (trigger == Trigger.EDGE
                            ? " EDGE"
                            : backend == Backend.EPOLL || backend == Backend.URING ? " LEVEL" : "")
                    + (binding.equals("jni") ? "" : ", jnr-ffi");
        }

        RunResult poll(int registered, int ready) throws Exception {
            return new JmhFork(ScaleBenchmark.class, trigger.name().toLowerCase(Locale.ROOT))
                    .with("backend", backend.name().toLowerCase(Locale.ROOT))
                    .with("binding", binding)
                    .with("trigger", trigger)
                    .with("registered", registered)
                    .with("ready", ready)
                    .run();
        }

        double nanos(RunResult result) {
            return trigger == Trigger.EDGE
                    ? JmhFork.counter(result, "nanosPerPoll")
                    : JmhFork.nanos(result);
        }
    }

    /** How many of them are ready. */
    private enum Share {
        ONE("one", 0),
        PERCENT("1 % of them, at least one,", 0.01),
        HALF("half of them", 0.5);

        final String words;
        private final double part;

        Share(String words, double part) {
            this.words = words;
            this.part = part;
        }

        int of(int registered) {
            return Math.max(1, (int) (registered * part));
        }

        /** Whether that is another number than the share before it has. */
        boolean isItsOwn(int registered) {
            return ordinal() == 0 || of(registered) != values()[ordinal() - 1].of(registered);
        }
    }

    private record Point(int registered, Share share, SideBySide<Way, RunResult> row) {}

    private final List<Way> ways = new ArrayList<>();
    private final List<Point> points = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();

    ScaleChapter() {
        for (Backend backend : Backend.values()) {
            if (!backend.isAvailable()) {
                leftOut.add(backend + ": " + backend.unavailableBecause());
                continue;
            }
            // jnr-ffi's own cost is the same on all of them, and has rows in the chapter "floor".
            boolean isDefault = backend == Backend.EPOLL || backend == Backend.KQUEUE;
            for (String binding : isDefault ? List.of("jni", "jnr") : List.of("jni")) {
                ways.add(new Way(backend, Trigger.LEVEL, binding));
                if (isDefault || backend == Backend.URING) {
                    ways.add(new Way(backend, Trigger.EDGE, binding));
                }
            }
        }
        for (int registered : REGISTERED) {
            if (registered > Sockets.most()) {
                leftOut.add(
                        String.format(
                                "%,d registered: a process may have %,d descriptors here",
                                registered, Sockets.most()));
                continue;
            }
            for (Share share : Share.values()) {
                if (share.isItsOwn(registered)) {
                    int ready = share.of(registered);
                    String text = String.format("poll, %,d of %,d ready", ready, registered);
                    points.add(
                            new Point(
                                    registered,
                                    share,
                                    new SideBySide<>(text, ways, w -> w.poll(registered, ready))));
                }
            }
        }
    }

    @Override
    public String name() {
        return "scale";
    }

    @Override
    public List<SideBySide<Way, RunResult>> rows() {
        return points.stream().map(Point::row).toList();
    }

    @Override
    public int rounds(boolean full) {
        return full ? 5 : 1;
    }

    @Override
    public void report(Report report) throws IOException {
        report.heading("Scale: one poll, and the delivery of each that is ready");
        rows().forEach(row -> ways.forEach(way -> report.jmh(row.turns(way))));
        var table = new Table(headings());
        for (Point point : points) {
            if (point.row.isMeasured()) {
                table.row(cells(point));
            }
        }
        report.text("Nanoseconds, medians.");
        report.table(table);
        for (Share share : Share.values()) {
            chart(report, share);
        }
        report.text(
                "EDGE reports arrivals only, so a byte is sent to each before every poll and read"
                        + " after it; the poll alone counts, with two readings of the clock."
                        + (leftOut.isEmpty()
                                ? ""
                                : " Left out: " + String.join("; ", leftOut) + "."));
    }

    private String[] headings() {
        var headings = new ArrayList<>(List.of("ready, of registered"));
        ways.forEach(way -> headings.add(way.toString()));
        return headings.toArray(String[]::new);
    }

    private String[] cells(Point point) {
        var cells = new ArrayList<String>();
        cells.add(String.format("%,d of %,d", point.share.of(point.registered), point.registered));
        ways.forEach(way -> cells.add(point.row.of(way, way::nanos).median()));
        return cells.toArray(String[]::new);
    }

    private void chart(Report report, Share share) throws IOException {
        var figure =
                Figure.lines(
                        "One poll that finds " + share.words + " ready",
                        "registered descriptors",
                        "microseconds for a poll",
                        true);
        for (Point point : points) {
            boolean same = share.of(point.registered) == point.share.of(point.registered);
            for (Way way : ways) {
                if (same && point.row.isMeasured() && way.binding.equals("jni")) {
                    double nanos = point.row.of(way, way::nanos).middle();
                    figure.point(way.toString(), point.registered, nanos / 1000);
                }
            }
        }
        if (!figure.isEmpty()) {
            report.chart(
                    "scale-" + share.name().toLowerCase(Locale.ROOT),
                    "Time of a poll against the number of registered descriptors, by backend",
                    figure);
        }
    }
}
