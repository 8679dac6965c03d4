#!/bin/sh
# A virtual thread that waits in a file keeps its carrier again: on the JDKs from 25 on, one that opens a FIFO without a peer,
# or reads one that is empty (with System.in or a terminal it is the same call), stops all others when there are no more
# carriers, one for each processor. On JDK 21 the others go on. JEP 444 has promised that file operations which keep the
# carrier add one for the time, and most texts about virtual threads repeat it. A process's output is waited for without a
# carrier on all of them, though it is a pipe as well. Who waits for a FIFO or a terminal in a virtual thread hands this over to
# a platform thread, or waits for readiness first.
#
# Why: JDK 21 wrapped these calls in a compensation (Blocker.begin), which let the scheduler start another carrier. JDK-8329593
# took it from the operations on files, as more than a short one is worth; a FIFO and a terminal come by the same calls. A wait
# for a lock (FileChannel.lock) is still compensated for.
#
# Seen: OpenJDK 21.0.13, and 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18, one carrier. The output was, on 25 and above:
#   open of a FIFO (FileInputStream): another virtual thread runs meanwhile: false
#   open of a FIFO (Files.newInputStream): another virtual thread runs meanwhile: false
#   read of a FIFO (FileInputStream): another virtual thread runs meanwhile: false
#   read of a FIFO (FileChannel): another virtual thread runs meanwhile: false
#   ProcessBuilder.start with its input from a FIFO: another virtual thread runs meanwhile: false
#   read of a process's output: another virtual thread runs meanwhile: true
#   FileChannel.lock: another virtual thread runs meanwhile: true
# and on 21 true in every line.
#
# Needs Linux, python3 and a JDK 25 or above; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer; 2 the JDK
# is older.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Carrier.java" <<'JAVA'
import java.io.File;
import java.io.FileInputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

class Carrier {
    interface Step {
        void run() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        for (String name : new String[] {"open1", "open2", "read", "start"}) {
            new ProcessBuilder("mkfifo", directory.resolve(name).toString()).start().waitFor();
        }
        File open1 = directory.resolve("open1").toFile();
        Path open2 = directory.resolve("open2");
        File start = directory.resolve("start").toFile();
        show("open of a FIFO (FileInputStream)", () -> new FileInputStream(open1).close(), () -> meet(open1));
        show("open of a FIFO (Files.newInputStream)", () -> Files.newInputStream(open2).close(), () -> meet(open2.toFile()));
        try (var both = new RandomAccessFile(directory.resolve("read").toFile(), "rw");
                var stream = new FileInputStream(directory.resolve("read").toFile());
                var channel = FileChannel.open(directory.resolve("read"))) {
            show("read of a FIFO (FileInputStream)", stream::read, () -> both.write(1));
            show("read of a FIFO (FileChannel)", () -> channel.read(ByteBuffer.allocate(1)), () -> both.write(1));
        }
        var builder = new ProcessBuilder("true").redirectInput(start);
        show("ProcessBuilder.start with its input from a FIFO", builder::start, () -> meet(start));
        Process cat = new ProcessBuilder("cat").start();
        show("read of a process's output", cat.getInputStream()::read, () -> cat.getOutputStream().close());
        Path locked = Files.createFile(directory.resolve("locked"));
        Process holder = new ProcessBuilder("python3", "-c", "import fcntl, sys\n"
                + "file = open(sys.argv[1], 'r+')\nfcntl.lockf(file, fcntl.LOCK_EX)\nprint('locked', flush=True)\n"
                + "sys.stdin.read()", locked.toString()).start();
        holder.getInputStream().read();
        try (var channel = FileChannel.open(locked, StandardOpenOption.WRITE)) {
            show("FileChannel.lock", () -> channel.lock().close(), () -> holder.getOutputStream().close());
        }
    }

    private static void meet(File fifo) throws Exception {
        new RandomAccessFile(fifo, "rw").close();
    }

    private static void show(String title, Step step, Step end) throws Exception {
        var about = new CountDownLatch(1);
        Thread waits = Thread.ofVirtual().start(() -> {
            try {
                about.countDown();
                step.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        about.await();
        Thread.sleep(300);
        var ran = new CountDownLatch(1);
        Thread.ofVirtual().start(ran::countDown);
        // Where it runs it may be late, so that there is much time; where it does not run, it does not within a second either.
        boolean meanwhile = ran.await(1, TimeUnit.SECONDS) || (!keepsCarrier(waits) && ran.await(30, TimeUnit.SECONDS));
        if (!waits.isAlive()) {
            throw new IllegalStateException(title + " did not wait");
        }
        System.out.println(title + ": another virtual thread runs meanwhile: " + meanwhile);
        end.run();
        waits.join();
        ran.await();
    }

    private static boolean keepsCarrier(Thread thread) {
        return thread.getState() == Thread.State.RUNNABLE;
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
if test "$("${JAVA:-java}" -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.specification.version = //p')" -lt 25; then
    echo "needs JDK 25 or above" >&2
    exit 2
fi
"${JAVA:-java}" -Djdk.virtualThreadScheduler.parallelism=1 "$directory/Carrier.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
open of a FIFO (FileInputStream): another virtual thread runs meanwhile: false
open of a FIFO (Files.newInputStream): another virtual thread runs meanwhile: false
read of a FIFO (FileInputStream): another virtual thread runs meanwhile: false
read of a FIFO (FileChannel): another virtual thread runs meanwhile: false
ProcessBuilder.start with its input from a FIFO: another virtual thread runs meanwhile: false
read of a process's output: another virtual thread runs meanwhile: true
FileChannel.lock: another virtual thread runs meanwhile: true
EXPECTED
