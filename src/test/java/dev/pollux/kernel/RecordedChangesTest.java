package dev.pollux.kernel;

import static dev.pollux.kernel.KeventProbe.NO_FILTER;
import static dev.pollux.kernel.Recorded.of;

import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LostAgent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The models answer as their kernels did: changes and receipts, nested kqueues, other files. */
@ExtendWith(LostAgent.class)
class RecordedChangesTest {
    @BeforeEach
    void there_is_a_kqueue() {
        Recorded.requireKqueue();
    }

    @TestFactory
    Stream<DynamicTest> receipts() {
        return Recorded.tests(
                of("changes and events in one call", RecordedChangesTest::together)
                        .all("1?[ERROR EINVAL]2R[]W[]"),
                of("the second of three fails, no room", p -> three(p, 0)).all("EBADF0ENOENT"),
                of("the second of three fails, room", p -> three(p, 8)).all("1R[ERROR EBADF]00"),
                of("of each kind", RecordedChangesTest::ofEachKind)
                        .all(
                                "6R[ERROR ENOENT]R[ERROR 0]?[ERROR EINVAL]R[ERROR 0]"
                                        + "R[ERROR EBADF]R[ERROR EBADF]"),
                of("the knote does not keep it", RecordedChangesTest::notKept).all("[R[]]"),
                of("256 at once", RecordedChangesTest::many).all("256"),
                of("filter 0 without flags", p -> p.change(p.fds.pipe()[0], 0, 0))
                        .freebsd("0")
                        .openbsd("EINVAL")
                        .netbsd("ENOENT"),
                of("a kqueue that is closed", p -> p.poll(closedKqueue(p), 8)).all("EBADF"),
                of("what is no kqueue", p -> p.poll(p.fds.pipe()[0], 8)).all("EBADF"));
    }

    private static int closedKqueue(KeventProbe p) {
        int queue = p.sys.kqueue();
        p.sys.close(queue);
        return queue;
    }

    private static void together(KeventProbe p) throws Exception {
        int[] pair = p.fds.socketpair();
        Fds.write(pair[1], 1);
        p.set(pair[0], p.r, p.add);
        p.set(pair[0], p.w, p.add);
        p.put(0, pair[0], NO_FILTER, p.add);
        p.make(1, 8);
        p.put(0, pair[0], p.r, 0);
        p.make(1, 8);
    }

    private static void three(KeventProbe p, int room) throws Exception {
        int[] one = p.fds.pipe();
        int[] two = p.fds.pipe();
        p.put(0, one[0], p.r, p.add);
        p.put(1, -1, p.r, p.add);
        p.put(2, two[0], p.r, p.add);
        p.make(3, room);
        p.change(one[0], p.r, 0);
        p.change(two[0], p.r, 0);
    }

    private static void ofEachKind(KeventProbe p) throws Exception {
        int receipt = p.layout.EV_RECEIPT;
        int[] pipe = p.fds.pipe();
        p.put(0, pipe[0], p.r, p.delete | receipt);
        p.put(1, pipe[0], p.r, p.add | receipt);
        p.put(2, pipe[0], NO_FILTER, receipt);
        p.put(3, pipe[0], p.r, receipt);
        p.put(4, -1, p.r, p.add | receipt);
        p.put(5, -1, p.r, p.delete | receipt);
        p.make(6, 6);
    }

    private static void notKept(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        Fds.write(pipe[1], 1);
        p.put(0, pipe[0], p.r, p.add | p.layout.EV_RECEIPT);
        p.sys.keventChange(p.kq, p.sys.address(p.list()), 1, 1);
        p.poll();
    }

    private static void many(KeventProbe p) throws Exception {
        int[] pipe = p.fds.pipe();
        for (int i = 0; i < 256; i++) {
            p.put(i, pipe[0], p.r, p.add | p.layout.EV_RECEIPT);
        }
        p.say(p.sys.keventChange(p.kq, p.sys.address(p.list()), 256, 256));
    }

    @TestFactory
    Stream<DynamicTest> numbers_that_were_closed() {
        return Recorded.tests(
                of("closed", RecordedChangesTest::close).all("[]EBADFEBADF"),
                of("another file", p -> reuse(p, p.pipe(1, 0), p.fds.pipe())).all("[]ENOENT0[R[]]"),
                of("the same file", RecordedChangesTest::reuseItself)
                        .all("[]ENOENT")
                        .notPlayed("epoll knows the number and the file, and both are the same"));
    }

    private static void close(KeventProbe p) throws Exception {
        int[] pipe = p.pipe(1, 0);
        p.fds.close(pipe[0]);
        p.poll();
        p.change(pipe[0], p.r, p.delete);
        p.change(pipe[0], p.r, p.add);
    }

    private static void reuse(KeventProbe p, int[] pipe, int[] other) throws Exception {
        Fds.write(other[1], 1);
        p.fds.reuse(pipe[0], other[0]);
        p.poll();
        p.change(pipe[0], p.r, p.delete);
        p.change(pipe[0], p.r, p.add);
        p.poll();
    }

    private static void reuseItself(KeventProbe p) throws Exception {
        int[] pipe = p.pipe(1, 0);
        p.fds.reuse(pipe[0], p.fds.dup(pipe[0]));
        p.poll();
        p.change(pipe[0], p.r, p.delete);
    }

