package dev.pollux.driver;

import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/**
 * What ends a wait of kqueue: the filter for events of the program's own, {@code EVFILT_USER}; or a
 * pipe on older systems, which have no such filter.
 */
final class KqueueWakeup {
    private final Syscalls sys;
    private final Errno errno;
    private final int kq;
    private final KeventList change; // in the end the one that signals, and then never changed
    private final WakeupPipe pipe; // null if it is not needed

    /** Registers with the kqueue; a failure leaves nothing open. */
    KqueueWakeup(Syscalls sys, NativeMemory memory, int kq) throws Driver.OpenFailed {
        this.sys = sys;
        errno = sys.errno();
        this.kq = kq;
        change = new KeventList(sys, memory, 1);
        Layout layout = sys.layout();
        pipe = hasUserFilter(layout) ? null : openPipe(memory, layout);
        change.clear();
        change.add(0, layout.EVFILT_USER, 0, layout.NOTE_TRIGGER, Driver.SIGNAL);
    }

    private boolean hasUserFilter(Layout layout) throws Driver.OpenFailed {
        if (layout.EVFILT_USER == 0) {
            return false;
        }
        change.add(0, layout.EVFILT_USER, layout.EV_ADD | layout.EV_CLEAR, 0, Driver.SIGNAL);
        int rc = sys.keventChange(kq, change.address(), 1, 0);
        if (rc < 0 && rc != -errno.EINVAL) {
            throw new Driver.OpenFailed(sys, "kevent", rc);
        }
        return rc >= 0;
    }

    private WakeupPipe openPipe(NativeMemory memory, Layout layout) throws Driver.OpenFailed {
        var opened = new WakeupPipe(sys, memory);
        change.clear();
        // Not at level: a knote that was reported at level is in the queue until the next wait,
        // and makes the kqueue readable for whoever watches that.
        int flags = layout.EV_ADD | layout.EV_CLEAR;
        change.add(opened.reader(), layout.EVFILT_READ, flags, 0, Driver.SIGNAL);
        int rc = sys.keventChange(kq, change.address(), 1, 0);
        if (rc < 0) {
            opened.close();
            throw new Driver.OpenFailed(sys, "kevent", rc);
        }
        return opened;
    }

    boolean owns(int fd) {
        return pipe != null && pipe.owns(fd);
    }

    /** Ends the current or the next wait, with an event whose token is {@link Driver#SIGNAL}. */
    void signal() {
        if (pipe != null) {
            pipe.signal();
            return;
        }
        int rc;
        do {
            rc = sys.keventChange(kq, change.address(), 1, 0);
        } while (rc == -errno.EINTR);
    }

    /** After that event: it does not come again without another signal. */
    void acknowledge() {
        if (pipe != null) {
            pipe.drain();
        }
    }

    void close() {
        if (pipe != null) {
            pipe.close();
        }
    }
}
