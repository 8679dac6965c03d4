package ftp;

import dev.pollux.Interest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Gives what arrives to a sink: a file. A file is always ready, so nothing is kept meanwhile. */
final class DataReceiver extends DataConnection {
    /** Where the bytes go to. */
    interface Sink extends Closeable {
        /** Does some of what comes before; how many bytes that were, 0 if it takes bytes now. */
        default int prepare() throws IOException {
            return 0;
        }

        /** Takes all of it. */
        void drain(ByteBuffer buffer) throws IOException;
    }

    private final Sink sink;

    DataReceiver(Loop loop, SocketChannel channel, Sink sink, Owner owner) {
        super(loop, channel, Interest.READ, owner);
        this.sink = sink;
    }

    /** Until a read gets nothing: one call more for each arrival, but never wrong. */
    @Override
    int move() throws IOException {
        int prepared = prepare();
        if (prepared > 0) {
            return prepared;
        }
        ByteBuffer buffer = loop.buffers.shared();
        int n = channel.read(buffer);
        if (n <= 0) {
            return n < 0 ? DONE : LATER;
        }
        count(n);
        drain(buffer.flip());
        return n;
    }

    private int prepare() throws IOException {
        try {
            return sink.prepare();
        } catch (IOException e) {
            throw new FileTrouble(e);
        }
    }

    private void drain(ByteBuffer buffer) throws IOException {
        try {
            sink.drain(buffer);
        } catch (IOException e) {
            throw new FileTrouble(e);
        }
    }

    /** The sink stays open: its owner completes or discards it. */
    @Override
    void release() {}
}
