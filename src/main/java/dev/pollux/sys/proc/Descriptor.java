package dev.pollux.sys.proc;

import java.util.Map;

/**
 * What one descriptor of a process stands for.
 *
 * @param kind one word: {@code tcp}, {@code pipe}, {@code eventfd}, {@code file}, ...
 * @param text for people, the kind included: {@code tcp 127.0.0.1:80, listening}
 * @param details for programs, by name; values are strings and numbers
 */
public record Descriptor(String kind, String text, Map<String, Object> details) {
    static Descriptor of(String kind, String text) {
        return new Descriptor(kind, ProcText.printable(text), Map.of());
    }

    /** With some more words. */
    Descriptor and(String more) {
        return new Descriptor(kind, text + more, details);
    }
}
