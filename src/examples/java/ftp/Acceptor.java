package ftp;

import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port where clients arrive. When no descriptor is free they wait in the kernel's queue, and the
 * port is not looked at for a second: one that cannot be accepted stays ready, and would be
 * reported for ever.
 */
final class Acceptor extends Watched {
    private static final Logger LOG = LoggerFactory.getLogger("ftp.accept");
    private static final int BACKLOG = 1024;

    /** Bytes of commands that the kernel takes before we do; by itself it takes megabytes. */
    private static final int RECEIVE_BUFFER = 64 * 1024;

    private final ServerSocketChannel listening;
    private final Consumer<SocketChannel> then;
    private final Counters count;

    private boolean paused;

    /** Takes a channel that is bound, closes it if this fails. */
    Acceptor(Loop loop, ServerSocketChannel listening, Counters count, Consumer<SocketChannel> then)
            throws IOException {
        super(loop);
        this.listening = listening;
        this.count = count;
        this.then = then;
        try {
            listening.configureBlocking(false);
            listening.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER); // is inherited
            watch(listening, Interest.READ, Trigger.LEVEL);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** A channel that listens at this address. */
    static ServerSocketChannel listen(InetSocketAddress address) throws IOException {
        var channel = ServerSocketChannel.open();
        try {
            return channel.bind(address, BACKLOG);
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot listen at " + address + ": " + e.getMessage(), e);
        }
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listening.getLocalAddress();
    }

    /** One for each poll: the others have their turn between. */
    @Override
    void onReady(Ready ready) throws IOException {
        SocketChannel channel = listening.accept();
        if (channel != null) {
            then.accept(channel);
        }
    }

    @Override
    void failed(Exception e) {
        Closing.quietly(this::unwatch);
        if (count.acceptFailures++ == 0) {
            LOG.warn("cannot accept at the moment: {}", e.getMessage());
        }
        paused = true;
    }

    /** Once a second. */
    void tick() throws IOException {
        if (paused) {
            paused = false;
            watch(listening, Interest.READ, Trigger.LEVEL);
        }
    }

    void close() {
        unwatchAndClose(listening);
    }

    /** For people: {@code 127.0.0.1 port 2121}. */
    @Override
    public String toString() {
        try {
            InetAddress host = address().getAddress();
            return host.getHostAddress() + " port " + address().getPort();
        } catch (IOException e) {
            return "closed";
        }
    }
}
