package dev.pollux.contract.kinds;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code docs/descriptors.md}: for each kind, under a heading of the third level, a table and
 * sentences in a list. The tests compare both with what they see.
 */
final class Page {
    static final Path FILE = Path.of("docs", "descriptors.md");

    /** What the page says of one kind. */
    record Section(List<Row> rows, List<String> sentences) {}

    private static final Page PAGE = new Page();

    private final Map<String, Section> sections = new LinkedHashMap<>();

    private Page() {
        Section section = null;
        for (String line : lines()) {
            if (line.startsWith("#")) {
                section = null;
                if (line.startsWith("### ")) {
                    section = new Section(new ArrayList<>(), new ArrayList<>());
                    sections.put(methodName(line.substring(4)), section);
                }
            } else if (section != null && line.startsWith("| ") && !isHead(line)) {
                section.rows.add(Row.of(line));
            } else if (section != null && line.startsWith("- ")) {
                section.sentences.add(line.substring(2).strip());
            } else if (section != null && line.startsWith("  ")) {
                int last = section.sentences.size() - 1;
                section.sentences.set(last, section.sentences.get(last) + " " + line.strip());
            }
        }
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(FILE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isHead(String line) {
        return line.startsWith("| what happens");
    }

    /** {@code POSIX message queue} is tested by {@code posix_message_queue}. */
    private static String methodName(String heading) {
        return heading.strip().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_");
    }

    /** By the names of the methods that test them. */
    static Map<String, Section> sections() {
        return PAGE.sections;
    }
}
