import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** What {@code make dropin} prints at the end: one line for each program that has ended well. */
final class Table {
    private static final Path FILE = Path.of(System.getProperty("dropin.directory"), "table.txt");

    static void add(
            Class<?> program,
            Jvm jvm,
            Bodies right,
            List<String> before,
            List<String> after,
            int exit)
            throws IOException {
        var lines = new ArrayList<String>();
        if (!Files.exists(FILE)) {
            lines.add(
                    "on "
                            + (Jvm.POLLUX ? "Pollux" : "the JDK's own provider")
                            + ", JDK "
                            + Runtime.version().feature());
            lines.add(
                    line(
                            "program",
                            "version",
                            "requests",
                            "bytes checked",
                            "fds",
                            "after",
                            "exit"));
        }
        lines.add(
                line(
                        program.getName(),
                        jvm.version(),
                        right.requests(),
                        right.bytes(),
                        before.size(),
                        after.size(),
                        exit));
        Files.write(FILE, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static String line(Object... columns) {
        return String.format("%-12s  %-12s  %8s  %13s  %5s  %5s  %4s", columns);
    }

    private Table() {}
}
