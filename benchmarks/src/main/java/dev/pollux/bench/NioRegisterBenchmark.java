package dev.pollux.bench;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
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
 * What do connections cost that come and go? Register, select, cancel, select: the channel itself
 * stays open, so that nothing but the selector's part is measured. Baseline: the JDK's selector.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NioRegisterBenchmark {
    private static final int REGISTERED = 10;

    @Param public Contender provider;

    private Connections connections;
    private Selector selector;
    private SocketChannel channel;

    @Setup
    public void open() throws IOException {
        selector = provider.provider().openSelector();
        connections = new Connections(provider.provider(), REGISTERED + 2);
        connections.register(selector, 0, REGISTERED, SelectionKey.OP_READ);
        channel = connections.end(REGISTERED);
    }

    @Benchmark
    public int registerCancel() throws IOException {
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        int selected = selector.selectNow();
        key.cancel();
        return selected + selector.selectNow();
    }

    @TearDown
    public void close() throws IOException {
        selector.close();
        connections.close();
    }
}
