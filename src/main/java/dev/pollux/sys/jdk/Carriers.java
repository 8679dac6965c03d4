package dev.pollux.sys.jdk;

import static java.lang.invoke.MethodHandles.explicitCastArguments;
import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;

/**
 * Has the JDK's scheduler of virtual threads add a carrier while one is kept by a thread that waits
 * and holds a monitor, as the JDK's own selectors do: with {@code jdk.internal.misc.Blocker}. For
 * JDK 21 to 23; later ones keep no carrier for a monitor (JEP 491).
 */
public final class Carriers {
    private static final boolean MONITORS_KEEP =
            VirtualThreads.exist() && Runtime.version().feature() < 24;

    private Carriers() {}

    /** Looked up by the first thread that needs it, since it needs a binding. */
    private static final class Blocker {
        /** {@code long begin()} and {@code void end(long)}; both null if this JDK has others. */
        static final MethodHandle BEGIN;

        static final MethodHandle END;

        static {
            MethodHandle begin = null;
            MethodHandle end = null;
            try {
                Class<?> type = TrustedLookup.find("jdk.internal.misc.Blocker");
                Lookup lookup = TrustedLookup.get();
                Class<?> added = resultOfBegin(type);
                begin =
                        explicitCastArguments(
                                lookup.findStatic(type, "begin", methodType(added)),
                                methodType(long.class));
                end =
                        explicitCastArguments(
                                lookup.findStatic(type, "end", methodType(void.class, added)),
                                methodType(void.class, long.class));
            } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
                begin = null; // then a thread that waits takes a carrier from the others
            }
            BEGIN = begin;
            END = begin == null ? null : end;
        }

        /** A number on JDK 21, later whether one was added. */
        private static Class<?> resultOfBegin(Class<?> type) throws NoSuchMethodException {
            return type.getMethod("begin").getReturnType();
        }
    }

    /** Whether the current thread is a virtual one that a monitor ties to its carrier. */
    public static boolean keptByMonitors() {
        return MONITORS_KEEP && VirtualThreads.isCurrent();
    }

    /**
     * Before a wait of a thread that keeps its carrier, and stays on it until {@link #endKeeping}.
     *
     * @return what that needs
     */
    public static long beginKeeping() {
        if (Blocker.BEGIN == null) {
            return 0;
        }
        try {
            return (long) Blocker.BEGIN.invokeExact();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e); // it declares none
        }
    }

    /** After the wait. */
    public static void endKeeping(long added) {
        if (Blocker.END == null) {
            return;
        }
        try {
            Blocker.END.invokeExact(added);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e); // it declares none
        }
    }
}
