/* Writes a scene down, see Timeline; not an example of its own. */
package timeline;

import dev.pollux.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import timeline.Scene.Run;

/**
 * JSON, in the form that docs/traces/README.md describes: one step a line, to be read in a diff.
 */
final class Recording {
    private static final String FORMAT = "pollux timeline 1";
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    private final Backend backend;

    Recording(Backend backend) {
        this.backend = backend;
    }

    /** Of all ways of the scene those that can be recorded; the others are named as missing. */
    String of(Scene scene, List<Way> ways, List<Run> runs) throws IOException {
        var missing = new LinkedHashMap<String, String>();
        var habits = new LinkedHashMap<String, String>();
        for (Way way : scene.ways()) {
            habits.put(way.name(), way.trigger + ": " + way.habit);
            if (!ways.contains(way)) {
                missing.put(way.name(), backend + " has no " + way.trigger);
            }
        }
        var members = new ArrayList<String>();
        members.add("\"format\": " + quoted(FORMAT));
        members.add("\"scene\": " + quoted(scene.name()));
        members.add("\"title\": " + quoted(scene.title()));
        members.add("\"connections\": " + scene.connections());
        members.add("\"recorded\": " + object("\n  ", surroundings(), Recording::quoted));
        members.add("\"patterns\": " + object("\n  ", scene.patterns(), Recording::quoted));
        members.add("\"ways\": " + object("\n  ", habits, Recording::quoted));
        members.add("\"missing\": " + object("\n  ", missing, Recording::quoted));
        members.add("\"runs\": [\n" + String.join(",\n", texts(runs)) + "\n]");
        return "{\n" + String.join(",\n", members) + "\n}\n";
    }

    private static List<String> texts(List<Run> runs) {
        var texts = new ArrayList<String>();
        for (Run run : runs) {
            var steps = run.trace().steps().stream().map(Recording::quoted).toList();
            texts.add(
                    "{\"pattern\": "
                            + quoted(run.pattern())
                            + (", \"buffer\": " + run.buffer())
                            + (", \"way\": " + quoted(run.way().name()))
                            + (",\n \"counts\": " + object(" ", run.trace().counts(), n -> "" + n))
                            + (",\n \"steps\": [\n  " + String.join(",\n  ", steps) + "]}"));
        }
        return texts;
    }

    private static <T> String object(
            String separator, Map<String, T> members, Function<T, String> text) {
        var texts = new ArrayList<String>();
        members.forEach((name, value) -> texts.add(quoted(name) + ": " + text.apply(value)));
        return "{"
                + (texts.isEmpty() ? "" : separator.strip())
                + String.join("," + separator, texts)
                + "}";
    }

    private Map<String, String> surroundings() throws IOException {
        var named = new LinkedHashMap<String, String>();
        named.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        named.put("backend", backend.toString());
        named.put("jdk", System.getProperty("java.vm.version"));
        named.put("processor", System.getProperty("os.arch") + processor());
        return named;
    }

    private static String processor() throws IOException {
        if (!Files.isReadable(PROCESSORS)) {
            return "";
        }
        try (var lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> ", " + line.substring(line.indexOf(':') + 1).strip())
                    .orElse("");
        }
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
