package dev.pollux.bench.edge;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * The process that measures. All modes run in this one, and are warmed up before: a mode is data,
 * so they share their machine code, and no call site sees a class more than with one mode alone.
 * With a JVM for each, as JMH would have it, two compilations and two layouts of memory would be
 * compared as well, and minutes would lie between figures that differ by hundredths. Nor can JMH
 * leave the client's part out of what it times.
 *
 * <p>Each line it is told is answered by one: {@code open} and a traffic; {@code round} and
 * nanoseconds: all modes, by turns; {@code count} and a mode: a few messages of that one.
 */
public final class Worker {
    private static final long WARM_UP_NANOS = 100_000_000;
    private static final int SLICES = 20;
    private static final int COUNTED = 10;

    private static final List<Traffic> TO_WARM_UP =
            List.of(
                    Traffic.SMALL,
                    Traffic.SMALL.withRequest(64 * 1024),
                    Traffic.SMALL.withStuck(50),
                    Traffic.SMALL.withDepth(4).withReady(4));

    private final List<Mode> modes;
    private final Map<Mode, Exchange> exchanges = new EnumMap<>(Mode.class);

    private Worker(List<Mode> modes) {
        this.modes = new ArrayList<>(modes);
    }

    /** Arguments: the modes. With {@code --cold} before them it does not warm up at first. */
    public static void main(String[] args) throws IOException {
        var words = List.of(args);
        boolean cold = words.contains("--cold");
        var worker =
                new Worker(
                        words.stream()
                                .filter(w -> !w.equals("--cold"))
                                .map(Mode::valueOf)
                                .toList());
        try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                var out = new FileOutputStream(FileDescriptor.out)) {
            if (!cold) {
                worker.warmUp();
            }
            for (String line; (line = in.readLine()) != null; ) {
                String answer = worker.obey(line.split(" "));
                out.write((answer + "\n").getBytes(StandardCharsets.UTF_8)); // one system call
            }
        } finally {
            worker.closeExchanges();
        }
    }

    private void warmUp() throws IOException {
        for (Traffic traffic : TO_WARM_UP) {
            open(traffic);
            round(WARM_UP_NANOS);
        }
    }

    private String obey(String... words) throws IOException {
        switch (words[0]) {
            case "open" -> {
                int[] n = Arrays.stream(words).skip(1).mapToInt(Integer::parseInt).toArray();
                open(new Traffic(n[0], n[1], n[2], n[3], n[4], n[5]));
                return "open";
            }
            case "count" -> {
                Exchange exchange = exchanges.get(Mode.valueOf(words[1]));
                for (int i = 0; i < COUNTED; i++) {
                    exchange.slice(0);
                }
                return exchange.turn().toLine();
            }
            case "round" -> {
                return round(Long.parseLong(words[1]));
            }
            default -> throw new IllegalArgumentException("open, count or round, not " + words[0]);
        }
    }

    /** In slices, so that what makes the machine slow for a while does so to all modes. */
    private String round(long nanosPerMode) throws IOException {
        for (int i = 0; i < SLICES; i++) {
            for (Mode mode : modes) {
                exchanges.get(mode).slice(nanosPerMode / SLICES);
            }
            Collections.rotate(modes, 1);
        }
        var answer = new StringJoiner(",");
        for (Exchange exchange : exchanges.values()) {
            answer.add(exchange.turn().toLine());
        }
        return answer.toString();
    }

    private void open(Traffic traffic) throws IOException {
        closeExchanges();
        for (Mode mode : modes) {
            exchanges.put(mode, new Exchange(mode, traffic));
        }
        for (Exchange exchange : exchanges.values()) {
            exchange.slice(0); // the first messages of a connection are slow
            exchange.turn();
        }
    }

    private void closeExchanges() throws IOException {
        for (Exchange exchange : exchanges.values()) {
            exchange.close();
        }
        exchanges.clear();
    }
}
