/*
 * GPIO: an input pin whose edges are reported, with the time at which the kernel saw them.
 *
 * Run   make example NAME=Gpio ARGS='/dev/gpiochip0 17'     a chip and a line of it
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.Gpio
 * or    make example NAME=Gpio ARGS='/dev/gpiochip0 17 10'     ends after ten edges
 *
 * You will see a line for each edge: rising or falling, the time, and how many came before it.
 * While the pin is still nobody is woken. Where there is no chip it says so; the kernel's gpio-sim
 * makes one for trying, whose pins are pulled by writing to
 * /sys/devices/platform/gpio-sim.0/gpiochipN/sim_gpioM/pull.
 *
 * To poll a pin every 100 ms misses what is shorter and costs ten wake-ups a second when nothing
 * happens. The kernel keeps the edges (16 of them, unless asked for more) until they are read; a
 * gap in their numbers means that some were lost.
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
import java.nio.charset.StandardCharsets;
import jnr.ffi.Pointer;

/** One input. */
final class Gpio {
    private static final long GET_LINE = 0xc250b407L; // GPIO_V2_GET_LINE_IOCTL, <linux/gpio.h>
    private static final int INPUT_BOTH_EDGES = 1 << 2 | 1 << 4 | 1 << 5;
    private static final int RISING = 1;
    private static final int REQUEST = 592; // sizeof(struct gpio_v2_line_request)
    private static final int CONSUMER = 256;
    private static final int CONFIG_FLAGS = 288;
    private static final int NUM_LINES = 560;
    private static final int LINE_FD = 588;
    private static final int EVENT = 48; // sizeof(struct gpio_v2_line_event)

    private final ByteBuffer events =
            ByteBuffer.allocateDirect(16 * EVENT).order(ByteOrder.nativeOrder());
    private long edges;

    public static void main(String[] args) throws Exception {
        String chip = args.length > 0 ? args[0] : "/dev/gpiochip0";
        int line = args.length > 1 ? Integer.parseInt(args[1]) : 0;
        long wanted = args.length > 2 ? Long.parseLong(args[2]) : Long.MAX_VALUE;
        Recipe.start(() -> new Gpio().run(chip, line, wanted));
    }

    private void run(String chip, int line, long wanted) throws Exception {
        int fd = request(chip, line);
        try (FdSelector selector = DefaultSelector.open()) {
            ReadyHandler handler = (key, ready) -> onEdges(key);
            FdKey key = selector.register(fd, Interest.READ, Recipe.edge(selector), handler);
            Recipe.idle(selector);
            System.out.println(chip + " line " + line + ": waiting");
            while (edges < wanted) {
                selector.poll(Recipe.DISPATCH);
            }
            selector.unregisterAndClose(key);
        }
    }

    /** A descriptor of its own for the line; the chip's is not needed any more. */
    private static int request(String chip, int line) throws IOException {
        int fd = LibC.open(chip, LibC.O_RDWR);
        try {
            Pointer request = LibC.memory(REQUEST);
            request.putInt(0, line);
            request.putString(CONSUMER, "pollux", 32, StandardCharsets.US_ASCII);
            request.putLong(CONFIG_FLAGS, INPUT_BOTH_EDGES);
            request.putInt(NUM_LINES, 1);
            LibC.check("ioctl(GPIO_V2_GET_LINE)", LibC.C.ioctl(fd, GET_LINE, request));
            int lineFd = request.getInt(LINE_FD);
            Fd.setNonBlocking(lineFd, true);
            return lineFd;
        } finally {
            Fd.close(fd);
        }
    }

    private void onEdges(FdKey key) throws IOException {
        while (Fd.read(key.fd(), events.clear()) > 0) {
            events.flip();
            for (int at = 0; at < events.limit(); at += EVENT) {
                long nanos = events.getLong(at);
                String edge = events.getInt(at + 8) == RISING ? "rising" : "falling";
                int number = events.getInt(at + 16);
                edges++;
                System.out.printf("edge %d: %s at %d ns%n", number, edge, nanos);
            }
        }
    }
}
