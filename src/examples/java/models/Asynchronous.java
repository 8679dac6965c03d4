/* Asynchronous I/O with the JDK's channels, see IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;

/**
 * Says what is to be done, and is called when it has been done, by a thread of the JDK's. On Linux
 * the JDK makes this of epoll: the kernel still reports readiness.
 */
final class Asynchronous implements Model {
    @Override
    public int start() throws IOException {
        var listener = AsynchronousServerSocketChannel.open().bind(Model.anyPort(), BACKLOG);
        listener.accept(null, new Accepted(listener));
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    private record Accepted(AsynchronousServerSocketChannel listener)
            implements CompletionHandler<AsynchronousSocketChannel, Void> {
        @Override
        public void completed(AsynchronousSocketChannel channel, Void nothing) {
            listener.accept(null, this);
            var echo = new Echo(channel, ByteBuffer.allocateDirect(BUFFER));
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            } catch (IOException e) { // macOS, of one that was reset before it was accepted
                echo.failed(e, false);
                return;
            }
            echo.read();
        }

        @Override
        public void failed(Throwable e, Void nothing) {
            Model.runOrEnd(
                    () -> {
                        throw new IOException("accept", e);
                    });
        }
    }

    /** What it is called for: whether a read was done, true, or a write. */
    private record Echo(AsynchronousSocketChannel channel, ByteBuffer buffer)
            implements CompletionHandler<Integer, Boolean> {
        void read() {
            channel.read(buffer.clear(), true, this);
        }

        @Override
        public void completed(Integer n, Boolean wasRead) {
            if (n < 0) {
                Model.runOrEnd(channel::close);
                return;
            }
            if (wasRead) {
                buffer.flip();
            }
            if (buffer.hasRemaining()) {
                channel.write(buffer, false, this);
            } else {
                read();
            }
        }

        /** Reset by the peer: the end of this connection, of no other. */
        @Override
        public void failed(Throwable e, Boolean wasRead) {
            Model.runOrEnd(channel::close);
        }
    }
}
