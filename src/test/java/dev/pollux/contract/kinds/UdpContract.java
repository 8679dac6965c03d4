package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.TestInfo;

/** UDP, with its errors and what is no error. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class UdpContract {
    private static final int IPPROTO_UDP = 17;
    private static final int SO_TIMESTAMPING = 37;
    private static final int OF_WHAT_IS_SENT = 1 << 1 | 1 << 4 | 1 << 7; // in software, with an id

    @EveryBackend
    void udp(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a datagram arrives",
                            fds -> {
                                int receiver = udp(fds);
                                int sender = udp(fds);
                                byte[] to = Kernel.loopback(Kernel.port(receiver));
                                return Thing.of(receiver)
                                        .happens(() -> Kernel.sendTo(sender, new byte[1], to))
                                        .quiet(
                                                "all are received",
                                                () -> Kernel.receiveAll(receiver, 0));
                            });
                    kind.row(
                            "connected: the peer's port is unreachable",
                            fds -> {
                                int fd = udp(fds);
                                byte[] nobody = Kernel.nobody(Kernel.SOCK_DGRAM);
                                Kernel.connect(fd, nobody);
                                return Thing.of(fd)
                                        .happensOnce(() -> Fds.write(fd, 1))
                                        .quiet(
                                                "a call takes the error",
                                                () ->
                                                        assertEquals(
                                                                Errno.ECONNREFUSED,
                                                                Kernel.takeError(fd)));
                            });
                    kind.row(
                            "a time stamp of what was sent is in the error queue",
                            fds -> {
                                int receiver = udp(fds);
                                int fd = udp(fds);
                                int flags = OF_WHAT_IS_SENT;
                                Kernel.option(fd, Kernel.SOL_SOCKET, SO_TIMESTAMPING, flags);
                                byte[] to = Kernel.loopback(Kernel.port(receiver));
                                return Thing.of(fd)
                                        .happens(() -> Kernel.sendTo(fd, new byte[1], to))
                                        .quiet(
                                                "all are received with MSG_ERRQUEUE",
                                                () -> Kernel.receiveAll(fd, Kernel.MSG_ERRQUEUE));
                            });
                    kind.fact(
                            "After its own shutdown of reading, READ_CLOSED is reported on and on,"
                                    + " and no receive finds an end: unregister.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = udp(fds);
                                    Kernel.connect(fd, Kernel.loopback(Kernel.port(udp(fds))));
                                    Libc.shutdown(fd, 0);
                                    watch(selector, fd, Interest.READ);
                                    String expected =
                                            pair.backend() == Backend.SELECT
                                                    ? "READ"
                                                    : "READ READ_CLOSED";
                                    for (int i = 0; i < 2; i++) {
                                        assertEquals(expected, Trial.now(selector));
                                        var e =
                                                assertThrows(
                                                        Kernel.Failed.class,
                                                        () -> Kernel.receive(fd, new byte[1], 0));
                                        assertEquals(Errno.EAGAIN, e.errno);
                                    }
                                }
                            });
                    kind.fact(
                            "A datagram without a byte is reported like any other.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int receiver = udp(fds);
                                    watch(selector, receiver, Interest.READ);
                                    byte[] to = Kernel.loopback(Kernel.port(receiver));
                                    Kernel.sendTo(udp(fds), new byte[0], to);
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                    assertEquals(0, Kernel.receive(receiver, new byte[1], 0));
                                    assertEquals("", Trial.now(selector));
                                }
                            });
                    kind.fact(
                            "An entry of the error queue is no error of a call: a read says that"
                                    + " there is nothing, SO_ERROR is 0, and LEVEL reports on.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int receiver = udp(fds);
                                    int fd = udp(fds);
                                    int flags = OF_WHAT_IS_SENT;
                                    Kernel.option(fd, Kernel.SOL_SOCKET, SO_TIMESTAMPING, flags);
                                    watch(selector, fd, Interest.READ);
                                    Kernel.sendTo(
                                            fd,
                                            new byte[1],
                                            Kernel.loopback(Kernel.port(receiver)));
                                    String reported = Trial.poll(selector, Trial.LIMIT_MILLIS);
                                    assertTrue(reported.startsWith("READ"), reported);
                                    assertEquals(Errno.valueOf(0), Kernel.takeError(fd));
                                    assertEquals(
                                            Errno.EAGAIN,
                                            assertThrows(
                                                            Kernel.Failed.class,
                                                            () ->
                                                                    Kernel.receive(
                                                                            fd, new byte[1], 0))
                                                    .errno);
                                    assertEquals(reported, Trial.now(selector));
                                }
                            });
                    kind.factOfEpoll(
                            "Under EDGE, WRITE is reported again after each send of its own, though"
                                    + " there was room: send until it would block, or all there"
                                    + " is, and not one to a report.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = udp(fds);
                                    byte[] to = Kernel.loopback(Kernel.port(udp(fds)));
                                    selector.register(fd, Interest.WRITE, Trigger.EDGE, null);
                                    for (int i = 0; i < 3; i++) {
                                        assertEquals("WRITE", Trial.now(selector));
                                        assertEquals("", Trial.now(selector));
                                        Kernel.sendTo(fd, new byte[1], to);
                                    }
                                    assertEquals("WRITE", Trial.now(selector));
                                }
                            });
                });
    }

    private static int udp(Fds fds) throws IOException {
        int fd = fds.keep(Kernel.socket(Kernel.AF_INET, Kernel.SOCK_DGRAM, 0));
        Kernel.bind(fd, Kernel.loopback(0));
        return fd;
    }

    @EveryBackend
    void udp_with_bad_checksums(Pair pair, TestInfo test) throws Exception {
        Host.requireNotStrict("to ask how much is unread is a look that throws them away");
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a datagram of 69 bytes or more with a wrong checksum arrives",
                            fds -> badChecksum(fds, 69));
                    kind.fact(
                            "One of 68 bytes or less is thrown away and never reported.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    Thing thing = badChecksum(fds, 68);
                                    watch(selector, thing.fd, Interest.READ);
                                    thing.happens.act();
                                    assertEquals("", Trial.now(selector));
                                    byte[] to = Kernel.loopback(Kernel.port(thing.fd));
                                    Kernel.sendTo(udp(fds), new byte[1], to); // the control
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                    Kernel.receiveAll(thing.fd, 0);
                                    assertEquals("", Trial.now(selector));
                                }
                            });
                    kind.fact(
                            "The one that is reported is not there: the receive that follows says"
                                    + " EAGAIN. Of a descriptor that blocks it is not reported.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    Thing thing = badChecksum(fds, 69);
                                    watch(selector, thing.fd, Interest.READ);
                                    thing.happens.act();
                                    String reported = Trial.poll(selector, Trial.LIMIT_MILLIS);
                                    assertEquals("READ", reported);
                                    var e =
                                            assertThrows(
                                                    Kernel.Failed.class,
                                                    () -> Kernel.receive(thing.fd, new byte[9], 0));
                                    assertEquals(Errno.EAGAIN, e.errno);
                                    Fd.setNonBlocking(thing.fd, false);
                                    thing.happens.act();
                                    assertEquals("", Trial.now(selector));
                                }
                            });
                });
    }

    /** Sent by a raw socket, which leaves the checksum to us. */
    private static Thing badChecksum(Fds fds, int payload) throws IOException {
        int receiver = udp(fds);
        int port = Kernel.port(receiver);
        int raw = fds.keep(Kernel.socket(Kernel.AF_INET, Kernel.SOCK_RAW, IPPROTO_UDP));
        byte[] datagram =
                ByteBuffer.allocate(8 + payload) // big endian, as the network is
                        .putShort((short) 9)
                        .putShort((short) port)
                        .putShort((short) (8 + payload))
                        .putShort((short) 0x1234)
                        .array();
        return Thing.of(receiver)
                .happens(() -> Kernel.sendTo(raw, datagram, Kernel.loopback(port)))
                .quiet("a receive has found nothing", () -> Kernel.receiveAll(receiver, 0));
    }
}
