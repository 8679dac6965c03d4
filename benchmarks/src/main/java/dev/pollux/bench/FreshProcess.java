package dev.pollux.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A JVM that loads the library, says what was decided of the return predictor, and polls when it is
 * asked: the same loop as {@code epoll-one} of {@code native/floor/floor.c}, timed as there, on the
 * same processor.
 */
final class FreshProcess implements AutoCloseable {
    /** How {@link FdSelector#dump} says it. */
    private static final Pattern DECISION = Pattern.compile("return predictor (renewed|kept)");

    private static final long WARMUP_NANOS = 600_000_000;
    private static final long MEASURED_NANOS = 40_000_000;
    private static final long STRETCH_NANOS = 200_000;

    private final PinnedProcess process;
    private final String decision;

    /**
     * Starts one.
     *
     * @param returns the value of {@code pollux.returns}; empty: not set
     */
    FreshProcess(String returns) throws IOException {
        List<String> options =
                returns.isEmpty() ? List.of() : List.of("-Dpollux.returns=" + returns);
        process = new PinnedProcess(0, Jvm.command(options, FreshProcess.class));
        decision = process.line();
    }

    /** What it has decided: renewed, or kept. */
    String decision() {
        return decision;
    }

    /** Nanoseconds for one poll, of now. */
    double nanosOfPoll() throws IOException {
        return Double.parseDouble(process.ask());
    }

    /** Ends it, and waits until it has ended: the next one is to have the processor. */
    @Override
    public void close() {
        process.close();
    }

    public static void main(String[] args) throws IOException {
        var asked = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        try (FdSelector selector = FdSelector.open(Backend.EPOLL)) {
            Matcher decision = DECISION.matcher(selector.dump());
            System.out.println(decision.find() ? decision.group(1) : "unknown");
            for (boolean warm = false; asked.readLine() != null; warm = true) {
                if (!warm) {
                    registerAndWarmUp(selector);
                }
                System.out.println(measure(selector, MEASURED_NANOS));
            }
        }
    }

    private static void registerAndWarmUp(FdSelector selector) throws IOException {
        for (int i = 0; i < 10; i++) {
            add(selector, Fd.pipe());
        }
        int[] ready = Fd.pipe();
        Fd.write(ready[1], ByteBuffer.wrap(new byte[1]));
        add(selector, ready);
        measure(selector, WARMUP_NANOS);
    }

    private static void add(FdSelector selector, int[] pipe) throws IOException {
        selector.register(pipe[0], Interest.READ, Trigger.LEVEL, new Sockets.Served());
    }

    /** The median of stretches, for one poll. */
    private static double measure(FdSelector selector, long nanos) throws IOException {
        int polls = 1;
        while (stretch(selector, polls) < STRETCH_NANOS) {
            polls *= 2;
        }
        var times = new ArrayList<Long>();
        long end = System.nanoTime() + nanos;
        do {
            times.add(stretch(selector, polls));
        } while (System.nanoTime() < end);
        long[] sorted = times.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return (double) sorted[sorted.length / 2] / polls;
    }

    private static long stretch(FdSelector selector, int polls) throws IOException {
        long start = System.nanoTime();
        Sockets.pollReady(selector, polls);
        return System.nanoTime() - start;
    }
}
