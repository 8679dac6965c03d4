package dev.pollux.bench;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
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
 * Does it pay to send changed interest along with the wait? Interest is changed, then selectNow
 * finds nothing: no byte has come, and nothing can be written, as on a connection whose peer is
 * slow. Baseline: the JDK's selector.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NioInterestBenchmark {
    private static final int REGISTERED = 64;
    private static final int READ = SelectionKey.OP_READ;
    private static final int READ_WRITE = SelectionKey.OP_READ | SelectionKey.OP_WRITE;

    @Param public Contender provider;

    private Connections connections;
    private Selector selector;
    private List<SelectionKey> keys;

    @Setup
    public void open() throws IOException {
        selector = provider.provider().openSelector();
        connections = new Connections(provider.provider(), 2 * REGISTERED);
        keys = new ArrayList<>();
        for (int i = 0; i < 2 * REGISTERED; i += 2) {
            connections.makeUnwritable(i);
            keys.add(connections.end(i).register(selector, READ_WRITE));
        }
        if (selector.selectNow() != 0) {
            throw new IllegalStateException(selector.selectedKeys().size() + " are ready");
        }
    }

    /** A write was cut short, then taken up again: one key, READ and WRITE by turns. */
    @Benchmark
    public int readWrite() throws IOException {
        return toggle(keys.get(0), READ_WRITE);
    }

    /** Reading is suspended and resumed, as under back-pressure: one key, READ and nothing. */
    @Benchmark
    public int suspend() throws IOException {
        return toggle(keys.get(0), 0);
    }

    /** 64 keys at once. */
    @Benchmark
    public int readWrite64() throws IOException {
        for (int i = 0; i < REGISTERED; i++) {
            SelectionKey key = keys.get(i);
            key.interestOps(key.interestOps() == READ ? READ_WRITE : READ);
        }
        return selector.selectNow();
    }

    private int toggle(SelectionKey key, int other) throws IOException {
        key.interestOps(key.interestOps() == READ ? other : READ);
        return selector.selectNow();
    }

    @TearDown
    public void close() throws IOException {
        selector.close();
        connections.close();
    }
}
