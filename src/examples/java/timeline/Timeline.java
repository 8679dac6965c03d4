/*
 * Records what LEVEL, EDGE and ONESHOT do, call for call: the traces of docs/edge-and-level.html.
 *
 * Run  make timeline                  writes docs/traces
 * or   java --enable-native-access=ALL-UNNAMED \
 *          -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" timeline.Timeline
 *      make timeline ARGS=DIR         writes DIR
 *
 * You will see a line for each file: how many runs it has and how many system calls they made. A
 * run is one pattern of arrivals, read in one way with one size of the read buffer, until nothing
 * is reported. What is written down is what the kernel did; the selector's own counters have to
 * agree. `make page` draws it. Each modify is a system call of its own here (pollux.batch=false).
 *
 * The page is about epoll. On another backend (BACKEND=poll, or a kernel that has no epoll) the
 * program says what it can record, and does so where a directory is named.
 */
package timeline;

import dev.pollux.Backend;
import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import timeline.Scene.Run;

/** Plays all scenes. */
final class Timeline {
    private static final Path TRACES = Path.of("docs", "traces");

    private Timeline() {}

    public static void main(String[] args) throws IOException {
        System.setProperty("pollux.batch", "false");
        Backend backend;
        var ways = new ArrayList<>(Arrays.asList(Way.values()));
        try (FdSelector selector = DefaultSelector.open()) {
            backend = selector.backend();
            ways.removeIf(way -> !selector.supports(way.trigger));
        }
        if (backend != Backend.EPOLL) {
            System.out.println(
                    ways.stream()
                            .map(way -> way.trigger.toString())
                            .distinct()
                            .collect(Collectors.joining(", ", backend + " can record ", ".")));
        }
        if (args.length == 0 && backend != Backend.EPOLL) {
            System.out.println(
                    "The page shows epoll: "
                            + TRACES
                            + " stays as it is. To record what there is: make timeline ARGS=DIR");
            System.exit(1);
        }
        Path directory = args.length == 0 ? TRACES : Path.of(args[0]);
        Files.createDirectories(directory);
        for (Scene scene : Scene.all()) {
            record(scene, ways, backend, directory.resolve(scene.name() + ".json"));
        }
    }

    private static void record(Scene scene, List<Way> ways, Backend backend, Path file)
            throws IOException {
        List<Way> possible = scene.ways().stream().filter(ways::contains).toList();
        List<Run> runs = scene.play(possible);
        Files.writeString(file, new Recording(backend).of(scene, possible, runs));
        long calls = runs.stream().mapToLong(run -> run.trace().counts().get("calls")).sum();
        System.out.println(file + ": " + runs.size() + " runs, " + calls + " system calls");
    }
}
