/*
 * Serial lines that are talked to as if reads blocked: a thread for each, none of the system's.
 *
 * Run   make example NAME=SerialDialog
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.SerialDialog
 *
 * You will see a talk with one device, line by line; then how many questions were put to 50 devices
 * and answered, and how many were not within 20 ms: each device leaves one without an answer.
 *
 * The code that talks is a loop that reads and writes, without a state or a callback. Where a read
 * would block it waits by Await, with a time-out: on a virtual thread (JDK 21 and later), which
 * parks. One thread of the system's waits for all lines. Before JDK 21 each talk takes a platform
 * thread; the code is the same. The devices are the other sides of pseudo-terminals.
 */
package recipes;

import dev.pollux.Await;
import dev.pollux.Fd;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** 50 talks at a time. */
final class SerialDialog {
    private static final int B9600 = 13; // <termios.h>
    private static final int LINES = 50;
    private static final int QUESTIONS = 20; // on each
    private static final int UNANSWERED = 7; // which one
    private static final boolean VIRTUAL = Runtime.version().feature() >= 21;

    private final Await await = Await.open();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger tooLate = new AtomicInteger();

    SerialDialog() throws IOException {}

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new SerialDialog().run());
    }

    private void run() throws Exception {
        try (await) {
            talk(1, true);
            answered.set(0);
            tooLate.set(0);
            talk(LINES, false);
            System.out.printf(
                    "%d lines: %d questions answered, %d not in time%n",
                    LINES, answered.get(), tooLate.get());
            System.out.println(
                    VIRTUAL ? "on virtual threads" : "on platform threads: before JDK 21");
        }
    }

    private void talk(int lines, boolean aloud) throws Exception {
        List<CompletableFuture<Void>> talks = new ArrayList<>();
        for (int i = 0; i < lines; i++) {
            int[] pty = LibC.pty(); // the device's side, ours
            LibC.makeRaw(pty[1], B9600);
            var device = start(() -> answer(new Line(pty[0])));
            var ours = start(() -> ask(new Line(pty[1]), aloud));
            talks.add(
                    ours.thenCombine(
                            device, (a, b) -> a)); // the device ends when its line hangs up
        }
        for (CompletableFuture<Void> talk : talks) {
            talk.get(60, TimeUnit.SECONDS);
        }
    }

    // ---- what it is about: code that seems to block

    private void ask(Line line, boolean aloud) throws Exception {
        for (int i = 0; i < QUESTIONS; i++) {
            line.send("TEMP? " + i);
            String answer;
            try {
                answer = line.receive(i == UNANSWERED ? 20 : 60_000);
                answered.incrementAndGet();
            } catch (TimeoutException e) {
                answer = "(no answer within 20 ms)";
                tooLate.incrementAndGet();
            }
            if (aloud && i < 10) {
                System.out.println("TEMP? " + i + " -> " + answer);
            }
        }
        await.closeDescriptor(line.fd);
    }

    /** What a device does: it answers until it is hung up. */
    private void answer(Line line) throws Exception {
        try {
            while (true) {
                int number = Integer.parseInt(line.receive(60_000).substring(6));
                if (number != UNANSWERED) {
                    line.send("TEMP=" + (200 + number) / 10.0);
                }
            }
        } catch (PolluxException e) { // EIO: so this side of a pseudo-terminal learns of a hang-up
            await.closeDescriptor(line.fd);
        }
    }

    /** Lines of text on a descriptor. */
    private final class Line {
        private final int fd;
        private final ByteBuffer buffer = ByteBuffer.allocate(128);
        private final StringBuilder text = new StringBuilder();

        Line(int fd) {
            this.fd = fd;
        }

        void send(String line) throws Exception {
            ByteBuffer bytes = StandardCharsets.US_ASCII.encode(line + "\n");
            while (bytes.hasRemaining()) {
                if (Fd.write(fd, bytes) == 0) {
                    await.await(fd, Interest.WRITE);
                }
            }
        }

        String receive(long millis) throws Exception {
            int end;
            while ((end = text.indexOf("\n")) < 0) {
                int n;
                while ((n = Fd.read(fd, buffer.clear())) == 0) {
                    await.await(fd, Interest.READ, millis, TimeUnit.MILLISECONDS);
                }
                if (n < 0) {
                    throw new EOFException("hung up");
                }
                text.append(StandardCharsets.US_ASCII.decode(buffer.flip()));
            }
            String line = text.substring(0, end);
            text.delete(0, end + 1);
            return line;
        }
    }

    // ---- threads

    private interface Job {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> start(Job job) throws ReflectiveOperationException {
        var done = new CompletableFuture<Void>();
        Runnable task =
                () -> {
                    try {
                        job.run();
                        done.complete(null);
                    } catch (Exception e) {
                        done.completeExceptionally(e);
                    }
                };
        if (VIRTUAL) { // by its name, as this compiles on JDK 17 too
            Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
        } else {
            new Thread(task).start();
        }
        return done;
    }
}
