package dev.pollux.driver;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Ring;
import dev.pollux.sys.Syscalls;

/**
 * epoll, and beside it an io_uring that watches the epoll instance: a look that finds nothing is
 * one at memory, not a system call. Registrations and events are epoll's, with all that it
 * promises. What is odd about io_uring, and what the code below does about it:
 *
 * <ul>
 *   <li>(a) A watch is completed by the thread that has asked for it, when that enters the kernel
 *       next. That there is something to complete stands in the ring's flags before the call that
 *       made a descriptor ready has returned: who looks at the completions alone looks too early
 *       (seen on 6.18, once in 100 000 times). The flag is withdrawn before the completion is
 *       there: so only the thread that has asked may go by what it sees, and for any other the
 *       kernel is asked. A virtual thread is of another thread each time.
 *   <li>(b) A watch ends with its first event. Another one costs a system call: it is asked for
 *       when two looks in a row by one thread have found nothing, and not by a poll that may wait.
 *   <li>(c) To ask for a watch is a look at what is ready, and takes away what the kernel reports
 *       once (mountinfo, a perf event). Sockets and pipes have no such thing: from the first
 *       registration on of anything else there is no watch, and every look asks the kernel.
 *   <li>(d) A watch keeps its epoll instance: it is removed when that is rebuilt, and at the end.
 *   <li>(e) The ring could wait itself (IORING_OP_EPOLL_WAIT), and watch each descriptor
 *       (POLL_ADD). The first takes events when they come and not when the poll does: what was
 *       drained meanwhile, or changed, would be reported all the same. The second keeps the open
 *       file: a descriptor that is closed without having been unregistered would stay connected.
 *       And it ends with the thread that has asked for it. UringKernelTest shows each.
 * </ul>
 */
public final class UringDriver extends EpollDriver {
    private static final int ENTRIES = 8;
    private static final int IORING_SETUP_COOP_TASKRUN = 1 << 8; // Linux 5.19, as the next
    private static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int FLAGS = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;

    private final Ring ring;
    private final NativeMemory.Block status; // of a descriptor, for fileStatus; the lock guards it

    /** Whether watches may be asked for; the changes' lock guards this, and the asking. */
    private boolean mayWatch = true;

    private int watch; // the number of the last one; written with the lock held
    private volatile boolean watching; // the last one has not ended; ended by the polling thread

    /** The polling thread's, as the next: who has asked for the watch that is there; null: none. */
    private Thread watcher;

    private Thread quiet; // whose last look has asked the kernel and found nothing

    /** Opens epoll and the ring; the memory is its own from then on. */
    public UringDriver(Syscalls sys, NativeMemory memory) throws OpenFailed {
        super(sys, memory);
        Ring opening = null;
        NativeMemory.Block four = null;
        int rc = -1;
        try {
            four = memory.allocate(4 * Long.BYTES);
            opening = new Ring(sys, memory);
            rc = opening.open(ENTRIES, FLAGS, 0);
        } finally {
            ring = opening;
            status = four;
            if (rc < 0) { // or there is no memory
                close();
            }
        }
        if (rc < 0) {
            throw new OpenFailed(sys, "io_uring_setup", rc, whyRefused(sys, rc));
        }
    }

    private static String whyRefused(Syscalls sys, int rc) {
        if (rc == -sys.errno().ENOSYS) {
            return sys.binding().equals("jni") && !sys.throughLibc()
                    ? "this kernel has no io_uring: it is of Linux 5.19 and later; take epoll"
                    : "only the JNI binding has it, with calls that do not go through libc; take"
                            + " that, or epoll";
        }
        if (rc == -sys.errno().EINVAL) {
            return "this kernel is too old, io_uring is taken from Linux 5.19 on; take epoll";
        }
        return rc == -sys.errno().EPERM || rc == -sys.errno().number("EACCES")
                ? "io_uring is forbidden here, by kernel.io_uring_disabled, a seccomp filter (most"
                        + " containers have one) or a security module: allow it, or take epoll"
                : null;
    }

    @Override
    public boolean owns(int fd) {
        return super.owns(fd) || fd == ring.fd();
    }

    @Override
    public int look(ReadyEvents events) {
        Thread me = Thread.currentThread();
        if (hasChanges()) {
            return poll(0, events);
        }
        if (quiet == me && watcher != me) { // (b)
            watch(me);
        }
        if (watcher == me && !isToAsk(me)) { // (a)
            return 0;
        }
        int rc = poll(0, events);
        if (watcher == me) {
            isToAsk(me); // that call has completed it
        }
        quiet = rc == 0 ? me : null;
        return rc;
    }

    @Override
    public int poll(long timeoutNanos, ReadyEvents events) {
        quiet = null;
        return super.poll(timeoutNanos, events);
    }

    /**
     * Whether something may be there, by the watch of this thread. Takes all completions, that of
     * the watch and of earlier ones. Where there is no stack for it the watch is not gone by.
     */
    private boolean isToAsk(Thread me) {
        if (ring.isQuiet()) {
            return false;
        }
        watcher = null;
        boolean ended = false;
        for (int data = ring.next(); data >= 0; data = ring.next()) {
            ended |= data == watch;
        }
        if (ended) {
            watching = false;
        } else {
            watcher = me;
        }
        return true;
    }

    /**
     * With the lock of a list that goes with a wait: where there is no stack to release it, the
     * loop abandons it.
     */
    private void watch(Thread me) {
        quiet = null;
        watcher = null; // first: an earlier watch has another number from here on
        beginChanges();
        int rc = mayWatch ? watchHeld() : -1;
        releaseChanges();
        if (rc >= 0) {
            watcher = me;
        }
    }

    private int watchHeld() {
        int last = watching ? watch : 0;
        watching = true;
        watch = watch == Integer.MAX_VALUE ? 1 : watch + 1;
        int rc = ring.watch(fd(), watch, last);
        if (rc < 0) {
            mayWatch = false; // epoll does without
            watching = false;
            if (last != 0) {
                ring.watch(-1, 0, last); // it is there still
            }
        }
        return rc;
    }

    /** With the changes held; the polling thread may go by it still, until it is completed. */
    private void endWatch() {
        if (watching) {
            ring.watch(-1, 0, watch);
        }
    }

    /** (c) With the changes held, under which no watch is asked for; before it is registered. */
    private void beforeAdding(int fd) {
        if (mayWatch && !takesNothing(fd)) {
            mayWatch = false;
            endWatch();
        }
    }

    @Override
    public int add(int fd, int interest, int trigger, long token) {
        boolean may = mayWatch;
        beforeAdding(fd);
        int rc = super.add(fd, interest, trigger, token);
        if (rc < 0) {
            mayWatch = may;
        }
        return rc;
    }

    /** As {@link Look#takesNothing}, with memory that is kept. */
    private boolean takesNothing(int fd) {
        OpenFile.Type type = OpenFile.type(sys(), fd, status);
        return type == null || type.isSocketOrPipe();
    }

    @Override
    public void addAll(int[] fds, int interest, int trigger, long[] tokens, int[] results) {
        for (int fd : fds) {
            beforeAdding(fd);
        }
        super.addAll(fds, interest, trigger, tokens, results);
    }

    @Override
    public void endRebuild(boolean commit) {
        super.endRebuild(commit);
        if (commit) {
            endWatch(); // (d)
            watcher = null;
        }
    }

    @Override
    public void close() {
        if (ring != null) { // null: opening it has failed
            endWatch();
            ring.close();
        }
        super.close();
    }
}
