package dev.pollux.bench;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Bytes from one thread to one that polls, in a JVM of its own.
 *
 * @param medianNanos from before the write until the handler has it
 * @param p99Nanos the same, of the slowest hundredth
 * @param cpuNanos processor time of the thread that polls, for a byte
 */
record SpinTurn(double medianNanos, double p99Nanos, double cpuNanos) {
    static final int BYTES = 20_000;
    static final long PAUSE_NANOS = 50_000;
    static final long SPIN_NANOS = 1_000_000;

    private static final int WARM_UP = 10_000;

    /** How it is waited. */
    enum Way {
        EPOLL("epoll, waits", Backend.EPOLL, false),
        EPOLL_SPIN("epoll, spins", Backend.EPOLL, true),
        URING("uring, waits", Backend.URING, false),
        URING_SPIN("uring, spins", Backend.URING, true);

        final String title;
        final Backend backend;
        final boolean spins;

        Way(String title, Backend backend, boolean spins) {
            this.title = title;
            this.backend = backend;
            this.spins = spins;
        }
    }

    static SpinTurn take(Way way) throws IOException, InterruptedException {
        String spin = "-Dpollux.spin=" + (way.spins ? SPIN_NANOS : 0);
        Process process =
                new ProcessBuilder(Jvm.command(List.of(spin), SpinTurn.class, way.name()))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String said = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) {
            throw new IOException(way + " failed: " + said);
        }
        String[] words = said.split(" ");
        return new SpinTurn(
                Double.parseDouble(words[0]),
                Double.parseDouble(words[1]),
                Double.parseDouble(words[2]));
    }

    public static void main(String[] args) throws IOException {
        int[] pipe = Fd.pipe();
        var writer = new Writer(pipe[1]);
        var one = ByteBuffer.allocateDirect(1);
        long[] nanos = new long[WARM_UP + BYTES];
        ReadyHandler handler =
                (key, ready) -> {
                    int got = writer.got;
                    nanos[got] = System.nanoTime() - writer.written;
                    Fd.read(key.fd(), one.clear());
                    writer.got = got + 1;
                };
        var threads = ManagementFactory.getThreadMXBean();
        long cpu = 0;
        try (FdSelector selector = FdSelector.open(Way.valueOf(args[0]).backend)) {
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            writer.start();
            while (writer.got < nanos.length) {
                if (writer.got == WARM_UP && cpu == 0) {
                    cpu = threads.getCurrentThreadCpuTime();
                }
                selector.poll(handler);
            }
            cpu = threads.getCurrentThreadCpuTime() - cpu;
        }
        long[] sorted = Arrays.copyOfRange(nanos, WARM_UP, nanos.length);
        Arrays.sort(sorted);
        System.out.printf(
                Locale.ROOT,
                "%d %d %.1f%n",
                sorted[BYTES / 2],
                sorted[BYTES * 99 / 100],
                (double) cpu / BYTES);
        System.exit(0);
    }

    /** Writes one byte after the other, each when the one before was got a while ago. */
    private static final class Writer extends Thread {
        private final int fd;
        private final ByteBuffer one = ByteBuffer.allocateDirect(1);
        volatile int got;
        volatile long written; // when; before the write

        Writer(int fd) {
            super("writer");
            this.fd = fd;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                for (int i = 0; i < WARM_UP + BYTES; i++) {
                    while (got != i) {
                        Thread.onSpinWait();
                    }
                    long start = System.nanoTime();
                    while (System.nanoTime() - start < PAUSE_NANOS) {
                        Thread.onSpinWait();
                    }
                    written = System.nanoTime();
                    Fd.write(fd, one.clear());
                }
            } catch (IOException e) {
                e.printStackTrace();
                System.exit(1);
            }
        }
    }
}
