package dev.pollux.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/** One JMH benchmark with its parameters, run in a JVM of its own for each turn. */
record JmhFork(Class<?> type, String method, Map<String, String> parameters) {
    private static final int WARMUPS = 3;
    private static final int MEASUREMENTS = 10;
    private static final TimeValue WARMUP = TimeValue.milliseconds(150);
    private static final TimeValue MEASUREMENT = TimeValue.milliseconds(20);
    private static final int SMALLEST_OBJECT = 16;

    /** What JMH allocates itself in an iteration, and the profiler counts with it, is between. */
    private static final int LEAST_OWN_BYTES = 4 * 1024;

    private static final int MOST_OWN_BYTES = 8 * 1024;

    /** Forks of this run, by what they have decided of the return predictor. */
    private static int renewed;

    private static int kept;

    private static final TimeValue STUCK = TimeValue.seconds(30);

    JmhFork(Class<?> type, String method) {
        this(type, method, Map.of());
    }

    /** The same with one parameter more. */
    JmhFork with(String name, Object value) {
        var more = new HashMap<>(parameters);
        more.put(name, value.toString());
        return new JmhFork(type, method, more);
    }

    RunResult run() throws RunnerException {
        var options =
                new OptionsBuilder()
                        .include(type.getName().replace(".", "\\.") + "\\." + method + "$")
                        .forks(1)
                        .jvmArgsAppend("--enable-native-access=ALL-UNNAMED")
                        .warmupIterations(WARMUPS)
                        .warmupTime(WARMUP)
                        .measurementIterations(MEASUREMENTS)
                        .measurementTime(MEASUREMENT)
                        .timeout(STUCK)
                        .addProfiler(GCProfiler.class)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT);
        parameters.forEach(options::param);
        if (!isOfPollux()) {
            return new Runner(options.build()).runSingle();
        }
        RunResult result =
                new Runner(options.addProfiler(ReturnsProfiler.class).build()).runSingle();
        if (result.getSecondaryResults().get(ReturnsProfiler.RENEWED).getScore() > 0) {
            renewed++;
        } else {
            kept++;
        }
        return result;
    }

    /** Whether it is Pollux that works in the fork, by the binding that can decide. */
    private boolean isOfPollux() {
        String who = parameters.getOrDefault("peer", parameters.getOrDefault("provider", "POLLUX"));
        boolean jni =
                parameters.getOrDefault("binding", "jni").equals("jni") && !who.endsWith("_JNR");
        return jni && (who.startsWith("POLLUX") || who.startsWith("DROPIN"));
    }

    /** How many forks of this run went which way, for people; empty: there were none. */
    static String decisions() {
        return renewed + kept == 0
                ? ""
                : String.format(
                        "The return predictor, decided when the library is loaded: of %,d forks of"
                                + " JMH with Pollux by JNI renewed in %,d, kept in %,d.",
                        renewed + kept, renewed, kept);
    }

    /** The median of the iterations: so short that few of them meet another process. */
    static double nanos(RunResult result) {
        return result.getPrimaryResult().getStatistics().getPercentile(50);
    }

    /** The median of a counter of the benchmark's own, see {@code AuxCounters}. */
    static double counter(RunResult result, String name) {
        var medians = new ArrayList<Double>();
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            fork.getIterationResults()
                    .forEach(i -> medians.add(i.getSecondaryResults().get(name).getScore()));
        }
        return new Series(medians.stream(), Double::doubleValue).middle();
    }

    /**
     * Bytes allocated for one operation; 0 if that is not more than what JMH allocates itself; not
     * a number if an object for each operation would not be more, since they are too few.
     */
    static double bytes(RunResult result) {
        Statistics bytes = result.getSecondaryResults().get("gc.alloc.rate.norm").getStatistics();
        double median = bytes.getPercentile(50);
        double operations = MEASUREMENT.convertTo(TimeUnit.NANOSECONDS) / nanos(result);
        if (median * operations > MOST_OWN_BYTES) {
            return median;
        }
        boolean oneIsSeen = SMALLEST_OBJECT * operations + LEAST_OWN_BYTES > MOST_OWN_BYTES;
        return oneIsSeen ? 0 : Double.NaN;
    }

    /** Turns of one benchmark with one set of parameters, as if JMH had made these forks itself. */
    static RunResult merged(List<RunResult> turns) {
        Collection<BenchmarkResult> forks = new ArrayList<>();
        turns.forEach(turn -> forks.addAll(turn.getBenchmarkResults()));
        return new RunResult(turns.get(0).getParams(), forks);
    }
}
