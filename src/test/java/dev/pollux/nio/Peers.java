package dev.pollux.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Makes channels of one provider, all non-blocking, closed together; and what to do with them. */
final class Peers implements AutoCloseable {
    /** Milliseconds after which what has not happened never will. */
    static final long LIMIT = 60_000;

    /** A connection's two ends. */
    record Link(SocketChannel here, SocketChannel there) {}

    private final SelectorProvider provider;
    private final List<Channel> channels = new ArrayList<>();
    private final List<Selector> selectors = new ArrayList<>();

    Peers(SelectorProvider provider) {
        this.provider = provider;
    }

    SelectorProvider provider() {
        return provider;
    }

    /** One more selector. */
    Selector selector() throws IOException {
        Selector selector = provider.openSelector();
        selectors.add(selector);
        return selector;
    }

    /** To be closed with the others, non-blocking from now on. */
    <C extends SelectableChannel> C keep(C channel) throws IOException {
        channels.add(channel);
        channel.configureBlocking(false);
        return channel;
    }

    Pipe pipe() throws IOException {
        Pipe pipe = provider.openPipe();
        keep(pipe.source());
        keep(pipe.sink());
        return pipe;
    }

    /** A pipe's end to read from, with a byte in it. */
    Pipe.SourceChannel readable() throws IOException {
        Pipe pipe = pipe();
        send(pipe.sink(), 1);
        return pipe.source();
    }

    /** Not bound, not connected. */
    SocketChannel socket() throws IOException {
        return keep(provider.openSocketChannel());
    }

    /** Listens on the loopback address. */
    ServerSocketChannel server() throws IOException {
        return keep(provider.openServerSocketChannel()).bind(loopback());
    }

    /** Bound to the loopback address. */
    DatagramChannel udp() throws IOException {
        return keep(provider.openDatagramChannel(StandardProtocolFamily.INET)).bind(loopback());
    }

    static SocketAddress loopback() throws IOException {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0);
    }

    /** Connected over TCP. */
    Link tcp() throws IOException {
        ServerSocketChannel server = provider.openServerSocketChannel().bind(loopback());
        try (server) {
            return link(provider.openSocketChannel(), server, server.getLocalAddress());
        }
    }

    /** Connected by a unix domain socket. */
    Link unix() throws IOException {
        Path path = Files.createTempFile("pollux", ".sock");
        Files.delete(path);
        var family = StandardProtocolFamily.UNIX;
        ServerSocketChannel server = provider.openServerSocketChannel(family);
        try (server) {
            var address = UnixDomainSocketAddress.of(path);
            server.bind(address);
            return link(provider.openSocketChannel(family), server, address);
        } finally {
            Files.deleteIfExists(path);
        }
    }

    private Link link(SocketChannel here, ServerSocketChannel server, SocketAddress address)
            throws IOException {
        channels.add(here);
        here.connect(address);
        SocketChannel there = server.accept();
        keep(here);
        return new Link(here, keep(there));
    }

    /** Writes so many bytes, all of them. */
    static void send(WritableByteChannel channel, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) == 0) {
                throw new IOException("full after " + bytes.position());
            }
        }
    }

    /** Writes until no more goes in; returns how much did. */
    static long fill(WritableByteChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
        long total = 0;
        for (int n; (n = channel.write(bytes.clear())) > 0; ) {
            total += n;
        }
        return total;
    }

    /** Reads until it would block or the end; returns how much came. */
    static long drain(ReadableByteChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
        long total = 0;
        for (int n; (n = channel.read(bytes.clear())) > 0; ) {
            total += n;
        }
        return total;
    }

    /** Closing it, and nothing else, resets the connection. */
    static void reset(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    /** Takes the keys out of the selected-key set. */
    static Set<SelectionKey> taken(Selector selector) {
        var taken = new HashSet<>(selector.selectedKeys());
        selector.selectedKeys().clear();
        return taken;
    }

    @Override
    public void close() throws IOException {
        for (Channel channel : channels) {
            channel.close();
        }
        for (Selector selector : selectors) {
            if (selector.isOpen()) {
                selector.close();
            }
        }
    }
}
