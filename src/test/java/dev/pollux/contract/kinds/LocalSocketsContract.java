package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.TestInfo;

/** Sockets of this machine alone: unix, netlink. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class LocalSocketsContract {
    private static final int NETLINK_USERSOCK = 2;

    /** What is done with two sockets, of which one waits for room. */
    private interface Fullness {
        void with(FdSelector selector, int[] both) throws Exception;
    }

    private static Thing.Act onFull(Pair pair, Fullness proof) {
        return () -> {
            try (var fds = new Fds();
                    FdSelector selector = pair.open()) {
                int[] both = pair(fds, Kernel.SOCK_STREAM);
                Fds.fill(both[0]);
                watch(selector, both[0], Interest.WRITE);
                proof.with(selector, both);
            }
        };
    }

    private static int[] pair(Fds fds, int type) throws IOException {
        int[] both = Kernel.socketpair(type);
        fds.keep(both[0]);
        fds.keep(both[1]);
        return both;
    }

    @EveryBackend
    void unix_stream(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    rowsOfConnections(kind, Kernel.SOCK_STREAM);
                    kind.row(
                            "the peer closes with bytes unread",
                            fds -> {
                                int[] both = pair(fds, Kernel.SOCK_STREAM);
                                Fds.write(both[0], 1);
                                return Thing.of(both[0]).happensOnce(() -> fds.close(both[1]));
                            });
                    kind.row(
                            "there is room again",
                            fds -> {
                                int[] both = pair(fds, Kernel.SOCK_STREAM);
                                Fds.fill(both[0]);
                                return Thing.of(both[0])
                                        .happensOnce(() -> Fds.drain(both[1]))
                                        .quiet("it is full", () -> Fds.fill(both[0]));
                            });
                    kind.fact(
                            "Room is reported later than a write finds it: one may succeed that was"
                                    + " not announced.",
                            onFull(
                                    pair,
                                    (selector, both) -> {
                                        Fd.read(both[1], ByteBuffer.allocate(16 * 1024));
                                        assertEquals("", Trial.now(selector));
                                        assertEquals(1, Fd.write(both[0], ByteBuffer.allocate(1)));
                                    }));
                    kind.fact(
                            "Who waits for room hears nothing when the peer shuts down reading, though"
                                    + " a write fails then (EPIPE).",
                            onFull(
                                    pair,
                                    (selector, both) -> {
                                        Libc.shutdown(both[1], Libc.SHUT_RD);
                                        assertEquals("", Trial.now(selector));
                                        assertThrows(
                                                PolluxException.class, () -> Fds.write(both[0], 1));
                                    }));
                    kind.factOfEpoll(
                            "Under EDGE, WRITE is reported again when the peer reads, though there"
                                    + " was room.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int[] both = pair(fds, Kernel.SOCK_STREAM);
                                    selector.register(both[0], Interest.WRITE, Trigger.EDGE, null);
                                    assertEquals("WRITE", Trial.now(selector));
                                    Fds.write(both[0], 1);
                                    assertEquals("", Trial.now(selector));
                                    Fds.drain(both[1]);
                                    assertEquals("WRITE", Trial.now(selector));
                                }
                            });
                });
    }

    private static void rowsOfConnections(Kind kind, int type) throws Exception {
        kind.row(
                type == Kernel.SOCK_STREAM ? "bytes arrive" : "a message arrives",
                fds -> {
                    int[] both = pair(fds, type);
                    return Thing.of(both[1])
                            .happens(() -> Fds.write(both[0], 1))
                            .quiet("it is read empty", () -> Fds.drain(both[1]));
                });
        kind.row(
                "the peer shuts down writing",
                fds -> {
                    int[] both = pair(fds, type);
                    return Thing.of(both[1])
                            .happensOnce(() -> Libc.shutdown(both[0], Libc.SHUT_WR));
                });
        kind.row(
                "the peer closes",
                fds -> {
                    int[] both = pair(fds, type);
                    return Thing.of(both[1]).happensOnce(() -> fds.close(both[0]));
                });
    }

    @EveryBackend
    void unix_seqpacket(Pair pair, TestInfo test) throws Exception {
        Kind.check(pair, test, kind -> rowsOfConnections(kind, Kernel.SOCK_SEQPACKET));
    }

    @EveryBackend
    void unix_datagram(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a datagram arrives",
                            fds -> {
                                int[] both = pair(fds, Kernel.SOCK_DGRAM);
                                return Thing.of(both[1])
                                        .happens(() -> Fds.write(both[0], 1))
                                        .quiet("all are received", () -> drain(both[1]));
                            });
                    kind.row(
                            "connected: the peer's queue has room again",
                            fds -> {
                                int[] both = pair(fds, Kernel.SOCK_DGRAM);
                                fillDatagrams(both[0]);
                                return Thing.of(both[0])
                                        .happensOnce(() -> drain(both[1]))
                                        .quiet("it is full", () -> fillDatagrams(both[0]));
                            });
                    kind.fact(
                            "Nothing is reported of a connected socket when its peer closes; the next"
                                    + " send says so (ECONNREFUSED).",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int[] both = pair(fds, Kernel.SOCK_DGRAM);
                                    fds.close(both[1]);
                                    watch(selector, both[0], Interest.READ);
                                    assertEquals("", Trial.now(selector));
                                    var e =
                                            assertThrows(
                                                    PolluxException.class,
                                                    () -> Fds.write(both[0], 1));
                                    assertTrue(
                                            e.getMessage().contains("ECONNREFUSED"), e::getMessage);
                                }
                            });
                });
    }

    private static void drain(int fd) throws IOException {
        Kernel.receiveAll(fd, 0);
    }

    private static void fillDatagrams(int fd) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        while (Fd.write(fd, one.clear()) > 0) {
            Thread.onSpinWait();
        }
    }

    // ---- netlink

    @EveryBackend
    void netlink(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a message arrives",
                            fds -> {
                                int receiver = netlink(fds);
                                int sender = netlink(fds);
                                byte[] to = addressOf(receiver);
                                return Thing.of(receiver)
                                        .happens(() -> Kernel.sendTo(sender, message(), to))
                                        .quiet("all are received", () -> drain(receiver));
                            });
                    kind.row(
                            "messages were lost for want of room (ENOBUFS)",
                            fds -> {
                                int receiver = netlink(fds);
                                Kernel.option(receiver, Kernel.SOL_SOCKET, Kernel.SO_RCVBUF, 4096);
                                int sender = netlink(fds);
                                byte[] to = address(0, 1);
                                return Thing.of(receiver)
                                        .happensOnce(() -> overrun(sender, to))
                                        .quiet(
                                                "a receive takes the error, the next what is there",
                                                () -> {
                                                    assertEquals(
                                                            Errno.ENOBUFS,
                                                            assertThrows(
                                                                            Kernel.Failed.class,
                                                                            () -> drain(receiver))
                                                                    .errno);
                                                    drain(receiver);
                                                });
                            });
                });
    }

    private static int netlink(Fds fds) throws IOException {
        int fd = Kernel.socket(Kernel.AF_NETLINK, Kernel.SOCK_DGRAM, NETLINK_USERSOCK);
        fds.keep(fd);
        Kernel.bind(fd, address(0, 1));
        return fd;
    }

    /** struct sockaddr_nl. */
    private static byte[] address(int port, int groups) {
        ByteBuffer address = Kernel.bytes(12).putShort(0, (short) Kernel.AF_NETLINK);
        return address.putInt(4, port).putInt(8, groups).array();
    }

    private static byte[] addressOf(int fd) throws IOException {
        byte[] address = new byte[12];
        Kernel.check("getsockname", Kernel.C.getsockname(fd, address, new int[] {12}));
        return ByteBuffer.wrap(address).putInt(8, 0).array();
    }

    /** struct nlmsghdr and some text. */
    private static byte[] message() {
        return Kernel.bytes(64).putInt(0, 64).putShort(4, (short) 0x10).array();
    }

    private static void overrun(int sender, byte[] to) throws IOException {
        for (int i = 0; i < 1000; i++) {
            try {
                Kernel.sendTo(sender, message(), to);
            } catch (Kernel.Failed e) { // after the group it tries the kernel, which takes none
                assertEquals(Errno.ECONNREFUSED, e.errno);
            }
        }
    }
}
