#!/bin/sh
# Who registers one directory with a WatchService by two paths (a symbolic link to it, as Kubernetes and many installations
# have for "current", or a bind mount) has one WatchKey: the second registration takes the first one's events away, what the
# second asks for is reported with the first path, and to cancel either ends both. Two WatchServices keep them apart.
#
# Why: inotify knows the directory, not the path: inotify_add_watch of one that is watched gives the same number again and
# replaces the events. The JDK keeps its keys by that number (LinuxWatchService.implRegister). The documentation has this
# replacement for "this watchable object", which is a Path, and the two are not equal.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18; "real" is registered for ENTRY_CREATE,
# then "link" for ENTRY_DELETE. The output was, on all:
#   the paths are equal: false, the keys are one: true
#   a file is made: nothing is reported
#   a file is deleted: ENTRY_DELETE of real
#   the key of link is cancelled: the key of real is valid: false
#   two WatchServices, a file is made: ENTRY_CREATE of real
#   two WatchServices, a file is deleted: ENTRY_DELETE of link
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Watch.java" <<'JAVA'
import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.concurrent.TimeUnit;

class Watch {
    public static void main(String[] args) throws Exception {
        Path real = Files.createDirectory(Path.of(args[0], "real"));
        Path link = Files.createSymbolicLink(Path.of(args[0], "link"), real);
        Path file = real.resolve("file");
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            WatchKey ofReal = real.register(watch, ENTRY_CREATE);
            WatchKey ofLink = link.register(watch, ENTRY_DELETE);
            System.out.println("the paths are equal: " + real.equals(link) + ", the keys are one: " + (ofReal == ofLink));
            Files.createFile(file);
            System.out.println("a file is made: " + reported(watch, 1));
            Files.delete(file);
            System.out.println("a file is deleted: " + reported(watch, 30));
            ofLink.cancel();
            System.out.println("the key of link is cancelled: the key of real is valid: " + ofReal.isValid());
        }
        try (WatchService one = FileSystems.getDefault().newWatchService();
                WatchService other = FileSystems.getDefault().newWatchService()) {
            real.register(one, ENTRY_CREATE);
            link.register(other, ENTRY_DELETE);
            Files.createFile(file);
            System.out.println("two WatchServices, a file is made: " + reported(one, 30));
            Files.delete(file);
            System.out.println("two WatchServices, a file is deleted: " + reported(other, 30));
        }
    }

    private static String reported(WatchService watch, int seconds) throws InterruptedException {
        WatchKey key = watch.poll(seconds, TimeUnit.SECONDS);
        if (key == null) {
            return "nothing is reported";
        }
        String reported = key.pollEvents().get(0).kind() + " of " + ((Path) key.watchable()).getFileName();
        key.reset();
        return reported;
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/Watch.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
the paths are equal: false, the keys are one: true
a file is made: nothing is reported
a file is deleted: ENTRY_DELETE of real
the key of link is cancelled: the key of real is valid: false
two WatchServices, a file is made: ENTRY_CREATE of real
two WatchServices, a file is deleted: ENTRY_DELETE of link
EXPECTED
