/*
 * Changes of files: inotify, beside everything else that a loop waits for.
 *
 * Run   make example NAME=FileChanges
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.FileChanges
 * or    make example NAME=FileChanges ARGS='/etc /tmp'     until these are removed, or Ctrl-C
 *
 * You will see what a shell does in a directory of its own, event by event: it makes a file, writes
 * it, renames it, removes it, and then the directory. While nothing changes nobody is woken.
 *
 * java.nio's WatchService has a thread for each file system that waits, and hands over batches to a
 * second one of yours; on some systems it lists directories every few seconds. Here one descriptor
 * stands for any number of directories. Read it until nothing is left, into a buffer that has room
 * for more than one event (16 bytes and a name of up to 256): a read into less fails. Equal events
 * are merged while they are unread; Q_OVERFLOW says that some were lost: list the directory again.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Prints events. */
final class FileChanges {
    private static final int IN_IGNORED = 0x8000;

    /** {@code man 7 inotify}. */
    private static final Map<Integer, String> NAMES = new LinkedHashMap<>();

    static {
        NAMES.put(0x2, "MODIFY");
        NAMES.put(0x8, "CLOSE_WRITE");
        NAMES.put(0x40, "MOVED_FROM");
        NAMES.put(0x80, "MOVED_TO");
        NAMES.put(0x100, "CREATE");
        NAMES.put(0x200, "DELETE");
        NAMES.put(0x400, "DELETE_SELF");
        NAMES.put(0x4000, "Q_OVERFLOW");
    }

    private final int inotify =
            LibC.check("inotify_init1", LibC.C.inotify_init1(LibC.NONBLOCK | LibC.CLOEXEC));
    private final Map<Integer, String> watched = new HashMap<>();
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(64 * 1024).order(ByteOrder.nativeOrder());

    FileChanges() throws IOException {}

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new FileChanges().run(args));
    }

    private void run(String[] directories) throws Exception {
        try (FdSelector selector = DefaultSelector.open()) {
            ReadyHandler handler = (key, ready) -> onEvents();
            selector.register(inotify, Interest.READ, Recipe.edge(selector), handler);
            for (String directory : directories) {
                watch(directory);
            }
            if (directories.length == 0) {
                String directory = Files.createTempDirectory("pollux").toString();
                watch(directory);
                Recipe.idle(selector);
                String script = "echo text > $0/a; mv $0/a $0/b; rm $0/b; rmdir $0";
                new ProcessBuilder("sh", "-c", script, directory).start();
            }
            while (!watched.isEmpty()) {
                selector.poll(Recipe.DISPATCH);
            }
            System.out.println("nothing left to watch");
        } finally {
            Fd.close(inotify);
        }
    }

    private void watch(String directory) throws IOException {
        int mask = NAMES.keySet().stream().reduce(0, (all, one) -> all | one);
        String call = "inotify_add_watch(" + directory + ")";
        int watch = LibC.check(call, LibC.C.inotify_add_watch(inotify, directory, mask));
        watched.put(watch, directory);
        System.out.println("watching " + directory);
    }

    private void onEvents() throws IOException {
        while (Fd.read(inotify, buffer.clear()) > 0) {
            buffer.flip();
            while (buffer.hasRemaining()) {
                // struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len]
                String directory = watched.get(buffer.getInt());
                int mask = buffer.getInt();
                buffer.getInt(); // the same for both halves of a rename
                byte[] name = new byte[buffer.getInt()];
                int watch = buffer.getInt(buffer.position() - 16);
                buffer.get(name);
                if ((mask & IN_IGNORED) != 0) {
                    watched.remove(watch); // it is gone, and the watch with it
                }
                NAMES.forEach(
                        (bit, what) -> {
                            if ((mask & bit) != 0) {
                                System.out.printf(
                                        "%s %s %s%n", what, directory, LibC.text(name, 0));
                            }
                        });
            }
        }
    }
}
