package dev.pollux.bench.peer;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Both ends of connections, AF_UNIX streams: the one kind that all contenders can hold. End {@code
 * i} is connected with end {@code i ^ 1}. Nobody reads, so what was made ready remains so.
 */
public abstract class Ends implements AutoCloseable {
    private static final int CHUNK = 64 * 1024;

    /** How many ends there are. */
    public abstract int count();

    /** Writes without waiting; 0 if no more is taken. */
    abstract int write(int i, ByteBuffer bytes) throws IOException;

    /** Makes one end readable. */
    public final void makeReadable(int i) throws IOException {
        if (write(i ^ 1, ByteBuffer.allocateDirect(1)) != 1) {
            throw new IOException("end " + (i ^ 1) + " takes no byte");
        }
    }

    /**
     * Writes until no more is taken, so that one end is not writable; the other is readable then.
     */
    public final void makeUnwritable(int i) throws IOException {
        var bytes = ByteBuffer.allocateDirect(CHUNK);
        while (write(i, bytes.clear()) != 0) {}
    }

    @Override
    public abstract void close() throws IOException;
}
