/*
 * Where the chat gets its sockets from; not an example of its own.
 *
 * Sockets are opened with java.nio, and ChannelFd tells their descriptors: that is the way for an
 * application. The jnr-ffi binding cannot look into a channel; there LibCSockets serves.
 */
package chat;

import dev.pollux.ChannelFd;
import dev.pollux.PolluxException;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Sockets on 127.0.0.1 that do not block. The chat asks nobody for a password: it stays there. */
interface ChatSockets {
    int BACKLOG = 128;

    /** Bytes that the kernel keeps for a peer that does not read; by itself it keeps megabytes. */
    int SEND_BUFFER = 64 * 1024;

    /** A port that is listened on. */
    interface Listening extends Closeable {
        int fd();

        int port() throws IOException;

        /** The next connection that waits to be accepted; null if there is none. */
        Connected accept() throws IOException;
    }

    /** A connection. */
    interface Connected extends Closeable {
        int fd();

        /** Says that no more will be sent; what comes can still be read. */
        void shutdownOutput() throws IOException;
    }

    /** Listens on this port, or on a free one if it is 0. */
    Listening listen(int port) throws IOException;

    Connected connect(int port) throws IOException;

    /** Those that the binding can work with. */
    static ChatSockets here() throws IOException {
        try (var channel = SocketChannel.open()) {
            ChannelFd.of(channel);
            return new OfChannels();
        } catch (PolluxException.Unsupported e) {
            return new LibCSockets();
        }
    }

    /** By java.nio: the channel owns the descriptor. */
    final class OfChannels implements ChatSockets {
        private static InetSocketAddress address(int port) throws IOException {
            return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port);
        }

        @Override
        public Listening listen(int port) throws IOException {
            var channel = ServerSocketChannel.open();
            try {
                channel.configureBlocking(false);
                channel.bind(address(port), BACKLOG);
                return new ListeningChannel(channel, ChannelFd.of(channel));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }

        @Override
        public Connected connect(int port) throws IOException {
            return connected(SocketChannel.open(address(port)));
        }

        private static Connected connected(SocketChannel channel) throws IOException {
            try {
                channel.configureBlocking(false);
                channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // each line at once
                return new ConnectedChannel(channel, ChannelFd.of(channel));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }

        private record ListeningChannel(ServerSocketChannel channel, int fd) implements Listening {
            @Override
            public int port() throws IOException {
                return ((InetSocketAddress) channel.getLocalAddress()).getPort();
            }

            @Override
            public Connected accept() throws IOException {
                SocketChannel peer = channel.accept();
                return peer == null ? null : connected(peer);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        }

        private record ConnectedChannel(SocketChannel channel, int fd) implements Connected {
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
}
