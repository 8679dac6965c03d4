package dev.pollux.bench;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
 * Does it pay to change the selector alone? One selectNow that finds {@code ready} of {@code
 * registered}, and what users do with what was selected. Baseline: the JDK's selector.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NioSelectBenchmark {
    private static final int FIRST_SELECTIONS = 8;

    @Param public Contender provider;

    @Param({"10", "1000", "10000"})
    public int registered;

    @Param({"1", "10", "100", "1000"})
    public int ready;

    private Connections connections;
    private Selector selector;
    private int seen;
    private final Consumer<SelectionKey> handler = key -> seen += key.readyOps();

    @Setup
    public void open() throws IOException {
        selector = provider.provider().openSelector();
        connections = new Connections(provider.provider(), registered);
        connections.register(selector, 0, registered, SelectionKey.OP_READ);
        for (int i = 0; i < ready; i++) {
            connections.makeReadable(i);
        }
        int selected = 0;
        for (int i = 0; i < FIRST_SELECTIONS; i++) { // a buffer may have to grow before
            selected = selector.selectNow();
            selector.selectedKeys().clear();
        }
        if (selected != ready) {
            throw new IllegalStateException(selected + " of " + registered + " are ready");
        }
    }

    /** As in the tutorials: each key is removed with the iterator. */
    @Benchmark
    public int remove() throws IOException {
        selector.selectNow();
        for (Iterator<SelectionKey> i = selector.selectedKeys().iterator(); i.hasNext(); ) {
            seen += i.next().readyOps();
            i.remove();
        }
        return seen;
    }

    /** All keys are removed at once, when they have been worked off. */
    @Benchmark
    public int clear() throws IOException {
        selector.selectNow();
        for (SelectionKey key : selector.selectedKeys()) {
            seen += key.readyOps();
        }
        selector.selectedKeys().clear();
        return seen;
    }

    /** No set of keys: each is handed over. */
    @Benchmark
    public int consumer() throws IOException {
        selector.selectNow(handler);
        return seen;
    }

    /** As event loops do, which would wait if nothing were ready. */
    @Benchmark
    public int select() throws IOException {
        selector.select();
        for (SelectionKey key : selector.selectedKeys()) {
            seen += key.readyOps();
        }
        selector.selectedKeys().clear();
        return seen;
    }

    @TearDown
    public void close() throws IOException {
        selector.close();
        connections.close();
    }
}
