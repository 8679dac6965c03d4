package dev.pollux.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How long does it take to hand something to a thread that waits in select, and back? Two threads
 * wake each other by turns. Baseline: the JDK's selector.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NioWakeupBenchmark {
    @Param public Contender provider;

    private Selector here;
    private Selector there;
    private Thread other;
    private volatile boolean stopped;

    @Setup
    public void open() throws IOException {
        OneProcessor.keep();
        here = provider.provider().openSelector();
        there = provider.provider().openSelector();
        other = new Thread(this::answer, "other");
        other.start();
    }

    private void answer() {
        try {
            while (!stopped) {
                there.select();
                here.wakeup();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Benchmark
    public int roundTrip() throws IOException {
        there.wakeup();
        return here.select();
    }

    @TearDown
    public void close() throws IOException, InterruptedException {
        stopped = true;
        there.wakeup();
        other.join();
        here.close();
        there.close();
    }
}
