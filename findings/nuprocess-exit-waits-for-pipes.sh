#!/bin/sh
# NuProcess does not see that a process has ended for as long as something that it has started holds its output (a shell's "&",
# a daemon): waitFor(1 s) says that the time is over, isRunning() is true, onExit is not called, and the process is a zombie.
# All of it comes when the last holder has ended. The JDK's Process and Python's Popen say at once that the same process has
# ended with 3.
#
# Why: its loop waits in epoll for the pipes alone, and asks waitpid only of a process whose output and error have both hung up
# (ProcessEpoll.cleanupProcess). It has no pidfd and no SIGCHLD.
#
# Seen: nuprocess 3.0.0, OpenJDK 17.0.15 and 25.0.3, Linux 6.18. The output was:
#   JDK, a part stays in the background: ended within 1 s: true, status 3
#   NuProcess, nothing stays: ended within 1 s: true, status 3
#   NuProcess, a part stays in the background: ended within 1 s: false, isRunning true, zombie true; when the part has ended: status 3
#
# Needs Linux, a JDK and Maven, which fetches NuProcess; JAVA names the JDK's java, MVN Maven's mvn. Exit status: 0 it is so; 1
# it is not so any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.zaxxer</groupId>
      <artifactId>nuprocess</artifactId>
      <version>3.0.0</version>
    </dependency>
  </dependencies>
</project>
POM

cat >"$directory/Exit.java" <<'JAVA'
import com.zaxxer.nuprocess.NuAbstractProcessHandler;
import com.zaxxer.nuprocess.NuProcess;
import com.zaxxer.nuprocess.NuProcessBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

class Exit {
    public static void main(String[] args) throws Exception {
        Path end = Path.of(args[0], "end");
        String[] nothing = {"sh", "-c", "exit 3"};
        String[] part = {"sh", "-c", "while ! test -e \"$1\"; do sleep 0.02; done & exit 3", "sh", end.toString()};

        Process process = new ProcessBuilder(part).start();
        System.out.println("JDK, a part stays in the background: ended within 1 s: " + process.waitFor(1, TimeUnit.SECONDS)
                + ", status " + process.waitFor());
        NuProcess ended = start(nothing);
        int status = ended.waitFor(30, TimeUnit.SECONDS);
        System.out.println("NuProcess, nothing stays: ended within 1 s: " + !ended.isRunning() + ", status " + status);
        NuProcess waits = start(part);
        boolean inTime = waits.waitFor(1, TimeUnit.SECONDS) != Integer.MIN_VALUE;
        String stat = Files.readString(Path.of("/proc/" + waits.getPID() + "/stat"));
        boolean zombie = stat.startsWith(" Z ", stat.lastIndexOf(')') + 1);
        String running = ", isRunning " + waits.isRunning() + ", zombie " + zombie;
        Files.createFile(end);
        System.out.println("NuProcess, a part stays in the background: ended within 1 s: " + inTime + running
                + "; when the part has ended: status " + waits.waitFor(30, TimeUnit.SECONDS));
        System.exit(0);
    }

    private static NuProcess start(String... command) {
        return new NuProcessBuilder(new NuAbstractProcessHandler() {}, command).start();
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
if ! "${MVN:-mvn}" -q -B -f "$directory/pom.xml" dependency:copy-dependencies -DoutputDirectory="$directory/lib" >&2; then
    echo "NuProcess cannot be fetched here" >&2
    exit 2
fi
"${JAVA:-java}" -cp "$directory/lib/*" "$directory/Exit.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
JDK, a part stays in the background: ended within 1 s: true, status 3
NuProcess, nothing stays: ended within 1 s: true, status 3
NuProcess, a part stays in the background: ended within 1 s: false, isRunning true, zombie true; when the part has ended: status 3
EXPECTED
