package dev.pollux.driver;

import dev.pollux.sys.Syscalls;

/**
 * What a backend does: it keeps the kernel's (or its own) list of descriptors and waits on it. It
 * speaks only in numbers: descriptors, interest and trigger bits, tokens, and results that are
 * counts or negated error numbers.
 *
 * <p>A <em>token</em> is returned unchanged with the event; it names the registration, so that a
 * descriptor's number that was reused cannot be mistaken for its former owner. A token has a slot
 * in its lower half, which is never negative: {@link #SIGNAL} is no token.
 *
 * <p>{@link #poll} is called by one thread at a time, and so is {@link #change}. {@link #add},
 * {@link #modify} and {@link #remove} may come from any thread, also while a poll blocks, one at a
 * time, with the changes {@linkplain #holdChanges held}; they take effect on that very poll. A call
 * that fails leaves everything as it was. {@link #close} comes when no other call is under way.
 */
public interface Driver {
    /** Interest and readiness bits, the same as in the facade. */
    int READ = 1;

    /** See {@link #READ}. */
    int WRITE = 2;

    /** See {@link #READ}. */
    int PRIORITY = 4;

    /** Readiness only. */
    int READ_CLOSED = 8;

    /** Readiness only. */
    int WRITE_CLOSED = 16;

    /** Readiness only. */
    int ERROR = 32;

    /**
     * Readiness only: the descriptor is not open any more; the driver has dropped the registration.
     */
    int GONE = 64;

    /** Trigger bits. No bit is level-triggered. */
    int EDGE = 1;

    /** Trigger bit: disarmed by its first event. */
    int ONESHOT = 2;

    /** Trigger bit: one of several selectors is woken. */
    int EXCLUSIVE = 4;

    /**
     * The one failure of {@link #modify} that does not leave the registration as it was: it is
     * gone.
     */
    int LOST = Integer.MIN_VALUE;

    /** The token of the driver's own wakeup event. */
    long SIGNAL = -1;

    /** A time-out that never ends. */
    long FOREVER = Long.MAX_VALUE;

    /** The system calls that this stands on. */
    Syscalls sys();

    /** Whether registrations with these interest and trigger bits are possible. */
    boolean supports(int interest, int trigger);

    /** Whether this descriptor is one of the driver's own. */
    boolean owns(int fd);

    /** A descriptor that is readable when a poll would report something; -1 if there is none. */
    int fd();

    /**
     * Registers. The kernel is the truth: {@code -EEXIST} means that the same open file is
     * registered under this number.
     */
    int add(int fd, int interest, int trigger, long token);

    /**
     * Registers many descriptors, all different, alike: as {@link #add} for one after another.
     *
     * @param results what {@link #add} would have returned for each
     */
    default void addAll(int[] fds, int interest, int trigger, long[] tokens, int[] results) {
        for (int i = 0; i < fds.length; i++) {
            results[i] = add(fds[i], interest, trigger, tokens[i]);
        }
    }

    /**
     * Changes a registration now, and re-arms it.
     *
     * @param oldWas interest and trigger bits before, as {@code trigger << 3 | interest}
     */
    int modify(int fd, int oldWas, int interest, int trigger, long token);

    /** Unregisters. Whatever this returns, the driver has dropped the registration. */
    int remove(int fd, long token);

    /** Locks out every other change, and waits for those on their way to the kernel. */
    default void holdChanges() {}

    /** As {@link #holdChanges}, for changes that go with the next {@link #poll}. */
    default void beginChanges() {
        holdChanges();
    }

    /** The end of both. */
    default void releaseChanges() {}

    /**
     * Makes room for so many pending changes and the events of those that are refused, before they
     * are held: what fails for want of memory fails here.
     */
    default void reserve(int count, ReadyEvents events) {}

    /**
     * Changes a registration before the next wait, by the thread that polls. The changes are held;
     * the next {@link #poll} releases them if there was at least one. A change that the kernel
     * refuses is reported as an event with {@link #GONE}.
     */
    void change(int fd, int interest, int trigger, long token);

    /**
     * Forgets the changes that were not made, and releases what is held of them: something was
     * thrown while they were drawn up, or by the {@link #poll} that should have made them. By the
     * same thread.
     */
    default void abandonChanges() {}

    /**
     * Waits once and adds what is ready to {@code events}, which is empty, and for which it makes
     * room before the wait. May end early for no reason. {@code timeoutNanos}: 0 does not block,
     * {@link #FOREVER} has no end.
     *
     * @return how many events there are, or a negated error number; {@code -EINTR} is none
     */
    int poll(long timeoutNanos, ReadyEvents events);

    /**
     * As {@link #poll} with a time-out of 0, by a thread that is the kernel's own: not a virtual
     * one, which is another of the kernel's each time.
     */
    default int look(ReadyEvents events) {
        return poll(0, events);
    }

    /**
     * Has the kernel poll the queues of network cards while this waits, see {@link BusyPoll}; also
     * after a rebuild, unless the kernel refuses by then. Before anything is registered.
     *
     * @return 0, or a negated error number; {@code -ENOSYS}: this backend cannot
     */
    default int setBusyPoll(BusyPoll how) {
        return -sys().errno().ENOSYS;
    }

    /** Ends the current or the next wait. Never blocks. */
    void signal();

    /**
     * Begins to rebuild the kernel's list of descriptors, which drops registrations that the kernel
     * still holds although they can no longer be removed by their number. The caller {@linkplain
     * #addToRebuild adds} each registration to the new list and then calls {@link #endRebuild}, all
     * with the changes held and by the thread that polls.
     *
     * @return 0, or a negative number: nothing has changed, or this backend never has such
     *     registrations
     */
    default int beginRebuild() {
        return -1;
    }

    /**
     * Adds one registration to the list that {@link #beginRebuild} has begun. With an interest of 0
     * it is added disarmed, as far as the kernel can: a hang-up may still be reported, once.
     *
     * @return 0; {@code -ENOENT} if the number is no longer the file that was registered; or
     *     another negated error number
     */
    default int addToRebuild(int fd, int interest, int trigger, long token) {
        return -1;
    }

    /**
     * Ends the rebuild: the new list replaces the old one. If {@code commit} is false, or the
     * kernel refuses, the old list stays in use.
     */
    default void endRebuild(boolean commit) {}

    /**
     * Closes every descriptor and frees all memory, at once. A driver that could not be opened has
     * closed its descriptors; whoever allocated its memory frees it.
     */
    void close();

    /** A driver could not be opened; nothing of it is left. */
    final class OpenFailed extends Exception {
        private static final long serialVersionUID = 1L;

        /** The call that failed. */
        public final transient String call;

        /** Why. */
        public final int errno;

        /** What this means here, and what to do; null if the error number says it. */
        public final transient String advice;

        OpenFailed(Syscalls sys, String call, int rc) {
            this(sys, call, rc, null);
        }

        OpenFailed(Syscalls sys, String call, int rc, String advice) {
            super(call + ": " + sys.errno().describe(-rc) + (advice == null ? "" : "; " + advice));
            this.call = call;
            this.errno = -rc;
            this.advice = advice;
        }
    }
}
