/* The tables of IoModels; not an example of its own. */
package models;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Markdown, and what it shows in words; the words follow from the figures. */
final class Report {
    /** CPU milliseconds a second, beyond those of a JVM that serves nothing: no waiting. */
    private static final double RESTLESS_MILLIS = 50;

    private final List<Row> rows;
    private final Row.Waiting jvm;
    private final StringBuilder text = new StringBuilder();

    Report(List<Row> rows, Row.Waiting jvm) {
        this.rows = rows;
        this.jvm = jvm;
    }

    @Override
    public String toString() {
        text.setLength(0);
        rows.stream().mapToInt(Row::connections).distinct().forEach(this::table);
        int least = rows.stream().mapToInt(Row::connections).min().orElseThrow();
        int most = rows.stream().mapToInt(Row::connections).max().orElseThrow();
        waiting(with(most));
        if (least < most) {
            growth(with(least), with(most));
        }
        return text.toString();
    }

    private List<Row> with(int connections) {
        return rows.stream().filter(row -> row.connections() == connections).toList();
    }

    private void table(int connections) {
        add("%n%,d connection%s%n%n", connections, connections == 1 ? "" : "s");
        add("| model | threads | system calls a message | CPU µs a message | p50 µs | p99 µs |");
        add(" waiting: CPU ms a second | waiting: system calls a second |%n");
        add("|---|--:|--:|--:|--:|--:|--:|--:|%n");
        for (Row row : with(connections)) {
            add("| %s | %s ", row.model().title, row.threads() < 0 ? "" : row.threads());
            add("| %s ", counted(row, row.callsPerMessage()));
            add("| %,.1f ", row.cpuMicrosPerMessage());
            add("| %,.0f | %,.0f ", row.p50Micros(), row.p99Micros());
            add("| %,.1f ", row.waiting().cpuMillis());
            add("| %s |%n", counted(row, row.waiting().calls()));
        }
    }

    /** Who never waits makes as many calls as it can, and strace lets it make fewer. */
    private static String counted(Row row, double count) {
        if (Double.isNaN(count)) {
            return "";
        }
        String least = row.model() == ModelName.BUSY ? "> " : "";
        return least + String.format(Locale.ROOT, count < 100 ? "%.1f" : "%,.0f", count);
    }

    private boolean rests(Row row) {
        return row.waiting().cpuMillis() < jvm.cpuMillis() + RESTLESS_MILLIS;
    }

    private void waiting(List<Row> most) {
        add("%nWhile %,d connections are silent, a second costs ", most.get(0).connections());
        String restless = each(most, row -> !rests(row), Report::cpuOfWaiting);
        add(restless.isEmpty() ? "" : "%s of CPU, and ", restless);
        double worst =
                most.stream()
                        .filter(this::rests)
                        .mapToDouble(row -> row.waiting().cpuMillis())
                        .max()
                        .orElse(0);
        add("%s model more than %.1f ms", restless.isEmpty() ? "no" : "no other", worst);
        add(" (a JVM that serves nothing: %.1f ms)", jvm.cpuMillis());
        most.stream()
                .filter(row -> row.model() == ModelName.THREADS && row.threads() > 0)
                .forEach(row -> add("; %s keeps %,d threads", row.model().title, row.threads()));
        add(".%n");
    }

    private static String cpuOfWaiting(Row row) {
        return format("%s %.0f ms", row.model().title, row.waiting().cpuMillis());
    }

    /** Who waits pays later: with the message that comes. */
    private void growth(List<Row> least, List<Row> most) {
        String growth =
                each(
                        most,
                        this::rests,
                        row -> {
                            Row few = least.get(most.indexOf(row));
                            double factor = row.cpuMicrosPerMessage() / few.cpuMicrosPerMessage();
                            return format("%s %.1f", row.model().title, factor);
                        });
        if (!growth.isEmpty()) {
            add("What silence costs them shows in the next message. From ");
            add("%,d to %,d connections ", least.get(0).connections(), most.get(0).connections());
            add("its CPU time grows by the factor: %s.%n", growth);
        }
    }

    private static String each(List<Row> rows, Predicate<Row> which, Function<Row, String> what) {
        return rows.stream().filter(which).map(what).collect(Collectors.joining(", "));
    }

    private void add(String format, Object... arguments) {
        text.append(format(format, arguments));
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }
}
