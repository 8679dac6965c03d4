package dev.pollux.driver;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;

/**
 * {@code man 2 select}. What is odd about it, beside what {@link ScanningDriver} lists:
 *
 * <ul>
 *   <li>(a) {@code fd_set} ends at descriptor 1024, and its macros write beyond it without an
 *       error. The kernel takes sets of any size; these are native memory sized by the largest
 *       descriptor.
 *   <li>(b) The sets are overwritten by the answer: each wait works on a copy.
 *   <li>(c) One closed descriptor fails the call for all, with {@code EBADF}; that one is searched
 *       for and reported. A number above the size of the process's table of descriptors does not
 *       even do that, its bits are left as they were: then more bits are set than were counted. One
 *       that is closed while the call blocks is reported as ready: after such a wait each is
 *       checked.
 *   <li>(d) It does not distinguish a hang-up or an error from readiness. A hang-up is reported
 *       only for {@code READ}, an error only for {@code READ} or {@code WRITE}.
 * </ul>
 */
public final class SelectDriver extends ScanningDriver {
    private static final int WORD_BITS = 64;

    /** After so long the clock is looked at again, see (e) and (f) of {@link ScanningDriver}. */
    private static final long LONGEST_NANOS = 100_000_000;

    /** Three sets after one another, each of {@code words} longs: read, write, except. */
    private final NativeMemory.Block wanted;

    private final NativeMemory.Block found; // (b)
    private int words = 16;
    private int highest; // the largest descriptor that is asked for
    private boolean blocked; // whether the last wait could block

    /** Opens the pipe; the memory is its own from then on. */
    public SelectDriver(Syscalls sys, NativeMemory memory) throws OpenFailed {
        super(sys, memory);
        try {
            wanted = memory.allocate(3 * words * 8);
            found = memory.allocate(3 * words * 8);
            ask(pipe.reader(), READ);
        } catch (OutOfMemoryError e) {
            close();
            throw e;
        }
    }

    /** When there is no room for all, nothing has changed. */
    private void grow(int newWords) {
        found.grow(3 * newWords * 8);
        wanted.grow(3 * newWords * 8);
        ByteBuffer sets = wanted.bytes();
        for (int i = 3 * words - 1; i >= words; i--) { // the last first: each goes to free room
            int to = i / words * newWords + i % words;
            sets.putLong(to * 8, sets.getLong(i * 8));
            sets.putLong(i * 8, 0);
        }
        words = newWords;
    }

    @Override
    void ask(int fd, int interest) {
        int word = fd / WORD_BITS;
        if (word >= words) {
            grow(Math.max(word + 1, words * 2)); // (a)
        }
        long bit = 1L << fd;
        put(word, bit, (interest & READ) != 0);
        put(words + word, bit, (interest & WRITE) != 0);
        put(2 * words + word, bit, (interest & PRIORITY) != 0);
        if (interest != 0) {
            highest = Math.max(highest, fd);
        } else if (fd == highest) {
            lowerHighest();
        }
    }

    private void put(int word, long bit, boolean on) {
        ByteBuffer sets = wanted.bytes();
        long old = sets.getLong(word * 8);
        sets.putLong(word * 8, on ? old | bit : old & ~bit);
    }

    /** The pipe is always asked for. */
    private void lowerHighest() {
        int word = highest / WORD_BITS;
        while (any(wanted.bytes(), word) == 0) {
            word--;
        }
        highest =
                word * WORD_BITS
                        + WORD_BITS
                        - 1
                        - Long.numberOfLeadingZeros(any(wanted.bytes(), word));
    }

    /** One word of the three sets together. */
    private long any(ByteBuffer sets, int word) {
        return sets.getLong(word * 8)
                | sets.getLong((words + word) * 8)
                | sets.getLong((2 * words + word) * 8);
    }

    @Override
    void forget(int fd) {
        ask(fd, 0);
    }

    @Override
    int await(long timeoutNanos) {
        blocked = timeoutNanos != 0;
        found.bytes().put(0, wanted.bytes(), 0, 3 * words * 8);
        long sets = found.address();
        boolean looksAgain = timeoutNanos != FOREVER || guards();
        return sys.select(
                highest + 1,
                sets,
                sets + words * 8L,
                sets + 2 * words * 8L,
                Deadline.micros(looksAgain ? Math.min(timeoutNanos, LONGEST_NANOS) : FOREVER));
    }

    /** (c): everything but a bad descriptor is the caller's. */
    @Override
    int recover(int rc, ReadyEvents events) {
        if (rc != -errno.EBADF) {
            return rc;
        }
        for (int word = 0; word <= highest / WORD_BITS; word++) {
            for (long left = any(wanted.bytes(), word); left != 0; left &= left - 1) {
                int fd = word * WORD_BITS + Long.numberOfTrailingZeros(left);
                if (fd != pipe.reader() && sys.isOpen(fd) < 0) {
                    report(fd, GONE, events);
                }
            }
        }
        return events.size();
    }

    @Override
    void scan(int rc, ReadyEvents events) {
        boolean doubtful = blocked || countFound() > rc; // (c)
        int pipeWord = pipe.reader() / WORD_BITS;
        long pipeBit = 1L << pipe.reader();
        long pipeFound = found.bytes().getLong(pipeWord * 8);
        if ((pipeFound & pipeBit) != 0) {
            pipe.drain();
            found.bytes().putLong(pipeWord * 8, pipeFound & ~pipeBit);
        }
        int last = highest / WORD_BITS; // before it is lowered by what has fired
        for (int word = 0; word <= last; word++) {
            for (long left = any(found.bytes(), word); left != 0; left &= left - 1) {
                int fd = word * WORD_BITS + Long.numberOfTrailingZeros(left);
                boolean gone = doubtful && sys.isOpen(fd) < 0;
                report(fd, gone ? GONE : toReady(fd), events);
            }
        }
    }

    private int countFound() {
        int bits = 0;
        for (int i = 0; i < 3; i++) {
            for (int word = 0; word <= highest / WORD_BITS; word++) {
                bits += Long.bitCount(found.bytes().getLong((i * words + word) * 8));
            }
        }
        return bits;
    }

    private int toReady(int fd) {
        int word = fd / WORD_BITS;
        long bit = 1L << fd;
        int ready = 0;
        if ((found.bytes().getLong(word * 8) & bit) != 0) {
            ready |= READ;
        }
        if ((found.bytes().getLong((words + word) * 8) & bit) != 0) {
            ready |= WRITE;
        }
        if ((found.bytes().getLong((2 * words + word) * 8) & bit) != 0) {
            ready |= PRIORITY;
        }
        return ready;
    }
}
