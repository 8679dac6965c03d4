package dev.pollux.sys;

import java.security.AccessController;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;

/**
 * What the library may do although the application that calls it may not: under a security manager,
 * which JDKs before 24 can have, as the JDK does it for its own selectors.
 */
@SuppressWarnings("removal") // until JDK 17 is dropped
public final class Privileged {
    private Privileged() {}

    /** What is run so; E is what it throws. */
    @FunctionalInterface
    public interface Action<T, E extends Exception> {
        T run() throws E;
    }

    /** Runs this with the permissions of whoever wrote it. */
    @SuppressWarnings("unchecked") // the action throws no other
    public static <T, E extends Exception> T call(Action<T, E> action) throws E {
        try {
            return AccessController.doPrivileged((PrivilegedExceptionAction<T>) action::run);
        } catch (PrivilegedActionException e) {
            throw (E) e.getException();
        }
    }

    /**
     * A system property of Pollux, or what takes its place.
     *
     * @param name begins with {@code pollux.}: any other could be the application's secret
     */
    public static String property(String name, String otherwise) {
        if (!name.startsWith("pollux.")) {
            throw new IllegalArgumentException(name + " is no property of Pollux");
        }
        return call(() -> System.getProperty(name, otherwise));
    }

    /** Throws {@link SecurityException} if the application has not got this permission. */
    public static void check(String permission) {
        SecurityManager security = System.getSecurityManager();
        if (security != null) {
            security.checkPermission(new RuntimePermission(permission));
        }
    }

    /** As {@link #check}, for a file. */
    public static void checkOpen(String path, boolean reads, boolean writes) {
        SecurityManager security = System.getSecurityManager();
        if (security != null && reads) {
            security.checkRead(path);
        }
        if (security != null && writes) {
            security.checkWrite(path);
        }
    }

    /** As {@link #check}, for a connection. */
    public static void checkConnect(String host, int port) {
        SecurityManager security = System.getSecurityManager();
        if (security != null) {
            security.checkConnect(host, port);
        }
    }
}
