package dev.pollux.support;

import com.kenai.jffi.Library;
import dev.pollux.remote.Remote;
import jnr.constants.platform.Signal;
import jnr.ffi.LibraryLoader;

/**
 * Signals to one thread, one after another, until closed. The signal is one that neither the JVM
 * nor anybody here uses. Its handler is a function of libc that does nothing: one of Java's would
 * start a thread for each signal.
 */
public final class Storm implements AutoCloseable {
    /** libc. */
    public interface LibC {
        long pthread_self();

        int pthread_kill(long thread, int signal);

        long signal(int signal, long handler);
    }

    private static final LibC LIBC = LibraryLoader.create(LibC.class).searchDefault().load();
    private static final int SIGNAL = Signal.SIGURG.intValue();

    private long before;
    private Poller blowing;
    private volatile boolean over;

    /** Nothing blows yet. */
    public Storm() {}

    /** From here on the calling thread is hit, until this is closed. */
    public void blowOverMe() {
        if (Remote.isOn()) {
            blowing = Poller.run(this::blowThere);
            return;
        }
        before = LIBC.signal(SIGNAL, Library.getDefault().getSymbolAddress("getpid"));
        long thread = LIBC.pthread_self();
        blowing = Poller.run(() -> blow(thread));
    }

    private Object blow(long thread) {
        int signals = 0;
        for (; !over; signals++) {
            if (LIBC.pthread_kill(thread, SIGNAL) != 0) {
                throw new AssertionError("pthread_kill failed");
            }
            Thread.yield();
        }
        return signals;
    }

    /** An agent's threads are hit while they are in a call. */
    private Object blowThere() {
        int signals = 0;
        for (; !over; signals++) {
            Remote.libc().interruptCalls();
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
            if (!Remote.isOn()) {
                LIBC.signal(SIGNAL, before);
            }
        }
    }
}
