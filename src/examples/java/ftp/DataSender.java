package ftp;

import dev.pollux.Interest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Sends what a source gives: a file, a listing. */
final class DataSender extends DataConnection {
    /** Where the bytes come from. */
    interface Source extends Closeable {
        /** Puts some bytes into the buffer; false if there are no more. */
        boolean fill(ByteBuffer buffer) throws IOException;
    }

    private final Source source;
    private ByteBuffer unsent; // null while nothing is

    DataSender(Loop loop, SocketChannel channel, Source source, Owner owner) {
        super(loop, channel, Interest.WRITE, owner);
        this.source = source;
    }

    @Override
    int move() throws IOException {
        if (unsent == null) {
            unsent = loop.buffers.take();
            boolean more;
            try {
                more = source.fill(unsent);
            } catch (IOException e) {
                throw new FileTrouble(e);
            }
            unsent.flip();
            if (!more && !unsent.hasRemaining()) {
                giveBuffer();
                return DONE;
            }
        }
        int n = channel.write(unsent);
        count(n);
        if (unsent.hasRemaining()) {
            return n == 0 ? LATER : n; // then the next write says that there is no room
        }
        giveBuffer();
        return Math.max(n, 1); // an empty block is no reason to wait
    }

    private void giveBuffer() {
        if (unsent != null) {
            loop.buffers.give(unsent);
            unsent = null;
        }
    }

    @Override
    void release() {
        giveBuffer();
        Closing.quietly(source);
    }
}
