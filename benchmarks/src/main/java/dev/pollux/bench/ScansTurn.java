package dev.pollux.bench;

import dev.pollux.Backend;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * A backend that looks at every file, and the same loop in C on the same open files, by turns: the
 * program {@code native/floor/scan.c} opens them and starts this.
 *
 * @param floorNanos of the loop in C, for one poll
 * @param nanos of the library's
 * @param ratio the median of those of each turn
 */
record ScansTurn(double floorNanos, double nanos, double ratio) {
    private static final String PROGRAM = "target/floor/scan";
    private static final int TURNS = 15;
    private static final int WARM_UP = 20_000;
    private static final int STRETCHES = 61; // as in the C program, as is the next
    private static final int POLLS = 10;

    static ScansTurn take(Backend backend, String binding, int idle)
            throws IOException, InterruptedException {
        var command =
                new ArrayList<>(
                        List.of(
                                PROGRAM,
                                backend.name().toLowerCase(Locale.ROOT),
                                Integer.toString(idle),
                                Integer.toString(TURNS)));
        List<String> options = List.of("-Dpollux.binding=" + binding);
        command.addAll(Jvm.command(options, ScansTurn.class, backend.name()));
        Process process =
                new ProcessBuilder(Programs.on(0, command))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(PROGRAM + " failed: " + said);
        }
        List<double[]> turns =
                said.lines()
                        .map(line -> line.split(" "))
                        .map(words -> Arrays.stream(words).mapToDouble(Double::parseDouble))
                        .map(DoubleStream::toArray)
                        .toList();
        return new ScansTurn(
                new Series(turns.stream(), turn -> turn[0]).middle(),
                new Series(turns.stream(), turn -> turn[1]).middle(),
                new Series(turns.stream(), turn -> turn[1] / turn[0]).middle());
    }

    public static void main(String[] args) throws IOException {
        var asked = new BufferedReader(new InputStreamReader(System.in));
        String[] descriptors = asked.readLine().strip().split(" ");
        try (FdSelector selector = FdSelector.open(Backend.valueOf(args[0]))) {
            for (String fd : descriptors) {
                selector.register(
                        Integer.parseInt(fd), Interest.READ, Trigger.LEVEL, new Sockets.Served());
            }
            Sockets.pollReady(selector, WARM_UP);
            System.out.println("ready");
            while (asked.readLine() != null) {
                long[] times = new long[STRETCHES];
                for (int i = 0; i < STRETCHES; i++) {
                    long start = System.nanoTime();
                    Sockets.pollReady(selector, POLLS);
                    times[i] = System.nanoTime() - start;
                }
                Arrays.sort(times);
                System.out.println((double) times[STRETCHES / 2] / POLLS);
            }
        }
    }
}
