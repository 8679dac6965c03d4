package dev.pollux.bench.edge;

import dev.pollux.ChannelFd;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.PollResult;
import dev.pollux.Ready;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * Answers requests in one {@link Mode}. Replies are written when the reading of an event is over,
 * all together. A handler that did more with the bytes would only blur what the calls cost.
 */
final class Server implements AutoCloseable {
    private static final long STUCK_SECONDS = 5;

    /** One of its clients. */
    final class Connection {
        private final FdKey key;
        private final ByteBuffer out;
        private boolean stuck; // a write took less than there was
        private int received; // of a request that is not complete
        private long answered;

        private Connection(SocketChannel channel) throws IOException {
            out = Memory.of(Memory.Role.SERVER_OUT, traffic.depth() * traffic.reply()).limit(0);
            key =
                    selector.register(
                            ChannelFd.of(channel), mode.interest(false), mode.trigger, this);
        }

        /** Whether that many requests have been answered since it was made. */
        boolean hasAnswered(long requests) {
            return answered == requests && !out.hasRemaining();
        }

        private void onReady(Ready ready) throws IOException {
            if (ready.isReadable()) {
                read();
            }
            if (out.hasRemaining() && (!stuck || ready.isWritable())) {
                write();
            }
        }

        private void read() throws IOException {
            int n;
            do {
                n = Fd.read(key.fd(), in.clear());
                reads++;
                if (n < 0) {
                    throw new EOFException(key + ": the client has gone");
                }
                received += n;
            } while (mode.readsOn(n, in.capacity()));
            int complete = received / traffic.request();
            received -= complete * traffic.request();
            answered += complete;
            if (!out.hasRemaining()) {
                out.clear().limit(0);
            }
            out.limit(out.limit() + complete * traffic.reply());
        }

        private void write() throws IOException {
            Fd.write(key.fd(), out);
            writes++;
            stuck = out.hasRemaining();
            if (mode.interest(stuck) != key.interest()) {
                selector.modify(key, mode.interest(stuck));
                changes++;
            }
        }
    }

    private final Mode mode;
    private final Traffic traffic;
    private final ByteBuffer in;
    private final FdSelector selector;
    private long polls;
    private long reads;
    private long writes;
    private long changes;

    Server(Mode mode, Traffic traffic) throws IOException {
        this.mode = mode;
        this.traffic = traffic;
        in = Memory.of(Memory.Role.SERVER_IN, traffic.readBuffer());
        selector = mode.open();
    }

    /** The channel stays the caller's. */
    Connection add(SocketChannel channel) throws IOException {
        return new Connection(channel);
    }

    /** Waits for events and handles them. */
    void turn() throws IOException {
        polls++;
        if (selector.poll(STUCK_SECONDS, TimeUnit.SECONDS, Server::onReady) == PollResult.TIMEOUT) {
            throw new IOException(mode + ", " + traffic + ": no event came");
        }
    }

    /** Hands over what changes are still remembered, so that they count where they were made. */
    void settle() throws IOException {
        polls++;
        selector.poll(0, TimeUnit.SECONDS, Server::onReady);
    }

    private static void onReady(FdKey key, Ready ready) throws IOException {
        ((Connection) key.attachment()).onReady(ready);
    }

    /** Since it was made. */
    Calls calls() {
        return new Calls(polls, reads, writes, changes);
    }

    @Override
    public void close() {
        selector.close();
    }
}
