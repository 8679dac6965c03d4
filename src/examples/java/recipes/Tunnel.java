/*
 * A tunnel: a network interface whose packets come to this program, and from it.
 *
 * Run   make example NAME=Tunnel     as root: in a network namespace of its own
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.Tunnel
 *
 * You will see ping's answers from 10.0.0.2, a machine that does not exist: this program turns each
 * request round. While no packet is routed to the interface nobody is woken.
 *
 * A tun device is a descriptor on which each read is one packet and each write another. Programs
 * that read it block a thread for each. Set it up (TUNSETIFF) before it is registered: what epoll
 * was given before that stays deaf. That ping has ended is reported by a pidfd; it works for a
 * process of ProcessBuilder as well, the status is Process.exitValue then.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import jnr.ffi.Pointer;

/** Answers every ping. */
final class Tunnel {
    private static final int CLONE_NEWNET = 0x40000000;
    private static final long TUNSETIFF = 0x400454caL;
    private static final int IFF_TUN_NO_PI = 0x1001; // packets of IP, with nothing before them
    private static final String NAME = "pollux0";
    private static final String SCRIPT =
            "ip addr add 10.0.0.1/24 dev pollux0; ip link set pollux0 up; ping -c 3 -i 0.2 10.0.0.2";
    private static final int ICMP = 1;
    private static final int ECHO_REQUEST = 8;

    private final ByteBuffer packet = ByteBuffer.allocateDirect(2048); // in network order
    private int answered;
    private boolean over;

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new Tunnel().run());
    }

    private void run() throws Exception {
        // Of this thread alone, and of what it starts: other threads stay where they are.
        LibC.check("unshare(CLONE_NEWNET)", LibC.C.unshare(CLONE_NEWNET));
        int fd = LibC.open("/dev/net/tun", LibC.O_RDWR);
        Pointer request = LibC.memory(40); // struct ifreq
        request.putString(0, NAME, 16, StandardCharsets.US_ASCII);
        request.putShort(16, (short) IFF_TUN_NO_PI);
        LibC.check("ioctl(TUNSETIFF)", LibC.C.ioctl(fd, TUNSETIFF, request));
        try (FdSelector selector = DefaultSelector.open()) {
            ReadyHandler onPackets = (key, ready) -> onPackets(key);
            selector.register(fd, Interest.READ, Recipe.edge(selector), onPackets);
            Recipe.idle(selector);
            Process ping = new ProcessBuilder("sh", "-c", SCRIPT).inheritIO().start();
            int pidfd = LibC.pidfd((int) ping.pid());
            ReadyHandler onExit = (key, ready) -> over = true;
            selector.register(pidfd, Interest.READ, Recipe.edge(selector), onExit);
            while (!over) {
                selector.poll(Recipe.DISPATCH);
            }
            System.out.printf("answered: %d, ping ended with %d%n", answered, ping.waitFor());
            for (FdKey key : selector.keys()) {
                selector.unregisterAndClose(key);
            }
        }
    }

    private void onPackets(FdKey key) throws IOException {
        while (Fd.read(key.fd(), packet.clear()) > 0) {
            packet.flip();
            int header = (packet.get(0) & 0xf) * 4;
            boolean isRequest =
                    packet.get(0) >> 4 == 4 // of IPv6 come the questions of the interface itself
                            && packet.get(9) == ICMP
                            && packet.get(header) == ECHO_REQUEST;
            if (isRequest) {
                int from = packet.getInt(12);
                packet.putInt(12, packet.getInt(16)).putInt(16, from); // the sum stays the same
                packet.put(header, (byte) 0); // ECHO_REPLY
                int sum = Short.toUnsignedInt(packet.getShort(header + 2)) + (ECHO_REQUEST << 8);
                packet.putShort(header + 2, (short) (sum + (sum >> 16)));
                Fd.write(key.fd(), packet);
                answered++;
            }
        }
    }
}
