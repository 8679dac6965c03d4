package dev.pollux.driver;

import dev.pollux.sys.Errno;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What poll and select have in common: the list of descriptors lives here and not in the kernel.
 *
 * <p>The waiting thread owns the list while it is in the kernel. Whoever wants to edit it takes the
 * lock, signals the waiter out of the kernel and waits until it has left; the waiter scans what it
 * found, lets the editors go first and waits on. So no array is edited while a call uses it, and an
 * edit comes either before the wait or after the scan, never in between.
 *
 * <p>What these interfaces get wrong, and what is done here about it:
 *
 * <ul>
 *   <li>(a) They report regular files, directories and /dev/null as always ready; see {@link
 *       FileKind}.
 *   <li>(b) They keep no state about a descriptor, so a number that was closed and reused is
 *       detected by its device and inode when it is registered again. Anonymous inodes (eventfd,
 *       timerfd, epoll) all have the same one: such a successor is mistaken for its predecessor.
 *   <li>(c) They have no ONESHOT: a descriptor that fired is no longer asked for.
 *   <li>(d) The answer is the only one: what a descriptor reports once, to whoever looks first
 *       (/proc/self/mountinfo), is not in the next one. So there is room for all before the wait.
 *   <li>(e) Linux restarts select and ppoll after SIGSTOP and SIGCONT with what was left of the
 *       time-out when the process stopped (poll it does not); each does something about it.
 *   <li>(f) OpenBSD notifies who waits for room in a pipe before it marks that the reader has
 *       closed, so the wait does not end. Who polls for urgent data is notified behind the mark;
 *       select has to look again. Its pipes are those with neither device nor inode.
 * </ul>
 */
abstract class ScanningDriver implements Driver {
    final Syscalls sys;
    final Errno errno;
    final NativeMemory memory;
    final WakeupPipe pipe;

    private final FileKind kind;

    private final ReentrantLock lock = new ReentrantLock(); // guards all that follows
    private final Condition leftKernel = lock.newCondition();
    private final Condition noEditors = lock.newCondition();
    private int editors; // threads that wait to edit
    private boolean inKernel;
    private boolean guards; // of (f)
    private boolean kicked; // the waiter has been signalled by an editor

    private final DescriptorTable registrations = new DescriptorTable();

    ScanningDriver(Syscalls sys, NativeMemory memory) throws OpenFailed {
        this.sys = sys;
        errno = sys.errno();
        this.memory = memory;
        kind = new FileKind(sys, memory);
        pipe = new WakeupPipe(sys, memory); // last: no memory, no descriptor
    }

    /** Starts to ask for the descriptor, or asks for something else; interest 0: for nothing. */
    abstract void ask(int fd, int interest);

    /** Stops asking. */
    abstract void forget(int fd);

    /** The system call. */
    abstract int await(long timeoutNanos);

    /** Adds what {@link #await} found; there is room. {@code rc} is its result, not negative. */
    abstract void scan(int rc, ReadyEvents events);

    /** What can be done about an error of {@link #await}: events to report, or the error. */
    abstract int recover(int rc, ReadyEvents events);

    final long token(int fd) {
        assert lock.isHeldByCurrentThread();
        return registrations.token(fd);
    }

    /** An event for one descriptor. */
    final void report(int fd, int ready, ReadyEvents events) {
        assert lock.isHeldByCurrentThread();
        events.add(registrations.token(fd), ready);
        if (ready == GONE) {
            registrations.remove(fd);
            forget(fd);
        } else if ((registrations.trigger(fd) & ONESHOT) != 0) {
            ask(fd, 0); // (c)
        }
    }

    @Override
    public final Syscalls sys() {
        return sys;
    }

    @Override
    public final boolean supports(int interest, int trigger) {
        return (trigger & (EDGE | EXCLUSIVE)) == 0;
    }

    @Override
    public final boolean owns(int fd) {
        return pipe.owns(fd);
    }

    @Override
    public final int fd() {
        return -1;
    }

