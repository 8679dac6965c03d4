package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.Look;
import dev.pollux.sys.jdk.VirtualThreads;

/**
 * How a virtual thread waits without its carrier: in one of two ways, with the same result.
 *
 * <p>Fast: it has the JDK's poller, of JDK 24 and later, watch the driver's own descriptor, as the
 * JDK's selectors do. That poller's look at a descriptor below counts as a look, so what the kernel
 * reports once, to whoever looks first, would be lost: mounts, PSI triggers, {@code
 * /proc/sys/kernel/hostname}. All of these need {@link Interest#PRIORITY}. So once such a
 * descriptor is to be registered, and wherever the fast way is not there, the selector's {@link
 * WaitingThread} waits in the kernel instead. (WRITE alone hears a change of mounts as an error,
 * and may lose it here: to find that out would cost each modify to WRITE a system call.)
 */
final class VirtualWait {
    /** How long a registration waits for the fast way to be left. */
    private static final long PATIENCE_NANOS = 10_000_000;

    private final Driver driver;
    private final OpenDriver open;
    private volatile boolean own; // the selector's thread waits, from now on
    private volatile boolean inPoller; // the polling thread is in the JDK's poller

    VirtualWait(Driver driver, OpenDriver open) {
        this.driver = driver;
        this.open = open;
    }

    /** For the virtual thread that polls. */
    int await(PollLoop loop, long timeoutNanos) {
        if (!own && driver.fd() >= 0 && VirtualThreads.canAwait()) {
            return awaitInPoller(loop, timeoutNanos);
        }
        if (open.waiting().start()) {
            return open.waiting().await(loop.ask, timeoutNanos, open);
        }
        return loop.awaitInKernel(timeoutNanos);
    }

    /**
     * What is signalled is looked for in between: the first look takes the signal off the
     * descriptor, and who signals has said why before.
     */
    private int awaitInPoller(PollLoop loop, long timeoutNanos) {
        int rc = loop.ask.await(0);
        if (rc != 0 || loop.isToEnd()) {
            return rc;
        }
        long nanos = timeoutNanos == Driver.FOREVER ? 0 : timeoutNanos;
        boolean waited;
        inPoller = true; // before the look at own, which is written before the look at this
        try {
            waited = own || VirtualThreads.await(driver.fd(), nanos);
        } finally {
            inPoller = false;
        }
        return waited ? loop.ask.await(0) : loop.awaitInKernel(timeoutNanos);
    }

    /**
     * Before a registration waits for {@link Interest#PRIORITY}. Sockets and pipes hold their
     * state, whoever looks. If a virtual thread is in the JDK's poller just now, it is signalled
     * out of it; should it not get a processor for long, what is reported before it does may be
     * lost.
     */
    void beforePriority(int fd) {
        if (own || !VirtualThreads.exist() || Look.takesNothing(driver.sys(), fd)) {
            return;
        }
        own = true;
        if (inPoller) {
            open.signal();
            long start = System.nanoTime();
            while (inPoller && System.nanoTime() - start < PATIENCE_NANOS) {
                Thread.yield();
            }
        }
    }
}
