package dev.pollux.contract;

import static dev.pollux.support.Reported.assertReady;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.LocalOnly;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/**
 * The channels of {@code java.nio} on every backend. The jnr binding cannot look into a channel,
 * but it can wait for the descriptor that the JNI binding finds there.
 */
@LocalOnly("channels of java.nio are this process's")
class ChannelKindsContract {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    /** Asks the pair first: jni and ffm know, jnr says that it does not. */
    private static int descriptor(EveryBackend.Pair pair, SelectableChannel channel)
            throws IOException {
        channel.configureBlocking(false);
        int fd = pair.sys().channelDescriptor(channel);
        if (!pair.sys().binding().equals("jnr")) {
            assertTrue(fd >= 0, () -> channel + ": " + fd);
            return fd;
        }
        assertEquals(-pair.sys().errno().ENOSYS, fd);
        try {
            Syscalls jni = Bindings.open("jni");
            return jni.channelDescriptor(channel);
        } catch (Bindings.Unavailable e) {
            System.out.println("channels on " + pair + " skipped: " + e.getMessage());
            return abort(e.getMessage());
        }
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @EveryBackend
    void socket_channel_and_server_socket_channel(FdSelector selector, EveryBackend.Pair pair)
            throws IOException {
        try (var server = ServerSocketChannel.open().bind(loopback())) {
            int listener = descriptor(pair, server);
            assertReady(selector, listener, Interest.READ, "TIMEOUT");
            try (var client = SocketChannel.open(server.getLocalAddress())) {
                assertReady(selector, listener, Interest.READ, "READ");
                try (var accepted = server.accept()) {
                    assertReady(selector, listener, Interest.READ, "TIMEOUT");
                    int fd = descriptor(pair, accepted);
                    assertReady(selector, fd, BOTH, "WRITE");
                    client.write(ByteBuffer.allocate(3));
                    assertReady(selector, fd, BOTH, "READ|WRITE");
                    assertEquals(3, Fds.drain(fd));
                    client.shutdownOutput();
                    assertReady(selector, fd, Interest.READ, "READ|READ_CLOSED");
                    assertEquals(-1, accepted.read(ByteBuffer.allocate(1)));
                }
            }
        }
    }

    @EveryBackend
    void socket_channel_that_connects(FdSelector selector, EveryBackend.Pair pair)
            throws IOException {
        try (var server = ServerSocketChannel.open().bind(loopback());
                var client = SocketChannel.open()) {
            int fd = descriptor(pair, client);
            if (!client.connect(server.getLocalAddress())) {
                assertReady(selector, fd, Interest.WRITE, "WRITE");
                assertTrue(client.finishConnect());
            }
            assertReady(selector, fd, BOTH, "WRITE");
        }
    }

    @EveryBackend
    void unix_domain_channel(FdSelector selector, EveryBackend.Pair pair, @TempDir Path dir)
            throws IOException {
        var address = UnixDomainSocketAddress.of(dir.resolve("socket"));
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address)) {
            int listener = descriptor(pair, server);
            assertReady(selector, listener, Interest.READ, "TIMEOUT");
            try (var client = SocketChannel.open(address)) {
                assertReady(selector, listener, Interest.READ, "READ");
                try (var accepted = server.accept()) {
                    int fd = descriptor(pair, client);
                    accepted.write(ByteBuffer.allocate(2));
                    assertReady(selector, fd, BOTH, "READ|WRITE");
                    assertEquals(2, Fds.drain(fd));
                }
                assertReady(
                        selector,
                        descriptor(pair, client),
                        BOTH,
                        "READ|WRITE|READ_CLOSED|WRITE_CLOSED");
            }
        }
    }

    @EveryBackend
    void datagram_channel(FdSelector selector, EveryBackend.Pair pair) throws IOException {
        try (var receiver = DatagramChannel.open().bind(loopback());
                var sender = DatagramChannel.open()) {
            int fd = descriptor(pair, receiver);
            assertReady(selector, fd, BOTH, "WRITE");
            sender.send(ByteBuffer.allocate(5), receiver.getLocalAddress());
            assertReady(selector, fd, BOTH, "READ|WRITE");
            assertEquals(5, Fds.drain(fd));
            assertReady(selector, fd, Interest.READ, "TIMEOUT");
        }
    }

    @EveryBackend
    void pipe_channels(FdSelector selector, EveryBackend.Pair pair) throws IOException {
        Pipe pipe = Pipe.open();
        try (var source = pipe.source()) {
            int reader = descriptor(pair, source);
            try (var sink = pipe.sink()) {
                assertReady(selector, reader, Interest.READ, "TIMEOUT");
                assertReady(selector, descriptor(pair, sink), Interest.WRITE, "WRITE");
                sink.write(ByteBuffer.allocate(1));
                assertReady(selector, reader, Interest.READ, "READ");
            }
            assertReady(selector, reader, Interest.READ, "READ|READ_CLOSED");
        }
    }
}
