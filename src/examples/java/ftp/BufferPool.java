package ftp;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Direct buffers of 64 KiB, used again and again.
 *
 * <p>Nobody keeps one while it waits, except a download whose peer does not read. So there are
 * never more than such downloads plus one, and as many stay.
 */
final class BufferPool {
    static final int SIZE = 64 * 1024;

    private final ArrayDeque<ByteBuffer> spare = new ArrayDeque<>();
    private int made;

    ByteBuffer take() {
        ByteBuffer buffer = spare.poll();
        if (buffer == null) {
            made++;
            return ByteBuffer.allocateDirect(SIZE);
        }
        return buffer;
    }

    void give(ByteBuffer buffer) {
        spare.push(buffer.clear()); // the last one used is the one in the processor's cache
    }

    /** How many there are, lent or not. */
    int made() {
        return made;
    }

    /** How many are lent. */
    int lent() {
        return made - spare.size();
    }
}
