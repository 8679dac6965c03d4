package dev.pollux.examples;

import static dev.pollux.support.Program.assumeInstalled;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipes: each against the program or the kernel that it is about. */
@Tag("long")
class RecipesTest {
    @TempDir Path directory;

    // ---- child processes

    @EveryBackend
    void fifty_children_talk_to_one_thread(Pair pair) throws Exception {
        Result run = run(pair, "Children");
        run.expectLine("50 children, 200 descriptors");
        run.expectLine("lines: 5000 to them, 5000 from standard output, 5000 from standard error");
        run.expectLine("ended: 50 by pidfd, 50 with their status");
        run.expectLine("threads: ([0-9]+) with 1 child, \\1 with 50");
        expectIdle(run, 150);
    }

    /** Four times what their pipes hold, so that all of them are full meanwhile. */
    @EveryBackend
    void children_get_more_than_their_pipes_hold(Pair pair) throws Exception {
        Result run = run(pair, "Children", "2", "20000");
        run.expectLine("lines: 40000 to them, 40000 .* output, 40000 .* error");
        run.expectLine("ended: 2 by pidfd, 2 with their status");
    }

    // ---- serial lines

    @EveryBackend
    void a_hundred_serial_lines_take_every_byte(Pair pair) throws Exception {
        Result run = run(pair, "SerialLines");
        run.expectLine("100 lines, 10000 frames there and back, unchanged");
        expectIdle(run, 200);
    }

    @EveryBackend
    void a_serial_line_that_is_named_is_shown_until_it_hangs_up(Pair pair) throws Exception {
        assumeInstalled("socat");
        Path line = directory.resolve("line");
        try (var device = new Program(List.of("socat", "pty,link=" + line, "stdio"))) {
            Program.until(() -> Files.exists(line), "the line");
            try (var shown = started(pair, "SerialLines", line.toString())) {
                shown.expect("raw, waiting");
                String settings = Program.run("stty", "-a", "-F", line.toString()).text();
                assertTrue(settings.contains("speed 115200 baud"), settings);
                assertTrue(settings.matches("(?s).*-icanon.*-echo .*"), settings);
                device.type("one");
                shown.expect("one");
                device.type("two");
                shown.expect("two");
                device.endInput();
                Result all = shown.result().ok();
                all.expectLine(".*: hung up");
            }
        }
    }

    // ---- changes of files

    @EveryBackend
    void each_change_in_a_directory_is_shown(Pair pair) throws Exception {
        Result run = run(pair, "FileChanges");
        List<String> events =
                run.text()
                        .lines()
                        .filter(l -> l.matches("[A-Z_]+ .*"))
                        .map(l -> l.replaceAll(" /\\S+", ""))
                        .toList();
        assertEquals(
                List.of(
                        "CREATE a",
                        "MODIFY a",
                        "CLOSE_WRITE a",
                        "MOVED_FROM a",
                        "MOVED_TO b",
                        "DELETE b",
                        "DELETE_SELF "),
                events);
        run.expectLine("nothing left to watch");
        expectIdle(run, 1);
    }

    @EveryBackend
    void directories_that_are_named_are_watched_until_all_are_gone(Pair pair) throws Exception {
        Path one = Files.createDirectory(directory.resolve("one"));
        Path two = Files.createDirectory(directory.resolve("two"));
        try (var shown = started(pair, "FileChanges", one.toString(), two.toString())) {
            shown.expect("watching " + two);
            Files.createFile(two.resolve("file"));
            shown.expect("CREATE " + two + " file");
            Files.delete(one);
            shown.expect("DELETE_SELF " + one);
            Files.delete(two.resolve("file"));
            Files.delete(two);
            shown.result().ok().expectLine("nothing left to watch");
        }
    }

    /** The control: a descriptor that is ready is no idle one, and is not taken for one. */
    @Test
    void a_recipe_that_fails_is_no_success() throws Exception {
        Pair any = Examples.available(dev.pollux.Backend.values());
        Result run = Examples.run(any, "recipes.FileChanges", "/dev/null/none").expect(1);
        run.expectLine(".*inotify_add_watch.*ENOTDIR.*");
    }

    // ---- all of them

    private static Program started(Pair pair, String recipe, String... arguments)
            throws IOException {
        return new Program(Examples.java(pair, "recipes." + recipe, arguments));
    }

    /** Skips the test where the recipe was skipped, with its reason. */
    private static Result run(Pair pair, String recipe, String... arguments) throws IOException {
        Result run = Examples.run(pair, "recipes." + recipe, arguments).ok();
        List<String> skipped = run.lines("skipped: ");
        assumeTrue(skipped.isEmpty(), () -> recipe + ": " + skipped.get(0));
        return run;
    }

    private static void expectIdle(Result run, int descriptors) {
        run.expectLine("idle: 0 wake-ups in a second, " + descriptors + " descriptors, by .*");
        run.text()
                .lines()
                .filter(line -> line.startsWith("idle: "))
                .forEach(line -> assertTrue(line.startsWith("idle: 0 "), run.text()));
    }
}
