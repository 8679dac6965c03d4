#!/bin/sh
# When a process ends that has left a part of itself running in the background (a shell's "&", a daemon that keeps the output),
# what that part writes afterwards to Process.getInputStream() is lost, and the part is killed by SIGPIPE, if nobody was in a
# read at the moment of the end: the stream ends with what had been written by then. If a thread was in a read just then, the
# same words arrive. Who reads after waitFor() and who reads all the time see different outputs of one program; with a pipe of
# any other language the end of the stream is when the last writer has closed it.
#
# Why: when the process has ended, the thread that waited for it takes what is in the pipe and closes it, to have the
# descriptor back soon (ProcessImpl.ProcessPipeInputStream.processExited). The method is synchronized, and so is a read: a
# reader in its read holds it off. That others may have the pipe open is not looked at; the documentation of Process does not
# say it.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18. The output was, on all:
#   nobody reads as it ends: output [early], the part in the background ends with 141
#   a thread is in a read as it ends: output [early, late], the part in the background ends with 0
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/program.sh" <<'PROGRAM'
cd "$1"
(
    sh -c 'while ! test -e late; do sleep 0.02; done; echo late'
    echo $? >status.new
    mv status.new status
) &
echo early
while ! test -e end; do sleep 0.02; done
PROGRAM

cat >"$directory/Background.java" <<'JAVA'
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.FutureTask;

class Background {
    public static void main(String[] args) throws Exception {
        show(Path.of(args[0]), "nobody reads as it ends", false);
        show(Path.of(args[0]), "a thread is in a read as it ends", true);
    }

    private static void show(Path directory, String title, boolean reading) throws Exception {
        Path files = Files.createTempDirectory(directory, "run");
        Process process = new ProcessBuilder("sh", directory.resolve("program.sh").toString(), files.toString()).start();
        Path pipe = Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/fd/1"));
        var output = new FutureTask<>(() -> new String(process.getInputStream().readAllBytes()).lines().toList());
        var reader = new Thread(output);
        if (reading) {
            reader.start();
            for (int seen = 0; seen < 50; seen = inRead(reader) ? seen + 1 : 0) {
                Thread.sleep(10);
            }
        }
        Files.createFile(files.resolve("end"));
        process.waitFor();
        while (!reading && isOpenHere(pipe)) {
            Thread.sleep(10);
        }
        Files.createFile(files.resolve("late"));
        while (Files.notExists(files.resolve("status"))) {
            Thread.sleep(10);
        }
        if (!reading) {
            reader.start();
        }
        System.out.println(title + ": output " + output.get() + ", the part in the background ends with "
                + Files.readString(files.resolve("status")).strip());
    }

    private static boolean inRead(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("readBytes")
                || frame.getMethodName().equals("readBytes0"));
    }

    private static boolean isOpenHere(Path pipe) throws IOException {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.anyMatch(descriptor -> {
                try {
                    return Files.readSymbolicLink(descriptor).equals(pipe);
                } catch (java.nio.file.NoSuchFileException e) {
                    return false; // the directory's own
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/Background.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
nobody reads as it ends: output [early], the part in the background ends with 141
a thread is in a read as it ends: output [early, late], the part in the background ends with 0
EXPECTED
