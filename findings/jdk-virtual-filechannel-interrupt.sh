#!/bin/sh
# Thread.interrupt() does not return, on JDK 25 and above, if the thread is a virtual one that reads from a FileChannel what has
# to be waited for (a FIFO, a terminal): the caller waits in it until the read has ended by itself. FileChannel.close() waits in
# the same way, and afterwards the read hands out its byte as if the channel were open. Of a platform thread, and of a virtual
# one on JDK 21, both return at once and the reader gets the exception that InterruptibleChannel promises. An orderly
# shutdown (ExecutorService.shutdownNow) interrupts its threads one after the other, and is stuck at this
# one. Read FIFOs and terminals in platform threads, or only when they are ready.
#
# Why: a FileChannel sends the threads in it a signal and waits until all have left; interrupt() closes the channel of an
# interruptible thread itself, and so waits as well. Since JDK-8321594 a virtual thread is only counted there, and no
# signal is sent to the carrier that it sits on.
#
# Seen: OpenJDK 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18; the writer writes a byte when it has seen what happens. The
# output was:
#   platform thread, interrupt(): returns before the byte true, the read gives ClosedByInterruptException
#   platform thread, close(): returns before the byte true, the read gives AsynchronousCloseException
#   virtual thread, interrupt(): returns before the byte false, the read gives ClosedByInterruptException
#   virtual thread, close(): returns before the byte false, the read gives 1
# On 21.0.13 the virtual thread's lines are as the platform thread's.
#
# Needs Linux and a JDK 25 or above; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer; 2 the JDK is older.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Interrupt.java" <<'JAVA'
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

class Interrupt {
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        show(directory, false, true);
        show(directory, false, false);
        show(directory, true, true);
        show(directory, true, false);
    }

    private static void show(Path directory, boolean virtual, boolean interrupt) throws Exception {
        Path fifo = directory.resolve("fifo" + virtual + interrupt);
        new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor();
        var result = new CompletableFuture<String>();
        try (var writer = new RandomAccessFile(fifo.toFile(), "rw")) {
            FileChannel channel = FileChannel.open(fifo);
            Runnable read = () -> {
                try {
                    result.complete(String.valueOf(channel.read(ByteBuffer.allocate(1))));
                } catch (IOException e) {
                    result.complete(e.getClass().getSimpleName());
                }
            };
            Thread reader = virtual ? Thread.ofVirtual().start(read) : Thread.ofPlatform().start(read);
            for (int seen = 0; seen < 50; seen = inRead(reader) ? seen + 1 : 0) {
                Thread.sleep(10);
            }
            var caller = new Thread(() -> {
                if (interrupt) {
                    reader.interrupt();
                } else {
                    close(channel);
                }
            });
            caller.start();
            caller.join(virtual ? 1_000 : 30_000);
            boolean before = !caller.isAlive();
            if (!virtual) {
                reader.join(30_000);
            }
            writer.write(1);
            caller.join();
            System.out.println((virtual ? "virtual thread, " : "platform thread, ") + (interrupt ? "interrupt()" : "close()")
                    + ": returns before the byte " + before + ", the read gives " + result.get(30, TimeUnit.SECONDS));
        }
    }

    private static boolean inRead(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("read0"));
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
if test "$("${JAVA:-java}" -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.specification.version = //p')" -lt 25; then
    echo "needs JDK 25 or above" >&2
    exit 2
fi
"${JAVA:-java}" "$directory/Interrupt.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
platform thread, interrupt(): returns before the byte true, the read gives ClosedByInterruptException
platform thread, close(): returns before the byte true, the read gives AsynchronousCloseException
virtual thread, interrupt(): returns before the byte false, the read gives ClosedByInterruptException
virtual thread, close(): returns before the byte false, the read gives 1
EXPECTED
