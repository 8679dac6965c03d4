package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.EpollDriver;
import dev.pollux.driver.KqueueDriver;
import dev.pollux.driver.PollDriver;
import dev.pollux.driver.SelectDriver;
import dev.pollux.driver.UringDriver;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/**
 * The kernel interfaces that a selector can stand on, the best first; {@link #URING}, the last, is
 * for those who name it. {@code docs/backends.md} says which to choose.
 *
 * <pre>{@code
 * for (Backend backend : Backend.values()) {
 *     System.out.println(backend + ": " + (backend.isAvailable() ? "yes" : backend.unavailableBecause()));
 * }
 * }</pre>
 */
public enum Backend {
    /** Linux. The cost of a poll does not grow with the number of registrations. */
    EPOLL(EpollDriver::new),

    /**
     * macOS and the BSDs; on Linux where libkqueue makes it of epoll. The cost of a poll does not
     * grow with the number of registrations.
     */
    KQUEUE(KqueueDriver::new),

    /** {@code man 2 poll}. The cost of a poll grows with the number of registrations. */
    POLL(PollDriver::new),

    /**
     * {@code man 2 select}. The cost of a poll grows with the largest descriptor. It reports no
     * closed or error flags: the read or the write tells; and with {@link Interest#PRIORITY} alone
     * it reports neither errors nor hang-ups.
     */
    SELECT(SelectDriver::new),

    /**
     * epoll with an io_uring that watches it, for threads that look again and again and do not
     * wait: {@code poll} with a time-out of 0 that finds nothing is a look at memory, without a
     * system call. All else is epoll's, and costs what it costs there. Linux 5.19 and later, by the
     * JNI binding; {@code docs/io_uring.md} says when it pays. Never taken unless it is named.
     */
    URING(UringDriver::new);

    /** How a driver is opened. */
    @FunctionalInterface
    interface Opener {
        Driver open(Syscalls sys, NativeMemory memory) throws Driver.OpenFailed;
    }

    private static final int MEMORY = 4224; // what a driver's first blocks take together

    private final Opener opener;

    Backend(Opener opener) {
        this.opener = opener;
    }

    Driver open(Syscalls sys) throws Driver.OpenFailed {
        var memory = new NativeMemory(sys, MEMORY);
        boolean opened = false;
        try {
            Driver driver = opener.open(sys, memory);
            opened = true;
            return driver;
        } finally {
            if (!opened) {
                memory.close();
            }
        }
    }

    /** {@return whether a selector on this backend can be opened here and now} Tries it. */
    public boolean isAvailable() {
        return unavailableBecause() == null;
    }

    /**
     * Why no selector on this backend can be opened here and now; null if one can.
     *
     * @return a sentence for people
     */
    public String unavailableBecause() {
        try {
            open(Bindings.current()).close();
            return null;
        } catch (Driver.OpenFailed | Bindings.Unavailable e) {
            return e.getMessage();
        }
    }
}
