package dev.pollux.nio;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;

/** Ends a loop that waits in vain. */
final class Patience {
    private final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Peers.LIMIT);

    /** To be called in each round. */
    void check() {
        assertTrue(System.nanoTime() - end < 0, "in vain");
    }
}
