package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples in the javadoc, in README and in {@code docs} compile, against the public API. */
class DocumentedExamplesTest {
    private static final Pattern JAVADOC =
            Pattern.compile("<pre>\\{@code\\n(.*?)\\}</pre>", Pattern.DOTALL);
    private static final Pattern MARKDOWN = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

    @TempDir static Path directory;

    /** What a fragment may take for granted. */
    private static final String BEFORE =
            """
            import dev.pollux.*;
            import dev.pollux.nio.*;
            import java.nio.ByteBuffer;
            import java.nio.channels.*;
            import java.util.*;
            import java.util.concurrent.TimeUnit;

            class Example {
                FdSelector selector;
                FdKey someKey;
                Object connection;
                ReadyHandler handler;
                ServerSocketChannel server;
                boolean running;

                boolean drain(FdKey key) { return true; }
                void readAtOnce(int fd) {}
                void runTasks() {}
                void closeIdlePeers() {}
                void consume(ByteBuffer buffer) {}

                void run(int fd) throws Exception {
            """;

    private static final String AFTER = "}}";

    static List<Path> publicTypes() throws IOException {
        var types = new ArrayList<Path>();
        for (String exported : List.of("dev/pollux", "dev/pollux/nio")) {
            try (Stream<Path> files = Files.list(Path.of("src/main/java", exported))) {
                files.filter(Files::isRegularFile)
                        .filter(DocumentedExamplesTest::isPublic)
                        .sorted()
                        .forEach(types::add);
            }
        }
        return types;
    }

    private static boolean isPublic(Path file) {
        return Pattern.compile("^public ", Pattern.MULTILINE).matcher(read(file)).find();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("publicTypes")
    void the_example_of_a_public_type_compiles(Path file) {
        var example = JAVADOC.matcher(read(file));
        assertTrue(example.find(), file + " shows no example");
        String code = example.group(1).replaceAll("(?m)^ \\* ?", "");
        assertEquals("", errors(BEFORE + code + AFTER), code);
    }

    @Test
    void the_example_of_the_module_compiles() {
        the_example_of_a_public_type_compiles(Path.of("src/main/java/module-info.java"));
    }

    @ParameterizedTest
    @MethodSource("dev.pollux.examples.Document#all")
    void the_programs_in_a_document_compile(Document document) {
        var example = MARKDOWN.matcher(document.text());
        int count = 0;
        for (; example.find(); count++) {
            String code = example.group(1);
            String program = code.contains("class ") ? code : BEFORE + code + AFTER;
            assertEquals("", errors(program), code);
        }
        assertTrue(count > 0 || !document.is("README.md"), "README shows no program");
    }

    @Test
    void an_example_that_does_not_compile_is_found_out() {
        assertFalse(errors(BEFORE + "selector.pull(handler);" + AFTER).isEmpty());
    }

    private static String errors(String code) {
        var name = Pattern.compile("class (\\w+)").matcher(code);
        assertTrue(name.find());
        Path source = directory.resolve(name.group(1) + ".java");
        var messages = new StringWriter();
        var to = new PrintWriter(messages);
        try {
            Files.writeString(source, code);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        int rc =
                ToolProvider.findFirst("javac")
                        .orElseThrow()
                        .run(
                                to,
                                to,
                                "-proc:none",
                                "-d",
                                directory.toString(),
                                "-p",
                                "target/classes",
                                "--add-modules",
                                "dev.pollux",
                                source.toString());
        return rc == 0 ? "" : messages.toString();
    }
}
