/*
 * Child processes: 50 of them, three pipes each, and how they end, on one thread.
 *
 * Run   make example NAME=Children
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.Children
 * or    make example NAME=Children ARGS='10 1000'     10 children, 1000 lines to each
 *
 * You will see how many lines went to the children and came back by their standard output and their
 * standard error, that each has ended with the status it should, that 50 take no thread more than
 * one, and that nobody is woken while all of them are silent.
 *
 * ProcessBuilder has blocking streams, so that each child takes two or three threads, and one more
 * that waits for its end. Here the pipes are Fd.pipe(), the child's ends become its descriptors 0,
 * 1 and 2 (posix_spawn), and its end is reported by a pidfd: READ, once the process is over.
 * A pipe can still hold output then, so a child is done when both pipes have ended as well. The end
 * for writing is registered only while something is to be written: it would always be ready.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Starts them, talks to all of them, and counts. */
final class Children {
    private static final String SCRIPT =
            "while read -r line; do echo \"$line\"; echo \"$line\" >&2; done; exit $0";

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(16 * 1024);
    private final FdSelector selector = DefaultSelector.open();
    private final List<Child> running = new ArrayList<>();
    private long written;
    private long outLines;
    private long errLines;
    private int ended;
    private int asAgreed;

    Children() throws IOException {}

    public static void main(String[] args) throws Exception {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 50;
        int lines = args.length > 1 ? Integer.parseInt(args[1]) : 100;
        Recipe.start(() -> new Children().run(count, lines));
    }

    private void run(int count, int lines) throws Exception {
        try (selector) {
            byte[] text = "a line of text\n".repeat(lines).getBytes(StandardCharsets.US_ASCII);
            running.add(new Child(0, text));
            int threads = Thread.getAllStackTraces().size();
            while (running.size() < count) {
                running.add(new Child(running.size(), text));
            }
            System.out.printf(
                    "threads: %d with 1 child, %d with %d%n",
                    threads, Thread.getAllStackTraces().size(), count);
            Recipe.idle(selector); // they wait for input
            for (Child child : running) {
                child.beginInput();
            }
            int open = 4 * count;
            while (!selector.keys().isEmpty()) {
                selector.poll(Recipe.DISPATCH);
            }
            System.out.printf("%d children, %d descriptors%n", count, open);
            System.out.printf(
                    "lines: %d to them, %d from standard output, %d from standard error%n",
                    written / "a line of text\n".length(), outLines, errLines);
            System.out.printf("ended: %d by pidfd, %d with their status%n", ended, asAgreed);
        }
    }

    /** Counts the lines that are there. Closes the pipe after the last. */
    private int read(FdKey key) throws IOException {
        int lines = 0;
        int n;
        while ((n = Fd.read(key.fd(), buffer.clear())) > 0) {
            for (int i = 0; i < n; i++) {
                lines += buffer.get(i) == '\n' ? 1 : 0;
            }
        }
        if (n < 0) {
            selector.unregisterAndClose(key);
        }
        return lines;
    }

    private final class Child {
        private final int status;
        private final int pid;
        private final int input;
        private final ByteBuffer unwritten;

        Child(int status, byte[] text) throws IOException {
            this.status = status;
            unwritten = ByteBuffer.wrap(text);
            int[] in = Fd.pipe();
            int[] out = Fd.pipe();
            int[] err = Fd.pipe();
            pid = LibC.spawn(in[0], out[1], err[1], "/bin/sh", "-c", SCRIPT, "" + status);
            for (int theirs : new int[] {in[0], out[1], err[1]}) {
                Fd.close(theirs); // or there would be no end
            }
            input = in[1];
            register(out[0], Interest.READ, (key, ready) -> outLines += read(key));
            register(err[0], Interest.READ, (key, ready) -> errLines += read(key));
            register(LibC.pidfd(pid), Interest.READ, (key, ready) -> onExit(key));
        }

        private void register(int fd, Interest interest, ReadyHandler handler) throws IOException {
            selector.register(fd, interest, Trigger.LEVEL, handler);
        }

        void beginInput() throws IOException {
            register(input, Interest.WRITE, (key, ready) -> onRoom(key));
        }

        /** As much as the pipe takes: the rest when it has room again. */
        private void onRoom(FdKey key) throws IOException {
            written += Fd.write(input, unwritten);
            if (!unwritten.hasRemaining()) {
                selector.unregisterAndClose(key); // the end of its input
            }
        }

        private void onExit(FdKey key) throws IOException {
            ended++;
            asAgreed += LibC.exitStatus(pid) == status ? 1 : 0;
            selector.unregisterAndClose(key);
        }
    }
}
