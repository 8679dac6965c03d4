#!/bin/sh
# Process.destroy() takes the process its output away before it can end in good order: a program that catches SIGTERM to say
# something and to end with status 0 is killed by SIGPIPE as it says it (status 141), and what it had written before and was
# not read is lost as well, "Stream closed". Process.toHandle().destroy(), the same SIGTERM to the same process, lets it end
# with 0, and every byte is there to read. destroyForcibly() loses the output in the same way.
#
# Why: ProcessImpl.destroy(boolean) of Unix closes the parent's ends of all three pipes right after the signal, forced or not.
# ProcessHandleImpl.destroy sends the signal alone. The documentation calls destroy() normal termination, which "allows the
# process to shut down cleanly", and says nothing of the streams.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18. The output was, on all:
#   Process.destroy: status 141, output lost
#   ProcessHandle.destroy: status 0, output [unread, last words]
#   Process.destroyForcibly: status 137, output lost
#   ProcessHandle.destroyForcibly: status 137, output [unread]
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/program.sh" <<'PROGRAM'
trap 'while ! test -e "$1"; do sleep 0.02; done; echo last words; exit 0' TERM
echo unread
: >"$1.ready"
while :; do sleep 0.02; done
PROGRAM

cat >"$directory/Destroy.java" <<'JAVA'
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

class Destroy {
    private static Path directory;

    public static void main(String[] args) throws Exception {
        directory = Path.of(args[0]);
        show("Process.destroy", Process::destroy);
        show("ProcessHandle.destroy", process -> process.toHandle().destroy());
        show("Process.destroyForcibly", Process::destroyForcibly);
        show("ProcessHandle.destroyForcibly", process -> process.toHandle().destroyForcibly());
    }

    private static void show(String name, Consumer<Process> destroy) throws Exception {
        Path go = directory.resolve(name);
        Process process = new ProcessBuilder("sh", directory.resolve("program.sh").toString(), go.toString()).start();
        while (Files.notExists(directory.resolve(name + ".ready"))) {
            Thread.sleep(10);
        }
        destroy.accept(process);
        Files.createFile(go); // the program may speak only now
        int status = process.waitFor();
        String output;
        try {
            output = "output " + new String(process.getInputStream().readAllBytes()).lines().toList();
        } catch (IOException e) {
            output = "output lost";
        }
        System.out.println(name + ": status " + status + ", " + output);
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/Destroy.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
Process.destroy: status 141, output lost
ProcessHandle.destroy: status 0, output [unread, last words]
Process.destroyForcibly: status 137, output lost
ProcessHandle.destroyForcibly: status 137, output [unread]
EXPECTED