    @TestFactory
    Stream<DynamicTest> nested() {
        return Recorded.tests(
                of("at level: reported, drained, not asked again", p -> nest(p, 0, 0, "woIodoIo"))
                        .all("[][R[]][R[]][R[]][R[]][][]"),
                of("clear: reported, not drained", p -> nest(p, 0, p.clear, "woIo"))
                        .all("[][R[]][R[CLEAR]][]"),
                of("drained before it was asked", p -> nest(p, 0, 0, "wdoIo"))
                        .all("[][R[]][][]")
                        .notPlayed("Linux does not keep what was active for a while"),
                of("a ready one is deleted", p -> nest(p, 0, 0, "woXo")).all("[][R[]]0[]"),
                of("a ready one is disabled", p -> nest(p, 0, 0, "woDoIo"))
                        .all("[][R[]]0[R[]][][]"),
                of("clear in the outer one", p -> nest(p, p.clear, 0, "woowoIo"))
                        .freebsd("[][R[CLEAR]][][][R[]][]")
                        .openbsd("[][R[CLEAR]][][][R[]][R[CLEAR]]")
                        .netbsd("[][R[CLEAR]][][][R[]][]"),
                of("other filter, itself, a circle", RecordedChangesTest::circle)
                        .freebsd("EINVALEINVAL00[]")
                        .openbsd("EINVAL000[]")
                        .netbsd("EPERM000[]"),
                of("the inner one is closed", RecordedChangesTest::closeInner).all("[R[]][]"));
    }

    /**
     * w: a byte is written, d: drained; o, I: the outer, the inner one is asked; X, D: the inner
     * one's knote is deleted, disabled.
     */
    private static void nest(KeventProbe p, int outer, int inner, String steps) throws Exception {
        int queue = p.sys.kqueue();
        int[] pipe = p.fds.pipe();
        p.set(queue, pipe[0], p.r, p.add | inner, 1);
        p.set(queue, p.r, p.add | outer);
        p.poll();
        for (char step : steps.toCharArray()) {
            switch (step) {
                case 'w' -> Fds.write(pipe[1], 1);
                case 'd' -> Fds.drain(pipe[0]);
                case 'o' -> p.poll();
                case 'I' -> p.poll(queue, 8);
                case 'X' -> p.change(queue, pipe[0], p.r, p.delete);
                case 'D' -> p.change(queue, pipe[0], p.r, p.disable);
                default -> throw new IllegalArgumentException(steps);
            }
        }
        p.sys.close(queue);
    }

    private static void circle(KeventProbe p) {
        int queue = p.sys.kqueue();
        p.change(queue, p.w, p.add);
        p.change(p.kq, p.r, p.add);
        p.change(queue, p.r, p.add);
        p.change(queue, p.kq, p.r, p.add);
        p.poll();
        p.sys.close(queue);
    }

    private static void closeInner(KeventProbe p) throws Exception {
        int queue = p.sys.kqueue();
        int[] pipe = p.fds.pipe();
        Fds.write(pipe[1], 1);
        p.set(queue, pipe[0], p.r, p.add, 1);
        p.set(queue, p.r, p.add);
        p.poll();
        p.sys.close(queue);
        p.poll();
    }

    @TestFactory
    Stream<DynamicTest> files() {
        return Recorded.tests(
                of("/dev/null", p -> devNull(p))
                        .freebsd("ENODEVENODEV[]")
                        .openbsd("00[R[] W[]]")
                        .netbsd("00[R[] W[]]")
                        .notPlayed(
                                "the driver refuses it before the kernel is asked",
                                KqueueModel.OPENBSD,
                                KqueueModel.NETBSD),
                of("device and inode of unix socket, pipe, kqueue, tcp", RecordedChangesTest::stat)
                        .freebsd("dev ino; dev ino; ; ; ")
                        .openbsd("dev ino; ; ; ; ")
                        .netbsd("dev ino; ; ; ; "),
                of("two pipes have other inodes; the ends of one", RecordedChangesTest::pipes)
                        .freebsd("true true")
                        .openbsd("false false"));
    }

    private static void devNull(KeventProbe p) throws Exception {
        int fd = p.fds.keep(Libc.open("/dev/null"));
        p.change(fd, p.r, p.add);
        p.change(fd, p.w, p.add);
        p.poll();
    }

    private static void stat(KeventProbe p) throws Exception {
        ByteBuffer status = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
        for (int fd : new int[] {p.fds.socketpair()[0], p.fds.pipe()[0], p.kq, p.tcp()[0]}) {
            p.sys.fileStatus(fd, p.sys.address(status));
            p.say(status.getLong(0) != 0 ? "dev " : "");
            p.say(status.getLong(8) != 0 ? "ino; " : "; ");
        }
    }

    private static void pipes(KeventProbe p) throws Exception {
        int[] one = p.fds.pipe();
        long reader = inode(p, one[0]);
        p.say((reader != inode(p, p.fds.pipe()[0])) + " " + (reader != inode(p, one[1])));
    }

    private static long inode(KeventProbe p, int fd) {
        ByteBuffer status = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
        p.sys.fileStatus(fd, p.sys.address(status));
        return status.getLong(8);
    }
}
