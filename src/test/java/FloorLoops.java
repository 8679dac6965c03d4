import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The loops of {@code native/floor/floor.c} in Java, through the library: answers lines {@code
 * WORKLOAD N MILLISECONDS} with {@code WORKLOAD N NANOSECONDS BYTES}, for one operation. A process
 * of its own for each binding, because call sites that have met two are slower. All workloads are
 * run before the first answer, so that none is compiled as if it were alone.
 */
final class FloorLoops implements AutoCloseable {
    private static final int MODIFIED = 64;
    private static final Interest READ_WRITE = Interest.READ.plus(Interest.WRITE);

    /** What a registration stands for. */
    private static final class Connection {
        long served;
    }

    private static final ReadyHandler SERVE =
            (key, ready) -> {
                if (ready.isReadable()) {
                    ((Connection) key.attachment()).served++;
                }
            };

    /** One operation, so many times. */
    private interface Loop {
        void run(long times) throws IOException;
    }

    private enum Workload {
        ONE(true) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                for (long i = 0; i < times; i++) {
                    on.poll(PollResult.EVENTS);
                }
            }
        },
        BLOCK_ONE(true) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                for (long i = 0; i < times; i++) {
                    expect(on.selector.poll(1, TimeUnit.SECONDS, SERVE), PollResult.EVENTS);
                }
            }
        },
        EMPTY(false) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                for (long i = 0; i < times; i++) {
                    on.poll(PollResult.TIMEOUT);
                }
            }
        },
        MODIFY(true) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                for (long i = 0; i < times; i++) {
                    on.selector.modify(on.keys[on.idle], on.nextInterest());
                    on.poll(PollResult.EVENTS);
                }
            }
        },
        MODIFY_64(true) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                for (long i = 0; i < times; i++) {
                    Interest interest = on.nextInterest();
                    for (int k = 0; k < MODIFIED; k++) {
                        on.selector.modify(on.keys[on.idle - k], interest);
                    }
                    on.poll(PollResult.EVENTS);
                }
            }
        },
        TOGGLE(false) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                FdKey key = on.keys[on.idle];
                for (long i = 0; i < times; i++) {
                    on.selector.modify(key, READ_WRITE);
                    on.selector.modify(key, Interest.READ);
                    on.poll(PollResult.TIMEOUT);
                }
            }
        },
        REGISTER(false) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                Connection connection = new Connection();
                for (long i = 0; i < times; i++) {
                    on.selector.unregister(
                            on.selector.register(
                                    on.spare[0], Interest.READ, Trigger.LEVEL, connection));
                }
            }
        },
        WRITE_READ(false) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                for (long i = 0; i < times; i++) {
                    expect(Fd.write(on.pipe[1], on.oneByte.clear()), 1);
                    expect(Fd.read(on.pipe[0], on.oneByte.clear()), 1);
                }
            }
        },
        WAKEUP(false) {
            @Override
            void loop(FloorLoops on, long times) throws IOException {
                for (long i = 0; i < times; i++) {
                    on.there.wakeup();
                    expect(on.here.poll(SERVE), PollResult.WAKEUP);
                }
            }
        };

        final boolean withReady;

        Workload(boolean withReady) {
            this.withReady = withReady;
        }

        abstract void loop(FloorLoops on, long times) throws IOException;
    }

    private static void expect(int result, int expected) {
        if (result != expected) {
            throw new IllegalStateException(result + " bytes, not " + expected);
        }
    }

    private static void expect(PollResult result, PollResult expected) {
        if (result != expected) {
            throw new IllegalStateException("poll ended with " + result + ", not " + expected);
        }
    }

    private final Workload workload;
    private final int idle;
    private final FdKey[] keys;
    private final int[] pipe;
    private final int[] spare;
    private final ByteBuffer oneByte = ByteBuffer.allocateDirect(1);
    private final List<int[]> pairs = new ArrayList<>();
    private final FdSelector selector = DefaultSelector.open();
    private final FdSelector here = DefaultSelector.open();
    private final FdSelector there = DefaultSelector.open();
    private final Thread echo = new Thread(this::answer, "echo");
    private boolean flip;
    private volatile boolean ending;

    /** As {@code open_all} in the C program. */
    private FloorLoops(Workload workload, int n) throws IOException {
        this.workload = workload;
        idle = n;
        keys = new FdKey[n + 1];
        int slot = 0;
        while (n - slot > MODIFIED) { // sockets serve two at a time, but are writable
            int[] pair = keep(Fd.socketpair());
            add(slot++, pair[0]);
            if (n - slot > MODIFIED) {
                add(slot++, pair[1]);
            }
        }
        while (slot < n) {
            add(slot++, keep(Fd.pipe())[0]);
        }
        pipe = keep(Fd.pipe());
        spare = keep(Fd.pipe());
        if (workload.withReady) {
            Fd.write(pipe[1], ByteBuffer.wrap(new byte[] {'x'}));
        }
        add(n, pipe[0]);
        echo.setDaemon(true); // an exception on the other thread must not keep the process
        echo.start();
    }

    private int[] keep(int[] pair) {
        pairs.add(pair);
        return pair;
    }

    private void add(int slot, int fd) throws IOException {
        keys[slot] = selector.register(fd, Interest.READ, Trigger.LEVEL, new Connection());
    }

    private void answer() {
        try {
            while (there.poll(SERVE) == PollResult.WAKEUP && !ending) {
                here.wakeup();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        ending = true;
        there.wakeup();
        try {
            echo.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        selector.close();
        here.close();
        there.close();
        for (int[] pair : pairs) {
            Fd.close(pair[0]);
            Fd.close(pair[1]);
        }
    }

    private void poll(PollResult expected) throws IOException {
        expect(selector.poll(0, TimeUnit.NANOSECONDS, SERVE), expected);
    }

    private Interest nextInterest() {
        flip = !flip;
        return flip ? READ_WRITE : Interest.READ;
    }

    // ---- measuring

    private final double[] times = new double[4096];

    private double stretch(long operations) throws IOException {
        long start = System.nanoTime();
        workload.loop(this, operations);
        return (double) (System.nanoTime() - start) / operations;
    }

    /** {@code NANOSECONDS BYTES}, both for one operation. */
    private String measure(int millis) throws IOException {
        double guess = stretch(20);
        long operations = guess > 2e5 ? 1 : (long) (2e5 / stretch((long) (1e5 / guess) + 1)) + 1;
        long end = System.nanoTime() + millis * 1_000_000L;
        int count = 0;
        long before = Vm.allocated();
        do {
            times[count++] = stretch(operations);
        } while (count < times.length && System.nanoTime() < end);
        double bytes = (double) (Vm.allocated() - before) / count / operations;
        Arrays.sort(times, 0, count);
        return String.format(Locale.ROOT, "%.1f %.1f", times[count / 2], bytes);
    }

    /** What the module that is under test has no business to read. */
    static final class Vm {
        private static final Object THREADS = bean("getThreadMXBean");
        private static final Method ALLOCATED =
                method("com.sun.management.ThreadMXBean", "getThreadAllocatedBytes", long.class);

        private Vm() {}

        private static Object bean(String name) {
            try {
                return method("java.lang.management.ManagementFactory", name).invoke(null);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        private static Method method(String type, String name, Class<?>... parameters) {
            try {
                return Class.forName(type).getMethod(name, parameters);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        /** Bytes that this thread has allocated; asking costs a few by itself. */
        static long allocated() {
            try {
                return (long) ALLOCATED.invoke(THREADS, Thread.currentThread().getId());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        /** The options that this VM was started with. */
        @SuppressWarnings("unchecked")
        static List<String> options() {
            try {
                Object bean = bean("getRuntimeMXBean");
                return (List<String>)
                        method("java.lang.management.RuntimeMXBean", "getInputArguments")
                                .invoke(bean);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static Workload named(String name) {
        return Workload.valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    public static void main(String[] args) throws IOException {
        for (int pass = 0; pass < 2; pass++) {
            for (String name : args) {
                try (var loops = new FloorLoops(named(name), MODIFIED)) {
                    loops.measure(200);
                }
            }
        }
        try (var selector = DefaultSelector.open()) {
            System.out.println("ready " + selector);
        }
        FloorLoops current = null;
        var requests = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = requests.readLine()) != null; ) {
            String[] words = line.split(" ");
            Workload workload = named(words[0]);
            int n = Integer.parseInt(words[1]);
            int millis = Integer.parseInt(words[2]);
            if (current == null || current.workload != workload || current.idle != n) {
                if (current != null) {
                    current.close();
                }
                current = new FloorLoops(workload, n);
                current.measure(300);
            }
            System.out.println(words[0] + " " + n + " " + current.measure(millis));
        }
        if (current != null) {
            current.close();
        }
    }
}
