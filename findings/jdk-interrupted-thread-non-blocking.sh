#!/bin/sh
# A thread whose interrupt status is set may use channels in non-blocking mode: reads, writes, accepts, connects and
# finishConnect go through, nothing is closed, and the status stays. It is the mode that decides, not whether there is anything
# to wait for: the same calls on channels that block close them with ClosedByInterruptException, with the bytes there to read.
# A FileChannel has no such mode, so an event loop that is interrupted keeps its sockets and pipes, and loses its log file.
#
# Why: the channels of sun.nio.ch call AbstractInterruptibleChannel.begin(), which closes the channel of an interrupted thread,
# only if they block (SocketChannelImpl.beginRead and its kin); FileChannelImpl does for every call. What the documentation of
# InterruptibleChannel has of "a blocking I/O operation" means the mode.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18. The output was, on all:
#   non-blocking: read 3, write 3, accept yes, connect yes, receive yes, send 3, pipe read 3, pipe write 3; interrupted true
#   blocking: read closed, write closed, accept closed, connect closed, receive closed, send closed, pipe read closed, pipe write closed; interrupted true
#   a file: write closed; interrupted true
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Interrupted.java" <<'JAVA'
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

class Interrupted {
    private static final List<String> SAID = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        for (boolean blocking : new boolean[] {false, true}) {
            var server = ServerSocketChannel.open().bind(any);
            SocketAddress address = server.getLocalAddress();
            SocketChannel peer = SocketChannel.open(address);
            SocketChannel reads = server.accept();
            peer.write(ByteBuffer.allocate(3));
            ready(reads, SelectionKey.OP_READ, blocking);
            SocketChannel writes = SocketChannel.open(address);
            server.accept();
            writes.configureBlocking(blocking);
            SocketChannel waiting = SocketChannel.open(address);
            ready(server, SelectionKey.OP_ACCEPT, blocking);
            var other = ServerSocketChannel.open().bind(any);
            SocketChannel connects = SocketChannel.open();
            connects.configureBlocking(blocking);
            DatagramChannel receives = DatagramChannel.open().bind(any);
            DatagramChannel sends = DatagramChannel.open();
            sends.send(ByteBuffer.allocate(3), receives.getLocalAddress());
            ready(receives, SelectionKey.OP_READ, blocking);
            sends.configureBlocking(blocking);
            SocketAddress to = receives.getLocalAddress();
            Pipe pipe = Pipe.open();
            pipe.sink().write(ByteBuffer.allocate(3));
            ready(pipe.source(), SelectionKey.OP_READ, blocking);
            pipe.sink().configureBlocking(blocking);

            Thread.currentThread().interrupt();
            call("read", reads, () -> reads.read(ByteBuffer.allocate(10)));
            call("write", writes, () -> writes.write(ByteBuffer.allocate(3)));
            call("accept", server, () -> server.accept() != null ? "yes" : "no");
            call("connect", connects, () -> {
                connects.connect(other.getLocalAddress());
                while (!connects.finishConnect()) {
                    Thread.onSpinWait();
                }
                return "yes";
            });
            call("receive", receives, () -> receives.receive(ByteBuffer.allocate(10)) != null ? "yes" : "no");
            call("send", sends, () -> sends.send(ByteBuffer.allocate(3), to));
            call("pipe read", pipe.source(), () -> pipe.source().read(ByteBuffer.allocate(10)));
            call("pipe write", pipe.sink(), () -> pipe.sink().write(ByteBuffer.allocate(3)));
            print(blocking ? "blocking" : "non-blocking");
            waiting.close();
            peer.close();
        }
        var file = FileChannel.open(Path.of(args[0], "file"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        Thread.currentThread().interrupt();
        call("write", file, () -> file.write(ByteBuffer.allocate(3)));
        print("a file");
    }

    /** Waits until the channel is ready, and leaves it in the mode that is asked for. */
    private static void ready(SelectableChannel channel, int operation, boolean blocking) throws IOException {
        channel.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            channel.register(selector, operation);
            selector.select(30_000);
        }
        channel.configureBlocking(blocking);
    }

    private static void call(String name, Channel channel, Callable<?> operation) throws Exception {
        Object result;
        try {
            result = operation.call();
        } catch (ClosedByInterruptException e) {
            result = channel.isOpen() ? "failed" : "closed";
        }
        SAID.add(name + " " + result);
    }

    private static void print(String title) {
        System.out.println(title + ": " + String.join(", ", SAID) + "; interrupted " + Thread.interrupted());
        SAID.clear();
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/Interrupted.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
non-blocking: read 3, write 3, accept yes, connect yes, receive yes, send 3, pipe read 3, pipe write 3; interrupted true
blocking: read closed, write closed, accept closed, connect closed, receive closed, send closed, pipe read closed, pipe write closed; interrupted true
a file: write closed; interrupted true
EXPECTED
