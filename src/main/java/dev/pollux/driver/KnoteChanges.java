package dev.pollux.driver;

import static dev.pollux.driver.Driver.EDGE;
import static dev.pollux.driver.Driver.ONESHOT;
import static dev.pollux.driver.Driver.PRIORITY;
import static dev.pollux.driver.Driver.READ;
import static dev.pollux.driver.Driver.WRITE;

import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/**
 * A list of changes of knotes, which is what kqueue calls a descriptor under one filter, and the
 * kernel's answer to each. One change here, for some interest, is a {@code struct kevent} for each
 * of its filters. What is odd about changes, and what the code below does about it:
 *
 * <ul>
 *   <li>(a) A call that makes changes and waits as well returns the changes' errors first, and
 *       events perhaps never. Changes go in calls of their own, each with a receipt.
 *   <li>(b) The filter for out-of-band data also reports the end on macOS, and any data from the
 *       low-water mark on: so that is set as high as it goes, which is a full receive buffer
 *       (filt_soread_common in xnu's bsd/kern/uipc_socket.c). OpenBSD's reports out-of-band data
 *       alone, and not the end: who asks for nothing else does not hear of a hang-up there. It goes
 *       on reporting when the data was read, until more is.
 *   <li>(c) A pipe whose reader is closed may refuse the write filter with {@code EPIPE} (FreeBSD,
 *       OpenBSD) or {@code EBADF} (NetBSD). What has no out-of-band data refuses the filter for it
 *       with {@code EINVAL}.
 * </ul>
 */
final class KnoteChanges {
    /** Room for one registration: each filter deleted, each added. */
    static final int EACH = 6;

    /** So many receipts in one call: libkqueue returns no more than 512. */
    static final int RECEIPTS = 256;

    /** (b): {@code <sys/event.h>}, the same wherever there is a filter for out-of-band data. */
    private static final int NOTE_LOWAT = 1;

    /** What no kernel has; 0 is a filter of NetBSD's, and FreeBSD ignores it. */
    private static final int NO_FILTER = Short.MAX_VALUE;

    /** The token of a change that may fail. */
    private static final long MAY_FAIL = -2;

    private final Syscalls sys;
    private final Errno errno;
    private final Layout layout;
    private final int kq;
    private final KeventList list;

    KnoteChanges(Syscalls sys, NativeMemory memory, int kq, int capacity) {
        this.sys = sys;
        errno = sys.errno();
        layout = sys.layout();
        this.kq = kq;
        list = new KeventList(sys, memory, capacity);
    }

    /** Makes room for so many, an {@link #EACH} for a registration. */
    void reserve(int count) {
        list.reserve(count);
    }

    int count() {
        return list.count();
    }

    void clear() {
        list.clear();
    }

    /** Adds the filters of an interest. */
    void add(int fd, int interest, int trigger, long token) {
        int flags = layout.EV_ADD;
        if ((trigger & EDGE) != 0) {
            flags |= layout.EV_CLEAR;
        }
        if ((trigger & ONESHOT) != 0) {
            flags |= layout.EV_DISPATCH;
        }
        append(fd, interest, flags, token);
    }

    /** Changes nothing: {@code ENOENT} if there is no such filter. */
    void ask(int fd, int interest, long token) {
        append(fd, interest, 0, token);
    }

    /** Deletes filters that the kernel must have, unless the descriptor was closed. */
    void delete(int fd, int interest, long token) {
        append(fd, interest, layout.EV_DELETE, token);
    }

    /** Deletes whatever filters there are. */
    void deleteAny(int fd) {
        int all = layout.EVFILT_EXCEPT == 0 ? READ | WRITE : READ | WRITE | PRIORITY;
        append(fd, all, layout.EV_DELETE, MAY_FAIL);
    }

    /** Disables filters, until they are added again. */
    void disable(int fd, int interest) {
        append(fd, interest, layout.EV_DISABLE, MAY_FAIL);
    }

    /** A change that every kernel refuses. */
    void refuse(int fd, long token) {
        list.add(fd, NO_FILTER, layout.EV_RECEIPT, 0, token);
    }

    private void append(int fd, int interest, int flags, long token) {
        int all = flags | layout.EV_RECEIPT; // (a)
        if ((interest & READ) != 0) {
            list.add(fd, layout.EVFILT_READ, all, 0, token);
        }
        if ((interest & WRITE) != 0) {
            list.add(fd, layout.EVFILT_WRITE, all, 0, token);
        }
        if ((interest & PRIORITY) != 0) {
            list.add(fd, layout.EVFILT_EXCEPT, all, layout.NOTE_OOB | NOTE_LOWAT, token);
            list.data(list.count() - 1, Integer.MAX_VALUE);
        }
    }

    /**
     * Makes the changes; the answers are kept until the list is cleared.
     *
     * @return the filters that were refused for good (c), by interest; or the first other error of
     *     a change that may not fail, negated
     */
    int send() {
        int count = list.count();
        for (int from = 0; from < count; from += RECEIPTS) {
            send(from, Math.min(from + RECEIPTS, count));
        }
        int refused = 0;
        for (int i = 0; i < count; i++) {
            int error = error(i);
            if (error != 0 && list.udata(i) != MAY_FAIL) {
                int filter = refused(i);
                if (filter == 0) {
                    return -error;
                }
                refused |= filter;
            }
        }
        return refused;
    }

    /** Leaves each answer in the {@code data} of its change (a). */
    private void send(int from, int to) {
        int count = to - from;
        int rc = sys.keventChange(kq, list.address(from), count, count);
        for (int i = from; i < to && rc < 0; i++) {
            list.data(i, -rc); // the call itself failed
        }
    }

    int fd(int index) {
        return list.ident(index);
    }

    long token(int index) {
        return list.udata(index);
    }

    /** The error number that answers this change; 0 is none. */
    int error(int index) {
        return (int) list.data(index);
    }

    /** (c): the filter of this change, by interest, if that is what its error means. */
    int refused(int index) {
        int error = error(index);
        int filter = list.filter(index);
        if (filter == layout.EVFILT_WRITE) {
            boolean broken =
                    error == errno.EPIPE || error == errno.EBADF && sys.isOpen(fd(index)) == 0;
            return broken ? WRITE : 0;
        }
        boolean except = filter == layout.EVFILT_EXCEPT && filter != 0;
        return except && error == errno.EINVAL ? PRIORITY : 0;
    }
}
