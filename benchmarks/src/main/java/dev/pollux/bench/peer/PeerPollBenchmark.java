package dev.pollux.bench.peer;

import java.io.IOException;
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
 * Is Pollux the cheapest way to learn what is ready? One poll with dispatch that finds {@code
 * ready} of {@code registered}. Baseline: each of the other contenders.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PeerPollBenchmark {
    @Param public Peer peer;

    @Param({"10", "1000", "10000"})
    public int registered;

    @Param({"1", "100"})
    public int ready;

    private Ends ends;
    private PeerSelector selector;

    @Setup
    public void open() throws IOException {
        ends = peer.ends(registered);
        selector = peer.open(ends);
        for (int i = 0; i < ready; i++) {
            ends.makeReadable(i);
        }
        for (int i = 0; i < registered; i++) {
            selector.register(i);
        }
        Expected.ready(selector, registered, ready);
    }

    @Benchmark
    public void poll() throws IOException {
        selector.poll();
    }

    @TearDown
    public void close() throws IOException {
        Expected.ready(selector, registered, ready);
        selector.close();
        ends.close();
    }
}
