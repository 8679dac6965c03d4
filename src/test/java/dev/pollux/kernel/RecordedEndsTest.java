package dev.pollux.kernel;

import static dev.pollux.kernel.Recorded.of;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.pollux.Fd;
import dev.pollux.PolluxException;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LostAgent;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The models answer as their kernels did: ends of sockets and pipes, and urgent data. */
@ExtendWith(LostAgent.class)
class RecordedEndsTest {
    private static final String RESET = "[R[EOF ECONNRESET] W[EOF ECONNRESET]]";

    @BeforeEach
    void there_is_a_kqueue() {
        Recorded.requireKqueue();
    }

    private static void unix(KeventProbe p, String steps) throws Exception {
        ends(p, p.fds.socketpair(), 0, steps);
    }

    private static void tcp(KeventProbe p, String steps) throws Exception {
        ends(p, p.tcp(), 0, steps);
    }

    /**
     * c: the peer is closed, s: has its writing shut down, x: is reset; S, R: one's own writing,
     * reading is shut down; b: a byte is written to the peer; o: the kqueue is asked.
     */
    private static void ends(KeventProbe p, int[] pair, int flags, String steps) throws Exception {
        p.watched(pair, flags);
        for (char step : steps.toCharArray()) {
            switch (step) {
                case 'c' -> p.fds.close(pair[1]);
                case 's' -> Libc.shutdown(pair[1], Libc.SHUT_WR);
                case 'x' -> p.reset(pair);
                case 'S' -> Libc.shutdown(pair[0], Libc.SHUT_WR);
                case 'R' -> Libc.shutdown(pair[0], Libc.SHUT_RD);
                case 'b' -> Fds.write(pair[0], 1);
                default -> p.poll();
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> sockets() {
        String end = "[R[EOF] W[EOF]]";
        return Recorded.tests(
                of("both filters", p -> readable(p)).all("[R[] W[]][R[] W[]]"),
                of("unix: the peer is closed", p -> unix(p, "coo")).all(end + end),
                of("unix: closed before", RecordedEndsTest::closedBefore).all("00" + end),
                of("unix: closed with bytes of ours unread", p -> unix(p, "bco")).all(end),
                of("unix: the peer writes no more", p -> unix(p, "so")).all("[R[EOF] W[]]"),
                of("unix: we write no more", p -> unix(p, "So")).all("[W[EOF]]"),
                of("unix: we read no more", p -> unix(p, "Ro")).all("[R[EOF] W[]]"),
                of("unix, clear: closed", p -> ends(p, p.fds.socketpair(), p.clear, "ocoo"))
                        .all("[W[CLEAR]][R[CLEAR+EOF] W[CLEAR+EOF]][]"),
                of("unix: not connected", p -> fresh(p, Libc.Socket.UNIX)).all("00[]"),
                of("tcp: the peer is closed", p -> tcp(p, "co")).all("[R[EOF] W[]]"),
                of("tcp: the peer writes no more", p -> tcp(p, "so")).all("[R[EOF] W[]]"),
                of("tcp: we write no more", p -> tcp(p, "So")).all("[W[EOF]]"),
                of("tcp: both write no more", p -> tcp(p, "sSo")).all(end),
                of("tcp: reset", p -> tcp(p, "xoo")).all(RESET + RESET),
                of("tcp, clear: reset", p -> ends(p, p.tcp(), p.clear, "oxoo"))
                        .all("[W[CLEAR]]" + RESET.replace("EOF", "CLEAR+EOF") + "[]"),
                of("tcp: reset, and then read", RecordedEndsTest::resetAndRead).all(RESET + end),
                of("tcp: not connected", p -> fresh(p, Libc.Socket.TCP_V4)).all("00[]"),
                of("tcp: a blocking connect is refused", RecordedEndsTest::refused)
                        .all(end)
                        .notPlayed("Linux takes the socket back to what it was before"),
                of("tcp: listening", RecordedEndsTest::listening).all("00[][R[]]"),
                of("udp: not connected", p -> fresh(p, Libc.Socket.UDP_V4)).all("00[W[]]"));
    }

    private static void readable(KeventProbe p) throws Exception {
        int[] pair = p.watched(p.fds.socketpair(), 0);
        Fds.write(pair[1], 1);
        p.poll();
        p.poll();
    }

    private static void closedBefore(KeventProbe p) throws Exception {
        int[] pair = p.fds.socketpair();
        p.fds.close(pair[1]);
        p.change(pair[0], p.r, p.add);
        p.change(pair[0], p.w, p.add);
        p.poll();
    }

    private static void fresh(KeventProbe p, Libc.Socket kind) throws Exception {
        int fd = p.fds.keep(kind.open());
        p.change(fd, p.r, p.add);
        p.change(fd, p.w, p.add);
        p.poll();
    }

    private static void resetAndRead(KeventProbe p) throws Exception {
        int[] pair = p.watched(p.tcp(), 0);
        p.reset(pair);
        p.poll();
        assertThrows(PolluxException.class, () -> Fds.drain(pair[0]));
        p.poll();
    }

    private static void refused(KeventProbe p) throws Exception {
        int listener = Libc.Socket.TCP_V4.listen();
        int bound = p.fds.keep(Libc.Socket.TCP_V4.open());
        Libc.Socket.TCP_V4.bind(bound); // listens not
        Fd.close(listener);
        int fd = p.fds.keep(Libc.Socket.TCP_V4.open());
        p.set(fd, p.r, p.add);
        p.set(fd, p.w, p.add);
        assertThrows(IOException.class, () -> Libc.Socket.TCP_V4.connect(fd, bound));
        p.poll();
    }

    private static void listening(KeventProbe p) throws Exception {
        int listener = p.fds.keep(Libc.Socket.TCP_V4.listen());
        p.change(listener, p.w, p.add);
        p.change(listener, p.r, p.add);
        p.poll();
        Libc.Socket.TCP_V4.connect(p.fds.keep(Libc.Socket.TCP_V4.open()), listener);
        p.poll();
    }

    @TestFactory
    Stream<DynamicTest> pipes() {
        String wrongEnd = "epoll says nothing of writing to a pipe's reading end";
        return Recorded.tests(
                of("the writer is closed", p -> writerCloses(p, 0, 0)).all("[R[EOF]][R[EOF]]"),
                of("the writer is closed, data unread", p -> writerCloses(p, 1, 0))
                        .all("[R[EOF]][R[EOF]]"),
                of("clear: the writer is closed", p -> writerCloses(p, 0, p.clear))
                        .all("[R[CLEAR+EOF]][]"),
                of("the writer is closed before", RecordedEndsTest::writerClosedBefore)
                        .freebsd("0[R[EOF]]EPIPE")
                        .openbsd("0[R[EOF]]EPIPE", "0[R[EOF]]0")
                        .netbsd("0[R[EOF]]EBADF"),
                of("full, the reader is closed", RecordedEndsTest::fullReaderCloses)
                        .freebsd("[][W[ONESHOT+EOF]][]")
                        .openbsd("[][][]")
                        .netbsd("[][][]"),
                of("room, the reader is closed, changes", RecordedEndsTest::readerCloses)
                        .freebsd("[W[ONESHOT+EOF]]ENOENTENOENTENOENTEPIPE")
                        .openbsd("[W[EOF]]000EPIPE", "[W[EOF]]0000")
                        .netbsd("[W[EOF]]000EBADF"),
                of("the reader is closed before", RecordedEndsTest::readerClosedBefore)
                        .freebsd("2R[ERROR 0]W[ERROR EPIPE][R[EOF]]")
                        .openbsd(
                                "2R[ERROR 0]W[ERROR EPIPE][R[EOF]]",
                                "2R[ERROR 0]W[ERROR 0][R[EOF] W[EOF]]")
                        .netbsd("2R[ERROR 0]W[ERROR EBADF][R[EOF]]"),
                of("read filter on the writing end", RecordedEndsTest::readOnWriter)
                        .all("0[][R[EOF]]"),
                of("write filter on the reading end", RecordedEndsTest::writeOnReader)
                        .freebsd("0[W[]][W[ONESHOT+EOF]]")
                        .openbsd("0[W[]][W[EOF]]")
                        .netbsd("0[][]")
                        .notPlayed(wrongEnd));
    }

    private static void writerCloses(KeventProbe p, int bytes, int flags) throws Exception {
        int[] pipe = p.fds.pipe();
        p.set(pipe[0], p.r, p.add | flags);
        if (bytes > 0) {
            Fds.write(pipe[1], bytes);
        }
        p.fds.close(pipe[1]);
        p.poll();
        p.poll();
    }

    private static void writerClosedBefore(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        p.fds.close(pipe[1]);
        p.change(pipe[0], p.r, p.add);
        p.poll();
        p.change(pipe[0], p.w, p.add);
    }

    private static void fullReaderCloses(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        Fds.fill(pipe[1]);
        p.set(pipe[1], p.w, p.add);
        p.poll();
        p.fds.close(pipe[0]);
        p.poll();
        p.poll();
    }

    private static void readerCloses(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        p.set(pipe[1], p.w, p.add);
        p.fds.close(pipe[0]);
        p.poll();
        p.change(pipe[1], p.w, 0);
        p.change(pipe[1], p.w, KeventProbe.ENABLE);
        p.change(pipe[1], p.w, p.delete);
        p.change(pipe[1], p.w, p.add);
    }

    private static void readerClosedBefore(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        p.fds.close(pipe[0]);
        p.put(0, pipe[1], p.r, p.add | p.layout.EV_RECEIPT);
        p.put(1, pipe[1], p.w, p.add | p.layout.EV_RECEIPT);
        p.make(2, 2);
        p.poll();
    }

    private static void readOnWriter(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        p.change(pipe[1], p.r, p.add);
        p.poll();
        p.fds.close(pipe[0]);
        p.poll();
    }

    private static void writeOnReader(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        p.change(pipe[0], p.w, p.add);
        p.poll();
        p.fds.close(pipe[1]);
        p.poll();
    }

    @TestFactory
    Stream<DynamicTest> urgent_data() {
        return Recorded.tests(
                of("on a pipe, a unix socket, a listener", RecordedEndsTest::exceptOnOthers)
                        .openbsd("EINVAL00[]"),
                of("as the driver adds it: data, urgent, twice", p -> urgent(p, 0, "douoo"))
                        .openbsd("0[][][X[ff=4]][X[ff=4]]"),
                of("and then it is read, and closed", p -> urgent(p, 0, "durco"))
                        .openbsd("0[][X[ff=4]]")
                        .notPlayed("on Linux the urgent mark is gone when what is there was read"),
                of("without any, the peer is closed", p -> urgent(p, 0, "dco")).openbsd("0[][]"),
                of("clear: twice urgent", p -> urgent(p, p.clear, "uoouoo"))
                        .openbsd("0[][X[CLEAR ff=4]][][X[CLEAR ff=4]][]"));
    }

    private static void exceptOnOthers(KeventProbe p) throws Exception {
        int except = p.layout.EVFILT_EXCEPT;
        p.change(p.fds.pipe()[0], except, p.add, p.layout.NOTE_OOB, 0);
        p.change(p.fds.socketpair()[0], except, p.add, p.layout.NOTE_OOB, 0);
        int listener = p.fds.keep(Libc.Socket.TCP_V4.listen());
        p.change(listener, except, p.add, p.layout.NOTE_OOB, 0);
        p.poll();
    }

    /** d: a byte comes, u: an urgent one, r: all is read, c: the peer is closed, o: asked. */
    private static void urgent(KeventProbe p, int flags, String steps) throws Exception {
        int[] tcp = p.tcp();
        int all = p.layout.NOTE_OOB | 1; // NOTE_LOWAT
        p.change(tcp[0], p.layout.EVFILT_EXCEPT, p.add | flags, all, Integer.MAX_VALUE);
        p.poll();
        for (char step : steps.toCharArray()) {
            switch (step) {
                case 'd' -> Fds.write(tcp[1], 1);
                case 'u' -> Libc.sendUrgent(tcp[1]);
                case 'r' -> Fds.drain(tcp[0]);
                case 'c' -> p.fds.close(tcp[1]);
                case 'o' -> p.poll();
                default -> throw new IllegalArgumentException(steps);
            }
        }
    }
}
