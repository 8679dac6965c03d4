/* Sockets by java.nio, see Sockets; not an example of its own. */
package sockets;

import dev.pollux.ChannelFd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** The channel owns the descriptor. */
final class ChannelSockets implements Sockets {
    @Override
    public Listener listen(int port, boolean shared) throws IOException {
        InetSocketAddress address = address(port);
        var channel = ServerSocketChannel.open();
        try {
            if (shared) {
                channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            channel.configureBlocking(false);
            channel.bind(address, BACKLOG);
            return new ListeningChannel(channel, ChannelFd.of(channel));
        } catch (IOException e) {
            channel.close();
            throw Sockets.failed(port, e);
        }
    }

    @Override
    public Listener adopt(int fd) throws IOException {
        var channel = ChannelFd.adoptServerSocket(fd);
        channel.configureBlocking(false);
        return new ListeningChannel(channel, fd);
    }

    @Override
    public Peer connect(int port) throws IOException {
        try {
            return connected(SocketChannel.open(address(port)));
        } catch (IOException e) {
            throw Sockets.failed(port, e);
        }
    }

    private static InetSocketAddress address(int port) throws IOException {
        return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port);
    }

    private static Peer connected(SocketChannel channel) throws IOException {
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // every answer at once
            return new ConnectedChannel(channel, ChannelFd.of(channel));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private record ListeningChannel(ServerSocketChannel channel, int fd) implements Listener {
        @Override
        public int port() throws IOException {
            return ((InetSocketAddress) channel.getLocalAddress()).getPort();
        }

        @Override
        public Peer accept() throws IOException {
            for (SocketChannel peer; (peer = channel.accept()) != null; ) {
                try {
                    return connected(peer);
                } catch (SocketException e) { // macOS: EINVAL, it was reset already
                    continue;
                }
            }
            return null;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private record ConnectedChannel(SocketChannel channel, int fd) implements Peer {
        @Override
        public FdKey register(
                FdSelector selector, Interest interest, Trigger trigger, Object attachment)
                throws IOException {
            return ChannelFd.register(selector, channel, interest, trigger, attachment);
        }

        @Override
        public void shutdownOutput() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
