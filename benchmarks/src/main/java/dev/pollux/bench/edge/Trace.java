package dev.pollux.bench.edge;

import dev.pollux.Backend;
import dev.pollux.bench.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The kernel's count beside the program's own: strace writes down each call of a few messages, and
 * what lies between an order and its answer is counted. More than {@code strace -c} tells: that has
 * one sum for a process, in which the JVM's own reads and the exchange of orders would be.
 */
public final class Trace {
    private static final String TOOL = "strace";

    /** With a question mark: not every architecture has it. */
    private static final String KINDS =
            "trace=?epoll_wait,?epoll_pwait,?epoll_pwait2,epoll_ctl,read,write";

    /** Thread, call, first argument; the second half of a call that was interrupted has none. */
    private static final Pattern LINE = Pattern.compile("(\\d+) +(\\w+)\\((\\d+).*");

    /** What both say of one mode and traffic. */
    public record Both(Traffic traffic, Mode mode, Calls counted, Calls traced) {
        public boolean agree() {
            return counted.equals(traced);
        }
    }

    /** Why there is none; null if there is nothing against it. */
    public static String missingBecause(Backend backend) {
        if (backend != Backend.EPOLL) {
            return "only the calls of epoll are known, not those of " + backend;
        }
        return Programs.isInstalled(TOOL) ? null : "strace is not installed";
    }

    /** A few messages of each. */
    public static List<Both> take(List<Traffic> traffics, List<Mode> modes) throws IOException {
        Path log = Files.createTempFile("pollux-edge", ".strace");
        try {
            var strace = List.of(TOOL, "-f", "-s", "0", "-e", KINDS, "-o", "" + log);
            var counted = new ArrayList<Both>();
            try (var worker = WorkerProcess.startBehind(strace, modes)) {
                for (Traffic traffic : traffics) {
                    worker.open(traffic);
                    for (Mode mode : modes) {
                        counted.add(new Both(traffic, mode, worker.count(mode), null));
                    }
                }
            }
            List<Calls> answers = read(log);
            int orders = traffics.size() * (1 + modes.size());
            if (answers.size() != orders) {
                throw new IOException(
                        "strace saw " + answers.size() + " answers of " + orders + "; see above");
            }
            var all = new ArrayList<Both>();
            for (int i = 0; i < counted.size(); i++) {
                Both both = counted.get(i);
                int answer = i / modes.size() * (1 + modes.size()) + 1 + i % modes.size();
                all.add(new Both(both.traffic, both.mode, both.counted, answers.get(answer)));
            }
            return all;
        } finally {
            Files.delete(log);
        }
    }

    /** For each answer, what its thread has called since the order. */
    private static List<Calls> read(Path log) throws IOException {
        var answers = new ArrayList<Calls>();
        Map<String, Map<String, Long>> threads = new HashMap<>();
        try (var lines = Files.lines(log)) {
            for (String line : (Iterable<String>) lines::iterator) {
                var matcher = LINE.matcher(line);
                if (!matcher.matches()) {
                    continue; // signals, the ends of threads
                }
                var calls = threads.computeIfAbsent(matcher.group(1), t -> new HashMap<>());
                String call = matcher.group(2);
                switch (matcher.group(3)) {
                    case "0" -> calls.clear(); // an order
                    case "1" -> answers.add(calls(calls));
                    default ->
                            calls.merge(
                                    call.startsWith("epoll_") ? kind(call) : call, 1L, Long::sum);
                }
            }
        }
        return answers;
    }

    private static String kind(String call) {
        return call.equals("epoll_ctl") ? call : "epoll_wait";
    }

    private static Calls calls(Map<String, Long> seen) {
        return new Calls(
                seen.getOrDefault("epoll_wait", 0L),
                seen.getOrDefault("read", 0L),
                seen.getOrDefault("write", 0L),
                seen.getOrDefault("epoll_ctl", 0L));
    }

    private Trace() {}
}
