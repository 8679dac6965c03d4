package dev.pollux.driver;

import dev.pollux.sys.Syscalls;
import java.util.ArrayList;
import java.util.List;

/**
 * Which kqueues of ours watch which others. No kernel but macOS's refuses a circle of them, and two
 * that accept it report it as ready for ever after the first event; so it is found here. What is
 * known are the kqueues whose descriptor was handed out, by the number under which it was: not what
 * {@code dup} made of it.
 */
final class KqueueNesting {
    /** Those that others may watch; its monitor guards all that these objects hold. */
    private static final List<KqueueNesting> HANDED_OUT = new ArrayList<>();

    private static volatile boolean isUsed; // nobody pays who never nests

    private final Syscalls sys;
    private final int kq;
    private final List<KqueueNesting> watchers = new ArrayList<>(); // gone with this, when closed
    private volatile boolean isHandedOut;
    private boolean isClosed; // the number is another's

    KqueueNesting(Syscalls sys, int kq) {
        this.sys = sys;
        this.kq = kq;
    }

    /** From now on another kqueue may watch this one. */
    void handOut() {
        if (isHandedOut) {
            return;
        }
        synchronized (HANDED_OUT) {
            if (!isHandedOut && !isClosed) {
                HANDED_OUT.add(this);
                isHandedOut = true;
                isUsed = true;
            }
        }
    }

    /** This kqueue is about to watch a descriptor; false if that would close a circle. */
    boolean watch(int fd) {
        if (!isUsed) {
            return true;
        }
        synchronized (HANDED_OUT) {
            KqueueNesting other = handedOut(fd);
            return other == null || !isReachedFrom(other) && other.watchers.add(this);
        }
    }

    private KqueueNesting handedOut(int fd) {
        for (KqueueNesting other : HANDED_OUT) {
            if (other.kq == fd && other.sys == sys) {
                return other;
            }
        }
        return null;
    }

    private boolean isReachedFrom(KqueueNesting other) {
        if (this == other) {
            return true;
        }
        for (KqueueNesting watcher : watchers) {
            if (watcher.isReachedFrom(other)) {
                return true;
            }
        }
        return false;
    }

    /** It watches this descriptor no more. */
    void unwatch(int fd) {
        if (!isUsed) {
            return;
        }
        synchronized (HANDED_OUT) {
            KqueueNesting other = handedOut(fd);
            if (other != null) {
                other.watchers.remove(this);
            }
        }
    }

    /** Before the kqueue is closed. */
    void close() {
        synchronized (HANDED_OUT) {
            isClosed = true;
            HANDED_OUT.remove(this);
            for (KqueueNesting other : HANDED_OUT) {
                other.watchers.remove(this);
            }
        }
    }
}
