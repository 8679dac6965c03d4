package ftp;

import dev.pollux.Interest;
import dev.pollux.Ready;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/**
 * A data connection while it moves a file or a listing, in one direction.
 *
 * <p>Edge-triggered: it is registered once, for its direction, and never modified. Once reported,
 * it moves bytes until the kernel has no more (or no more room), and BUDGET bytes at most; then it
 * gets in line behind all others, so that one fast peer does not keep 499 waiting. Under LEVEL the
 * same holds: that the kernel reports more often than needed does no harm.
 */
abstract class DataConnection extends Watched {
    /** As many bytes are moved in a turn. */
    private static final int BUDGET = 4 * BufferPool.SIZE;

    /** Bytes that the kernel keeps for a peer that does not read; by itself it keeps megabytes. */
    private static final int SEND_BUFFER = 256 * 1024;

    static final int LATER = 0;
    static final int DONE = -1;

    /** Who is told of the end, once. */
    interface Owner {
        /** All was moved, if there is no problem. */
        void onTransferEnd(Exception problem);
    }

    final SocketChannel channel;
    private final Interest direction;
    private final Owner owner;
    private long bytes;
    private long movedAt = System.nanoTime();
    private boolean ended;

    DataConnection(Loop loop, SocketChannel channel, Interest direction, Owner owner) {
        super(loop);
        this.direction = direction;
        this.channel = channel;
        this.owner = owner;
    }

    final void start() throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        watch(channel, direction, loop.dataTrigger); // what is ready already is reported, too
    }

    @Override
    final void onReady(Ready ready) {
        loop.getInLine(this);
    }

    @Override
    final void turn() throws IOException {
        for (int budget = BUDGET; budget > 0 && !ended; ) {
            int n = move();
            if (n == LATER) {
                return; // the kernel will report it
            }
            movedAt = System.nanoTime();
            if (n == DONE) {
                end(null);
                return;
            }
            budget -= n;
        }
        if (!ended) {
            loop.getInLine(this);
        }
    }

    /** Moves one block, tells how many bytes; or LATER, or DONE. */
    abstract int move() throws IOException;

    final void count(int n) {
        bytes += n;
    }

    final long bytes() {
        return bytes;
    }

    /** For how long it has not moved. */
    final long stalledNanos() {
        return System.nanoTime() - movedAt;
    }

    @Override
    final void failed(Exception e) {
        abort(e);
    }

    /** Breaks off: the peer is to see a reset, since an end would be the end of the file. */
    final void abort(Exception reason) {
        if (!ended) {
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0); // closing is a reset then
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
            end(reason);
        }
    }

    private void end(Exception problem) {
        if (ended) {
            return;
        }
        ended = true;
        unwatchAndClose(channel);
        release();
        owner.onTransferEnd(problem);
    }

    /** Releases what it holds. */
    abstract void release();
}
