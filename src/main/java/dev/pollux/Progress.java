package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.Look;
import dev.pollux.driver.OpenFile;
import dev.pollux.sys.Syscalls;
import dev.pollux.sys.proc.ProcText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What would be another if somebody had read from a descriptor, or written to it: two looks tell
 * whether anybody has in between. Where nothing can tell, {@link #isUnchanged} is false.
 *
 * <p>The number of unread bytes does not tell alone: as many may have come as were read. So the
 * reads and writes that this thread has made of anything count as well, and of sockets the kernel's
 * table of queues. A spinning loop has rounds enough in which it reads nothing else. Only the end
 * of a stream needs no such thing: to read it changes nothing.
 *
 * @param ready what it says, by {@code man 2 poll}, if a look takes nothing away; otherwise 0
 * @param unread bytes, or a negated error number
 * @param calls reads and writes of this thread so far, {@link #UNKNOWN}, or 0 at the end
 * @param queues of a socket, as the kernel prints them; empty at the end
 */
record Progress(int ready, int unread, long calls, String queues) {
    private static final long UNKNOWN = -1;
    private static final Path CALLS = Path.of("/proc/thread-self/io");
    private static final List<Path> QUEUES =
            List.of(
                    Path.of("/proc/thread-self/net/tcp"),
                    Path.of("/proc/thread-self/net/tcp6"),
                    Path.of("/proc/thread-self/net/udp"),
                    Path.of("/proc/thread-self/net/udp6"));

    /** Before somebody may do something. */
    static Progress before(Syscalls sys, Watched watched, int reported) {
        int unread = sys.unread(watched.fd);
        boolean atEnd = isAtEnd(sys, watched, reported, unread);
        String queues = atEnd ? "" : queues(watched);
        long calls = 0;
        if (!atEnd) { // last, and less those made to ask
            long once = callsOfThisThread();
            calls = callsOfThisThread();
            calls = once == UNKNOWN || calls == UNKNOWN ? UNKNOWN : calls + (calls - once);
        }
        return new Progress(ready(sys, watched), unread, calls, queues);
    }

    /** After it, of the same thread. */
    boolean isUnchanged(Syscalls sys, Watched watched, int reported) {
        boolean atEnd = isAtEnd(sys, watched, reported, unread);
        long callsNow = atEnd ? 0 : callsOfThisThread(); // first
        return calls != UNKNOWN
                && calls == callsNow
                && unread == sys.unread(watched.fd)
                && ready == ready(sys, watched)
                && (atEnd || queues.equals(queues(watched)));
    }

    private static boolean isAtEnd(Syscalls sys, Watched watched, int reported, int unread) {
        return (reported & (Driver.READ | Driver.WRITE)) == Driver.READ
                && unread == 0
                && watched.isStream(sys);
    }

    private static int ready(Syscalls sys, Watched watched) {
        boolean harmless = watched.file != null && watched.file.isSocketOrPipe();
        return harmless ? Look.at(sys, watched.fd) : 0;
    }

    private static long callsOfThisThread() {
        try {
            String io = ProcText.read(CALLS);
            return Long.parseLong(ProcText.value(io, "syscr"))
                    + Long.parseLong(ProcText.value(io, "syscw"));
        } catch (IOException | SecurityException | NumberFormatException e) {
            return UNKNOWN; // another system, or a kernel that does not count
        }
    }

    /** The fifth column, of the line whose tenth is the inode. */
    private static String queues(Watched watched) {
        if (watched.file == null || watched.file.type() != OpenFile.Type.SOCKET) {
            return "";
        }
        String inode = Long.toString(watched.file.inode());
        for (Path table : QUEUES) {
            try {
                for (String line : ProcText.read(table).lines().skip(1).toList()) {
                    String[] field = line.strip().split("\\s+");
                    if (field.length > 9 && field[9].equals(inode)) {
                        return field[4];
                    }
                }
            } catch (IOException | SecurityException e) {
                continue; // a kernel without IPv6 has fewer
            }
        }
        return "";
    }
}
