package dev.pollux.sys.proc;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads files of {@code /proc}, whatever bytes a program has put into its own name or paths. */
public final class ProcText {
    private ProcText() {}

    /**
     * The whole file; bytes that are no UTF-8 are replaced. By a stream: {@code Files.readAllBytes}
     * asks a file of size 0 for one byte first, and a number below {@code /proc/sys} is at its end
     * after that.
     */
    public static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Its first line without the end of it; null if the file is not there or not readable. */
    public static String firstLine(Path file) {
        try {
            return read(file).lines().findFirst().orElse("").strip();
        } catch (IOException e) {
            return null;
        }
    }

    /**
     * What stands behind {@code name} and a colon at the beginning of a line; null: no such line.
     */
    public static String value(String text, String name) {
        List<String> found =
                text.lines().filter(line -> line.startsWith(name + ":")).limit(1).toList();
        return found.isEmpty() ? null : found.get(0).substring(name.length() + 1).strip();
    }

    /** For a terminal: control characters, which a path may hold, become question marks. */
    public static String printable(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]", "?");
    }
}
