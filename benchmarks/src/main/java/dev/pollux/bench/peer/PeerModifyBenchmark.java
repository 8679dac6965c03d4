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
 * Does it pay to send changed interest along with the wait? Interest goes between READ and
 * READ|WRITE, then a poll finds the one end that is readable. None of those that change can be
 * written to, as on connections whose peers are slow. Baseline: each of the other contenders, and
 * the same loop in C.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PeerModifyBenchmark {
    private static final int CHANGED = 64;
    private static final int REGISTERED = CHANGED + 1;

    @Param public Peer peer;

    private Ends ends;
    private PeerSelector selector;
    private boolean write;

    @Setup
    public void open() throws IOException {
        ends = peer.ends(2 * REGISTERED);
        selector = peer.open(ends);
        ends.makeReadable(end(0));
        for (int i = 0; i < CHANGED; i++) {
            ends.makeUnwritable(end(i));
        }
        for (int i = 0; i < REGISTERED; i++) {
            selector.register(end(i));
        }
        check();
        modify64();
        check();
    }

    /** Filled with what end i writes is its other end, which is not registered. */
    private static int end(int i) {
        return 2 * i;
    }

    private void check() throws IOException {
        Expected.ready(selector, ends.count(), 1);
    }

    /** One change, one poll. */
    @Benchmark
    public void modify() throws IOException {
        write = !write;
        selector.modify(end(0), write);
        selector.poll();
    }

    /** 64 changes, one poll. */
    @Benchmark
    public void modify64() throws IOException {
        write = !write;
        for (int i = 0; i < CHANGED; i++) {
            selector.modify(end(i), write);
        }
        selector.poll();
    }

    /** A write was cut short and completed before the next poll: there is nothing to change. */
    @Benchmark
    public void thereAndBack() throws IOException {
        selector.modify(end(0), true);
        selector.modify(end(0), false);
        selector.poll();
    }

    @TearDown
    public void close() throws IOException {
        check();
        selector.close();
        ends.close();
    }
}
