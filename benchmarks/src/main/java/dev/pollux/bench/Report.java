package dev.pollux.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;

/** What a run leaves behind: a page in Markdown, charts beside it, and what JMH said. */
final class Report {
    private static final String PAGE = "results.md";
    private static final String JMH = "jmh.json";
    private static final Pattern CHART = Pattern.compile("\\]\\(([\\w-]+)\\.svg\\)");

    private final Path directory;
    private final StringBuilder page = new StringBuilder();
    private final List<RunResult> jmh = new ArrayList<>();

    Report(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
        removeEarlier();
    }

    /** What another run has left there does not belong to the page of this one. */
    private void removeEarlier() throws IOException {
        Path earlier = directory.resolve(PAGE);
        if (Files.exists(earlier)) {
            var charts = CHART.matcher(Files.readString(earlier));
            while (charts.find()) {
                Files.deleteIfExists(directory.resolve(charts.group(1) + ".svg"));
                Files.deleteIfExists(directory.resolve(charts.group(1) + ".png"));
            }
        }
        Files.deleteIfExists(directory.resolve(JMH));
    }

    void heading(String text) {
        page.append("\n## ").append(text).append("\n\n");
    }

    void text(String paragraph) {
        page.append(paragraph.strip()).append("\n\n");
    }

    void table(Table table) {
        page.append(table).append('\n');
    }

    /**
     * Writes {@code name.svg} and {@code name.png}, and shows the first.
     *
     * @param says what is to be seen, for who cannot see it
     */
    void chart(String name, String says, Figure figure) throws IOException {
        figure.write(directory, name);
        page.append("![").append(says).append("](").append(name).append(".svg)\n\n");
    }

    /** Keeps what JMH said of one benchmark, all rounds of it as forks. */
    void jmh(Collection<RunResult> turns) {
        if (!turns.isEmpty()) {
            jmh.add(JmhFork.merged(List.copyOf(turns)));
        }
    }

    /** Writes the page and JMH's JSON, and returns the page. */
    Path write() throws IOException {
        Path file = directory.resolve(PAGE);
        Files.writeString(file, page);
        if (!jmh.isEmpty()) {
            Path json = directory.resolve(JMH);
            try (var out = new PrintStream(json.toFile(), StandardCharsets.UTF_8)) {
                ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(jmh);
            }
        }
        return file;
    }

    @Override
    public String toString() {
        return page.toString();
    }
}
