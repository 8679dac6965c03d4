/*
 * Serial lines: 100 of them in raw mode, edge-triggered, on one thread; or one that you have.
 *
 * Run   make example NAME=SerialLines
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.SerialLines
 * or    make example NAME=SerialLines ARGS=/dev/ttyUSB0     prints what comes, at 115200 baud
 *
 * You will see how many frames of 256 bytes went out on 100 lines and came back unchanged, each
 * byte value among them: in raw mode no byte is an interrupt, an XOFF or an end of line. The
 * devices are the other sides of pseudo-terminals, which send back what they get, on the same
 * thread. Then no device says anything, and nobody is woken.
 *
 * Libraries for serial ports have a thread for each port that reads with a time-out, or asks ten
 * times a second how much is there. Here a line is a descriptor like any other. Under EDGE it must
 * be read until nothing is left: Fd.read returns 0 then. A device that was pulled out is a hang-up:
 * Fd.read returns -1. For frames with a gap between them, leave poll a time-out.
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
import java.util.ArrayList;
import java.util.List;

/** Echo over many lines, or a look at one. */
final class SerialLines {
    private static final int B115200 = 0x1002; // <termios.h>
    private static final int LINES = 100;
    private static final int FRAMES = 100; // on each
    private static final int FRAME = 256; // bytes

    private final FdSelector selector = DefaultSelector.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
    private int unfinished;
    private long frames;

    SerialLines() throws IOException {}

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new SerialLines().run(args));
    }

    private void register(int fd, ReadyHandler handler) throws IOException {
        selector.register(fd, Interest.READ, Recipe.edge(selector), handler);
    }

    private void run(String[] devices) throws Exception {
        try (selector) {
            if (devices.length > 0) {
                show(devices[0]);
                return;
            }
            List<Line> lines = new ArrayList<>();
            while (lines.size() < LINES) {
                int[] pty = LibC.pty();
                LibC.makeRaw(pty[1], B115200);
                register(pty[0], (key, ready) -> echo(key));
                lines.add(new Line(pty[1]));
            }
            unfinished = LINES;
            for (Line line : lines) {
                line.send();
            }
            while (unfinished > 0) {
                selector.poll(Recipe.DISPATCH);
            }
            System.out.printf("%d lines, %d frames there and back, unchanged%n", LINES, frames);
            Recipe.idle(selector);
            for (FdKey key : selector.keys()) {
                selector.unregisterAndClose(key);
            }
        }
    }

    /** The device. */
    private void echo(FdKey key) throws IOException {
        while (Fd.read(key.fd(), buffer.clear()) > 0) {
            Fd.write(key.fd(), buffer.flip());
        }
    }

    /** Our side of one. */
    private final class Line {
        private final int fd;
        private int sent;
        private int received;

        Line(int fd) throws IOException {
            this.fd = fd;
            register(fd, (key, ready) -> onBytes());
        }

        /** A frame fits into what a terminal keeps. */
        void send() throws IOException {
            buffer.clear();
            for (int i = 0; i < FRAME; i++) {
                buffer.put((byte) (i + sent));
            }
            sent++;
            if (Fd.write(fd, buffer.flip()) < FRAME) {
                throw new IOException("no room for a frame");
            }
        }

        private void onBytes() throws IOException {
            int n;
            while ((n = Fd.read(fd, buffer.clear())) > 0) { // until nothing is left
                for (int i = 0; i < n; i++, received++) {
                    if (buffer.get(i) != (byte) (received % FRAME + sent - 1)) {
                        throw new IOException("byte " + received + " is another");
                    }
                }
                if (received == sent * FRAME) {
                    frames++;
                    if (sent == FRAMES) {
                        unfinished--;
                    } else {
                        send();
                    }
                }
            }
        }
    }

    /** What a device says, until it is gone. */
    private void show(String device) throws IOException {
        int fd = LibC.open(device, LibC.O_RDWR | LibC.O_NOCTTY);
        LibC.makeRaw(fd, B115200);
        register(fd, (key, ready) -> print(key));
        System.out.println(device + ": raw, waiting");
        while (!selector.keys().isEmpty()) {
            selector.poll(Recipe.DISPATCH);
        }
        System.out.println(device + ": hung up");
    }

    private void print(FdKey key) throws IOException {
        int n;
        while ((n = Fd.read(key.fd(), buffer.clear())) > 0) {
            System.out.print(StandardCharsets.US_ASCII.decode(buffer.flip()));
        }
        if (n < 0) {
            selector.unregisterAndClose(key);
        }
    }
}
