package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.TestInfo;

/** TCP, and what passes for it. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class TcpContract {
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_MPTCP = 262;
    private static final int TCP_NOTSENT_LOWAT = 25;
    private static final int LOWAT = 16 * 1024;

    @EveryBackend
    void tcp_listener(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row("a connection arrives", fds -> listener(fds, IPPROTO_TCP));
                    kind.fact(
                            "A connection that is reset before it is accepted is still reported;"
                                    + " accept returns it.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int listener = fds.keep(Libc.Socket.TCP_V4.listen());
                                    watch(selector, listener, Interest.READ);
                                    int client = fds.keep(Libc.Socket.TCP_V4.open());
                                    Libc.Socket.TCP_V4.connect(client, listener);
                                    Libc.resetOnClose(client);
                                    fds.close(client);
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                    fds.keep(Libc.accept(listener));
                                }
                            });
                });
    }

    private static Thing listener(Fds fds, int protocol) throws IOException {
        int listener = fds.keep(listen(protocol));
        byte[] address = Kernel.loopback(Kernel.port(listener));
        return Thing.of(listener)
                .happens(() -> Kernel.connect(stream(fds, protocol), address))
                .quiet("all are accepted", () -> fds.keep(Libc.accept(listener)));
    }

    private static int listen(int protocol) throws IOException {
        int fd = Kernel.socket(Kernel.AF_INET, Kernel.SOCK_STREAM, protocol);
        Kernel.bind(fd, Kernel.loopback(0));
        Kernel.check("listen", Kernel.C.listen(fd, 16));
        return fd;
    }

    private static int stream(Fds fds, int protocol) throws IOException {
        return fds.keep(Kernel.socket(Kernel.AF_INET, Kernel.SOCK_STREAM, protocol));
    }

    /** Who connected, who accepted. */
    private static int[] connected(Fds fds, int protocol) throws IOException {
        int listener = listen(protocol);
        try {
            int client = stream(fds, protocol);
            Kernel.connect(client, Kernel.loopback(Kernel.port(listener)));
            StreamSockets.awaitReadable(listener);
            return new int[] {client, fds.keep(Libc.accept(listener))};
        } finally {
            Fd.close(listener);
        }
    }

    @EveryBackend
    void tcp(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    rowsOfStreams(kind, IPPROTO_TCP);
                    kind.row(
                            "an urgent byte arrives",
                            fds -> {
                                int[] pair2 = connected(fds, IPPROTO_TCP);
                                return Thing.of(pair2[1])
                                        .happens(() -> Libc.sendUrgent(pair2[0]))
                                        .quiet(
                                                "it is received with MSG_OOB",
                                                () ->
                                                        Kernel.receive(
                                                                pair2[1],
                                                                new byte[1],
                                                                Kernel.MSG_OOB));
                            });
                    kind.fact(
                            "After an own shutdown of reading, bytes that arrive are still"
                                    + " reported and read, though READ_CLOSED is set.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int[] both = connected(fds, IPPROTO_TCP);
                                    Libc.shutdown(both[1], 0);
                                    Fds.write(both[0], 3);
                                    watch(selector, both[1], Interest.READ);
                                    assertTrue(
                                            Trial.poll(selector, Trial.LIMIT_MILLIS)
                                                    .startsWith("READ"));
                                    assertEquals(3, readWhatComes(both[1]));
                                }
                            });
                    kind.fact(
                            "A read that passes an urgent byte takes it away: receive it first,"
                                    + " with MSG_OOB.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int[] both = connected(fds, IPPROTO_TCP);
                                    Libc.sendUrgent(both[0]);
                                    Fds.write(both[0], 1);
                                    watch(selector, both[1], Interest.READ.plus(Interest.PRIORITY));
                                    Trial.await(
                                            selector, "READ PRIORITY"::equals, Trial.LIMIT_MILLIS);
                                    assertEquals(1, readWhatComes(both[1]));
                                    assertEquals("", Trial.now(selector));
                                    byte[] one = new byte[1];
                                    var e =
                                            assertThrows(
                                                    Kernel.Failed.class,
                                                    () ->
                                                            Kernel.receive(
                                                                    both[1], one, Kernel.MSG_OOB));
                                    assertEquals(Errno.EINVAL, e.errno);
                                }
                            });
                    kind.fact(
                            "A read ends before an urgent byte: a short read is not the end there.",
                            () -> {
                                try (var fds = new Fds()) {
                                    int[] both = connected(fds, IPPROTO_TCP);
                                    Fds.write(both[0], 3);
                                    Libc.sendUrgent(both[0]);
                                    Fds.write(both[0], 2);
                                    assertEquals(3, readWhatComes(both[1]));
                                    assertEquals(2, readWhatComes(both[1]));
                                }
                            });
                    kind.fact(
                            "With TCP_NOTSENT_LOWAT of 16 KiB, writes go on to two to eight times"
                                    + " that much unsent, and WRITE is reported several times as"
                                    + " often as without.",
                            () -> {
                                int[] with = writesOf(pair, LOWAT);
                                int[] without = writesOf(pair, 0);
                                assertTrue(
                                        with[0] > 2 * LOWAT && with[0] < 8 * LOWAT,
                                        () -> "unsent: " + with[0]);
                                assertTrue(
                                        with[1] > 2 * without[1],
                                        () -> with[1] + " reports, " + without[1]);
                            });
                });
    }

    /** As soon as there is something; 0 is the end. */
    private static int readWhatComes(int fd) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(64);
        int n;
        do {
            n = Fd.read(fd, bytes);
        } while (n == 0);
        return Math.max(n, 0);
    }

    /** Eight megabytes: how much was unsent at most, how often WRITE was reported. */
    private static int[] writesOf(Pair pair, int lowat) throws IOException {
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            int[] both = connected(fds, IPPROTO_TCP);
            if (lowat > 0) {
                Kernel.option(both[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, lowat);
            }
            watch(selector, both[0], Interest.WRITE);
            ByteBuffer some = ByteBuffer.allocateDirect(64 * 1024);
            int unsent = 0;
            int reports = 0;
            for (long left = 8 << 20; left > 0; ) {
                if (!Trial.now(selector).isEmpty()) {
                    reports++;
                    left -= Fds.fill(both[0]);
                    unsent = Math.max(unsent, unsent(both[0]));
                }
                Fd.read(both[1], some.clear());
            }
            return new int[] {unsent, reports};
        }
    }

    private static int unsent(int fd) throws IOException {
        var bytes = Kernel.memory(4);
        Kernel.ioctl(fd, 0x894B, bytes); // SIOCOUTQNSD
        return bytes.getInt(0);
    }

    private static void rowsOfStreams(Kind kind, int protocol) throws Exception {
        kind.row(
                "it is not connected yet",
                fds -> {
                    int listener = fds.keep(listen(protocol));
                    byte[] address = Kernel.loopback(Kernel.port(listener));
                    int fd = stream(fds, protocol);
                    return Thing.of(fd).quiet("it is connected", () -> Kernel.connect(fd, address));
                });
        kind.row(
                "a connection attempt has succeeded",
                fds -> {
                    int listener = fds.keep(listen(protocol));
                    byte[] address = Kernel.loopback(Kernel.port(listener));
                    int fd = stream(fds, protocol);
                    Kernel.connect(fd, address);
                    return Thing.of(fd).quiet("it is full", () -> StreamSockets.fillAll(fd));
                });
        kind.row(
                "a connection attempt was refused",
                fds -> {
                    byte[] address = Kernel.nobody(Kernel.SOCK_STREAM);
                    int fd = stream(fds, protocol);
                    Kernel.connect(fd, address);
                    return Thing.of(fd);
                });
        kind.row(
                "bytes arrive",
                fds -> {
                    int[] both = connected(fds, protocol);
                    return Thing.of(both[1])
                            .happens(() -> Fds.write(both[0], 1))
                            .quiet("it is read empty", () -> Fds.drain(both[1]));
                });
        kind.row(
                "the peer shuts down writing",
                fds -> {
                    int[] both = connected(fds, protocol);
                    return Thing.of(both[1])
                            .happensOnce(() -> Libc.shutdown(both[0], Libc.SHUT_WR));
                });
        kind.row(
                "shut down for reading by its owner",
                fds -> {
                    int[] both = connected(fds, protocol);
                    return Thing.of(both[1]).happensOnce(() -> Libc.shutdown(both[1], 0));
                });
        kind.row(
                "the peer resets",
                fds -> {
                    int[] both = connected(fds, protocol);
                    Libc.resetOnClose(both[0]);
                    return Thing.of(both[1]).happensOnce(() -> fds.close(both[0]));
                });
        kind.row(
                "there is room again",
                fds -> {
                    int[] both = connected(fds, protocol);
                    StreamSockets.fillAll(both[0]);
                    return Thing.of(both[0])
                            .happensOnce(() -> StreamSockets.drainUntilRoom(both[1], both[0]))
                            .quiet("it is full", () -> StreamSockets.fillAll(both[0]));
                });
    }

    @EveryBackend
    void mptcp(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    Fd.close(Kernel.socket(Kernel.AF_INET, Kernel.SOCK_STREAM, IPPROTO_MPTCP));
                    rowsOfStreams(kind, IPPROTO_MPTCP);
                    kind.factOfEpoll(
                            "A refused connection comes from the kernel as EPOLLOUT, EPOLLERR and"
                                    + " EPOLLHUP, without the EPOLLIN and EPOLLRDHUP of TCP: who"
                                    + " looks for EPOLLIN alone misses it. Pollux sets READ, as for"
                                    + " every hang-up.",
                            () -> {
                                try (var fds = new Fds()) {
                                    int fd = stream(fds, IPPROTO_MPTCP);
                                    Kernel.connect(fd, Kernel.nobody(Kernel.SOCK_STREAM));
                                    var layout = pair.sys().layout();
                                    int plain = layout.EPOLLOUT | layout.EPOLLERR | layout.EPOLLHUP;
                                    assertEquals(plain, raw(pair, fd));
                                    int tcp = stream(fds, IPPROTO_TCP);
                                    Kernel.connect(tcp, Kernel.nobody(Kernel.SOCK_STREAM));
                                    int in = layout.EPOLLIN | layout.EPOLLRDHUP;
                                    assertEquals(plain | in, raw(pair, tcp));
                                }
                            });
                });
    }

    /** What epoll itself says, asked for EPOLLIN, EPOLLOUT and EPOLLRDHUP. */
    private static int raw(Pair pair, int fd) {
        var sys = pair.sys();
        var layout = sys.layout();
        int epoll = sys.epollCreate();
        try {
            int both = layout.EPOLLIN | layout.EPOLLOUT | layout.EPOLLRDHUP;
            assertEquals(0, sys.epollCtl(epoll, layout.EPOLL_CTL_ADD, fd, both, 0));
            ByteBuffer event = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
            int count = sys.epollWait(epoll, sys.address(event), 1, (int) Trial.LIMIT_MILLIS, null);
            return count == 1 ? event.getInt(layout.epollEventEvents) : 0;
        } finally {
            sys.close(epoll);
        }
    }
}
