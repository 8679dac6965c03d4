/*
 * Where the examples get their descriptors from; not an example of its own.
 *
 * Sockets are opened with java.nio, and ChannelFd tells their descriptors: that is the way for an
 * application. The jnr-ffi binding cannot look into a channel. There the same few calls go to libc,
 * which shows that a descriptor of any origin will do.
 */
package sockets;

import dev.pollux.ChannelFd;
import dev.pollux.PolluxException;
import java.io.IOException;
import java.nio.channels.SocketChannel;

/** Sockets on 127.0.0.1. The examples ask nobody for a password: they stay there. */
interface Sockets {
    int BACKLOG = 1024;

    /** Bytes that the kernel keeps for a peer that does not read; by itself it keeps megabytes. */
    int SEND_BUFFER = 64 * 1024;

    Listener listen(int port, boolean shared) throws IOException;

    /** What listens under this number already. */
    Listener adopt(int fd) throws IOException;

    Peer connect(int port) throws IOException;

    /** What was meant by the error of a call. */
    static IOException failed(int port, IOException e) {
        return new IOException("127.0.0.1 port " + port + ": " + e.getMessage(), e);
    }

    /** Those that the binding can work with. */
    static Sockets here() throws IOException {
        try (var channel = SocketChannel.open()) {
            ChannelFd.of(channel);
            return new ChannelSockets();
        } catch (PolluxException.Unsupported e) {
            return new LibCSockets();
        }
    }
}
