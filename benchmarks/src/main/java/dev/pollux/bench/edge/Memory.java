package dev.pollux.bench.edge;

import java.nio.ByteBuffer;

/**
 * Where messages lie: the same memory for all modes and connections, so that its place, which stays
 * for as long as the process lives, cannot favour one of them.
 */
final class Memory {
    /** What is received and sent; nobody looks at it. */
    enum Role {
        SERVER_IN,
        SERVER_OUT,
        CLIENT_IN,
        CLIENT_OUT
    }

    private static final int SIZE = 1 << 20;
    private static final ByteBuffer ALL = ByteBuffer.allocateDirect(Role.values().length * SIZE);

    /** A buffer that is full of something. */
    static ByteBuffer of(Role role, int size) {
        if (size > SIZE) {
            throw new IllegalArgumentException(size + " bytes: there are " + SIZE);
        }
        return ALL.slice(role.ordinal() * SIZE, size);
    }

    private Memory() {}
}
