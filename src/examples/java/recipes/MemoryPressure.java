/*
 * Memory pressure (PSI): told before the kernel has to kill somebody.
 *
 * Run   make example NAME=MemoryPressure
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" \
 *           recipes.MemoryPressure
 * or    make example NAME=MemoryPressure ARGS='cpu 3'     until it was reported three times; also io
 *
 * You will see that without pressure nobody is woken; and with arguments a line for each report, as
 * the kernel keeps it: the share of the time in which somebody waited for the resource.
 *
 * Free memory, asked for every second, says little of how near the end is. The kernel counts the
 * time that programs lose because memory (or the CPU, or a disk) is short, and reports when it was
 * more than a threshold within a window: time to empty a cache, or to take no more work. Ask for
 * PRIORITY alone: READ and WRITE are always ready. A report comes once a window at most; there is
 * nothing to read that would end it. Without CAP_SYS_RESOURCE the window must be a multiple of 2 s.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** One trigger. */
final class MemoryPressure {
    /** Somebody waited for 150 ms of two seconds; the kernel wants the zero at the end. */
    private static final String THRESHOLD = "some 150000 2000000\0";

    private final Path file;
    private int reports;

    MemoryPressure(String resource) {
        file = Path.of("/proc/pressure", resource);
    }

    public static void main(String[] args) throws Exception {
        int reports = args.length > 1 ? Integer.parseInt(args[1]) : Integer.MAX_VALUE;
        Recipe.start(
                () -> {
                    if (args.length == 0) {
                        new MemoryPressure("memory").run(0);
                    } else {
                        new MemoryPressure(args[0]).run(reports);
                    }
                });
    }

    private void run(int wanted) throws Exception {
        int fd = LibC.open(file.toString(), LibC.O_RDWR);
        try (FdSelector selector = DefaultSelector.open()) {
            Fd.write(fd, StandardCharsets.US_ASCII.encode(THRESHOLD));
            ReadyHandler handler = this::onPressure;
            FdKey key = selector.register(fd, Interest.PRIORITY, Trigger.LEVEL, handler);
            if (wanted == 0) {
                Recipe.idle(selector);
            } else {
                System.out.println(file + ": waiting");
            }
            while (reports < wanted) {
                selector.poll(Recipe.DISPATCH);
            }
            selector.unregisterAndClose(key);
        }
    }

    private void onPressure(FdKey key, Ready ready) throws IOException {
        if (ready.isError()) {
            throw new IOException("the trigger is gone"); // with its cgroup, for one
        }
        reports++;
        System.out.println("pressure: " + Files.readAllLines(file).get(0));
    }
}
