package dev.pollux.contract.kinds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Pipes and terminals. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class StreamsContract {
    private static final int TCIFLUSH = 0;
    private static final long TIOCPKT = 0x5420;

    @TempDir Path dir;

    @EveryBackend
    void pipe(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row("read end: bytes arrive", fds -> readEnd(fds.pipe()));
                    kind.row(
                            "read end: the last writer closes",
                            fds -> {
                                int[] pipe = fds.pipe();
                                return Thing.of(pipe[0]).happensOnce(() -> fds.close(pipe[1]));
                            });
                    kind.row(
                            "write end: there is room again",
                            fds -> {
                                int[] pipe = fds.pipe();
                                Fds.fill(pipe[1]);
                                return Thing.of(pipe[1])
                                        .happensOnce(() -> Fds.drain(pipe[0]))
                                        .quiet("it is full", () -> Fds.fill(pipe[1]));
                            });
                    kind.row(
                            "write end: the last reader closes",
                            fds -> {
                                int[] pipe = fds.pipe();
                                Fds.fill(pipe[1]);
                                return Thing.of(pipe[1]).happensOnce(() -> fds.close(pipe[0]));
                            });
                });
    }

    static Thing readEnd(int[] pipe) {
        return Thing.of(pipe[0])
                .happens(() -> Fds.write(pipe[1], 1))
                .quiet("it is read empty", () -> Fds.drain(pipe[0]));
    }

    @EveryBackend
    void fifo(Pair pair, TestInfo test) throws Exception {
        Path path = dir.resolve("fifo");
        Libc.mkfifo(path);
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "bytes arrive",
                            fds -> {
                                int reader = fds.keep(Libc.openToRead(path));
                                int writer = fds.keep(Libc.openToWrite(path));
                                return readEnd(new int[] {reader, writer});
                            });
                    kind.row(
                            "the last writer closes",
                            fds -> {
                                int reader = fds.keep(Libc.openToRead(path));
                                int writer = fds.keep(Libc.openToWrite(path));
                                return Thing.of(reader)
                                        .happens(() -> fds.close(writer))
                                        .again(() -> Fd.close(Libc.openToWrite(path)))
                                        .quiet(
                                                "another writer opens",
                                                () -> fds.keep(Libc.openToWrite(path)));
                            });
                    kind.fact(
                            "A reader that waits for its first writer hears nothing.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int reader = fds.keep(Libc.openToRead(path));
                                    watch(selector, reader, Interest.READ);
                                    assertEquals("", Trial.now(selector));
                                }
                            });
                    kind.fact(
                            "Under EDGE a writer whose reader has gone is not reported when another"
                                    + " one opens, though a write is taken: open anew.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int first = fds.keep(Libc.openToRead(path));
                                    int writer = fds.keep(Libc.openToWrite(path));
                                    boolean edge = watchByEdge(selector, writer, Interest.WRITE);
                                    assertEquals("WRITE", Trial.now(selector));
                                    fds.close(first);
                                    assertTrue(Trial.now(selector).startsWith("WRITE"));
                                    fds.keep(Libc.openToRead(path));
                                    assertEquals(edge ? "" : "WRITE", Trial.now(selector));
                                    Fds.write(writer, 1);
                                }
                            });
                });
    }

    static void watch(FdSelector selector, int fd, Interest interest) throws IOException {
        selector.register(fd, interest, Trigger.LEVEL, null);
    }

    /** By EDGE where there is EDGE, else by LEVEL; whether it is by EDGE. */
    private static boolean watchByEdge(FdSelector selector, int fd, Interest interest)
            throws IOException {
        boolean edge = selector.supports(Trigger.EDGE);
        selector.register(fd, interest, edge ? Trigger.EDGE : Trigger.LEVEL, null);
        return edge;
    }

    @EveryBackend
    void pseudo_terminal_master(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "the program writes",
                            fds -> {
                                int[] pty = pty(fds);
                                return Thing.of(pty[0])
                                        .happens(() -> write(pty[1], "a"))
                                        .quiet("it is read empty", () -> Fds.drain(pty[0]));
                            });
                    kind.row(
                            "the last program closes its side",
                            fds -> {
                                int[] pty = pty(fds);
                                return Thing.of(pty[0])
                                        .happens(() -> fds.close(pty[1]))
                                        .again(() -> Fd.close(Libc.ptySlave(pty[0])))
                                        .quiet(
                                                "a program opens its side",
                                                () -> fds.keep(Libc.ptySlave(pty[0])));
                            });
                    kind.row(
                            "in packet mode (TIOCPKT): a change of state",
                            fds -> {
                                int[] pty = pty(fds);
                                var on = Kernel.memory(4);
                                on.putInt(0, 1);
                                Kernel.ioctl(pty[0], TIOCPKT, on);
                                return Thing.of(pty[0])
                                        .happens(
                                                () ->
                                                        Kernel.check(
                                                                "tcflush",
                                                                Kernel.C.tcflush(pty[1], TCIFLUSH)))
                                        .quiet("it is read", () -> Fds.drain(pty[0]));
                            });
                    kind.fact(
                            "A master whose other side was never opened hears nothing, and can be"
                                    + " written to.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int master = fds.keep(Libc.ptyMaster());
                                    watch(selector, master, Interest.READ.plus(Interest.WRITE));
                                    assertEquals("WRITE", Trial.now(selector));
                                }
                            });
                    kind.fact(
                            "While the program reads lines, WRITE is reported for a line of any"
                                    + " length, and what is beyond 4095 bytes of it is lost.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int[] pty = pty(fds);
                                    watch(selector, pty[0], Interest.WRITE);
                                    for (int i = 0; i < 100; i++) {
                                        assertEquals(
                                                "WRITE", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                        write(pty[0], "a".repeat(1000));
                                        Fds.drain(pty[0]); // its echo
                                    }
                                    Trial.poll(selector, Trial.LIMIT_MILLIS);
                                    write(pty[0], "\n");
                                    StreamSockets.awaitReadable(pty[1]);
                                    assertEquals(4096, Fds.drain(pty[1]));
                                }
                            });
                });
    }

    @EveryBackend
    void terminal(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a line is complete",
                            fds -> {
                                int[] pty = pty(fds);
                                return Thing.of(pty[1])
                                        .happens(() -> write(pty[0], "a\n"))
                                        .quiet("it is read empty", () -> Fds.drain(pty[1]));
                            });
                    kind.row(
                            "it is hung up: the master closes",
                            fds -> {
                                int[] pty = pty(fds);
                                return Thing.of(pty[1]).happensOnce(() -> fds.close(pty[0]));
                            });
                    kind.fact(
                            "A line is reported when it is complete, not as it is typed.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int[] pty = pty(fds);
                                    write(pty[0], "a");
                                    StreamSockets.awaitReadable(pty[0]); // its echo
                                    watch(selector, pty[1], Interest.READ);
                                    assertEquals("", Trial.now(selector));
                                    write(pty[0], "\n");
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                }
                            });
                    kind.fact(
                            "A read gives one line, and under EDGE those behind it are not reported"
                                    + " again: a short read is not the end.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int[] pty = pty(fds);
                                    write(pty[0], "a\nb\n");
                                    Poller.await(
                                            "both lines", () -> pair.sys().unread(pty[1]) == 4);
                                    boolean edge = watchByEdge(selector, pty[1], Interest.READ);
                                    assertEquals("READ", Trial.now(selector));
                                    ByteBuffer line = ByteBuffer.allocate(16);
                                    assertEquals(2, Fd.read(pty[1], line));
                                    assertEquals(edge ? "" : "READ", Trial.now(selector));
                                    assertEquals(2, Fd.read(pty[1], line));
                                    assertEquals(0, Fd.read(pty[1], line));
                                }
                            });
                });
    }

    private static int[] pty(Fds fds) throws IOException {
        int master = fds.keep(Libc.ptyMaster());
        return new int[] {master, fds.keep(Libc.ptySlave(master))};
    }

    private static void write(int fd, String text) throws IOException {
        Fd.write(fd, ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }
}
