#!/bin/sh
# System.inheritedChannel() makes a ServerSocketChannel of a connection, if the client has reset it before the JVM has started,
# which takes it a tenth of a second. A program that inetd, socat or systemd (Accept=yes) starts for each connection, and that
# looks at the type of the channel to learn how it was started, takes itself for the server: bind state and local address are
# there, accept() says "Invalid argument". Bytes that came before the reset do not change it; a connection that the client has
# closed in good order is a SocketChannel.
#
# Why: for a stream socket InheritedChannel.createChannel asks for the peer's address (getpeername) and takes any failure as
# "it is not connected, so it listens"; of a connection that was reset it is ENOTCONN. Whether a socket listens, SO_ACCEPTCONN
# tells.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18. The output was, on all:
#   connected, 5 bytes: SocketChannel, read 5
#   closed by the client, 5 bytes: SocketChannel, read 5
#   reset by the client, 5 bytes: ServerSocketChannel, has a local port: true, accept: IOException Invalid argument
#   listening: ServerSocketChannel, has a local port: true, accept: nobody
#
# Needs Linux, python3 and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Inherited.java" <<'JAVA'
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

class Inherited {
    public static void main(String[] args) throws IOException {
        Channel channel = System.inheritedChannel();
        if (channel instanceof ServerSocketChannel server) {
            boolean port = ((InetSocketAddress) server.getLocalAddress()).getPort() > 0;
            server.configureBlocking(false);
            String accepted;
            try {
                accepted = server.accept() == null ? "nobody" : "somebody";
            } catch (IOException e) {
                accepted = e.getClass().getSimpleName() + " " + e.getMessage();
            }
            System.out.println("ServerSocketChannel, has a local port: " + port + ", accept: " + accepted);
        } else {
            System.out.println("SocketChannel, read " + ((SocketChannel) channel).read(ByteBuffer.allocate(10)));
        }
    }
}
JAVA

cat >"$directory/start.py" <<'PYTHON'
import select, socket, struct, subprocess, sys
java, program = sys.argv[1:]

def show(title, channel):
    print(title + ":", subprocess.run([java, program], stdin=channel, stdout=subprocess.PIPE, text=True).stdout, end="")

def connection():
    client = socket.create_connection(server.getsockname())
    accepted = server.accept()[0]
    client.send(b"hello")
    return client, accepted

def until(accepted, event):
    poll = select.poll()
    poll.register(accepted, event)
    if not any(got & event for _, got in poll.poll(30000)):
        sys.exit("the end of the client does not come")

server = socket.create_server(("127.0.0.1", 0))
client, accepted = connection()
show("connected, 5 bytes", accepted)
client, accepted = connection()
client.close()
until(accepted, select.POLLRDHUP)
show("closed by the client, 5 bytes", accepted)
client, accepted = connection()
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
until(accepted, select.POLLERR)
show("reset by the client, 5 bytes", accepted)
show("listening", server)
PYTHON

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
python3 "$directory/start.py" "${JAVA:-java}" "$directory/Inherited.java" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
connected, 5 bytes: SocketChannel, read 5
closed by the client, 5 bytes: SocketChannel, read 5
reset by the client, 5 bytes: ServerSocketChannel, has a local port: true, accept: IOException Invalid argument
listening: ServerSocketChannel, has a local port: true, accept: nobody
EXPECTED