    @Override
    public final int add(int fd, int interest, int trigger, long token) {
        edit();
        try {
            int rc = kind.look(fd);
            if (rc < 0) {
                return rc;
            }
            if (registrations.isRegistered(fd) && registrations.isSameFile(fd, kind)) {
                return -errno.EEXIST; // (b)
            }
            rc = kind.check(fd); // (a)
            if (rc < 0) {
                return rc;
            }
            registrations.reserve(fd);
            ask(fd, guarded(interest, kind.isNamelessPipe())); // first: may fail for want of memory
            registrations.register(fd, token, kind);
            registrations.want(fd, interest, trigger);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public final int modify(int fd, int oldWas, int interest, int trigger, long token) {
        edit();
        try {
            int rc = sys.isOpen(fd);
            return rc < 0 ? rc : put(fd, interest, trigger, token);
        } finally {
            lock.unlock();
        }
    }

    /** A closed descriptor is detected by the wait. */
    @Override
    public final void change(int fd, int interest, int trigger, long token) {
        put(fd, interest, trigger, token); // the changes are held, so the lock is
    }

    private int put(int fd, int interest, int trigger, long token) {
        if (token(fd) != token) {
            return -errno.ENOENT;
        }
        registrations.want(fd, interest, trigger);
        ask(fd, guarded(interest, registrations.isNamelessPipe(fd)));
        return 0;
    }

    /** (f); the facade masks what nobody has asked for. */
    private int guarded(int interest, boolean nameless) {
        if (!nameless || interest != WRITE) {
            return interest;
        }
        guards = true;
        return WRITE | PRIORITY;
    }

    /** Whether there is, or was, a pipe about which {@link #await} is not notified, see (f). */
    final boolean guards() {
        return guards;
    }

    @Override
    public final int remove(int fd, long token) {
        edit();
        try {
            if (token(fd) != token) {
                return -errno.ENOENT;
            }
            registrations.remove(fd);
            forget(fd);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    /** So that a change and the facade's record of it are one step. */
    @Override
    public final void holdChanges() {
        lock.lock();
    }

    @Override
    public final void releaseChanges() {
        lock.unlock();
    }

    /** Takes the lock with no thread in the kernel. */
    private void edit() {
        lock.lock();
        if (inKernel) {
            awaitLeft();
        }
    }

    /** Has the waiter leave the kernel, and leave the lock to this thread when it has. */
    private void awaitLeft() {
        boolean left = false;
        editors++;
        try {
            while (inKernel) {
                if (!kicked) {
                    pipe.signal();
                    kicked = true;
                }
                leftKernel.awaitUninterruptibly();
            }
            left = true;
        } finally {
            editors--; // the waiter goes on when this thread releases the lock
            if (editors == 0) {
                noEditors.signal();
            }
            if (!left) {
                lock.unlock(); // no memory, no stack
            }
        }
    }

    @Override
    public final void abandonChanges() {
        while (lock.isHeldByCurrentThread()) {
            lock.unlock();
        }
    }

    /** Whatever is thrown before the wait, {@link #abandonChanges} releases the lock. */
    @Override
    public final int poll(long timeoutNanos, ReadyEvents events) {
        if (!lock.isHeldByCurrentThread()) { // otherwise since the changes that go with this wait
            lock.lock();
        }
        while (editors > 0) {
            noEditors.awaitUninterruptibly();
        }
        inKernel = true;
        try {
            int most = registrations.count();
            if (events.capacity() < most) { // (d)
                events.grow(Math.max(most, 2 * events.capacity()));
            }
            int rc;
            lock.unlock();
            try {
                rc = await(timeoutNanos);
            } finally {
                lock.lock();
            }
            if (rc < 0) {
                return recover(rc, events);
            }
            if (rc > 0) {
                scan(rc, events);
            }
            return events.size();
        } finally {
            inKernel = false; // whatever was thrown: whoever edits waits for it
            kicked = false;
            leftKernel.signalAll();
            lock.unlock();
        }
    }

    @Override
    public final void signal() {
        pipe.signal();
    }

    @Override
    public final void close() {
        pipe.close();
        memory.close();
    }
}
