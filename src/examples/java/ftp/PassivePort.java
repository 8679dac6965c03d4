package ftp;

import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.BiConsumer;

/**
 * A port that waits for one data connection (PASV, EPSV), from the address of the control
 * connection. Whoever else comes is turned away, and the port goes on waiting: so a stranger can
 * neither take the file nor keep the client from it.
 */
final class PassivePort extends Watched {
    /** Ports to choose from; 0 to 0 is any. */
    record Range(int first, int last) {}

    private final ServerSocketChannel listening;
    private final InetAddress peer;
    private final Runnable hijack;
    private final BiConsumer<SocketChannel, Exception> then;
    private boolean closed;

    /** Calls {@code then} once, with the connection or with what went wrong. */
    PassivePort(
            Loop loop,
            InetAddress local,
            Range range,
            InetAddress peer,
            Runnable hijack,
            BiConsumer<SocketChannel, Exception> then)
            throws IOException {
        super(loop);
        this.peer = peer;
        this.hijack = hijack;
        this.then = then;
        listening = ServerSocketChannel.open();
        try {
            listening.configureBlocking(false);
            bind(local, range);
            watch(listening, Interest.READ, Trigger.LEVEL);
        } catch (IOException e) {
            listening.close();
            throw e;
        }
    }

    private void bind(InetAddress local, Range range) throws IOException {
        for (int port = range.first; ; port++) {
            try {
                listening.bind(new InetSocketAddress(local, port), 4);
                return;
            } catch (BindException e) {
                if (port >= range.last) {
                    throw e;
                }
            }
        }
    }

    int port() {
        return listening.socket().getLocalPort();
    }

    /** One for each poll: strangers may come as fast as they can be turned away. */
    @Override
    void onReady(Ready ready) throws IOException {
        SocketChannel channel = listening.accept();
        if (channel == null) {
            return;
        }
        InetAddress from = ((InetSocketAddress) channel.getRemoteAddress()).getAddress();
        if (from.equals(peer)) {
            close();
            then.accept(channel, null);
        } else {
            Closing.quietly(channel);
            hijack.run();
        }
    }

    /** No descriptor is left, say: to wait on would mean a report by every poll. */
    @Override
    void failed(Exception e) {
        close();
        then.accept(null, e);
    }

    void close() {
        if (!closed) {
            closed = true;
            unwatchAndClose(listening);
        }
    }
}
