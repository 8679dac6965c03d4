package dev.pollux.driver;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/**
 * The self-pipe that ends a wait of poll and select, and of kqueue on older systems. Both ends are
 * non-blocking.
 */
final class WakeupPipe {
    private static final int DRAINED = 64; // bytes at a time

    private final Syscalls sys;
    private final NativeMemory.Block bytes; // what is in them does not matter
    private final int reader;
    private final int writer;

    WakeupPipe(Syscalls sys, NativeMemory memory) throws Driver.OpenFailed {
        this.sys = sys;
        bytes = memory.allocate(DRAINED);
        int rc = sys.pipe(bytes.address());
        if (rc < 0) {
            throw new Driver.OpenFailed(sys, "pipe", rc);
        }
        reader = bytes.bytes().getInt(0);
        writer = bytes.bytes().getInt(4);
    }

    int reader() {
        return reader;
    }

    boolean owns(int fd) {
        return fd == reader || fd == writer;
    }

    /** A full pipe is a pending signal: EAGAIN is as good as a byte. */
    void signal() {
        int rc;
        do {
            rc = sys.write(writer, bytes.bytes(), 0, 1);
        } while (rc == -sys.errno().EINTR);
    }

    /** A signal that comes in between makes the next wait return once more, which does no harm. */
    void drain() {
        int rc;
        do {
            rc = sys.read(reader, bytes.bytes(), 0, DRAINED);
        } while (rc == DRAINED || rc == -sys.errno().EINTR);
    }

    void close() {
        sys.close(writer);
        sys.close(reader);
    }
}
