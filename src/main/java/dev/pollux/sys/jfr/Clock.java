package dev.pollux.sys.jfr;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * A clock that costs nothing to read: a thread sets it every millisecond, while the recorder
 * records. One look at the real clock takes 5 % of a poll, and two for each handler would be
 * needed.
 */
final class Clock implements Runnable {
    private static final long TICK_NANOS = 1_000_000;
    private static final VarHandle NOW;
    private static long now; // 0: nobody sets it

    static {
        try {
            NOW = MethodHandles.lookup().findStaticVarHandle(Clock.class, "now", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static volatile Clock running;

    private Clock() {}

    /** As {@link System#nanoTime}, but a tick late. */
    static long now() {
        long time = (long) NOW.getOpaque();
        return time != 0 ? time : System.nanoTime();
    }

    /** Starts or ends the thread; where there is none left, the real clock serves. */
    static synchronized void run(boolean on) {
        running = null;
        if (on) {
            var clock = new Clock();
            var thread = new Thread(null, clock, "pollux-recorder-clock", 0, false);
            thread.setDaemon(true);
            thread.setContextClassLoader(null);
            running = clock;
            try {
                thread.start();
            } catch (OutOfMemoryError e) {
                running = null; // no thread
            }
        }
    }

    @Override
    public void run() {
        while (tick()) {
            LockSupport.parkNanos(this, TICK_NANOS);
        }
    }

    private boolean tick() {
        synchronized (Clock.class) {
            boolean goesOn = running == this;
            if (goesOn || running == null) {
                NOW.setOpaque(goesOn ? System.nanoTime() | 1 : 0L);
            }
            return goesOn;
        }
    }
}
