package dev.pollux.doctor;

import dev.pollux.sys.proc.ProcText;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What was found, in sections: each fact as a value for programs and in words for people. */
final class Report {
    private static final int INDENT = 2;
    private static final int WIDTH = 18;

    private final Map<String, Map<String, Object>> sections = new LinkedHashMap<>();
    private final StringBuilder text = new StringBuilder();
    private Map<String, Object> section;

    void section(String name) {
        section = new LinkedHashMap<>();
        sections.put(inOneWord(name), section);
        text.append(name).append('\n');
    }

    /** Something that works, with {@code more} about it, or does not, with the reason. */
    void verdict(String name, boolean works, String what, String more) {
        var values = new LinkedHashMap<String, Object>();
        values.put("works", works);
        if (more != null) {
            values.put(what, more);
        }
        String words = works ? "works" : "does not work";
        fact(name, values, more == null ? words : words + ": " + more);
    }

    /** A fact whose value says it all. */
    void fact(String name, Object value) {
        fact(name, value, String.valueOf(value));
    }

    void fact(String name, Object value, String words) {
        section.put(inOneWord(name), value);
        String margin = "\n" + " ".repeat(INDENT + WIDTH);
        text.append(" ".repeat(INDENT))
                .append(name)
                .append(" ".repeat(Math.max(1, WIDTH - name.length())));
        String separator = "";
        for (String line : (Iterable<String>) words.lines()::iterator) {
            text.append(separator).append(ProcText.printable(line));
            separator = margin;
        }
        text.append('\n');
    }

    /** As JSON's names are written: {@code epollWatches}. */
    private static String inOneWord(String name) {
        var word = new StringBuilder();
        for (String part : name.split(" ")) {
            word.append(
                    word.isEmpty()
                            ? part
                            : part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1));
        }
        return word.toString();
    }

    String text() {
        return text.toString();
    }

    String json() {
        return Json.of(sections);
    }
}
