#!/bin/sh
# A single read by a virtual thread on a SocketChannel that blocks makes the socket non-blocking, for good and for every
# process that has it: the parent that passed it on gets EAGAIN from a read that is to wait. A platform thread's read does not.
# The channel goes on to say isBlocking() true; configureBlocking(true) does nothing, and false and then true leave O_NONBLOCK
# as well.
#
# Why: a virtual thread waits by the JDK's poller, so the channel sets O_NONBLOCK when the first one comes, and remembers that
# in forcedNonBlocking, after which it never clears it; O_NONBLOCK belongs to the open file, not to the process.
# ServerSocketChannel, DatagramChannel and Pipe do the same. The documentation speaks of neither.
#
# Seen: OpenJDK 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18; the parent passes a socket as descriptor 0. The
# output was, on all:
#   at first: isBlocking true; O_NONBLOCK here false
#   read by a platform thread: isBlocking true; O_NONBLOCK here false
#   read by a virtual thread: isBlocking true; O_NONBLOCK here true
#   configureBlocking(true): isBlocking true; O_NONBLOCK here true
#   configureBlocking(false), then true: isBlocking true; O_NONBLOCK here true
#   the parent, when the JVM has ended: O_NONBLOCK True
#
# Needs Linux, python3 and JDK 21 or newer; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer; 2 it
# cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Shared.java" <<'JAVA'
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

class Shared {
    private static SocketChannel channel;

    public static void main(String[] args) throws Exception {
        channel = (SocketChannel) System.inheritedChannel();
        show("at first");
        Callable<Integer> read = () -> channel.read(ByteBuffer.allocate(1));
        read.call();
        show("read by a platform thread");
        var task = new FutureTask<>(read);
        Thread.ofVirtual().start(task);
        task.get();
        show("read by a virtual thread");
        channel.configureBlocking(true);
        show("configureBlocking(true)");
        channel.configureBlocking(false);
        channel.configureBlocking(true);
        show("configureBlocking(false), then true");
    }

    private static void show(String title) throws Exception {
        String flags = Files.readAllLines(Path.of("/proc/self/fdinfo/0")).stream().filter(line -> line.startsWith("flags:"))
                .findFirst().get().substring("flags:".length()).strip();
        boolean nonBlocking = (Integer.parseInt(flags, 8) & 04000) != 0;
        System.out.println(title + ": isBlocking " + channel.isBlocking() + "; O_NONBLOCK here " + nonBlocking);
    }
}
JAVA

cat >"$directory/start.py" <<'PYTHON'
import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
ours.send(b"hello")
subprocess.run(sys.argv[1:], stdin=theirs, check=True)
print("the parent, when the JVM has ended: O_NONBLOCK", not os.get_blocking(theirs.fileno()))
PYTHON

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
if ! "${JAVA:-java}" --list-modules | grep -q '^java.base@\(2[1-9]\|[3-9]\)'; then
    echo "this JDK has no virtual threads" >&2
    exit 2
fi
python3 "$directory/start.py" "${JAVA:-java}" "$directory/Shared.java" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
at first: isBlocking true; O_NONBLOCK here false
read by a platform thread: isBlocking true; O_NONBLOCK here false
read by a virtual thread: isBlocking true; O_NONBLOCK here true
configureBlocking(true): isBlocking true; O_NONBLOCK here true
configureBlocking(false), then true: isBlocking true; O_NONBLOCK here true
the parent, when the JVM has ended: O_NONBLOCK True
EXPECTED
