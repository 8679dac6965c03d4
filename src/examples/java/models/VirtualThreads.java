/* Sequential code on virtual threads, see IoModels; not an example of its own. */
package models;

import dev.pollux.Await;
import dev.pollux.ChannelFd;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Reads like a thread per connection, and waits like a selector: where the code would block it
 * parks its virtual thread until Pollux says that the descriptor is ready.
 */
final class VirtualThreads implements Model {
    private Await await;

    @Override
    public int start() throws IOException {
        await = Await.open();
        var listener = Model.listen();
        listener.configureBlocking(false);
        int fd = ChannelFd.of(listener);
        startVirtual(
                () -> {
                    while (true) {
                        await.await(fd, Interest.READ);
                        SocketChannel channel = listener.accept();
                        if (channel != null) {
                            startVirtual(() -> echo(channel));
                        }
                    }
                });
        return Model.port(listener);
    }

    private void echo(SocketChannel channel) throws IOException, InterruptedException {
        var buffer = ByteBuffer.allocateDirect(BUFFER);
        try (channel) {
            int fd = ChannelFd.of(channel);
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            while (true) {
                await.await(fd, Interest.READ);
                if (channel.read(buffer.clear()) < 0) {
                    return;
                }
                buffer.flip();
                while (buffer.hasRemaining()) {
                    if (channel.write(buffer) == 0) {
                        await.await(fd, Interest.WRITE);
                    }
                }
            }
        } catch (PolluxException e) {
            throw e;
        } catch (IOException e) { // reset by the peer: the end of this connection, of no other
            return;
        }
    }

    /** {@code Thread.startVirtualThread}; by its name, as this compiles on JDK 17 too. */
    private static void startVirtual(Job job) {
        Runnable task = () -> Model.runOrEnd(job);
        try {
            Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(unavailableBecause(), e);
        }
    }

    /** Null if there are virtual threads. */
    static String unavailableBecause() {
        int jdk = Runtime.version().feature();
        return jdk >= 21 ? null : "JDK " + jdk + " has no virtual threads, 21 and later do";
    }
}
