package dev.pollux.driver;

import static dev.pollux.driver.Driver.WRITE;

import dev.pollux.sys.Errno;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/**
 * What a kqueue has of each registration, and how to get from there to what is wanted. Used under
 * the lock of {@link KqueueControl}; the letters are of its list.
 */
class KqueueKnotes {
    final Errno errno;
    final boolean emulated; // (e)
    final KqueueRegistrations registrations;
    final KqueueNesting nesting;
    final FileKind kind;
    final KnoteChanges changes; // of one registration
    boolean unsure; // changes were abandoned: the kernel may have them or not
    private final KqueueWakeup wakeup;

    KqueueKnotes(
            Syscalls sys,
            NativeMemory memory,
            int kq,
            KqueueWakeup wakeup,
            KqueueNesting nesting,
            KqueueRegistrations registrations) {
        this.wakeup = wakeup;
        this.nesting = nesting;
        this.registrations = registrations;
        errno = sys.errno();
        emulated = sys.layout().kqueueIsEmulated != 0;
        kind = new FileKind(sys, memory);
        changes = new KnoteChanges(sys, memory, kq, KnoteChanges.EACH);
    }

    /** (a): whether the number is what it was when it was registered. {@link #kind} has looked. */
    final boolean isRegistered(int fd) {
        if (!registrations.isRegistered(fd)) {
            return false;
        }
        int present = registrations.present(fd);
        if (emulated || present == 0) {
            return registrations.isSameFile(fd, kind);
        }
        changes.clear();
        changes.ask(fd, present, registrations.token(fd));
        if (changes.send() == -errno.ENOENT) {
            return isDropped(fd);
        }
        if (registrations.isSameFile(fd, kind)) {
            return true;
        }
        deleteAny(fd); // (h)
        return false;
    }

    /**
     * (f): whether the kernel alone has dropped a write filter, which this then knows; or else the
     * descriptor was closed. {@link #kind} has looked.
     */
    final boolean isDropped(int fd) {
        boolean named = kind.isPipe() && kind.inode() != 0 && registrations.isSameFile(fd, kind);
        if (!named || (registrations.present(fd) & WRITE) == 0) {
            return false;
        }
        changes.clear();
        changes.add(fd, WRITE, registrations.trigger(fd), registrations.token(fd));
        if (changes.send() == WRITE) {
            setRefused(fd, WRITE);
            return true;
        }
        deleteAny(fd); // it was closed, and opened again as the same pipe
        return false;
    }

    final void forget(int fd) {
        registrations.remove(fd);
        nesting.unwatch(fd);
        deleteAny(fd);
    }

    final void deleteAny(int fd) {
        changes.clear();
        changes.deleteAny(fd);
        changes.send();
    }

    /**
     * 0, or why this is not what was registered. A kernel says so itself when it is asked to change
     * it, unless it has no filter of this registration (c), or is libkqueue (e).
     */
    final int checkSame(int fd, long token) {
        if (registrations.token(fd) != token) {
            return -errno.ENOENT;
        }
        if (!emulated && registrations.present(fd) != 0) {
            return 0;
        }
        // Sockets have no inode on some systems: only where the kernel cannot be asked.
        int rc = kind.look(fd);
        return rc < 0 ? rc : registrations.isSameFile(fd, kind) ? 0 : -errno.ENOENT;
    }

    /** The changes from what the kernel has to what is wanted. */
    final void plan(int fd, int interest, int trigger, long token, KnoteChanges into) {
        int old = registrations.present(fd);
        int filters = registrations.filters(fd, interest); // (g)
        if (emulated || unsure) {
            into.deleteAny(fd); // (e)
            into.add(fd, filters, trigger, token);
        } else if (trigger == 0 && registrations.trigger(fd) == 0) {
            into.add(fd, filters & ~old, trigger, token);
            into.ask(fd, filters & old, token); // (a)
            into.delete(fd, old & ~filters, token);
        } else {
            into.delete(fd, old, token); // (b)
            into.add(fd, filters, trigger, token);
        }
    }

    final void setArmed(int fd, int interest, int trigger, int refused) {
        registrations.setArmed(fd, interest, trigger);
        setRefused(fd, refused);
    }

    /** (c): what is broken is ready from now on, and a wait that is under way ends. */
    final void setRefused(int fd, int filters) {
        if (registrations.setRefused(fd, filters)) {
            wakeup.signal();
        }
    }
}
