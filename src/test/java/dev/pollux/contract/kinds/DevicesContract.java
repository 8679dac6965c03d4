package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.TestInfo;

/** Network devices and page faults of one's own. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class DevicesContract {
    // ---- tun

    private static final long TUNSETIFF = 0x400454caL;
    private static final int IFF_TUN_NO_PI = 0x1001;
    private static final long SIOCSIFADDR = 0x8916;
    private static final long SIOCSIFNETMASK = 0x891c;
    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCGIFINDEX = 0x8933;
    private static final int IFF_UP = 1;
    private static final short RTM_DELLINK = 17;
    private static final short NLM_F_REQUEST = 1;
    private static final int OURS = 10 << 24 | 1; // 10.0.0.1
    private static final int BEYOND = 10 << 24 | 2;
    private static final String NAME = "pollux0";

    /** In a network of its own, without the talk of IPv6. */
    @EveryBackend
    void tun(Pair pair, TestInfo test) throws Exception {
        Apart.run(
                Kernel.CLONE_NEWNET,
                () -> {
                    Path ipv6 = Path.of("/proc/sys/net/ipv6/conf/default/disable_ipv6");
                    if (Files.exists(ipv6)) {
                        Kernel.writeToFile(ipv6.toString(), "1");
                    }
                    Kind.check(pair, test, DevicesContract::tuns);
                });
    }

    private static void tuns(Kind kind) throws Exception {
        kind.row(
                "a packet is routed to it",
                fds -> {
                    int fd = fds.keep(openTun());
                    setUp(fds, fd);
                    int socket = Kernel.socket(Kernel.AF_INET, Kernel.SOCK_DGRAM, 0);
                    fds.keep(socket);
                    byte[] to = Kernel.inet(BEYOND, 9);
                    return Thing.of(fd)
                            .happens(() -> Kernel.sendTo(socket, new byte[1], to))
                            .quiet("it is read empty", () -> Fds.drain(fd));
                });
        kind.row(
                "it is opened, not set up (TUNSETIFF)",
                fds -> {
                    int fd = fds.keep(openTun());
                    return Thing.of(fd).quiet("it is set up, and down", () -> setInterface(fd));
                });
        kind.factOfEpoll(
                "On epoll a registration made before it is set up stays deaf to packets: register"
                        + " after TUNSETIFF, or again.",
                () -> {
                    try (var fds = new Fds();
                            FdSelector early = kind.pair.open();
                            FdSelector late = kind.pair.open()) {
                        int fd = fds.keep(openTun());
                        watch(early, fd, Interest.READ);
                        assertEquals("READ ERROR", Trial.now(early));
                        setUp(fds, fd);
                        assertEquals("", Trial.now(early));
                        watch(late, fd, Interest.READ);
                        int socket = Kernel.socket(Kernel.AF_INET, Kernel.SOCK_DGRAM, 0);
                        fds.keep(socket);
                        Kernel.sendTo(socket, new byte[1], Kernel.inet(BEYOND, 9));
                        assertEquals("READ", Trial.poll(late, Trial.LIMIT_MILLIS));
                        assertEquals("", Trial.now(early));
                    }
                });
        kind.factOfEpoll(
                "On epoll, who asks of one that is down for WRITE alone hears nothing when it is"
                        + " removed (ip link delete): ask for READ as well.",
                () -> {
                    try (var fds = new Fds();
                            FdSelector write = kind.pair.open();
                            FdSelector read = kind.pair.open()) {
                        int fd = fds.keep(openTun());
                        setInterface(fd);
                        watch(write, fd, Interest.WRITE);
                        watch(read, fd, Interest.READ);
                        remove(fds);
                        assertEquals("READ ERROR", Trial.poll(read, Trial.LIMIT_MILLIS));
                        assertEquals("", Trial.now(write));
                    }
                });
    }

    private static void remove(Fds fds) throws IOException {
        Pointer index = request();
        int socket = fds.keep(Kernel.socket(Kernel.AF_INET, Kernel.SOCK_DGRAM, 0));
        Kernel.ioctl(socket, SIOCGIFINDEX, index);
        ByteBuffer message = Kernel.bytes(32).putInt(0, 32); // struct nlmsghdr, ifinfomsg
        message.putShort(4, RTM_DELLINK).putShort(6, NLM_F_REQUEST).putInt(20, index.getInt(16));
        int netlink = fds.keep(Kernel.socket(Kernel.AF_NETLINK, Kernel.SOCK_RAW, 0));
        byte[] kernel = Kernel.bytes(12).putShort(0, (short) Kernel.AF_NETLINK).array();
        Kernel.sendTo(netlink, message.array(), kernel);
    }

    private static int openTun() throws IOException {
        return Kernel.open("/dev/net/tun", Kernel.O_RDWR);
    }

    private static void setInterface(int fd) throws IOException {
        Pointer request = request();
        request.putShort(16, (short) IFF_TUN_NO_PI);
        Kernel.ioctl(fd, TUNSETIFF, request);
    }

    /** struct ifreq. */
    private static Pointer request() {
        Pointer request = Kernel.memory(40);
        request.putString(0, NAME, 16, StandardCharsets.US_ASCII);
        return request;
    }

    private static void setUp(Fds fds, int fd) throws IOException {
        setInterface(fd);
        int socket = fds.keep(Kernel.socket(Kernel.AF_INET, Kernel.SOCK_DGRAM, 0));
        setAddress(socket, SIOCSIFADDR, OURS);
        setAddress(socket, SIOCSIFNETMASK, 0xffffff00);
        Pointer up = request();
        up.putShort(16, (short) IFF_UP);
        Kernel.ioctl(socket, SIOCSIFFLAGS, up);
    }

    private static void setAddress(int socket, long what, int address) throws IOException {
        Pointer request = request();
        request.put(16, Kernel.inet(address, 0), 0, 16);
        Kernel.ioctl(socket, what, request);
    }

    // ---- userfaultfd

    @EveryBackend
    void userfaultfd(Pair pair, TestInfo test) throws Exception {
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a thread touches a page that is missing",
                            fds -> {
                                var missing = new MissingPages(fds, Kernel.NONBLOCK);
                                return Thing.of(missing.fd)
                                        .happens(missing::touch)
                                        .quiet("all events are read", missing::readEvents);
                            });
                    kind.row(
                            "it was opened without O_NONBLOCK",
                            fds -> Thing.of(new MissingPages(fds, 0).fd));
                    kind.fact(
                            "To read the event does not wake the thread; to fill the page does.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    var missing = new MissingPages(fds, Kernel.NONBLOCK);
                                    watch(selector, missing.fd, Interest.READ);
                                    missing.touch();
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                    missing.readEvents();
                                    assertEquals("", Trial.now(selector));
                                    assertTrue(!missing.isTouched());
                                    missing.fill();
                                    missing.awaitTouched();
                                }
                            });
                });
    }

    /** Pages that nobody has touched yet; each is filled by who hears of it. */
    private static final class MissingPages {
        private static final long UFFDIO_API = 0xc018aa3fL;
        private static final long UFFDIO_REGISTER = 0xc020aa00L;
        private static final long UFFDIO_ZEROPAGE = 0xc020aa04L;
        private static final int PAGE = 4096;
        private static final int PAGES = 2;

        final int fd;
        private final Pointer pages;
        private final int[][] pipes = new int[PAGES][]; // one who writes holds it
        private int touched;
        private Poller last;

        MissingPages(Fds fds, int flags) throws IOException {
            fd = fds.keep(Kernel.userfaultfd(flags | Kernel.CLOEXEC));
            Pointer api = Kernel.memory(24);
            api.putLong(0, 0xAA);
            Kernel.ioctl(fd, UFFDIO_API, api);
            pages = Kernel.map(-1, PAGES * PAGE, 0);
            Pointer register = range(pages.address(), PAGES * PAGE, 32);
            register.putLong(16, 1); // of missing pages
            Kernel.ioctl(fd, UFFDIO_REGISTER, register);
            for (int i = 0; i < PAGES; i++) {
                pipes[i] = fds.pipe();
            }
        }

        private static Pointer range(long address, long size, int length) {
            Pointer range = Kernel.memory(length);
            range.putLong(0, address);
            range.putLong(8, size);
            return range;
        }

        /** Another thread has the kernel read the next page: no thread of Java waits for it. */
        void touch() {
            long page = pages.address() + (long) touched * PAGE;
            int pipe = pipes[touched++][1];
            last = Poller.run(() -> Kernel.check("write", Kernel.C.write(pipe, page, 1)));
        }

        void readEvents() throws IOException {
            Fds.drain(fd);
        }

        void fill() throws IOException {
            Kernel.ioctl(fd, UFFDIO_ZEROPAGE, range(pages.address(), PAGE, 32));
        }

        boolean isTouched() {
            return last.isDone();
        }

        void awaitTouched() throws Exception {
            last.result();
        }
    }
}
