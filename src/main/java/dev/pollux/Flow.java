package dev.pollux;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;

/**
 * One direction of a {@link Relay}. What has come and not yet gone is kept in a pipe, through which
 * the kernel hands pages on ({@code man 2 splice}), or in a buffer where that is refused: by a
 * system that has no splice, or a kind of descriptor that takes no part in it.
 *
 * <p>It is filled when it is empty, and not before: so a splice into it that would block says that
 * the source is empty, and one out of it that the target is full.
 */
final class Flow {
    /** Why {@link #move} has ended: the source is empty. */
    static final int WANTS_READ = 0;

    /** The target is full. */
    static final int WANTS_WRITE = 1;

    /** It is the turn of others. */
    static final int WANTS_TURN = 2;

    /** The source has ended, and all of it is written. */
    static final int OVER = 3;

    /** Of the pipe, and of one splice: the largest that a user may have by default. */
    private static final int PIPE = 1 << 20;

    private static final int BUFFER = 64 * 1024;

    /** Bytes that one turn moves, at least. */
    private static final int TURN = 4 << 20;

    final int from;
    final int to;
    private final Syscalls sys;
    private final int[] pipe;
    private NativeMemory memory; // null while all is spliced
    private ByteBuffer buffer; // null likewise; what is not written is between position and limit
    private int held; // bytes in the pipe
    private boolean splices = true;
    private boolean ended; // the source
    private boolean released;
    int state = WANTS_READ;
    long moved;

    /** Allocates all that it needs, but for the buffer. */
    Flow(Syscalls sys, int from, int to) throws PolluxException {
        this.sys = sys;
        this.from = from;
        this.to = to;
        pipe = Fd.pipe(sys);
        int rc = sys.pipeCapacity(pipe[1], PIPE);
        if (rc == -sys.errno().ENOSYS) {
            splices = false; // not Linux
        } // else it may be refused, beyond what one user's pipes may have: then it is a small one
    }

    /** Moves bytes until that would block, the end, or for one turn; returns the new state. */
    int move() throws PolluxException {
        long begin = moved;
        while (state != OVER) {
            if (!drain()) {
                return state = WANTS_WRITE;
            }
            if (ended) {
                endTarget();
                return state = OVER;
            }
            if (moved - begin >= TURN) {
                return state = WANTS_TURN;
            }
            if (!fill()) {
                return state = WANTS_READ;
            }
        }
        return state;
    }

    /** Whether something has come, or the end. */
    private boolean fill() throws PolluxException {
        if (splices) {
            int rc = splice(from, pipe[1], PIPE);
            if (rc != -sys.errno().EINVAL && rc != -sys.errno().ENOSYS) {
                held = Math.max(rc, 0);
                return came(rc);
            }
            splices = false;
        }
        takeBuffer();
        buffer.clear();
        int rc = Transfers.read(sys, from, buffer, Transfers.PLAIN);
        buffer.flip();
        return came(rc);
    }

    private boolean came(int rc) throws PolluxException {
        if (rc == 0) {
            ended = true;
        }
        return rc >= 0 || !blocks(rc, from);
    }

    /** Whether all has gone. */
    private boolean drain() throws PolluxException {
        while (held > 0 && splices) {
            int rc = splice(pipe[0], to, held);
            if (rc == -sys.errno().EINVAL) {
                splices = false;
            } else if (rc < 0) {
                return !blocks(rc, to);
            } else {
                held -= rc;
                moved += rc;
            }
        }
        while (held > 0 || buffer != null && buffer.hasRemaining()) {
            takeFromPipe();
            int rc = Transfers.write(sys, to, buffer, Transfers.PLAIN);
            if (rc < 0) {
                return !blocks(rc, to);
            }
            moved += rc;
        }
        return true;
    }

    /** What is in the pipe when the target turns out to take no splice. */
    private void takeFromPipe() throws PolluxException {
        takeBuffer();
        if (!buffer.hasRemaining()) {
            buffer.clear();
            held -= Math.max(0, Transfers.read(sys, pipe[0], buffer, Transfers.PLAIN));
            buffer.flip();
        }
    }

    private void takeBuffer() {
        if (buffer == null) {
            memory = new NativeMemory(sys);
            buffer = memory.allocate(BUFFER).bytes().limit(0);
        }
    }

    private int splice(int source, int target, int count) {
        int rc;
        do {
            rc = sys.splice(source, target, count);
        } while (rc == -sys.errno().EINTR);
        return rc;
    }

    /** True; any other error is thrown. */
    private boolean blocks(int rc, int fd) throws PolluxException {
        if (rc == -sys.errno().EAGAIN) {
            return true;
        }
        String call = "relay(from=" + from + ", to=" + to + "): fd " + fd;
        throw PolluxException.of(sys.errno(), "relay", fd, call, -rc);
    }

    /** The half-close. What is no socket has none, and is closed with the relay. */
    private void endTarget() throws PolluxException {
        if (sys.socketType(to) <= 0) {
            return;
        }
        int rc = sys.shutdown(to, Syscalls.SHUT_WRITING);
        if (rc < 0 && rc != -sys.errno().number("ENOTCONN")) { // it is gone, and has read all
            blocks(rc, to);
        }
    }

    /** Closes the pipe, and frees the buffer; once. */
    void release() throws PolluxException {
        if (released) {
            return;
        }
        released = true;
        state = OVER;
        if (memory != null) {
            memory.close();
        }
        Fd.close(sys, pipe[0]);
        Fd.close(sys, pipe[1]);
    }
}
