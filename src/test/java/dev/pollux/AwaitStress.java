package dev.pollux;

import static java.util.concurrent.TimeUnit.MICROSECONDS;

import dev.pollux.support.Crew;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Threads, each with a pipe or a pseudo-terminal, that wait for one byte after the other, some of
 * them with time-outs and cancellations: each has all its bytes in the end, or it does not end.
 */
final class AwaitStress {
    private static final long LIMIT = 300; // seconds: what has not come by then is lost
    private static final int PTY_EACH = 20; // the kernel has 4096 of them by default

    final AtomicLong waits = new AtomicLong();
    final AtomicLong timeOuts = new AtomicLong();
    final AtomicLong cancelled = new AtomicLong();
    int ptys;

    private final Await await;
    private final int rounds;
    private final ConcurrentLinkedQueue<Future<?>> toCancel = new ConcurrentLinkedQueue<>();
    private final Crew crew = new Crew();
    private final AtomicInteger unfinished = new AtomicInteger();
    private AtomicIntegerArray read; // bytes, by each
    private volatile Throwable failure;

    AwaitStress(Await await, int rounds) {
        this.await = await;
        this.rounds = rounds;
    }

    /** With so many threads; what they have read is all that was written, or it throws. */
    void run(int threads, boolean virtual) throws Exception {
        List<int[]> ends = new ArrayList<>(); // to read, to write
        try {
            while (ends.size() < threads) {
                boolean isPty = Host.LINUX && ends.size() % PTY_EACH == PTY_EACH - 1;
                ptys += isPty ? 1 : 0;
                ends.add(isPty ? pty() : Fd.pipe());
            }
            unfinished.set(threads);
            read = new AtomicIntegerArray(threads);
            for (int i = 0; i < threads; i++) {
                int fd = ends.get(i)[0];
                int reader = i;
                if (virtual) {
                    Host.startVirtual(() -> read(reader, fd));
                } else {
                    crew.start("reader " + i, () -> read(reader, fd));
                }
            }
            crew.start("writer", () -> write(ends));
            crew.start("canceller", this::cancel);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT);
            while (unfinished.get() > 0 && failure == null && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            if (failure != null || unfinished.get() > 0) {
                throw new AssertionError(unfinished + " have not all: " + await, failure);
            }
            crew.join();
        } finally {
            for (int[] pair : ends) {
                Fd.close(pair[0]);
                Fd.close(pair[1]);
            }
        }
    }

    /** To read what a program writes to its terminal, and that. */
    private static int[] pty() throws IOException {
        int master = Libc.ptyMaster();
        return new int[] {master, Libc.ptySlave(master)};
    }

    /** One that a terminal leaves as it is. */
    private static byte letter(int round) {
        return (byte) ('A' + round % 26);
    }

    /** To whoever has read what was written before, so that everybody has to wait. */
    private void write(List<int[]> ends) throws IOException {
        ByteBuffer one = ByteBuffer.allocateDirect(1);
        int[] written = new int[ends.size()];
        for (long left = (long) ends.size() * rounds; left > 0 && failure == null; ) {
            long before = left;
            for (int i = 0; i < written.length; i++) {
                if (written[i] < rounds && written[i] == read.get(i)) {
                    one.clear().put(0, letter(written[i]));
                    int n = Fd.write(ends.get(i)[1], one);
                    written[i] += n;
                    left -= n;
                }
            }
            if (left == before) {
                Thread.yield();
            }
        }
    }

    private void cancel() {
        while (unfinished.get() > 0 && failure == null) {
            Future<?> next = toCancel.poll();
            if (next == null) {
                Thread.yield();
            } else {
                next.cancel(true);
            }
        }
    }

    private void read(int reader, int fd) {
        try {
            var random = new Random(reader);
            ByteBuffer one = ByteBuffer.allocate(1);
            for (int round = 0; round < rounds; round++) {
                while (Fd.read(fd, one.clear()) == 0) {
                    await(fd, random.nextInt(10), random);
                }
                if (one.get(0) != letter(round)) {
                    throw new AssertionError("byte " + round + " is " + one.get(0));
                }
                read.set(reader, round + 1);
            }
        } catch (Throwable e) {
            failure = e;
        }
        unfinished.decrementAndGet();
    }

    private void await(int fd, int how, Random random) throws Exception {
        waits.incrementAndGet();
        if (how < 4) {
            await.await(fd, Interest.READ);
        } else if (how < 7) {
            try {
                await.await(fd, Interest.READ, random.nextInt(2_000), MICROSECONDS);
            } catch (TimeoutException e) {
                timeOuts.incrementAndGet();
            }
        } else {
            var future = await.when(fd, Interest.READ);
            toCancel.add(future);
            try {
                future.get();
            } catch (CancellationException e) {
                cancelled.incrementAndGet();
            } catch (ExecutionException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public String toString() {
        return waits + " waits, " + timeOuts + " timed out, " + cancelled + " cancelled";
    }
}
