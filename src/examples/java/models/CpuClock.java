/* The CPU time of another process, see IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.time.Duration;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.Out;

/**
 * To the nanosecond where libc can ({@code man 3 clock_getcpuclockid}), else as the JDK tells it.
 */
final class CpuClock {
    /** libc; a long is C's, and so are the two of a struct timespec. */
    public interface LibC {
        int clock_getcpuclockid(int pid, @Out int[] clock);

        int clock_gettime(int clock, @Out long[] secondsAndNanos);
    }

    private final LibC libc = LibraryLoader.create(LibC.class).searchDefault().load();
    private final ProcessHandle process;
    private final int[] clock = new int[1];
    private boolean exact;

    CpuClock(long pid) throws IOException {
        process = ProcessHandle.of(pid).orElseThrow(() -> new IOException("no process " + pid));
        try {
            int rc = libc.clock_getcpuclockid((int) pid, clock);
            if (rc != 0) {
                throw new IOException("clock_getcpuclockid(" + pid + "): error " + rc);
            }
            exact = true;
        } catch (UnsatisfiedLinkError e) { // macOS
            exact = false;
        }
    }

    long nanos() throws IOException {
        if (!exact) {
            return process.info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
        }
        var time = new long[2];
        if (libc.clock_gettime(clock[0], time) != 0) {
            throw new IOException("clock_gettime: the process " + process.pid() + " is gone");
        }
        return time[0] * 1_000_000_000 + time[1];
    }
}
