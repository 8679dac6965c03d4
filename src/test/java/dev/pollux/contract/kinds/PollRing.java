package dev.pollux.contract.kinds;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.support.Fds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Pointer;

/** An io_uring that polls are asked of, by its mapped memory: {@code man 7 io_uring}. */
final class PollRing implements AutoCloseable {
    static final int COOP_TASKRUN = 1 << 8; // IORING_SETUP_, Linux 5.19, as the next
    static final int TASKRUN_FLAG = 1 << 9;
    static final int SINGLE_ISSUER = 1 << 12; // Linux 6.0
    static final int DEFER_TASKRUN = 1 << 13; // Linux 6.1

    static final int MULTI = 1; // IORING_POLL_
    static final int UPDATE_EVENTS = 1 << 1;
    static final int LEVEL = 1 << 3;

    static final int IN = 1; // EPOLLIN

    static final int POLL_ADD = 6; // IORING_OP_
    static final int POLL_REMOVE = 7;
    static final int EPOLL_WAIT = 59; // Linux 6.15

    private static final int ENTRIES = 32;
    private static final int SUBMISSION = 64; // bytes
    private static final int COMPLETION = 16;
    private static final long SUBMISSION_ENTRIES_AT = 0x10000000;
    private static final int CQSIZE = 1 << 3;
    private static final int GETEVENTS = 1;
    private static final int TASKRUN = 4; // in the ring's flags
    private static final int MORE = 2; // in those of a completion

    /** What a completion says; {@code more}: the poll goes on. */
    record Completion(long data, int result, boolean more) {}

    final int fd;
    private final Pointer ring; // both queues
    private final Pointer submissions;
    private final int flags; // where in the ring, as the next four
    private final int submissionTail;
    private final int completionHead;
    private final int completionTail;
    private final int completions;
    private final int size; // of the completion queue
    private int pending;

    /** Skips the test, with the reason, where the kernel refuses it. */
    PollRing(Fds fds, int setup, int size) throws IOException {
        this.size = size;
        Pointer parameters = Kernel.memory(120);
        parameters.putInt(4, size);
        parameters.putInt(8, setup | CQSIZE);
        fd = fds.keep(Kernel.ioUringSetup(Math.min(ENTRIES, size), parameters));
        submissionTail = parameters.getInt(40 + 4);
        flags = parameters.getInt(40 + 16);
        int array = parameters.getInt(40 + 24);
        completionHead = parameters.getInt(80);
        completionTail = parameters.getInt(80 + 4);
        completions = parameters.getInt(80 + 20);
        int entries = parameters.getInt(0);
        long bytes = Math.max(array + entries * 4, completions + size * COMPLETION);
        ring = Kernel.map(fd, bytes, 0);
        submissions = Kernel.map(fd, (long) entries * SUBMISSION, SUBMISSION_ENTRIES_AT);
        for (int i = 0; i < entries; i++) {
            ring.putInt(array + i * 4L, i);
        }
    }

    /** Writes the next submission: what all that is asked for here consists of. */
    PollRing next(int op, int polled, long address, int length, int events, long data) {
        int tail = ring.getInt(submissionTail) + pending++;
        long at = (long) (tail % Math.min(ENTRIES, size)) * SUBMISSION;
        submissions.setMemory(at, SUBMISSION, (byte) 0);
        submissions.putByte(at, (byte) op);
        submissions.putInt(at + 4, polled);
        submissions.putLong(at + 16, address);
        submissions.putInt(at + 24, length);
        submissions.putInt(at + 28, events);
        submissions.putLong(at + 32, data);
        return this;
    }

    /** Polls for input, as {@code how} says. */
    void poll(int polled, int how, long data) throws IOException {
        next(POLL_ADD, polled, 0, how, IN, data).enter();
    }

    /** Submits what is pending, and completes what is due in this thread. */
    void enter() throws IOException {
        int count = pending;
        pending = 0;
        ring.putInt(submissionTail, ring.getInt(submissionTail) + count);
        assertEquals(count, Kernel.ioUringEnter(fd, count, 0, GETEVENTS));
    }

    /** Whether something is due to complete, when a thread enters the kernel next. */
    boolean isDue() {
        return (ring.getInt(flags) & TASKRUN) != 0;
    }

    /** Those that are there; no system call. */
    List<Completion> take() {
        var taken = new ArrayList<Completion>();
        int head = ring.getInt(completionHead);
        for (; head != ring.getInt(completionTail); head++) {
            long at = completions + (long) (head & size - 1) * COMPLETION;
            boolean more = (ring.getInt(at + 12) & MORE) != 0;
            taken.add(new Completion(ring.getLong(at), ring.getInt(at + 8), more));
        }
        ring.putInt(completionHead, head);
        return taken;
    }

    /** Those that are due, too. */
    List<Completion> enterAndTake() throws IOException {
        enter();
        return take();
    }

    /** The memory, which keeps the ring and what it polls; its descriptor is of the {@code Fds}. */
    @Override
    public void close() throws IOException {
        Kernel.unmap(submissions);
        Kernel.unmap(ring);
    }
}
