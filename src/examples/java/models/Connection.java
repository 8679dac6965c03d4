/* A connection that does not block, see IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * One connection of the models that do not block: they differ only in when they try it. It reads
 * nothing new before all that it has read is on its way back.
 */
final class Connection {
    /** What it waits for. */
    enum State {
        READING,
        WRITING,
        OVER
    }

    final SocketChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Model.BUFFER).limit(0);

    private Connection(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    /** The next connection that waits to be accepted; null if there is none. */
    static Connection accept(ServerSocketChannel listener) throws IOException {
        for (SocketChannel channel; (channel = listener.accept()) != null; ) {
            try {
                return new Connection(channel);
            } catch (SocketException e) { // macOS, of one that was reset before: the next, then
                channel.close();
            }
        }
        return null;
    }

    /** Reads once and writes, as far as that goes. */
    State echoOnce() {
        return echo(false);
    }

    /**
     * Reads and writes until nothing goes any more: under EDGE it must. (A peer that never stops
     * would hold up all others; EchoConnection has a budget for that.)
     */
    State echoAll() {
        return echo(true);
    }

    private State echo(boolean all) {
        try {
            do {
                if (!buffer.hasRemaining()) {
                    int n = channel.read(buffer.clear());
                    buffer.flip();
                    if (n <= 0) {
                        return n < 0 ? State.OVER : State.READING;
                    }
                }
                channel.write(buffer);
                if (buffer.hasRemaining()) {
                    return State.WRITING;
                }
            } while (all);
            return State.READING;
        } catch (IOException e) { // reset by the peer: the end of this connection, of no other
            return State.OVER;
        }
    }
}
