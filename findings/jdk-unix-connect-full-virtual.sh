#!/bin/sh
# SocketChannel.open of a Unix domain address waits on a platform thread while the server's queue of connections is full, and
# is connected when there is room; the same call on a virtual thread fails at once, "Resource temporarily unavailable", and so
# does connect() in non-blocking mode, which closes the channel in place of returning false: there is nothing to select for.
# Over TCP all three wait. A server that is busy for a moment refuses the clients that were moved to virtual threads.
#
# Why: for a full queue Linux answers a non-blocking connect of a Unix socket with EAGAIN, not EINPROGRESS, and goes on
# nothing; no event will tell that there is room. For a virtual thread the JDK makes the socket non-blocking, so it is the
# caller's problem. The documentation has a channel in blocking mode wait.
#
# Seen: OpenJDK 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18 (17.0.15 without the line of the virtual thread).
# The output was, on all:
#   platform thread: waits, connected when there is room
#   virtual thread: SocketException Resource temporarily unavailable
#   non-blocking: SocketException Resource temporarily unavailable, open false
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Full.java" <<'JAVA'
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

class Full {
    private static ServerSocketChannel server;

    public static void main(String[] args) throws Exception {
        SocketAddress address = UnixDomainSocketAddress.of(Path.of(args[0], "socket"));
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address, 1);
        var queued = new ArrayList<SocketChannel>();
        String refused = null;
        while (refused == null) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            queued.add(channel);
            channel.configureBlocking(false);
            try {
                channel.connect(address);
            } catch (IOException e) {
                refused = text(e) + ", open " + channel.isOpen();
            }
        }
        var platform = new FutureTask<>(() -> open(address));
        new Thread(platform).start();
        String waited = "";
        try {
            platform.get(1, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            waited = "waits, ";
        }
        var virtual = new FutureTask<>(() -> open(address));
        if (Runtime.version().feature() >= 21) {
            Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, virtual);
            virtual.get(30, TimeUnit.SECONDS);
        }
        server.accept();
        System.out.println("platform thread: " + waited + platform.get(30, TimeUnit.SECONDS) + " when there is room");
        if (virtual.isDone()) {
            System.out.println("virtual thread: " + virtual.get());
        }
        System.out.println("non-blocking: " + refused);
    }

    private static String open(SocketAddress address) {
        try (SocketChannel channel = SocketChannel.open(address)) {
            return channel.isConnected() ? "connected" : "not connected";
        } catch (IOException e) {
            return text(e);
        }
    }

    private static String text(IOException e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/Full.java" "$directory" | tee "$directory/out"
{
    echo "platform thread: waits, connected when there is room"
    if test "$("${JAVA:-java}" --list-modules | sed -n 's/^java.base@\([0-9]*\).*/\1/p')" -ge 21; then
        echo "virtual thread: SocketException Resource temporarily unavailable"
    fi
    echo "non-blocking: SocketException Resource temporarily unavailable, open false"
} | diff - "$directory/out"
