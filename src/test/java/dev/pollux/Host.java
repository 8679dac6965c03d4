package dev.pollux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The system that the tests run on, where they must know. */
public final class Host {
    public static final boolean LINUX = System.getProperty("os.name").equals("Linux");
    static final boolean MACOS = System.getProperty("os.name").startsWith("Mac");

    private Host() {}

    /** Skips the test on other systems: {@code what} only Linux has. */
    public static void requireLinux(String what) {
        assumeTrue(LINUX, () -> System.getProperty("os.name") + " is not Linux: " + what);
    }
}
