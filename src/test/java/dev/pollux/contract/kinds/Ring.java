package dev.pollux.contract.kinds;

import dev.pollux.support.Fds;
import java.io.IOException;
import jnr.ffi.Pointer;

/** An io_uring of two entries, by its mapped memory: {@code man 7 io_uring}. */
final class Ring {
    private static final int ENTRIES = 2;
    private static final long ENTRY_SIZE = 64;
    private static final long SUBMISSION_ENTRIES_AT = 0x10000000;

    final int fd;
    private final Pointer ring; // both queues
    private final int submissionTail; // where in it
    private final int completionHead;
    private final int completionTail;
    private int pending; // in the queue, not submitted

    Ring(Fds fds) throws IOException {
        Pointer parameters = Kernel.memory(120);
        fd = fds.keep(Kernel.ioUringSetup(ENTRIES, parameters));
        int array = parameters.getInt(40 + 24);
        submissionTail = parameters.getInt(40 + 4);
        completionHead = parameters.getInt(80);
        completionTail = parameters.getInt(80 + 4);
        int completions = parameters.getInt(80 + 20) + parameters.getInt(4) * 16;
        long size = Math.max(array + ENTRIES * 4, completions);
        ring = Kernel.map(fd, size, 0);
        for (int i = 0; i < ENTRIES; i++) {
            ring.putInt(array + i * 4L, i);
        }
        // Entries of zeros: no operation. They need not be mapped to be used as they are.
        Kernel.unmap(Kernel.map(fd, ENTRIES * ENTRY_SIZE, SUBMISSION_ENTRIES_AT));
    }

    void fillSubmissions() {
        while (pending < ENTRIES) {
            ring.putInt(submissionTail, ring.getInt(submissionTail) + 1);
            pending++;
        }
    }

    void submitAll() throws IOException {
        Kernel.ioUringEnter(fd, pending, 0, 0);
        pending = 0;
    }

    void submitNop() throws IOException {
        ring.putInt(submissionTail, ring.getInt(submissionTail) + 1);
        pending++;
        submitAll();
    }

    void takeAll() {
        ring.putInt(completionHead, ring.getInt(completionTail));
    }
}
