#!/bin/sh
# What close() does for a thread that reads a FIFO depends on how the stream was made. Of Files.newInputStream it wakes the
# reader: up to JDK 25 with -1, which says that the writers have ended, though they have not; from 26 on with an
# AsynchronousCloseException. Of FileInputStream it returns and wakes nobody: the reader sleeps on, and takes the next byte of
# the FIFO, after the close. An interrupt wakes neither, and a reader of Channels.newInputStream(FileChannel.open(...)), the
# same channel in the same stream class, it does wake, and closes.
#
# Why: a FileChannel that is closed signals the threads that are in it. Files.newInputStream makes its channel uninterruptible,
# whose read passes over the bookkeeping that turns the end into an exception; the descriptor has been replaced by a socket
# that is shut down by then, which says end of file. FileInputStream.close is close(2) alone, and a read(2) that waits keeps
# the file.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1, 28-ea+18, Linux 6.18; a writer has the FIFO open all the time. The
# output was, on 17 to 25 (from 26 on the second line says AsynchronousCloseException):
#   FileInputStream, closed: reads on, and then takes a byte
#   Files.newInputStream, closed: -1
#   Channels of a FileChannel, closed: AsynchronousCloseException
#   FileInputStream, interrupted: reads on, and then takes a byte
#   Files.newInputStream, interrupted: reads on, and then takes a byte
#   Channels of a FileChannel, interrupted: ClosedByInterruptException
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Fifo.java" <<'JAVA'
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

class Fifo {
    interface Opening {
        InputStream open(Path path) throws IOException;
    }

    private static Path directory;

    public static void main(String[] args) throws Exception {
        directory = Path.of(args[0]);
        for (boolean close : new boolean[] {true, false}) {
            show("FileInputStream", path -> new FileInputStream(path.toFile()), close);
            show("Files.newInputStream", Files::newInputStream, close);
            show("Channels of a FileChannel", path -> Channels.newInputStream(FileChannel.open(path)), close);
        }
    }

    private static void show(String title, Opening opening, boolean close) throws Exception {
        Path fifo = directory.resolve(title + close);
        new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor();
        try (var writer = new RandomAccessFile(fifo.toFile(), "rw"); InputStream in = opening.open(fifo)) {
            var got = new FutureTask<>(() -> {
                try {
                    return "" + in.read();
                } catch (IOException e) {
                    return e.getClass().getSimpleName();
                }
            });
            Thread reader = new Thread(got);
            reader.start();
            for (int seen = 0; seen < 20; seen = inRead(reader) ? seen + 1 : 0) {
                Thread.sleep(10);
            }
            if (close) {
                in.close();
            } else {
                reader.interrupt();
            }
            String said;
            try {
                said = got.get(1, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                writer.write(1);
                said = got.get().equals("1") ? "reads on, and then takes a byte" : "reads on, and then " + got.get();
            }
            System.out.println(title + (close ? ", closed: " : ", interrupted: ") + said);
        }
    }

    private static boolean inRead(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> List.of("read0", "readBytes", "readBytes0")
                .contains(frame.getMethodName()));
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
version=$("${JAVA:-java}" --list-modules | sed -n 's/^java.base@\([0-9]*\).*/\1/p')
closed=-1
if test "$version" -ge 26; then
    closed=AsynchronousCloseException
fi
"${JAVA:-java}" "$directory/Fifo.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<EXPECTED
FileInputStream, closed: reads on, and then takes a byte
Files.newInputStream, closed: $closed
Channels of a FileChannel, closed: AsynchronousCloseException
FileInputStream, interrupted: reads on, and then takes a byte
Files.newInputStream, interrupted: reads on, and then takes a byte
Channels of a FileChannel, interrupted: ClosedByInterruptException
EXPECTED
