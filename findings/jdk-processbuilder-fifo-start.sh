#!/bin/sh
# ProcessBuilder.start() with its input or output redirected to a FIFO does not return before somebody opens the other side:
# until then there is no process, so that neither waitFor with a time-out nor destroy() can be used, and an interrupt of the
# caller ends nothing. With "sh -c 'exec program <fifo'" the process is there at once, can be asked for, and killed. To
# start two programs with a FIFO between them, one after the other by redirection, as a shell script does with "&", never gets
# to the second. Let a shell open the FIFO, or hold it open oneself for reading and writing (RandomAccessFile "rw") meanwhile.
#
# Why: the JVM opens the files itself, with FileInputStream and FileOutputStream in the calling thread, and starts the process
# afterwards; the documentation of Redirect speaks of where the process reads from. An open that waits takes no notice of
# Thread.interrupt.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18. The output was, on all:
#   Redirect.from(fifo): start() returns before the other side is opened: false, after an interrupt: false
#   Redirect.to(fifo): start() returns before the other side is opened: false, after an interrupt: false
#   a shell opens it: start() returns before the other side is opened: true, and destroy() ends it
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Start.java" <<'JAVA'
import java.io.File;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

class Start {
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        File from = fifo(directory.resolve("from"));
        File to = fifo(directory.resolve("to"));
        show("Redirect.from(fifo)", from, new ProcessBuilder("true").redirectInput(from));
        show("Redirect.to(fifo)", to, new ProcessBuilder("true").redirectOutput(to));

        Process process = new ProcessBuilder("sh", "-c", "exec cat <\"$1\"", "sh", from.toString()).start();
        boolean runs = process.isAlive();
        process.destroy();
        boolean ended = process.waitFor(30, TimeUnit.SECONDS);
        System.out.println("a shell opens it: start() returns before the other side is opened: " + runs
                + (ended ? ", and destroy() ends it" : ", and runs on"));
    }

    private static File fifo(Path path) throws Exception {
        new ProcessBuilder("mkfifo", path.toString()).start().waitFor();
        return path.toFile();
    }

    private static void show(String title, File fifo, ProcessBuilder builder) throws Exception {
        var started = new FutureTask<>(builder::start);
        var thread = new Thread(started);
        thread.start();
        thread.join(1_000);
        boolean before = started.isDone();
        thread.interrupt();
        thread.join(1_000);
        boolean after = started.isDone();
        new RandomAccessFile(fifo, "rw").close();
        started.get(30, TimeUnit.SECONDS).waitFor();
        System.out.println(title + ": start() returns before the other side is opened: " + before + ", after an interrupt: "
                + after);
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/Start.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
Redirect.from(fifo): start() returns before the other side is opened: false, after an interrupt: false
Redirect.to(fifo): start() returns before the other side is opened: false, after an interrupt: false
a shell opens it: start() returns before the other side is opened: true, and destroy() ends it
EXPECTED
