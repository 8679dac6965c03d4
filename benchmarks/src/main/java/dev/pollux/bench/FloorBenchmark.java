package dev.pollux.bench;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
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
 * What does the library add to what the kernel takes? Each method is a loop of {@code
 * native/floor/floor.c} in Java, on the same descriptors. Baseline: that program.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FloorBenchmark {
    private static final int MODIFIED = 64;
    private static final Interest READ_WRITE = Interest.READ.plus(Interest.WRITE);
    private static final IntFunction<Object> NO_ATTACHMENT = fd -> null;

    @Param("epoll")
    public String backend;

    @Param({"jni", "ffm", "jnr"})
    public String binding;

    @Param("10")
    public int idle;

    /** Whether one more is registered that is always ready. */
    @Param("true")
    public boolean oneReady;

    /** Whether to stay on one processor, as the C program does. */
    @Param("false")
    public boolean oneProcessor;

    private final List<int[]> pairs = new ArrayList<>();
    private final ByteBuffer oneByte = ByteBuffer.allocateDirect(1);
    private final Thread echo = new Thread(this::answer, "echo");
    private FdSelector selector;
    private FdSelector here;
    private FdSelector there;
    private FdKey[] keys;
    private int[] pipe;
    private int[] spare;
    private final int[] spares = new int[MODIFIED];
    private boolean flip;
    private volatile boolean ending;

    /** As {@code open_all} in the C program: sockets serve two at a time, but are writable. */
    @Setup
    public void open() throws IOException {
        if (oneProcessor) {
            OneProcessor.keep();
        }
        System.setProperty("pollux.backend", backend);
        System.setProperty("pollux.binding", binding);
        selector = DefaultSelector.open();
        here = DefaultSelector.open();
        there = DefaultSelector.open();
        keys = new FdKey[idle + 1];
        int slot = 0;
        while (idle - slot > MODIFIED) {
            int[] pair = keep(Fd.socketpair());
            add(slot++, pair[0]);
            if (idle - slot > MODIFIED) {
                add(slot++, pair[1]);
            }
        }
        while (slot < idle) {
            add(slot++, keep(Fd.pipe())[0]);
        }
        pipe = keep(Fd.pipe());
        spare = keep(Fd.pipe());
        for (int i = 0; i < MODIFIED; i++) {
            spares[i] = keep(Fd.pipe())[0];
        }
        if (oneReady) {
            Fd.write(pipe[1], ByteBuffer.wrap(new byte[] {'x'}));
        }
        add(idle, pipe[0]);
        echo.setDaemon(true); // an exception on the other thread must not keep the process
        echo.start();
    }

    private int[] keep(int[] pair) {
        pairs.add(pair);
        return pair;
    }

    private void add(int slot, int fd) throws IOException {
        keys[slot] = selector.register(fd, Interest.READ, Trigger.LEVEL, new Sockets.Served());
    }

    private void answer() {
        try {
            while (there.poll(Sockets.SERVE) == PollResult.WAKEUP && !ending) {
                here.wakeup();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Benchmark
    public PollResult one() throws IOException {
        return poll(PollResult.EVENTS);
    }

    @Benchmark
    public PollResult blockOne() throws IOException {
        return expect(selector.poll(1, TimeUnit.SECONDS, Sockets.SERVE), PollResult.EVENTS);
    }

    @Benchmark
    public PollResult empty() throws IOException {
        return poll(PollResult.TIMEOUT);
    }

    @Benchmark
    public PollResult modify() throws IOException {
        selector.modify(keys[idle], nextInterest());
        return poll(PollResult.EVENTS);
    }

    @Benchmark
    public PollResult modify64() throws IOException {
        Interest interest = nextInterest();
        for (int i = 0; i < MODIFIED; i++) {
            selector.modify(keys[idle - i], interest);
        }
        return poll(PollResult.EVENTS);
    }

    /** A change that is taken back before the kernel has heard of it. */
    @Benchmark
    public PollResult toggle() throws IOException {
        FdKey key = keys[idle];
        selector.modify(key, READ_WRITE);
        selector.modify(key, Interest.READ);
        return poll(PollResult.TIMEOUT);
    }

    @Benchmark
    public FdKey register() throws IOException {
        FdKey key = selector.register(spare[0], Interest.READ, Trigger.LEVEL, null);
        selector.unregister(key);
        return key;
    }

    /** What was registered together is unregistered one by one. */
    @Benchmark
    public PollResult register64() throws IOException {
        List<FdKey> made =
                selector.registerAll(spares, Interest.READ, Trigger.LEVEL, NO_ATTACHMENT);
        PollResult result = poll(PollResult.TIMEOUT);
        for (FdKey key : made) {
            selector.unregister(key);
        }
        return result;
    }

    @Benchmark
    public int writeRead() throws IOException {
        return Fd.write(pipe[1], oneByte.clear()) + Fd.read(pipe[0], oneByte.clear());
    }

    @Benchmark
    public PollResult wakeup() throws IOException {
        there.wakeup();
        return expect(here.poll(Sockets.SERVE), PollResult.WAKEUP);
    }

    private PollResult poll(PollResult expected) throws IOException {
        return expect(selector.poll(0, TimeUnit.NANOSECONDS, Sockets.SERVE), expected);
    }

    private static PollResult expect(PollResult result, PollResult expected) {
        if (result != expected) {
            throw new IllegalStateException("poll ended with " + result + ", not " + expected);
        }
        return result;
    }

    private Interest nextInterest() {
        flip = !flip;
        return flip ? READ_WRITE : Interest.READ;
    }

    @TearDown
    public void close() throws IOException, InterruptedException {
        ending = true;
        there.wakeup();
        echo.join();
        selector.close();
        here.close();
        there.close();
        for (int[] pair : pairs) {
            Fd.close(pair[0]);
            Fd.close(pair[1]);
        }
    }
}
