package dev.pollux.sys.jdk;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;

/**
 * Lets a virtual thread wait for a descriptor without its carrier, as the JDK's own selectors do:
 * with {@code sun.nio.ch.Poller.pollSelector} of JDK 24 and later.
 */
public final class VirtualThreads {
    /** {@code Thread.isVirtual()}; null before JDK 21. */
    private static final MethodHandle IS_VIRTUAL = isVirtual();

    private VirtualThreads() {}

    /** Looked up by the first virtual thread that waits, since it needs a binding. */
    private static final class Parking {
        /** {@code void pollSelector(int fd, long nanos)}; null if this JDK has none. */
        static final MethodHandle POLL_SELECTOR = pollSelector();

        private static MethodHandle pollSelector() {
            try {
                Class<?> poller = TrustedLookup.find("sun.nio.ch.Poller");
                Lookup lookup = TrustedLookup.get();
                MethodHandle found =
                        lookup.findStatic(
                                poller,
                                "pollSelector",
                                MethodType.methodType(void.class, int.class, long.class));
                lookup.ensureInitialized(poller); // it fails with a pollerMode that is unknown
                return found;
            } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
                return null; // then a thread of the selector's waits for it
            }
        }
    }

    private static MethodHandle isVirtual() {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
        } catch (ReflectiveOperationException | LinkageError e) {
            return null;
        }
    }

    /** Whether this JVM has any: JDK 21 and later. */
    public static boolean exist() {
        return IS_VIRTUAL != null;
    }

    /** Whether the current thread is one. */
    public static boolean isCurrent() {
        return IS_VIRTUAL != null && isVirtual(Thread.currentThread());
    }

    /** Whether {@link #await} is there: JDK 24 and later. */
    public static boolean canAwait() {
        return Parking.POLL_SELECTOR != null;
    }

    private static boolean isVirtual(Thread thread) {
        try {
            return (boolean) IS_VIRTUAL.invokeExact(thread);
        } catch (Throwable e) {
            throw new AssertionError(e); // it declares none
        }
    }

    /**
     * Parks the current thread until the descriptor of a selector is readable, it is interrupted,
     * the time is over, or for no reason.
     *
     * @param nanos at most so long; 0 has no end
     * @return whether it has waited; false if the JDK's poller could not take the descriptor
     */
    public static boolean await(int fd, long nanos) {
        try {
            Parking.POLL_SELECTOR.invokeExact(fd, nanos);
            return true;
        } catch (IOException e) {
            return false; // it has no room in the kernel: for the caller to wait by itself
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e); // it declares no others
        }
    }
}
