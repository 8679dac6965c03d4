/*
 * Timers: a timerfd is a descriptor that is ready when its time has come.
 *
 * Run   make example NAME=Timer
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.Timer
 *
 * You will see three timers on one thread: one expires every 20 ms, one every 50 ms, and one once
 * after half a second, which ends it. By then they have expired 25, 10 and 1 times, or more if the
 * machine was busy. A report may stand for several expirations, when the thread was late; the
 * number that is read says for how many, so that none is lost. A timer that is set to nothing wakes nobody.
 *
 * For one deadline the time-out of poll is enough. A timerfd is for what a time-out cannot do: it
 * keeps a period without drift, can tell the time of day (CLOCK_REALTIME, also when somebody sets
 * the clock), and is handed to a library that wants a descriptor. Read it at each report: under
 * EDGE a periodic one that is not read is reported once, and then never.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Counts expirations. */
final class Timer {
    private static final int CLOCK_MONOTONIC = 1;
    private static final long MILLISECOND = 1_000_000; // nanoseconds

    private final FdSelector selector = DefaultSelector.open();
    private final ByteBuffer count = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    private final List<Periodic> periodic = new ArrayList<>();
    private boolean over;

    Timer() throws IOException {}

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new Timer().run());
    }

    private void run() throws Exception {
        try (selector) {
            int end = timer((key, ready) -> over = expirations(key) > 0);
            periodic.add(new Periodic(20));
            periodic.add(new Periodic(50));
            Recipe.idle(selector); // none is set
            for (Periodic timer : periodic) {
                set(timer.fd, timer.millis, timer.millis);
            }
            set(end, 510, 0); // after both have expired at 500
            while (!over) {
                selector.poll(Recipe.DISPATCH);
            }
            for (Periodic timer : periodic) {
                timer.print();
            }
            for (FdKey key : selector.keys()) {
                selector.unregisterAndClose(key);
            }
        }
    }

    private int timer(ReadyHandler handler) throws IOException {
        int flags = LibC.NONBLOCK | LibC.CLOEXEC;
        int fd = LibC.check("timerfd_create", LibC.C.timerfd_create(CLOCK_MONOTONIC, flags));
        selector.register(fd, Interest.READ, Recipe.edge(selector), handler);
        return fd;
    }

    /** struct itimerspec: the period, then the first time, each in seconds and nanoseconds. */
    private static void set(int fd, long firstMillis, long everyMillis) throws IOException {
        ByteBuffer spec = LibC.struct(32);
        spec.putLong(everyMillis / 1000).putLong(everyMillis % 1000 * MILLISECOND);
        spec.putLong(firstMillis / 1000).putLong(firstMillis % 1000 * MILLISECOND);
        LibC.check("timerfd_settime", LibC.C.timerfd_settime(fd, 0, spec.array(), null));
    }

    /** How often it has expired since this was asked last. */
    private long expirations(FdKey key) throws IOException {
        return Fd.read(key.fd(), count.clear()) > 0 ? count.getLong(0) : 0;
    }

    private final class Periodic {
        private final int millis;
        private final int fd;
        private long expired;
        private long reports;

        Periodic(int millis) throws IOException {
            this.millis = millis;
            fd = timer(this::onReady);
        }

        private void onReady(FdKey key, Ready ready) throws IOException {
            expired += expirations(key);
            reports++;
        }

        /** With what has expired since its last report. */
        void print() throws IOException {
            expired += Fd.read(fd, count.clear()) > 0 ? count.getLong(0) : 0;
            System.out.printf(
                    "every %d ms: expired %d times, in %d reports%n", millis, expired, reports);
        }
    }
}
