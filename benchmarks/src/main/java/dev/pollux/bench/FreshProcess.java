package dev.pollux.bench;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A JVM that loads the library, says what was decided of the return predictor, and polls: the same
 * loop as {@code epoll-one} of {@code native/floor/floor.c}, timed as there.
 */
final class FreshProcess {
    /** How {@link FdSelector#dump} says it. */
    private static final Pattern DECISION = Pattern.compile("return predictor (renewed|kept)");

    private static final long WARMUP_NANOS = 300_000_000;
    private static final long MEASURED_NANOS = 100_000_000;
    private static final long STRETCH_NANOS = 200_000;

    private FreshProcess() {}

    /**
     * What one process told.
     *
     * @param nanos for one poll; 0 if it was not to poll
     */
    record Answer(String decision, double nanos) {}

    /**
     * @param returns the value of {@code pollux.returns}; empty: not set
     */
    static Answer start(String returns, boolean polls) throws IOException, InterruptedException {
        List<String> options =
                returns.isEmpty() ? List.of() : List.of("-Dpollux.returns=" + returns);
        Process process =
                new ProcessBuilder(
                                Jvm.command(options, FreshProcess.class, Boolean.toString(polls)))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String text = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) {
            throw new IOException("a fresh process failed: " + text);
        }
        String[] words = text.split(" ");
        return new Answer(words[0], Double.parseDouble(words[1]));
    }

    public static void main(String[] args) throws IOException {
        try (FdSelector selector = FdSelector.open(Backend.EPOLL)) {
            Matcher decision = DECISION.matcher(selector.dump());
            String word = decision.find() ? decision.group(1) : "unknown";
            double nanos = Boolean.parseBoolean(args[0]) ? nanosOfPoll(selector) : 0;
            System.out.println(word + " " + nanos);
        }
    }

    private static double nanosOfPoll(FdSelector selector) throws IOException {
        for (int i = 0; i < 10; i++) {
            add(selector, Fd.pipe());
        }
        int[] ready = Fd.pipe();
        Fd.write(ready[1], ByteBuffer.wrap(new byte[1]));
        add(selector, ready);
        measure(selector, WARMUP_NANOS);
        return measure(selector, MEASURED_NANOS);
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
        for (int i = 0; i < polls; i++) {
            PollResult result = selector.poll(0, TimeUnit.NANOSECONDS, Sockets.SERVE);
            if (result != PollResult.EVENTS) {
                throw new IllegalStateException("poll ended with " + result);
            }
        }
        return System.nanoTime() - start;
    }
}
