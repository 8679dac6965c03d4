/*
 * A CAN bus: frames of an interface, read as they come.
 *
 * Run   make example NAME=Can     as root: on a virtual bus, in a network namespace of its own
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.Can
 * or    make example NAME=Can ARGS=can0     the frames of a bus that is there, until Ctrl-C
 *
 * You will see 100 frames that one socket sends and another receives, and that nobody is woken while
 * the bus is silent. Where the kernel has no CAN, or no virtual bus (modprobe vcan), it says so.
 *
 * Libraries for CAN read with a time-out in a thread for each bus. A raw CAN socket is a socket like
 * others: each read is one frame of 16 bytes. Read until nothing is left.
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
import java.nio.ByteOrder;

/** Receives, and on the virtual bus sends as well. */
final class Can {
    private static final int CLONE_NEWNET = 0x40000000;
    private static final int AF_CAN = 29;
    private static final int CAN_RAW = 1;
    private static final int FRAME = 16; // struct can_frame
    private static final int FRAMES = 100;

    private final ByteBuffer frame =
            ByteBuffer.allocateDirect(FRAME).order(ByteOrder.nativeOrder());
    private final boolean alone;
    private final String bus;
    private int received;
    private int sent;

    Can(String bus, boolean alone) {
        this.bus = bus;
        this.alone = alone;
    }

    public static void main(String[] args) throws Exception {
        String bus = args.length > 0 ? args[0] : "vcan0";
        Recipe.start(() -> new Can(bus, args.length == 0).run());
    }

    private void run() throws Exception {
        Fd.close(LibC.socket(AF_CAN, LibC.SOCK_RAW, CAN_RAW)); // or there is none at all
        if (alone) {
            LibC.check("unshare(CLONE_NEWNET)", LibC.C.unshare(CLONE_NEWNET));
            String script = "ip link add vcan0 type vcan && ip link set vcan0 up";
            if (new ProcessBuilder("sh", "-c", script).inheritIO().start().waitFor() != 0) {
                throw new LibC.Unavailable("there is no virtual bus (modprobe vcan)");
            }
        }
        try (FdSelector selector = DefaultSelector.open()) {
            ReadyHandler onFrames = (key, ready) -> onFrames(key);
            selector.register(open(), Interest.READ, Recipe.edge(selector), onFrames);
            Recipe.idle(selector);
            if (alone) {
                ReadyHandler onRoom = (key, ready) -> onRoom(key);
                selector.register(open(), Interest.WRITE, Recipe.edge(selector), onRoom);
            }
            while (!alone || received < FRAMES) {
                selector.poll(Recipe.DISPATCH);
            }
            System.out.printf("%d frames sent, %d received%n", sent, received);
            for (FdKey key : selector.keys()) {
                selector.unregisterAndClose(key);
            }
        }
    }

    private int open() throws IOException {
        int index = LibC.C.if_nametoindex(bus);
        if (index == 0) {
            throw new LibC.Unavailable("there is no interface " + bus);
        }
        int fd = LibC.socket(AF_CAN, LibC.SOCK_RAW, CAN_RAW);
        ByteBuffer address = LibC.struct(24); // struct sockaddr_can: family, int ifindex
        address.putShort(0, (short) AF_CAN).putInt(4, index);
        LibC.check("bind(" + bus + ")", LibC.C.bind(fd, address.array(), 24));
        return fd;
    }

    private void onRoom(FdKey key) throws IOException {
        while (sent < FRAMES) {
            // struct can_frame: uint32_t id; uint8_t length, 3 bytes; uint8_t data[8]
            frame.clear().putInt(0x100 + sent).put((byte) 1).position(8);
            frame.put(8, (byte) sent);
            if (Fd.write(key.fd(), frame.rewind()) == 0) {
                return; // no room: it is reported again
            }
            sent++;
        }
    }

    private void onFrames(FdKey key) throws IOException {
        while (Fd.read(key.fd(), frame.clear()) > 0) {
            received++;
            if (!alone) {
                int length = frame.get(4);
                var data = new StringBuilder();
                for (int i = 0; i < length; i++) {
                    data.append(String.format(" %02x", frame.get(8 + i)));
                }
                System.out.printf("%s %03x [%d]%s%n", bus, frame.getInt(0), length, data);
            }
        }
    }
}
