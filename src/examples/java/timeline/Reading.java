/* Messages that are read, and nothing else, see Timeline; not an example of its own. */
package timeline;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import timeline.Readers.Arrival;

/** What arrives together and is then polled for is one phase of a pattern. */
record Reading(String name, String title, int connections, List<Pattern> all, List<Integer> buffers)
        implements Scene {

    record Pattern(String name, String text, List<List<Arrival>> phases) {}

    private static final int MANY = 500;
    private static final int PHASES = 5;

    /** The first pattern with the buffer of 4 bytes is that of EdgeAndLevel. */
    static Scene one() {
        var patterns =
                List.of(
                        pattern("example", "8 bytes, later 4", 8, 0, 4, 0),
                        pattern("small", "five messages of 4 bytes", 4, 0, 4, 0, 4, 0, 4, 0, 4, 0),
                        pattern("burst", "16 bytes at once", 16, 0),
                        pattern("trickle", "five single bytes", 1, 0, 1, 0, 1, 0, 1, 0, 1, 0),
                        pattern("meanwhile", "4 bytes, 4 more during the first read", 4, 4, 4, 4));
        return new Reading("one", "One connection", 1, patterns, List.of(2, 4, 8, 16));
    }

    static Scene many() {
        var patterns = List.of(atRandom("few", 10), atRandom("some", 25), atRandom("tenth", 50));
        return new Reading("many", MANY + " connections", MANY, patterns, List.of(64, 256));
    }

    /** Pairs: bytes that arrive, and bytes that arrive right after the first read of those. */
    private static Pattern pattern(String name, String text, int... bytes) {
        var phases = new ArrayList<List<Arrival>>();
        for (int i = 0; i < bytes.length; i += 2) {
            phases.add(List.of(new Arrival(0, bytes[i], bytes[i + 1])));
        }
        return new Pattern(name, text, phases);
    }

    /** The same ones on every machine. */
    private static Pattern atRandom(String name, int active) {
        var random = new Random(active);
        var phases = new ArrayList<List<Arrival>>();
        for (int i = 0; i < PHASES; i++) {
            phases.add(
                    IntStream.generate(() -> random.nextInt(MANY))
                            .distinct()
                            .limit(active)
                            .mapToObj(c -> new Arrival(c, 16 * (1 + random.nextInt(16)), 0))
                            .toList());
        }
        String text = PHASES + " times 16 to 256 bytes at " + active + " of " + MANY;
        return new Pattern(name, text, phases);
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.LEVEL, Way.EDGE_EAGAIN, Way.EDGE_SHORT, Way.ONESHOT, Way.EDGE_ONCE);
    }

    @Override
    public Map<String, String> patterns() {
        var texts = new LinkedHashMap<String, String>();
        all.forEach(pattern -> texts.put(pattern.name, pattern.text));
        return texts;
    }

    @Override
    public List<Run> play(List<Way> ways) throws IOException {
        var runs = new ArrayList<Run>();
        for (Pattern pattern : all) {
            for (int buffer : buffers) {
                for (Way way : ways) {
                    try (var readers = new Readers(connections, way, buffer)) {
                        for (List<Arrival> arrivals : pattern.phases) {
                            readers.play(arrivals);
                        }
                        runs.add(new Run(pattern.name, buffer, way, readers.end()));
                    }
                }
            }
        }
        return runs;
    }
}
