package dev.pollux;

import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/** Copies of descriptors, {@code man 2 dup}, whatever binding is under test. */
final class Dup {
    private static final POSIX POSIX = POSIXFactory.getNativePOSIX();

    private Dup() {}

    /** Another number for the same open file. */
    static int of(int fd) {
        return checked(POSIX.dup(fd), "dup", fd);
    }

    /** This number becomes another name of the file; what it was before is closed. */
    static void onto(int fd, int number) {
        checked(POSIX.dup2(fd, number), "dup2", fd);
    }

    private static int checked(int rc, String call, int fd) {
        if (rc < 0) {
            throw new AssertionError(call + "(" + fd + "): errno " + POSIX.errno());
        }
        return rc;
    }
}
