package dev.pollux.bench;

import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * Which backend, for how many connections? What it costs to find {@code ready} of {@code
 * registered} and to deliver each. Baseline: epoll's LEVEL with ten.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ScaleBenchmark {
    private static final int FIRST_POLLS = 8;

    @Param("epoll")
    public String backend;

    @Param({"jni", "jnr"})
    public String binding;

    @Param("LEVEL")
    public Trigger trigger;

    @Param({"10", "100", "1000", "5000", "10000", "19000"})
    public int registered;

    @Param("1")
    public int ready;

    private FdSelector selector;
    private Sockets sockets;
    private int[] readyOnes; // evenly among the others
    private long delivered;
    private final ReadyHandler handler =
            (key, what) -> {
                if (what.isReadable()) {
                    ((Sockets.Served) key.attachment()).count++;
                    delivered++;
                }
            };

    @Setup
    public void open() throws IOException {
        System.setProperty("pollux.backend", backend);
        System.setProperty("pollux.binding", binding);
        selector = DefaultSelector.open();
        sockets = new Sockets(registered);
        sockets.register(selector, registered, trigger);
        readyOnes = new int[ready];
        for (int i = 0; i < ready; i++) {
            readyOnes[i] = (int) ((long) i * registered / ready);
        }
        if (trigger == Trigger.LEVEL) {
            sendAll();
        }
        for (int i = 0; i < FIRST_POLLS; i++) { // a buffer may have to grow before
            if (trigger == Trigger.EDGE) {
                sendAll();
                poll();
                receiveAll();
            } else {
                poll();
            }
        }
    }

    private void sendAll() throws IOException {
        for (int i : readyOnes) {
            sockets.send(i);
        }
    }

    private void receiveAll() throws IOException {
        for (int i : readyOnes) {
            sockets.receive(i);
        }
    }

    /** One poll; more where so many are ready that they come in portions. */
    private void poll() throws IOException {
        long all = delivered + ready;
        while (delivered < all) {
            long before = delivered;
            selector.poll(0, TimeUnit.NANOSECONDS, handler);
            if (delivered == before) {
                throw new IllegalStateException(
                        (all - delivered) + " of " + ready + " were not delivered");
            }
        }
    }

    /** Nobody reads: LEVEL reports the same ones by every poll. */
    @Benchmark
    public long level() throws IOException {
        poll();
        return delivered;
    }

    /** The poll's part of what {@link #edge} does. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Polls {
        private long nanos;
        private long count;

        @Setup(org.openjdk.jmh.annotations.Level.Iteration)
        public void reset() {
            nanos = 0;
            count = 0;
        }

        /** Two readings of the clock included. */
        public double nanosPerPoll() {
            return (double) nanos / count;
        }
    }

    /** EDGE reports arrivals: so a byte arrives at each, is reported and read. */
    @Benchmark
    public long edge(Polls polls) throws IOException {
        sendAll();
        long start = System.nanoTime();
        poll();
        polls.nanos += System.nanoTime() - start;
        polls.count++;
        receiveAll();
        return delivered;
    }

    @TearDown
    public void close() throws IOException {
        selector.close();
        sockets.close();
    }
}
