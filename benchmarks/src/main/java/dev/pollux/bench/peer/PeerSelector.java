package dev.pollux.bench.peer;

import java.io.IOException;

/**
 * What every contender can do, each as its own documentation says. It has some ends of connections,
 * and for each an object of its user's; both are made before anything is measured. A JVM loads one
 * implementation, so that no call is shared between them.
 */
public interface PeerSelector extends AutoCloseable {
    /** Registers end {@code i} for reading, level-triggered. */
    void register(int i) throws IOException;

    /** Takes it out again; java.nio does so with the next poll. */
    void unregister(int i) throws IOException;

    /** Asks for READ, and for WRITE with it or not. */
    void modify(int i, boolean write) throws IOException;

    /**
     * Finds what is ready, without waiting, and counts one reading at the user's object of each end
     * that is readable.
     */
    void poll() throws IOException;

    /** Waits for a wakeup. */
    void await() throws IOException;

    /** Ends the wait of another thread, or else its next one. */
    void wakeup();

    /** How often end {@code i} was found readable. */
    long served(int i);

    /** Closes the selector; by the thread that opened it. The ends remain. */
    @Override
    void close() throws IOException;
}
