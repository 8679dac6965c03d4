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
 * What do connections cost that come and go? Register, poll, unregister, poll: java.nio gives a
 * channel free with the poll after its key was cancelled. Each poll finds one of ten others ready.
 * Baseline: each of the other contenders.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PeerRegisterBenchmark {
    private static final int REGISTERED = 10;

    /** More code than elsewhere is to be compiled before it is measured. */
    private static final int WARMUPS = 40_000;

    @Param public Peer peer;

    private Ends ends;
    private PeerSelector selector;

    @Setup
    public void open() throws IOException {
        ends = peer.ends(REGISTERED + 2);
        selector = peer.open(ends);
        ends.makeReadable(0);
        for (int i = 0; i < REGISTERED; i++) {
            selector.register(i);
        }
        Expected.ready(selector, ends.count(), 1);
        for (int i = 0; i < WARMUPS; i++) {
            comeAndGo();
        }
    }

    @Benchmark
    public void comeAndGo() throws IOException {
        selector.register(REGISTERED);
        selector.poll();
        selector.unregister(REGISTERED);
        selector.poll();
    }

    @TearDown
    public void close() throws IOException {
        ends.makeReadable(REGISTERED);
        Expected.ready(selector, ends.count(), 1);
        selector.close();
        ends.close();
    }
}
