package dev.pollux.bench.peer;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** Channels, for who takes nothing else. */
final class ChannelEnds extends Ends {
    private final List<SocketChannel> ends = new ArrayList<>();

    private interface Opener<T> {
        T open() throws IOException;
    }

    private interface Address {
        SocketAddress of(Path path) throws IOException;
    }

    private ChannelEnds() {}

    /** Channels of a provider that follows the JDK's. */
    static ChannelEnds of(SelectorProvider provider, int count) throws IOException {
        return of(
                () -> provider.openServerSocketChannel(StandardProtocolFamily.UNIX),
                () -> provider.openSocketChannel(StandardProtocolFamily.UNIX),
                UnixDomainSocketAddress::of,
                count);
    }

    /** Channels of junixsocket's; its socket pairs would leave two descriptors more behind. */
    static ChannelEnds ofJunixsocket(int count) throws IOException {
        var provider = AFUNIXSelectorProvider.provider();
        return of(
                provider::openServerSocketChannel,
                provider::openSocketChannel,
                AFUNIXSocketAddress::of,
                count);
    }

    private static ChannelEnds of(
            Opener<ServerSocketChannel> openListener,
            Opener<SocketChannel> openSocket,
            Address address,
            int count)
            throws IOException {
        var all = new ChannelEnds();
        Path directory = Files.createTempDirectory("pollux-bench");
        Path path = directory.resolve("listener");
        try (ServerSocketChannel listener = openListener.open()) {
            listener.bind(address.of(path));
            while (all.count() < count) {
                SocketChannel one = openSocket.open();
                one.connect(address.of(path));
                all.add(one, listener.accept());
            }
        } catch (IOException e) {
            all.close();
            throw e;
        } finally {
            Files.deleteIfExists(path);
            Files.delete(directory);
        }
        return all;
    }

    private void add(SocketChannel one, SocketChannel other) throws IOException {
        ends.add(one);
        ends.add(other);
        one.configureBlocking(false);
        other.configureBlocking(false);
    }

    SocketChannel channel(int i) {
        return ends.get(i);
    }

    @Override
    public int count() {
        return ends.size();
    }

    @Override
    int write(int i, ByteBuffer bytes) throws IOException {
        return ends.get(i).write(bytes);
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel end : ends) {
            end.close();
        }
    }
}
