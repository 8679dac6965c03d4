package dev.pollux.sys.jfr;

import dev.pollux.sys.Privileged;
import java.lang.ref.Cleaner;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Tells those who are to be recorded whether the JDK's flight recorder records. Its module may be
 * missing: then nothing of this package but this class and {@link Recorded} is loaded.
 *
 * <p>While a selector is open the recorder has a listener of ours, since it may be started at any
 * time. To ask an event whether it is enabled, in each poll, would cost the poll less than nothing,
 * but the first event class that is loaded takes hundreds of milliseconds and 700 KB, the listener
 * a few (JDK 25: 2 ms, 5 KB; JDK 17: 18 ms, 80 KB; once in a process). When no selector is open any
 * more the listener stays until the next collection, since to set it and to take it back takes as
 * long as to open a selector; then it goes, so that a class loader that has this library can be
 * collected.
 */
public final class Recorder {
    /** Who is to be recorded. */
    public interface Recorded {
        /** From now on it is, or is not. Any thread's, one after another. */
        void recorded(boolean on);
    }

    private static final boolean THERE = isThere();

    private static final Object LISTENING = new Object(); // never taken by the recorder's threads
    private static volatile int open; // selectors; written under LISTENING
    private static boolean listens; // guarded by LISTENING
    private static boolean stopDue; // at the next collection; guarded by LISTENING

    private static final Set<Recorded> ALL = Collections.newSetFromMap(new WeakHashMap<>());
    private static boolean on; // guarded by ALL, as ALL itself

    private Recorder() {}

    private static boolean isThere() {
        try {
            return Privileged.call(Listener::isAvailable);
        } catch (LinkageError e) {
            return false; // a JVM, or a class loader, that has not got the module jdk.jfr
        }
    }

    /** Held weakly, until {@link #remove}; told at once if the recorder records. */
    public static void add(Recorded recorded) {
        if (THERE) {
            synchronized (ALL) {
                ALL.add(recorded);
                if (on) {
                    recorded.recorded(true);
                }
            }
        }
    }

    /** It is closed, and was told for the last time. */
    public static void remove(Recorded recorded) {
        if (THERE) {
            synchronized (ALL) {
                ALL.remove(recorded);
            }
        }
    }

    /** A selector has been opened; {@link #closed} follows. */
    public static void opened() {
        synchronized (LISTENING) {
            if (open++ > 0 || !THERE) {
                return; // whoever opened the first one, or the listener, looks
            }
            if (!listens) {
                Privileged.call(Listener::start);
                listens = true;
            }
        }
        update();
    }

    /**
     * One has been closed.
     *
     * @param cleaner for what is done at the next collection
     */
    public static void closed(Cleaner cleaner) {
        synchronized (LISTENING) {
            if (--open > 0 || !THERE) {
                return;
            }
            if (!stopDue) {
                cleaner.register(new Object(), Recorder::stop);
                stopDue = true;
            }
        }
        update();
    }

    private static void stop() {
        synchronized (LISTENING) {
            stopDue = false;
            if (open == 0 && listens) {
                Privileged.call(Listener::stop);
                listens = false;
            }
        }
    }

    /**
     * Something may have begun or ended. The recorder is asked without a lock, since it calls this
     * with locks of its own; so again, if somebody was faster in between.
     */
    static void update() {
        boolean now;
        do {
            now = isRecording();
            apply(now);
        } while (now != isRecording());
    }

    private static boolean isRecording() {
        return THERE && open > 0 && Privileged.call(Listener::isRecording);
    }

    private static void apply(boolean now) {
        synchronized (ALL) {
            if (now != on) {
                on = now;
                Clock.run(now);
                for (Recorded each : ALL) {
                    each.recorded(now);
                }
            }
        }
    }
}
