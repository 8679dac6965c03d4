package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The traces that docs/edge-and-level.html is made of. */
@Tag("long")
class TimelineTest {
    private static final Path TRACES = Path.of("docs", "traces");

    /** Of EdgeAndLevel, where there is EDGE. */
    private static final List<String> COLUMNS =
            List.of("LEVEL", "EDGE_ONCE", "EDGE_EAGAIN", "ONESHOT");

    @TempDir Path directory;

    /** Not of requests: over TCP the kernel's buffers are a part, and another kernel has others. */
    @EveryBackend
    void what_is_recorded_is_what_the_repository_has(Pair pair) throws Exception {
        Result run = Examples.run(pair, "timeline.Timeline", directory.toString()).ok();
        run.expectLine(".*one.json: [0-9]+ runs, [0-9]+ system calls");
        run.expectLine(".*requests.json: [0-9]+ runs, [0-9]+ system calls");
        String edge = Examples.hasEdge(pair) ? "}" : "\"EDGE_EAGAIN\": \"" + pair.backend();
        assertTrue(recorded("requests").contains("\"missing\": {" + edge), run.text());
        for (String scene : List.of("one", "many")) {
            String text = recorded(scene);
            assertTrue(text.contains("\"backend\": \"" + pair.backend() + "\""), text);
            if (pair.backend() == Backend.EPOLL) {
                assertEquals(runs(Files.readString(TRACES.resolve(scene + ".json"))), runs(text));
            } else if (!Examples.hasEdge(pair)) {
                run.expectLine(pair.backend() + " can record LEVEL, ONESHOT[.]");
                assertFalse(runs(text).contains("\"way\": \"EDGE"), text);
            }
        }
        expectAsShown(Examples.run(pair, "EdgeAndLevel").ok(), pair);
    }

    /** What EdgeAndLevel has counted is what was recorded of the same arrivals. */
    private void expectAsShown(Result shown, Pair pair) throws IOException {
        String one = recorded("one");
        List<String> ways = Examples.hasEdge(pair) ? COLUMNS : List.of("LEVEL", "ONESHOT");
        shown.expectLine("reported" + row(one, ways, "reports"));
        shown.expectLine("reads" + row(one, ways, "reads"));
        shown.expectLine("bytes read" + row(one, ways, "read"));
        shown.expectLine("left behind" + row(one, ways, "unread"));
    }

    private String recorded(String scene) throws IOException {
        return Files.readString(directory.resolve(scene + ".json"));
    }

    private static String runs(String text) {
        return text.substring(text.indexOf("\"runs\""));
    }

    /** The counts of the ways, as a line of EdgeAndLevel has them. */
    private static String row(String one, List<String> ways, String count) {
        var row = new StringBuilder();
        for (String way : ways) {
            String run = "\"pattern\": \"example\", \"buffer\": 4, \"way\": \"" + way + "\"";
            var value = Pattern.compile(run + "[^}]*\"" + count + "\": ([0-9]+)").matcher(one);
            assertTrue(value.find(), run);
            row.append(" +").append(value.group(1)).append("(?: [(]!\\))?");
        }
        return row.toString();
    }

    /** The page is about epoll. */
    @Test
    void what_is_no_epoll_leaves_the_traces_alone() throws Exception {
        String before = Files.readString(TRACES.resolve("one.json"));
        Pair other = Examples.available(Backend.POLL, Backend.SELECT);
        Result run = Examples.run(other, "timeline.Timeline").expect(1);
        run.expectLine(other.backend() + " can record LEVEL, ONESHOT[.]");
        run.expectLine("The page shows epoll: .* stays as it is.*make timeline ARGS=DIR");
        assertEquals(before, Files.readString(TRACES.resolve("one.json")));
    }
}
