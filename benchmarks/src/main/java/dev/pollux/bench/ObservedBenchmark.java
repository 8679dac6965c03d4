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
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What does it cost to look at a loop? Baseline: a build that cannot be looked at, or not so. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ObservedBenchmark {
    private static final int IDLE = 10;
    private static final Interest READ_WRITE = Interest.READ.plus(Interest.WRITE);

    @Param("OFF")
    public Observation observation;

    private final List<int[]> pipes = new ArrayList<>();
    private FdSelector selector;
    private FdKey ready;
    private Recording recording;
    private boolean flip;

    @Setup
    public void open() throws IOException, ParseException {
        System.setProperty("pollux.strict", "" + (observation == Observation.STRICT));
        selector = DefaultSelector.open();
        for (int i = 0; i <= IDLE; i++) {
            int[] pipe = Fd.pipe();
            pipes.add(pipe);
            var served = new Sockets.Served();
            ready = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, served);
        }
        Fd.write(pipes.get(IDLE)[1], ByteBuffer.wrap(new byte[] {'x'}));
        switch (observation) {
            case COUNTERS -> selector.startCounting(false);
            case TIMES -> selector.startCounting(true);
            case RECORDER -> record(new Recording());
            case RECORDER_AND_JDK ->
                    record(new Recording(Configuration.getConfiguration("default")));
            case BASE, OFF, STRICT -> {}
        }
    }

    private void record(Recording started) {
        recording = started;
        recording.start();
    }

    @Benchmark
    public PollResult one() throws IOException {
        return expect(selector.poll(0, TimeUnit.NANOSECONDS, Sockets.SERVE), PollResult.EVENTS);
    }

    @Benchmark
    public PollResult blockOne() throws IOException {
        return expect(selector.poll(1, TimeUnit.SECONDS, Sockets.SERVE), PollResult.EVENTS);
    }

    @Benchmark
    public PollResult modify() throws IOException {
        flip = !flip;
        selector.modify(ready, flip ? READ_WRITE : Interest.READ);
        return one();
    }

    @Benchmark
    public PollResult wakeup() throws IOException {
        selector.wakeup();
        return expect(selector.poll(0, TimeUnit.NANOSECONDS, Sockets.SERVE), PollResult.WAKEUP);
    }

    private static PollResult expect(PollResult result, PollResult expected) {
        if (result != expected) {
            throw new IllegalStateException("poll ended with " + result + ", not " + expected);
        }
        return result;
    }

    @TearDown
    public void close() throws IOException {
        if (recording != null) {
            recording.close();
        }
        selector.close();
        for (int[] pipe : pipes) {
            Fd.close(pipe[0]);
            Fd.close(pipe[1]);
        }
    }
}
