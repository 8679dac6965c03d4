/* Blocking I/O with a thread for each connection, see IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The thread waits in read: the kernel knows whom to wake, and the code is the shortest. */
final class BlockingThreads implements Model {
    @Override
    public int start() throws IOException {
        var listener = Model.listen();
        Model.spawn(
                "accept",
                () -> {
                    while (true) {
                        SocketChannel channel = listener.accept();
                        Model.spawn("connection", () -> echo(channel));
                    }
                });
        return Model.port(listener);
    }

    private static void echo(SocketChannel channel) throws IOException {
        var buffer = ByteBuffer.allocateDirect(BUFFER);
        try (channel) {
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                while (channel.read(buffer.clear()) >= 0) {
                    channel.write(buffer.flip()); // all of it: it blocks
                }
            } catch (IOException e) { // reset by the peer: the end of this connection, no other
                return;
            }
        }
    }
}
