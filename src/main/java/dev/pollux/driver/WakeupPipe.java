package dev.pollux.driver;

import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The self-pipe that ends a wait of poll and select. Both ends are non-blocking. */
final class WakeupPipe {
    private final Syscalls sys;
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(64); // only ever zeros
    private final int reader;
    private final int writer;

    WakeupPipe(Syscalls sys) throws Driver.OpenFailed {
        this.sys = sys;
        var fds = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
        int rc = sys.pipe(sys.address(fds));
        if (rc < 0) {
            throw new Driver.OpenFailed(sys, "pipe", rc);
        }
        reader = fds.getInt(0);
        writer = fds.getInt(4);
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
            rc = sys.write(writer, bytes, 0, 1);
        } while (rc == -sys.errno().EINTR);
    }

    /** A signal that comes in between makes the next wait return once more, which hurts nobody. */
    void drain() {
        int rc;
        do {
            rc = sys.read(reader, bytes, 0, bytes.capacity());
        } while (rc == bytes.capacity() || rc == -sys.errno().EINTR);
    }

    void close() {
        sys.close(writer);
        sys.close(reader);
    }
}
