package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Reported;
import java.io.IOException;
import jnr.constants.platform.Errno;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.TestInfo;

/** Queues and rings, and epoll itself. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class QueuesContract {
    @EveryBackend
    void posix_message_queue(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a message arrives",
                            fds -> {
                                int fd = queue(fds, Kernel.O_RDWR);
                                return Thing.of(fd)
                                        .happens(() -> send(fd))
                                        .quiet("all are received", () -> receiveAll(fd));
                            });
                    kind.row(
                            "it was full and has room again",
                            fds -> {
                                int fd = queue(fds, Kernel.O_RDWR);
                                fill(fd);
                                return Thing.of(fd)
                                        .happensOnce(() -> receive(fd))
                                        .quiet("it is full", () -> fill(fd));
                            });
                    kind.fact(
                            "The access mode does not count: one that is open for reading only is"
                                    + " reported WRITE, where a send says EBADF, and the other way"
                                    + " round.",
                            () -> accessModes(pair));
                    kind.factOfEpoll(
                            "Under EDGE, each send and each receive, one's own as well, reports"
                                    + " again what there is: WRITE while there is room, READ while"
                                    + " messages are left.",
                            () -> sendsAndReceivesAreEdges(pair));
                });
    }

    private static void sendsAndReceivesAreEdges(Pair pair) throws IOException {
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            int fd = queue(fds, Kernel.O_RDWR);
            selector.register(fd, Interest.READ.plus(Interest.WRITE), Trigger.EDGE, null);
            assertEquals("WRITE", Trial.now(selector));
            assertEquals("", Trial.now(selector));
            send(fd);
            assertEquals("READ WRITE", Trial.now(selector));
            send(fd);
            assertEquals("READ", Trial.now(selector));
            assertEquals("", Trial.now(selector));
            receive(fd);
            assertEquals("READ WRITE", Trial.now(selector));
            receive(fd);
            assertEquals("WRITE", Trial.now(selector));
        }
    }

    private static void accessModes(Pair pair) throws IOException {
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            int reader = queue(fds, Kernel.O_RDONLY);
            watch(selector, reader, Interest.WRITE);
            assertEquals("WRITE", Trial.now(selector));
            assertEquals(Errno.EBADF, assertThrows(Kernel.Failed.class, () -> send(reader)).errno);
        }
        String name = queueName();
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            int writer = queue(fds, name, Kernel.O_WRONLY);
            send(writer);
            watch(selector, writer, Interest.READ);
            assertEquals("READ", Trial.now(selector));
            assertEquals(
                    Errno.EBADF, assertThrows(Kernel.Failed.class, () -> receive(writer)).errno);
        }
    }

    private static String queueName() {
        return "/pollux-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    }

    private static int queue(Fds fds, int mode) throws IOException {
        return queue(fds, queueName(), mode);
    }

    /** Two messages of eight bytes. Its name is gone at once. */
    private static int queue(Fds fds, String name, int mode) throws IOException {
        Pointer attributes = Kernel.memory(64); // four longs of struct mq_attr
        attributes.putLong(8, 2);
        attributes.putLong(16, 8);
        int flags = mode | Kernel.O_CREAT | Kernel.O_EXCL | Kernel.NONBLOCK | Kernel.CLOEXEC;
        int fd = Kernel.require("mq_open", Kernel.C.mq_open(name, flags, 0600, attributes));
        Kernel.C.mq_unlink(name);
        return fds.keep(fd);
    }

    private static void send(int fd) throws IOException {
        Kernel.check("mq_send", Kernel.C.mq_send(fd, new byte[1], 1, 0));
    }

    private static void receive(int fd) throws IOException {
        Kernel.check("mq_receive", Kernel.C.mq_receive(fd, new byte[8], 8, 0));
    }

    private static void fill(int fd) throws IOException {
        untilWouldBlock(() -> send(fd));
    }

    private static void receiveAll(int fd) throws IOException {
        untilWouldBlock(() -> receive(fd));
    }

    private interface Call {
        void call() throws IOException;
    }

    private static void untilWouldBlock(Call call) throws IOException {
        while (true) {
            try {
                call.call();
            } catch (Kernel.Failed e) {
                if (e.errno == Errno.EAGAIN) {
                    return;
                }
                throw e;
            }
        }
    }

    // ---- multiplexers and rings

    @EveryBackend
    void epoll(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row("something in it is ready", fds -> nested(pair, fds, 0));
                    kind.fact(
                            "An edge-triggered one inside is reported as long as its own event was"
                                    + " not taken from it.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    Thing thing = nested(pair, fds, pair.sys().layout().EPOLLET);
                                    watch(selector, thing.fd, Interest.READ);
                                    thing.happens.act();
                                    assertEquals("READ", Trial.now(selector));
                                    assertEquals("READ", Trial.now(selector));
                                }
                            });
                });
    }

    private static Thing nested(Pair pair, Fds fds, int flags) throws IOException {
        var layout = pair.sys().layout();
        int inner = fds.keep(pair.sys().epollCreate());
        int[] pipe = fds.pipe();
        int events = layout.EPOLLIN | flags;
        int rc = pair.sys().epollCtl(inner, layout.EPOLL_CTL_ADD, pipe[0], events, 0);
        assertEquals(0, rc);
        return Thing.of(inner)
                .happens(() -> Fds.write(pipe[1], 1))
                .quiet("what is in it is quiet", () -> Fds.drain(pipe[0]));
    }

    @EveryBackend
    void io_uring(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a completion arrives",
                            fds -> {
                                var ring = new Ring(fds);
                                return Thing.of(ring.fd)
                                        .happens(ring::submitNop)
                                        .quiet("all are taken", ring::takeAll);
                            });
                    kind.fact(
                            "Room for submissions wakes nobody: epoll never reports WRITE for it,"
                                    + " unless there was room when it was registered; poll and"
                                    + " select see it when they look for another reason.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    var ring = new Ring(fds);
                                    ring.fillSubmissions();
                                    watch(selector, ring.fd, Interest.WRITE);
                                    assertEquals("", Trial.now(selector));
                                    ring.submitAll();
                                    boolean isEpoll = Reported.isEpoll(pair.backend());
                                    assertEquals(isEpoll ? "" : "WRITE", Trial.now(selector));
                                    FdSelector other = pair.open();
                                    watch(other, ring.fd, Interest.WRITE);
                                    assertEquals("WRITE", Trial.now(other));
                                    other.close();
                                }
                            });
                });
    }

    // ---- perf events

    @EveryBackend
    void perf_event(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "memory-mapped: a sample arrives",
                            fds -> {
                                var event = new PageFaults(fds, true);
                                return Thing.of(event.fd).happens(event::sampleOne).seenAtOnce();
                            });
                    kind.row("not memory-mapped", fds -> Thing.of(new PageFaults(fds, false).fd));
                });
    }
}
