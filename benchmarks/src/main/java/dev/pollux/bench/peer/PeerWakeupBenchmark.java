package dev.pollux.bench.peer;

import dev.pollux.bench.OneProcessor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
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
 * How long does it take to hand something to a thread that waits, and back? Two threads wake each
 * other by turns. Baseline: each of the other contenders, and eventfd and epoll in C.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PeerWakeupBenchmark {
    @Param public Peer peer;

    private Ends none;
    private PeerSelector here;
    private PeerSelector there;
    private CompletableFuture<Void> other;
    private volatile boolean stopped;
    private long asked;
    private long answered;

    @Setup
    public void open() throws IOException {
        OneProcessor.keep();
        none = peer.ends(0);
        here = peer.open(none);
        var opened = new CompletableFuture<PeerSelector>();
        other = new CompletableFuture<>();
        new Thread(() -> answer(opened), "other").start();
        there = opened.join();
    }

    private void answer(CompletableFuture<PeerSelector> opened) {
        try (PeerSelector mine = peer.open(none)) {
            opened.complete(mine);
            while (!stopped) {
                mine.await();
                answered++;
                here.wakeup();
            }
            other.complete(null);
        } catch (Throwable e) {
            opened.completeExceptionally(e);
            other.completeExceptionally(e);
        }
    }

    @Benchmark
    public void roundTrip() throws IOException {
        asked++;
        there.wakeup();
        here.await();
    }

    @TearDown
    public void close() throws IOException {
        stopped = true;
        asked++;
        there.wakeup();
        other.join();
        if (Math.abs(answered - asked) > asked / 1000 + 1) {
            throw new IllegalStateException(
                    answered + " answers to " + asked + ": waits ended that nobody had ended");
        }
        here.close();
        none.close();
    }
}
