package ftp;

import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.function.BiConsumer;

/** A connection that is being made; that it is writable says that this has ended, well or not. */
final class Connecting extends Watched {
    private final SocketChannel channel;
    private final BiConsumer<SocketChannel, Exception> then;
    private boolean over;

    /**
     * Calls {@code then} once, and never before this has returned. From {@code local} if not null.
     */
    Connecting(
            Loop loop,
            InetAddress local,
            InetSocketAddress to,
            BiConsumer<SocketChannel, Exception> then)
            throws IOException {
        super(loop);
        this.then = then;
        channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            if (local != null) {
                channel.bind(new InetSocketAddress(local, 0));
            }
            channel.connect(to);
            watch(
                    channel,
                    Interest.WRITE,
                    Trigger.LEVEL); // reported also if it is connected already
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    void onReady(Ready ready) throws IOException {
        if (channel.isConnected() || channel.finishConnect()) {
            over = true;
            unwatch();
            then.accept(channel, null);
        }
    }

    @Override
    void failed(Exception e) {
        if (!over) {
            close();
            then.accept(null, e);
        }
    }

    /** Gives up; does not call anybody. */
    void close() {
        if (!over) {
            over = true;
            unwatchAndClose(channel);
        }
    }
}
