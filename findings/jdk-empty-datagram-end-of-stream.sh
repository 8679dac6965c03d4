#!/bin/sh
# DatagramChannel.read says -1, the end of the stream, for a datagram without bytes, which UDP has nothing against (some
# protocols send it as a sign of life). There is no end: the channel stays open, and the next read gives the next datagram.
# Code that serves any ReadableByteChannel, and closes at -1, closes here; and 0, which one would take for such a datagram,
# means that there is none. It is so in both modes, and with several buffers. receive() tells the two apart: an address, and no
# bytes.
#
# Why: recv(2) returns 0, and the native code of channels makes the end of the stream of a 0 (convertReturnVal), as for TCP
# (DatagramDispatcher.read0). The documentation of DatagramChannel.read has "-1 if the channel has reached end-of-stream".
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18; datagrams of 0, 0, 0 and 2 bytes are sent.
# The output was, on all:
#   non-blocking: read -1, read of two buffers -1, receive from the peer with 0 bytes, read 2, read 0; open true
#   blocking: read -1, read of two buffers -1, receive from the peer with 0 bytes, read 2; open true
#
# Needs a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Empty.java" <<'JAVA'
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

class Empty {
    public static void main(String[] args) throws IOException {
        for (boolean blocking : new boolean[] {false, true}) {
            var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            try (var channel = DatagramChannel.open().bind(any); var peer = DatagramChannel.open().bind(any)) {
                channel.connect(peer.getLocalAddress());
                channel.configureBlocking(blocking);
                for (int bytes : new int[] {0, 0, 0, 2}) {
                    peer.send(ByteBuffer.allocate(bytes), channel.getLocalAddress());
                }
                var said = new StringBuilder(blocking ? "blocking" : "non-blocking");
                await(channel);
                said.append(": read ").append(channel.read(buffer()));
                await(channel);
                said.append(", read of two buffers ").append(channel.read(new ByteBuffer[] {buffer(), buffer()}));
                await(channel);
                ByteBuffer received = buffer();
                boolean fromPeer = peer.getLocalAddress().equals(channel.receive(received));
                said.append(fromPeer ? ", receive from the peer with " : ", receive from nobody with ")
                        .append(received.position()).append(" bytes");
                await(channel);
                said.append(", read ").append(channel.read(buffer()));
                if (!blocking) {
                    said.append(", read ").append(channel.read(buffer()));
                }
                System.out.println(said + "; open " + channel.isOpen());
            }
        }
    }

    private static ByteBuffer buffer() {
        return ByteBuffer.allocate(10);
    }

    /** Waits until there is a datagram, in non-blocking mode. */
    private static void await(DatagramChannel channel) throws IOException {
        if (!channel.isBlocking()) {
            try (Selector selector = Selector.open()) {
                channel.register(selector, SelectionKey.OP_READ);
                selector.select(30_000);
            }
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/Empty.java" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
non-blocking: read -1, read of two buffers -1, receive from the peer with 0 bytes, read 2, read 0; open true
blocking: read -1, read of two buffers -1, receive from the peer with 0 bytes, read 2; open true
EXPECTED
