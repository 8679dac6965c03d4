package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.TestInfo;

/** PSI triggers: {@code Documentation/accounting/psi.rst} of the kernel. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class PressureContract {
    private static final String CPU = "/proc/pressure/cpu";
    private static final String SOON = "some 1000 500000"; // one millisecond of half a second
    private static final String LATER = "some 1000 2000000"; // what everybody may ask for
    private static final long LIMIT_MILLIS = 30_000;

    /** By pair. A window is long: all pairs look at the same time, once. */
    private static Map<String, Seen> seen;

    @EveryBackend
    void psi_trigger(Pair pair, TestInfo test) throws Exception {
        Kernel.requireLinux();
        assumeTrue(Files.exists(Path.of(CPU)), "the kernel has no " + CPU);
        Kind.check(pair, test, PressureContract::triggers);
    }

    private static void triggers(Kind kind) throws Exception {
        if (seen == null) {
            seen = look();
        }
        Row stated = kind.stated("the threshold is reached");
        kind.compare(stated, seen.get(kind.pair.toString()).row(kind.pair, stated));
        kind.fact(
                "Ask for PRIORITY alone: READ and WRITE are always ready.",
                () -> {
                    try (var fds = new Fds();
                            FdSelector selector = kind.pair.open()) {
                        Interest both = Interest.READ.plus(Interest.WRITE);
                        watch(selector, fds.keep(trigger(LATER)), both);
                        assertEquals("READ WRITE", Trial.now(selector));
                    }
                });
        kind.fact(
                "Without CAP_SYS_RESOURCE the window must be a multiple of two seconds (EINVAL).",
                () ->
                        Apart.run(
                                0,
                                () -> {
                                    Kernel.dropResourceCapability();
                                    var e = assertThrows(Kernel.Failed.class, () -> trigger(SOON));
                                    assertEquals(Errno.EINVAL, e.errno);
                                    close(trigger(LATER));
                                }));
    }

    private static void close(int fd) throws IOException {
        try (var fds = new Fds()) {
            fds.keep(fd);
        }
    }

    private static int trigger(String text) throws IOException {
        int fd = Kernel.open(CPU, Kernel.O_RDWR);
        try {
            Kernel.write(fd, text + "\0");
            return fd;
        } catch (IOException e) {
            close(fd);
            throw e;
        }
    }

    private static int trigger() throws IOException {
        try {
            return trigger(SOON);
        } catch (Kernel.Failed e) {
            return trigger(LATER);
        }
    }

    /** What is news to interest in READ and WRITE; twice to PRIORITY under LEVEL; under EDGE. */
    private record Seen(String others, String level, String second, String edge, String again) {
        Row row(Pair pair, Row stated) {
            boolean select = pair.backend() == Backend.SELECT;
            boolean edges = Reported.isEpoll(pair.backend());
            return new Row(
                    stated.happens(),
                    level.isEmpty() ? others : "PRIORITY" + others,
                    select ? stated.flags() : level,
                    select ? level : stated.select(),
                    second.isEmpty() ? Row.REPORT : "not " + second,
                    edges ? edge.equals(again) ? Row.AGAIN : edge + again : stated.edge());
        }
    }

    private static Map<String, Seen> look() throws IOException {
        var looks = new HashMap<String, Look>();
        var seen = new HashMap<String, Seen>();
        var pressure = new Pressure();
        try (var fds = new Fds()) {
            for (Pair pair : Pair.all()) {
                if (pair.unavailableBecause() == null && pair.backend() != Backend.KQUEUE) {
                    looks.put(pair.toString(), new Look(pair, fds));
                }
            }
            for (Look look : looks.values()) {
                look.first();
            }
            for (var entry : looks.entrySet()) {
                seen.put(entry.getKey(), entry.getValue().seen());
            }
        } finally {
            pressure.end();
            looks.values().forEach(Look::close);
        }
        return seen;
    }

    /** One pair's. */
    private static final class Look {
        private final FdSelector read;
        private final FdSelector write;
        private final FdSelector priority;
        private final FdSelector edge;
        private final String before; // of interest in READ and WRITE
        private String level;
        private String second;
        private String first;

        Look(Pair pair, Fds fds) throws IOException {
            read = watched(pair, fds, Interest.READ, Trigger.LEVEL);
            write = watched(pair, fds, Interest.WRITE, Trigger.LEVEL);
            priority = watched(pair, fds, Interest.PRIORITY, Trigger.LEVEL);
            boolean edges = Reported.isEpoll(pair.backend());
            edge = watched(pair, fds, Interest.PRIORITY, edges ? Trigger.EDGE : Trigger.LEVEL);
            before = others();
        }

        private String others() throws IOException {
            return Trial.now(read) + " " + Trial.now(write);
        }

        private static FdSelector watched(Pair pair, Fds fds, Interest interest, Trigger trigger)
                throws IOException {
            FdSelector selector = pair.open();
            selector.register(fds.keep(trigger()), interest, trigger, null);
            return selector;
        }

        void first() throws IOException {
            level = Trial.poll(priority, LIMIT_MILLIS);
            second = Trial.now(priority);
            first = Trial.poll(edge, LIMIT_MILLIS);
        }

        Seen seen() throws IOException {
            String again = Trial.poll(edge, LIMIT_MILLIS); // of the next window
            String after = others();
            return new Seen(after.equals(before) ? "" : after, level, second, first, again);
        }

        void close() {
            read.close();
            write.close();
            priority.close();
            edge.close();
        }
    }

    /** More threads that run than there are processors, so that some wait. */
    private static final class Pressure {
        private volatile boolean over;

        Pressure() {
            int count = Runtime.getRuntime().availableProcessors() + 2;
            for (int i = 0; i < count; i++) {
                var thread = new Thread(this::spin, "pressure");
                thread.setDaemon(true);
                thread.start();
            }
        }

        private void spin() {
            while (!over) {
                Thread.onSpinWait();
            }
        }

        void end() {
            over = true; // which each of them soon sees
        }
    }
}
