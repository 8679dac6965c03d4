package ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Direct buffers of 64 KiB, used again and again.
 *
 * <p>Nobody keeps one while it waits, except a download whose peer does not read. So there are
 * never more than such downloads plus one, and as many stay; and never more than the JVM has room
 * for. All others share one of their own, so that they can go on even then.
 */
final class BufferPool {
    static final int SIZE = 64 * 1024;

    private final ByteBuffer shared = ByteBuffer.allocateDirect(SIZE);
    private final ArrayDeque<ByteBuffer> spare = new ArrayDeque<>();
    private int made;
    private int most = Integer.MAX_VALUE;

    /** For whoever is done with it when it returns. */
    ByteBuffer shared() {
        return shared.clear();
    }

    /** One to keep, until it is released. */
    ByteBuffer take() throws IOException {
        ByteBuffer buffer = spare.poll();
        if (buffer != null) {
            return buffer;
        }
        if (made == most) {
            throw new IOException("no buffer is free");
        }
        try {
            buffer = ByteBuffer.allocateDirect(SIZE);
        } catch (OutOfMemoryError e) {
            most = made; // the JVM tries for half a second: once is enough
            throw new IOException("no buffer is free", e);
        }
        made++;
        return buffer;
    }

    void give(ByteBuffer buffer) {
        spare.push(buffer.clear()); // the last one used is the one in the processor's cache
    }

    /** How many there are, lent or not, beside the shared one. */
    int made() {
        return made;
    }

    /** How many are lent. */
    int lent() {
        return made - spare.size();
    }
}
