/* Requests and replies, see Timeline; not an example of its own. */
package timeline;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import sockets.Listener;

/** The three kinds of traffic of WhenEdgePays; in the last one the writer is stuck. */
final class Answering implements Scene {
    private enum Traffic {
        DOWNLOAD("64 bytes in, 1 MB out: the writer is stuck", 64, 1 << 20),
        UPLOAD("48 KB in, 64 bytes out: three read buffers", 48 * 1024, 64),
        SMALL("64 bytes each way", 64, 64);

        final String text;
        final int request;
        final int reply;

        Traffic(String text, int request, int reply) {
            this.text = text;
            this.request = request;
            this.reply = reply;
        }
    }

    @Override
    public String name() {
        return "requests";
    }

    @Override
    public String title() {
        return "Request and reply";
    }

    @Override
    public int connections() {
        return 1;
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.values());
    }

    @Override
    public Map<String, String> patterns() {
        var texts = new LinkedHashMap<String, String>();
        for (Traffic traffic : Traffic.values()) {
            texts.put(traffic.name().toLowerCase(Locale.ROOT), traffic.text);
        }
        return texts;
    }

    @Override
    public List<Run> play(List<Way> ways) throws IOException {
        var runs = new ArrayList<Run>();
        try (Listener listener = Listener.open(0)) {
            for (Traffic traffic : Traffic.values()) {
                for (Way way : ways) {
                    try (var requests =
                            new Requests(listener, way, traffic.request, traffic.reply)) {
                        String pattern = traffic.name().toLowerCase(Locale.ROOT);
                        runs.add(new Run(pattern, Requests.READ_BUFFER, way, requests.play()));
                    }
                }
            }
        }
        return runs;
    }
}
