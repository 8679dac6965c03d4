package dev.pollux.kernel;

import dev.pollux.support.Libc;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The filters of {@link Knotes}, by what epoll says of a descriptor: {@code filt_soread}, {@code
 * filt_sowrite}, {@code filt_piperead}, {@code filt_pipewrite} and the like of uipc_socket.c and
 * sys_pipe.c. Used under the kqueue's lock.
 */
final class KnoteFilters {
    private static final int NOTE_LOWAT = 1;
    private static final int EVENTS = 2; // of a knote's own epoll: the descriptor, and a queue

    /** Stands for {@code so_error}: asking for the real one would take it away. */
    private static final int SOME_ERROR = 104; // ECONNRESET

    private static volatile long pipes; // 0: nobody has asked

    private final BsdKqueue owner;
    private final KqueueModel model;
    private final Syscalls real;
    private final Layout epoll;
    private final Layout layout;
    private final Errno errno;
    private final ByteBuffer status = direct(32);
    private final ByteBuffer events;

    KnoteFilters(BsdKqueue owner) {
        this.owner = owner;
        model = owner.model;
        real = owner.real;
        epoll = real.layout();
        layout = owner.layout();
        errno = real.errno();
        events = direct(EVENTS * epoll.epollEventSize);
    }

    static ByteBuffer direct(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** Makes the epoll of a knote in {@code kq}; 0 or an error number. */
    int open(Knote note, int kq) {
        int rc = real.fileStatus(note.ident, real.address(status));
        if (rc < 0) {
            return -rc;
        }
        int type = (int) status.getLong(16) & layout.S_IFMT;
        note.isSocket = type == layout.S_IFSOCK;
        note.isPipe = type == layout.S_IFIFO;
        note.isOnWriter = note.isPipe && Libc.isOpenToWrite(note.ident);
        note.isFifo = note.isPipe && model.keepsFifos() && status.getLong(0) != pipes();
        note.isMute =
                note.isFifo
                        && !(note.kind == Knote.WRITE
                                ? note.isOnWriter
                                : Libc.isOpenToRead(note.ident));
        long ints = real.address(status);
        note.isStream = note.isSocket && Libc.isStream(note.ident, ints);
        note.isUnix = note.isSocket && Libc.isUnix(note.ident, ints);
        note.inner = owner.kqueue(note.ident);
        if (note.inner != null && note.kind != Knote.READ) {
            return errno.number(model.otherFilterOfKqueue());
        }
        if (note.kind == Knote.EXCEPT && !note.isSocket
                || note.ident == kq && !model.watchesItself()) {
            return errno.EINVAL;
        }
        note.epoll = real.epollCreate();
        if (note.epoll < 0) {
            return -note.epoll;
        }
        int error = watch(note, type);
        if (error != 0) {
            real.close(note.epoll);
        }
        return error;
    }

    /** The device of pipes without a name, by which they can be told from others. */
    private long pipes() {
        if (pipes == 0) {
            ByteBuffer memory = direct(32 + 8);
            long at = real.address(memory);
            if (real.pipe(at + 32) < 0) {
                return status.getLong(0);
            }
            real.fileStatus(memory.getInt(32), at);
            pipes = memory.getLong(0);
            real.close(memory.getInt(32));
            real.close(memory.getInt(36));
        }
        return pipes;
    }

    private int watch(Knote note, int type) {
        int rc = real.epollCtl(note.epoll, epoll.EPOLL_CTL_ADD, note.ident, epoll.EPOLLOUT, 0);
        if (rc < 0) {
            // Files of a type that epoll refuses have their own filters.
            boolean device = type == layout.S_IFCHR || type == layout.S_IFBLK;
            String refusal = device ? model.noFilter() : "EINVAL";
            return rc == -errno.EPERM ? errno.number(refusal) : -rc;
        }
        if (note.kind == Knote.WRITE && note.isPipe) {
            int ready = readiness(note);
            if (model.brokenPipe() != null && !note.isFifo && isAlone(ready)) {
                return errno.number(model.brokenPipe());
            }
            note.isQueued = (ready & epoll.EPOLLOUT) != 0;
        }
        if (note.inner != null) {
            note.seen = note.inner.emptied() - 1;
            int at = note.inner.remains();
            real.epollCtl(note.epoll, epoll.EPOLL_CTL_ADD, at, bits(note), 0);
        }
        look(note);
        return 0;
    }

    /** Looks whether it is ready, although it may have been reported. */
    void look(Knote note) {
        real.epollCtl(note.epoll, epoll.EPOLL_CTL_MOD, note.ident, bits(note), 0);
    }

    /** A pipe whose other end is closed: of a writer's, and of a reader's. */
    private boolean isAlone(int ready) {
        return (ready & (epoll.EPOLLERR | epoll.EPOLLHUP)) != 0;
    }

    /** What epoll is asked for. */
    private int bits(Knote note) {
        int bits = note.kind == Knote.WRITE ? epoll.EPOLLOUT : epoll.EPOLLIN | epoll.EPOLLRDHUP;
        if (note.kind == Knote.EXCEPT) {
            bits |= epoll.EPOLLPRI;
            if ((note.saved & NOTE_LOWAT) != 0 && note.data > 1) {
                bits &= ~epoll.EPOLLIN; // not for less than so much; taken for never here
            }
            if (model.reportsUrgentDataAlone()) {
                bits = epoll.EPOLLPRI;
            }
        }
        boolean onChange = (note.flags & layout.EV_CLEAR) != 0 || note.isQuiet;
        return onChange ? bits | epoll.EPOLLET : bits;
    }

    /** What a knote's own epoll has to report; that of an EV_CLEAR knote is then reported. */
    int readiness(Knote note) {
        int rc = real.epollWait(note.epoll, real.address(events), EVENTS, 0, null);
        int ready = 0;
        for (int i = 0; i < rc; i++) {
            ready |= events.getInt(i * epoll.epollEventSize + epoll.epollEventEvents);
        }
        return ready;
    }

    /** Whether the kernel would not be notified of this, or not say so; then it waits for news. */
    boolean isQuiet(Knote note, int ready) {
        if (note.inner != null) {
            return (note.flags & layout.EV_CLEAR) != 0 && note.seen == note.inner.emptied();
        }
        boolean was = note.isQuiet;
        note.isQuiet =
                note.isMute
                        || isUnconnected(note, ready)
                        || isFullAndBroken(note, ready)
                        || note.kind == Knote.EXCEPT
                                && model.reportsUrgentDataAlone()
                                && (ready & epoll.EPOLLPRI) == 0;
        if (was != note.isQuiet) {
            look(note);
        }
        return note.isQuiet;
    }

    /** Unless it was reported when there was room, and so is in the queue still. */
    private boolean isFullAndBroken(Knote note, int ready) {
        return model.hidesFullBrokenPipes()
                && note.kind == Knote.WRITE
                && note.isOnWriter
                && (ready & epoll.EPOLLOUT) == 0
                && !note.isQueued;
    }

    /**
     * A stream socket before it is connected hangs up, on Linux. Not here: neither readable nor
     * writable. It is asked again when something changes.
     */
    private boolean isUnconnected(Knote note, int ready) {
        return note.isStream
                && (ready & epoll.EPOLLHUP) != 0
                && (ready & (epoll.EPOLLRDHUP | epoll.EPOLLERR)) == 0
                && (note.kind != Knote.WRITE || !isReadShutDown(note));
    }

    private boolean isReadShutDown(Knote note) {
        status.putInt(epoll.pollfdFd, note.ident);
        status.putShort(epoll.pollfdEvents, (short) epoll.POLLRDHUP);
        real.poll(real.address(status), 1, 0);
        return (status.getShort(epoll.pollfdRevents) & epoll.POLLRDHUP) != 0;
    }

    /** Whether this is {@code EV_EOF}. */
    boolean hasEnded(Knote note, int ready) {
        if (isUrgent(note, ready)) {
            return false;
        }
        if (note.isPipe) {
            return isAlone(ready);
        }
        if (note.kind != Knote.WRITE) {
            return (ready & (epoll.EPOLLRDHUP | epoll.EPOLLHUP)) != 0;
        }
        return note.isSocket ? cannotSend(note, ready) : (ready & epoll.EPOLLERR) != 0;
    }

    boolean isUrgent(Knote note, int ready) {
        return note.kind == Knote.EXCEPT && (ready & epoll.EPOLLPRI) != 0;
    }

    /** {@code SBS_CANTSENDMORE}: either side has seen to it that nothing more can be written. */
    private boolean cannotSend(Knote note, int ready) {
        return (ready & epoll.EPOLLHUP) != 0
                || note.isStream
                        && ((ready & epoll.EPOLLERR) != 0 || Libc.isSendShutDown(note.ident));
    }

    /** The {@code fflags} of an end. A unix socket has none: Linux's reset is no BSD's. */
    int error(Knote note, int ready) {
        boolean failed = note.isSocket && !note.isUnix && (ready & epoll.EPOLLERR) != 0;
        return failed ? SOME_ERROR : 0;
    }
}
