package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The opening comment of an example: what it tells its reader to run starts it. */
class ExampleHeadersTest {
    private static final Path EXAMPLES = Path.of("src", "examples", "java");

    /** Its last word is the class. */
    private static final Pattern JAVA =
            Pattern.compile("java (?:--enable-native-access=ALL-UNNAMED )?-cp \"[^\"]*\" (\\S+)");

    static List<Path> programs() throws IOException {
        try (var files = Files.walk(EXAMPLES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> read(file).contains(" void main("))
                    .sorted()
                    .toList();
        }
    }

    /** The classes that have a main. */
    static List<String> names() throws IOException {
        return programs().stream().map(ExampleHeadersTest::name).toList();
    }

    private static String name(Path program) {
        return EXAMPLES.relativize(program).toString().replace(".java", "").replace('/', '.');
    }

    @ParameterizedTest
    @MethodSource("programs")
    void the_line_with_java_starts_the_program(Path program) throws Exception {
        String source = read(program);
        String header = source.substring(0, source.indexOf("*/"));
        Matcher java = JAVA.matcher(header.replaceAll("\\\\?\n \\* *", " ").replaceAll(" +", " "));
        assertTrue(java.find(), header);
        assertEquals(name(program), java.group(1));
        if (!source.contains("\"--help\"")) {
            return; // it takes no options, and would begin
        }
        var builder = new ProcessBuilder("sh", "-c", java.group() + " --help");
        String path = Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH");
        builder.environment().put("PATH", path);
        String said = Program.run(builder, "").text();
        assertTrue(said.contains("Usage: "), said);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
