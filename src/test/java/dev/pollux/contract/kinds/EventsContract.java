package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.TestInfo;
import org.opentest4j.TestAbortedException;

/** Descriptors that stand for an event: counters, timers, signals, processes. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class EventsContract {
    private static final int SIGNAL = 44; // a real-time one, which nobody here uses
    private static final int SIG_BLOCK = 0;

    @EveryBackend
    void eventfd(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "something is added",
                            fds -> {
                                int fd = fds.keep(Libc.eventfd());
                                return Thing.of(fd)
                                        .happens(() -> add(fd, 1))
                                        .quiet("it is read", () -> Fds.drain(fd));
                            });
                    kind.row(
                            "it was full and is read",
                            fds -> {
                                int fd = fds.keep(Libc.eventfd());
                                add(fd, -2L);
                                return Thing.of(fd)
                                        .happensOnce(() -> Fds.drain(fd))
                                        .quiet("it is full", () -> add(fd, -2L));
                            });
                });
    }

    static void add(int fd, long value) throws IOException {
        assertEquals(8, Fd.write(fd, Kernel.bytes(8).putLong(0, value)));
    }

    @EveryBackend
    void timerfd(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "it expires",
                            fds -> {
                                int fd = fds.keep(Libc.timer(0));
                                return Thing.of(fd)
                                        .happens(() -> Kernel.setTimer(fd, 1, 0))
                                        .quiet("it is read, or set again", () -> Fds.drain(fd));
                            });
                    kind.factOfEpoll(
                            "A periodic timer that is not read is reported once under EDGE, and"
                                    + " then never: the kernel starts its next period with the"
                                    + " read.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = fds.keep(Libc.timer(0));
                                    Kernel.setTimer(fd, 1, 1_000_000);
                                    selector.register(fd, Interest.READ, Trigger.EDGE, null);
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                    awaitExpirationOfAnother(20_000_000);
                                    assertEquals("", Trial.now(selector));
                                    ByteBuffer count = Kernel.bytes(8);
                                    Fd.read(fd, count);
                                    assertTrue(count.getLong(0) >= 20, count::toString);
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                }
                            });
                    kind.fact(
                            "To set a timer that has expired takes the report back.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = fds.keep(Libc.timer(1));
                                    watch(selector, fd, Interest.READ);
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                    Kernel.setTimer(fd, TimeUnit.HOURS.toNanos(1), 0);
                                    assertEquals("", Trial.now(selector));
                                }
                            });
                });
    }

    private static void awaitExpirationOfAnother(long nanos) throws IOException {
        int fd = Libc.timer(nanos);
        StreamSockets.awaitReadable(fd);
        Fd.close(fd);
    }

    // ---- signals

    /** In a thread of its own, which has the signal blocked. */
    @EveryBackend
    void signalfd(Pair pair, TestInfo test) throws Exception {
        Poller.run(
                        () -> {
                            byte[] set = Kernel.signalSet(SIGNAL);
                            Kernel.C.pthread_sigmask(SIG_BLOCK, set, new byte[128]);
                            try {
                                Kind.check(pair, test, EventsContract::signals);
                            } finally { // the JVM unblocks it when the thread ends
                                takeAllSignals();
                            }
                            return null;
                        })
                .result();
    }

    private static void takeAllSignals() throws IOException {
        try (var fds = new Fds()) {
            signalfd(fds); // which takes what is pending
        }
    }

    private static void signals(Kind kind) throws Exception {
        kind.row(
                "a signal is pending",
                fds -> {
                    int fd = signalfd(fds);
                    return Thing.of(fd)
                            .happens(() -> Kernel.check("raise", Kernel.C.raise(SIGNAL)))
                            .quiet("all are read", () -> Fds.drain(fd));
                });
        kind.fact(
                "A signal for one thread is reported to polls by that thread alone.",
                () -> {
                    try (var fds = new Fds();
                            FdSelector selector = kind.pair.open()) {
                        int fd = signalfd(fds);
                        Kernel.check("raise", Kernel.C.raise(SIGNAL));
                        watch(selector, fd, Interest.READ);
                        assertEquals("READ", Trial.now(selector));
                        assertEquals("", Poller.run(() -> Trial.now(selector)).result());
                        Fds.drain(fd);
                    }
                });
        kind.factOfEpoll(
                "On epoll a poll by another thread loses it: nothing is then reported to its own"
                        + " thread, also under LEVEL, until the next signal, or until it is registered again.",
                () -> {
                    try (var fds = new Fds();
                            FdSelector selector = kind.pair.open()) {
                        int fd = signalfd(fds);
                        FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
                        Kernel.check("raise", Kernel.C.raise(SIGNAL));
                        assertEquals("", Poller.run(() -> Trial.now(selector)).result());
                        assertEquals("", Trial.now(selector));
                        selector.unregister(key);
                        watch(selector, fd, Interest.READ);
                        assertEquals("READ", Trial.now(selector));
                        Fds.drain(fd);
                    }
                });
    }

    private static int signalfd(Fds fds) throws IOException {
        int flags = Kernel.NONBLOCK | Kernel.CLOEXEC;
        int fd = Kernel.C.signalfd(-1, Kernel.signalSet(SIGNAL), flags);
        int signals = fds.keep(Kernel.require("signalfd", fd));
        Fds.drain(signals);
        return signals;
    }

    // ---- processes

    private static final String SLEEP = "/bin/sleep";

    /** Ends its first thread; another reads a line and then ends. Its arguments: the call, exit. */
    private static final String LEADER_GOES =
            """
            import ctypes, sys, threading
            end = lambda: ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)
            threading.Thread(target=lambda: (sys.stdin.readline(), end())).start()
            end()
            """;

    @EveryBackend
    void pidfd(Pair pair, TestInfo test) throws Exception {
        var children = new ArrayList<Integer>();
        try {
            Kind.check(
                    pair,
                    test,
                    kind -> {
                        kind.row(
                                "the process ends",
                                fds -> {
                                    int pid = child(children);
                                    return Thing.of(fds.keep(Kernel.pidfd(pid, 0)))
                                            .happensOnce(() -> Kernel.C.kill(pid, Kernel.SIGKILL));
                                });
                        kind.row(
                                "and its parent has waited for it",
                                fds -> {
                                    int pid = child(children);
                                    int fd = fds.keep(Kernel.pidfd(pid, 0));
                                    Kernel.C.kill(pid, Kernel.SIGKILL);
                                    StreamSockets.awaitReadable(fd);
                                    return Thing.of(fd).happensOnce(() -> Kernel.killAndWait(pid));
                                });
                        kind.fact(
                                "A process whose first thread has ended is silent until its last"
                                        + " thread has.",
                                () -> leaderGoes(pair));
                    });
        } finally {
            for (int pid : children) {
                Kernel.killAndWait(pid);
            }
        }
    }

    private static int child(List<Integer> children) throws IOException {
        int pid = Kernel.spawn(SLEEP, "60");
        children.add(pid);
        return pid;
    }

    private static void leaderGoes(Pair pair) throws Exception {
        String exit = System.getProperty("os.arch").equals("amd64") ? "60" : "93";
        Process process;
        try {
            process = new ProcessBuilder("python3", "-c", LEADER_GOES, exit).start();
        } catch (IOException e) {
            throw new TestAbortedException("no python3: " + e.getMessage());
        }
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            int pid = (int) process.pid();
            watch(selector, fds.keep(Kernel.pidfd(pid, 0)), Interest.READ);
            Poller.await("the end of the first thread", () -> isZombie(pid));
            assertEquals("", Trial.now(selector));
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            assertTrue(Trial.poll(selector, Trial.LIMIT_MILLIS).startsWith("READ"));
        } finally {
            process.destroyForcibly();
        }
    }

    private static boolean isZombie(int pid) {
        try {
            return Files.readString(Path.of("/proc", pid + "", "stat")).contains(") Z ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
