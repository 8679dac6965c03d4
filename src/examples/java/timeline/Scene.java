/* What is played, see Timeline; not an example of its own. */
package timeline;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Patterns of arrivals, each played in each way and with each of some read buffers. */
interface Scene {
    record Run(String pattern, int buffer, Way way, Trace trace) {}

    String name();

    String title();

    int connections();

    List<Way> ways();

    /** What they are called, and what they are. */
    Map<String, String> patterns();

    List<Run> play(List<Way> ways) throws IOException;

    static List<Scene> all() {
        return List.of(Reading.one(), new Answering(), Reading.many());
    }
}
