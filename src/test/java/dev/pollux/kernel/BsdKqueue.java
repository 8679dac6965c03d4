package dev.pollux.kernel;

import com.kenai.jffi.MemoryIO;
import dev.pollux.support.ForwardingSyscalls;
import dev.pollux.support.Libc;
import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.util.Arrays;

/**
 * A binding that plays a kernel with kqueue and without epoll, so that the driver for it can be run
 * on Linux as it runs on macOS and the BSDs: real descriptors, and a kqueue that is made of epolls
 * in secret but does what the kernels' sources say, see {@link KqueueModel} and {@link Knotes}.
 * (libkqueue does not: it differs from all of them in what it forgets, reports and repeats.)
 *
 * <p>Not played: the bytes in an event's data, the filters that nobody here uses, and {@code
 * NOTE_LOWAT} but for out-of-band data.
 */
public final class BsdKqueue extends ForwardingSyscalls {
    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    /** {@code EV_SYSFLAGS}: not for changes. */
    private static final int SYSTEM = 0xf000;

    private static final int POLLRDHUP = Layout.POLL + 10; // Linux's alone

    public final KqueueModel model;
    private final Layout layout;
    private volatile Knotes[] kqueues = {}; // by descriptor; replaced when it grows

    /** Between finding events and returning them; for tests. */
    volatile Runnable found = () -> {};

    /** Which changes fail, and with what; for tests. */
    volatile Refusal refusal = (ident, filter, flags) -> 0;

    /** An error number, or 0 for a change that is made. */
    @FunctionalInterface
    interface Refusal {
        int of(int ident, int filter, int flags);
    }

    public BsdKqueue(KqueueModel model, Syscalls real) {
        super(real);
        this.model = model;
        layout = new Layout(this);
    }

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public long layout(int index) {
        if (index < Layout.KQUEUE || index == POLLRDHUP) {
            return 0;
        }
        return index < Layout.POLL ? model.layout(index) : real.layout(index);
    }

    @Override
    public int eventfd() {
        return -errno().ENOSYS;
    }

    @Override
    public int epollCreate() {
        return -errno().ENOSYS;
    }

    @Override
    public int epollReplace(int fresh, int epfd) {
        return -errno().ENOSYS;
    }

    @Override
    public int epollCtl(int epfd, int op, int fd, int events, long data) {
        return -errno().ENOSYS;
    }

