/*
 * Network interfaces that go up and down: netlink tells it, nobody has to ask.
 *
 * Run   make example NAME=LinkChanges     as root: in a network namespace of its own
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.LinkChanges
 * or    make example NAME=LinkChanges ARGS=here     this machine's interfaces, until Ctrl-C
 *
 * You will see what `ip link` does to the interfaces: lo goes up and down, another is added, goes
 * up and is removed. While nothing changes nobody is woken.
 *
 * NetworkInterface.getNetworkInterfaces() has to be asked again and again, and misses what lasted
 * for less than the interval. A netlink socket that is bound to a group gets a message for each
 * change. If they come faster than they are read some are lost, which is reported as an error once
 * (ENOBUFS): then ask for all interfaces again.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** Prints what becomes of each. */
final class LinkChanges {
    private static final int CLONE_NEWNET = 0x40000000;
    private static final int AF_NETLINK = 16;
    private static final int NETLINK_ROUTE = 0;
    private static final int RTMGRP_LINK = 1;
    private static final int RTM_NEWLINK = 16;
    private static final int RTM_DELLINK = 17;
    private static final int IFLA_IFNAME = 3;
    private static final int IFF_UP = 1;
    private static final String SCRIPT =
            "ip link set lo up; ip link set lo down; ip tuntap add dev pollux0 mode tun;"
                    + " ip link set pollux0 up; ip link del pollux0; ip link set lo up";

    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(64 * 1024).order(ByteOrder.nativeOrder());
    private final Map<String, String> states = new HashMap<>();
    private final boolean here;
    private boolean over;

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new LinkChanges(args.length > 0).run());
    }

    LinkChanges(boolean here) {
        this.here = here;
    }

    private void run() throws Exception {
        if (!here) {
            // Of this thread alone, and of what it starts: other threads stay where they are.
            LibC.check("unshare(CLONE_NEWNET)", LibC.C.unshare(CLONE_NEWNET));
        }
        int fd = LibC.socket(AF_NETLINK, LibC.SOCK_RAW, NETLINK_ROUTE);
        ByteBuffer address = LibC.struct(12); // struct sockaddr_nl
        address.putShort(0, (short) AF_NETLINK).putInt(8, RTMGRP_LINK);
        LibC.check("bind", LibC.C.bind(fd, address.array(), 12));
        try (FdSelector selector = DefaultSelector.open()) {
            ReadyHandler handler = this::onMessages;
            FdKey key = selector.register(fd, Interest.READ, Recipe.edge(selector), handler);
            if (here) {
                System.out.println("waiting");
            } else {
                Recipe.idle(selector);
                new ProcessBuilder("sh", "-c", SCRIPT).inheritIO().start();
            }
            while (!over) {
                selector.poll(Recipe.DISPATCH);
            }
            selector.unregisterAndClose(key);
        }
    }

    private void onMessages(FdKey key, Ready ready) throws IOException {
        while (true) {
            try {
                if (Fd.read(key.fd(), buffer.clear()) <= 0) {
                    return;
                }
            } catch (PolluxException e) {
                System.out.println("some were lost, ask for all: " + e.getMessage());
                continue;
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                // struct nlmsghdr: uint32_t len; uint16_t type, flags; uint32_t seq, pid
                int start = buffer.position();
                int end = start + buffer.getInt(start);
                int type = buffer.getShort(start + 4);
                if (type == RTM_NEWLINK || type == RTM_DELLINK) {
                    // struct ifinfomsg: 8 bytes; uint32_t flags, change; then attributes
                    boolean up = (buffer.getInt(start + 24) & IFF_UP) != 0;
                    onLink(
                            name(start + 32, end),
                            type == RTM_DELLINK ? "gone" : up ? "up" : "down");
                }
                buffer.position((end + 3) & ~3);
            }
        }
    }

    /** struct rtattr: uint16_t len, type; then the value; each begins at a multiple of four. */
    private String name(int from, int end) {
        for (int at = from; at < end; at += (buffer.getShort(at) + 3) & ~3) {
            if (buffer.getShort(at + 2) == IFLA_IFNAME) {
                byte[] name = new byte[buffer.getShort(at) - 4];
                buffer.get(at + 4, name);
                return LibC.text(name, 0);
            }
        }
        return "?";
    }

    private void onLink(String name, String state) {
        String before = states.put(name, state);
        if (!state.equals(before)) {
            System.out.println(name + ": " + state);
        }
        // The script ends with lo going up for the second time.
        over |= !here && name.equals("lo") && state.equals("up") && "down".equals(before);
    }
}
