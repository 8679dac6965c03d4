package dev.pollux.contract.kinds;

import dev.pollux.Fd;
import dev.pollux.support.Fds;
import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.ffi.Pointer;

/** A perf event that counts page faults of this thread, and samples one when asked to. */
final class PageFaults {
    private static final int SOFTWARE = 1;
    private static final int FAULTS = 2;
    private static final int ATTRIBUTES = 64; // the first version of struct perf_event_attr
    private static final long DISABLED = 1;
    private static final long EXCLUDE_KERNEL = 1 << 5; // so that everybody may
    private static final long REFRESH = 0x2402; // PERF_EVENT_IOC_REFRESH
    private static final int PAGE = 4096;

    final int fd;
    private final int[] pipe;

    PageFaults(Fds fds, boolean mapped) throws IOException {
        Pointer attributes = Kernel.memory(ATTRIBUTES);
        attributes.putInt(0, SOFTWARE);
        attributes.putInt(4, ATTRIBUTES);
        attributes.putLong(8, FAULTS);
        attributes.putLong(16, 1); // a sample for each
        attributes.putLong(40, DISABLED | EXCLUDE_KERNEL);
        attributes.putInt(48, 1); // a wake-up for each
        fd = fds.keep(Kernel.perfEvent(attributes));
        if (mapped) {
            Kernel.map(fd, 2 * PAGE, 0); // goes with the process
        }
        pipe = fds.pipe();
    }

    /** Counts until one more has been seen, and no longer; makes sure that there is one. */
    void sampleOne() throws IOException {
        Kernel.check("ioctl(PERF_EVENT_IOC_REFRESH)", Kernel.C.ioctl(fd, REFRESH, 1));
        Pointer fresh = Kernel.map(-1, PAGE, 0);
        Fds.write(pipe[1], 1);
        Fd.read(pipe[0], ByteBuffer.allocate(1));
        fresh.putByte(0, (byte) 1);
        Kernel.unmap(fresh);
    }
}
