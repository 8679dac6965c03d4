package dev.pollux.support;

import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.remote.Remote;

/**
 * The system that the tests run on, where they must know: another machine's where an agent makes
 * the calls.
 */
public final class Host {
    public static final boolean LINUX = Remote.system().equals("linux");
    public static final boolean MACOS = Remote.system().equals("macos");

    /** The JDK whose virtual threads let go of their carrier also while they hold a monitor. */
    public static final int FIRST_TO_PARK = 24;

    /** The first JDK that has virtual threads. */
    public static final int FIRST_VIRTUAL = 21;

    /**
     * Whether contract tests, and the threads that they have poll, run in virtual threads: {@code
     * -Dpollux.test.threads=virtual}.
     */
    public static final boolean VIRTUAL =
            System.getProperty("pollux.test.threads", "platform").equals("virtual");

    /** Whether every selector is in strict mode. */
    public static final boolean STRICT = Boolean.getBoolean("pollux.strict");

    private Host() {}

    /** Skips the test where contract tests run in virtual threads. */
    public static void requirePlatformThreads(String reason) {
        assumeFalse(VIRTUAL, () -> "in a virtual thread: " + reason);
    }

    /** A thread of the kind that tests run in, not started. */
    static Thread newThread(Runnable task) {
        if (!VIRTUAL) {
            return new Thread(task, "poller");
        }
        try { // as JDK 17 cannot say it
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            Class<?> type = Class.forName("java.lang.Thread$Builder");
            return (Thread) type.getMethod("unstarted", Runnable.class).invoke(builder, task);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("pollux.test.threads=virtual needs JDK 21", e);
        }
    }

    /** Skips the test where every selector is in strict mode. */
    public static void requireNotStrict(String reason) {
        assumeFalse(STRICT, () -> "in strict mode: " + reason);
    }

    /** Skips the test on other systems: {@code what} only Linux has. */
    public static void requireLinux(String what) {
        assumeTrue(LINUX, () -> Remote.system() + " is not Linux: " + what);
    }

    /** Skips the test where an agent makes the calls: what it needs is in this process. */
    public static void requireLocal(String reason) {
        assumeFalse(Remote.isOn(), () -> "by an agent: " + reason);
    }

    /** {@code Thread.startVirtualThread}, which JDK 17 does not have. */
    public static Thread startVirtual(Runnable task) throws ReflectiveOperationException {
        return (Thread)
                Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    }
}