    @Override
    public int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes) {
        return -errno().ENOSYS;
    }

    @Override
    public int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        return -errno().ENOSYS;
    }

    /** What {@code soo_stat}, {@code pipe_stat} and the like leave as 0. */
    @Override
    public int fileStatus(int fd, long status) {
        int rc = real.fileStatus(fd, status);
        if (rc >= 0) {
            long type = MEMORY.getLong(status + 16) & layout.S_IFMT;
            boolean isSocket = type == layout.S_IFSOCK;
            if (kqueue(fd) != null) {
                MEMORY.setMemory(status, 32, (byte) 0);
                MEMORY.putLong(status + 16, layout.S_IFIFO); // kqueue_stat
            }
            if (type == layout.S_IFIFO && !model.hidesPipes()) {
                long inode = MEMORY.getLong(status + 8); // on Linux of both ends
                MEMORY.putLong(status + 8, inode << 1 | (Libc.isOpenToWrite(fd) ? 1 : 0));
            }
            if (isSocket || type == layout.S_IFIFO && model.hidesPipes()) {
                boolean isUnix = isSocket && Libc.isUnix(fd, status + 24);
                MEMORY.putLong(status + 24, 0);
                if (!isUnix || !model.showsDeviceOfUnixSockets()) {
                    MEMORY.putLong(status, 0);
                }
                if (!isUnix) { // uipc_sense
                    MEMORY.putLong(status + 8, 0);
                }
            }
        }
        return rc;
    }

    @Override
    public int kqueue() {
        int fd = real.epollCreate();
        if (fd >= 0) {
            keep(fd, new Knotes(this, fd));
        }
        return fd;
    }

    private synchronized void keep(int fd, Knotes knotes) {
        Knotes[] all = kqueues;
        Knotes[] next = Arrays.copyOf(all, Math.max(all.length, fd + 1));
        next[fd] = knotes;
        kqueues = next;
    }

    /** The kqueue of this number, null if that is none. */
    Knotes kqueue(int fd) {
        Knotes[] all = kqueues;
        return fd >= 0 && fd < all.length ? all[fd] : null;
    }

    @Override
    public int close(int fd) {
        Knotes knotes = kqueue(fd);
        if (knotes != null) {
            keep(fd, null);
            knotes.close();
        }
        return real.close(fd);
    }

    /**
     * As {@code kern_kevent}, {@code kevent_internal}: each change, then what is to be reported.
     */
    @Override
    public int keventChange(int kq, long changes, int count, int receipts) {
        Knotes knotes = kqueue(kq);
        if (knotes == null) {
            return -errno().EBADF;
        }
        int reported = 0;
        for (int i = 0; i < count; i++) {
            long at = changes + (long) i * layout.keventSize;
            int filter = filter(at);
            if (filter == 0 && model.skipsFilterZero()) {
                continue;
            }
            int flags = flags(at) & ~SYSTEM;
            int error = change(knotes, at, filter, flags);
            if (error == 0 && (flags & layout.EV_RECEIPT) == 0) {
                continue;
            }
            if (reported < receipts) {
                long receipt = changes + (long) reported++ * layout.keventSize;
                MEMORY.copyMemory(at, receipt, layout.keventSize);
                putFlags(layout, receipt, layout.EV_ERROR);
                MEMORY.putLong(receipt + layout.keventData, error);
            } else if (error != 0) {
                return -error;
            }
        }
        return reported > 0 || receipts == 0 ? reported : knotes.wait(changes, receipts, 0);
    }

    private int change(Knotes knotes, long at, int filter, int flags) {
        int ident = (int) MEMORY.getLong(at + layout.keventIdent);
        int refused = refusal.of(ident, filter, flags);
        if (refused != 0) {
            return refused;
        }
        int fflags = MEMORY.getInt(at + layout.keventFflags);
        long data = MEMORY.getLong(at + layout.keventData);
        long udata = MEMORY.getLong(at + layout.keventUdata);
        return knotes.change(ident, filter, flags, fflags, data, udata);
    }

    @Override
    public int keventWait(int kq, long events, int capacity, long nanos) {
        Knotes knotes = kqueue(kq);
        return knotes == null ? -errno().EBADF : knotes.wait(events, capacity, nanos);
    }

    private int filter(long at) {
        return layout.keventFlagsSize == 4
                ? MEMORY.getInt(at + layout.keventFilter)
                : MEMORY.getShort(at + layout.keventFilter);
    }

    private int flags(long at) {
        return layout.keventFlagsSize == 4
                ? MEMORY.getInt(at + layout.keventFlags)
                : MEMORY.getShort(at + layout.keventFlags) & 0xffff;
    }

    private static void putFlags(Layout layout, long at, int flags) {
        if (layout.keventFlagsSize == 4) {
            MEMORY.putInt(at + layout.keventFlags, flags);
        } else {
            MEMORY.putShort(at + layout.keventFlags, (short) flags);
        }
    }

    /** Writes an event. */
    void put(long events, int index, int ident, int filter, int flags, int fflags, long udata) {
        long at = events + (long) index * layout.keventSize;
        put(layout, at, ident, filter, flags, fflags, udata);
    }

    /** Writes a change, or an event. */
    static void put(
            Layout layout, long at, int ident, int filter, int flags, int fflags, long udata) {
        MEMORY.setMemory(at, layout.keventSize, (byte) 0);
        MEMORY.putLong(at + layout.keventIdent, ident);
        if (layout.keventFlagsSize == 4) {
            MEMORY.putInt(at + layout.keventFilter, filter);
        } else {
            MEMORY.putShort(at + layout.keventFilter, (short) filter);
        }
        putFlags(layout, at, flags);
        MEMORY.putInt(at + layout.keventFflags, fflags);
        MEMORY.putLong(at + layout.keventUdata, udata);
    }
}
