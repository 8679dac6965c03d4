package dev.pollux.support;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The system that the tests run on, where they must know. */
public final class Host {
    public static final boolean LINUX = System.getProperty("os.name").equals("Linux");
    public static final boolean MACOS = System.getProperty("os.name").startsWith("Mac");

    /** The JDK whose virtual threads let go of their carrier also while they hold a monitor. */
    public static final int FIRST_TO_PARK = 24;

    private Host() {}

    /** Skips the test on other systems: {@code what} only Linux has. */
    public static void requireLinux(String what) {
        assumeTrue(LINUX, () -> System.getProperty("os.name") + " is not Linux: " + what);
    }

    /** {@code Thread.startVirtualThread}, which JDK 17 does not have. */
    public static Thread startVirtual(Runnable task) throws ReflectiveOperationException {
        return (Thread)
                Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    }
}
