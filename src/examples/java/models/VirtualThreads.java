/* Sequential code on virtual threads, see IoModels; not an example of its own. */
package models;

import dev.pollux.ChannelFd;
import dev.pollux.DefaultSelector;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads like a thread per connection, and waits like a selector: where the code would block it
 * parks its virtual thread until Pollux says that the descriptor is ready.
 */
final class VirtualThreads implements Model {
    private FdSelector selector;

    @Override
    public int start() throws IOException {
        selector = DefaultSelector.open();
        var listener = Model.listen();
        Model.spawn(
                "selector",
                () -> {
                    while (selector.poll((key, ready) -> ((Gate) key.attachment()).open())
                            != PollResult.INTERRUPT) {}
                });
        startVirtual(
                () -> {
                    try (var gate = new Gate(listener)) {
                        while (true) {
                            gate.await(Interest.READ);
                            SocketChannel channel = listener.accept();
                            if (channel != null) {
                                startVirtual(() -> echo(channel));
                            }
                        }
                    }
                });
        return Model.port(listener);
    }

    private void echo(SocketChannel channel) throws IOException {
        var buffer = ByteBuffer.allocateDirect(BUFFER);
        try (channel;
                var gate = new Gate(channel)) { // closed first
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            while (true) {
                gate.await(Interest.READ);
                if (channel.read(buffer.clear()) < 0) {
                    return;
                }
                buffer.flip();
                while (buffer.hasRemaining()) {
                    if (channel.write(buffer) == 0) {
                        gate.await(Interest.WRITE);
                    }
                }
            }
        } catch (PolluxException e) {
            throw e;
        } catch (IOException e) { // reset by the peer: the end of this connection, of no other
            return;
        }
    }

    /** Where one virtual thread waits for one channel. ONESHOT: nothing is reported unasked. */
    private final class Gate implements Closeable {
        private final Thread thread = Thread.currentThread();
        private final FdKey key;
        private volatile boolean open;

        Gate(SelectableChannel channel) throws IOException {
            channel.configureBlocking(false);
            key = selector.register(ChannelFd.of(channel), Interest.READ, Trigger.ONESHOT, this);
        }

        void await(Interest interest) throws IOException {
            open = false;
            selector.modify(key, interest); // reports also what is ready already
            while (!open) {
                LockSupport.park(this);
            }
        }

        void open() {
            open = true;
            LockSupport.unpark(thread);
        }

        @Override
        public void close() throws IOException {
            selector.unregister(key);
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
