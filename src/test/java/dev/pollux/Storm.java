package dev.pollux;

import com.kenai.jffi.Library;
import java.io.IOException;
import jnr.constants.platform.Signal;
import jnr.ffi.LibraryLoader;
import jnr.ffi.types.intptr_t;

/**
 * Signals to one thread, one after another, until closed. The signal is one that neither the JVM
 * nor anybody here uses. Its handler is a function of libc that does nothing: one of Java's would
 * start a thread for each signal.
 */
final class Storm implements AutoCloseable {
    /** libc. */
    public interface LibC {
        int getpid();

        int tgkill(int pid, int tid, int signal);

        @intptr_t
        long signal(int signal, @intptr_t long handler);
    }

    private static final LibC LIBC = LibraryLoader.create(LibC.class).load("c");
    private static final int SIGNAL = Signal.SIGURG.intValue();

    private long before;
    private Poller blowing;
    private volatile boolean over;

    /** From here on the calling thread is hit, until this is closed. */
    void blowOverMe() throws IOException {
        var libc = Library.openLibrary("libc.so.6", Library.LAZY);
        before = LIBC.signal(SIGNAL, libc.getSymbolAddress("getpid"));
        int tid = (int) Poller.ownTid();
        blowing = Poller.run(() -> blow(tid));
    }

    private Object blow(int tid) {
        int pid = LIBC.getpid();
        int signals = 0;
        for (; !over; signals++) {
            if (LIBC.tgkill(pid, tid, SIGNAL) != 0) {
                throw new AssertionError("tgkill failed");
            }
            Thread.yield();
        }
        return signals;
    }

    @Override
    public void close() {
        over = true;
        try {
            blowing.result();
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            LIBC.signal(SIGNAL, before);
        }
    }
}
