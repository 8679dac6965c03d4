package dev.pollux.driver;

import static dev.pollux.driver.Driver.EDGE;
import static dev.pollux.driver.Driver.ONESHOT;
import static dev.pollux.driver.Driver.READ;
import static dev.pollux.driver.Driver.WRITE;

import java.util.Arrays;

/**
 * What is registered with a kqueue: beside what every driver knows, which filters the kernel
 * refused, and which registrations may have been armed during a wait. A registration whose write
 * filter was refused is <em>broken</em>: its reader is gone, and it is ready for ever. One is
 * <em>guarded</em> that has a read filter which nobody asked for, see {@link KnoteChanges}. {@link
 * KqueueControl} writes this, under its lock; all reading is under that lock too, except where
 * said.
 */
final class KqueueRegistrations extends DescriptorTable {
    private volatile long waits; // how many have begun; only the polling thread writes it

    /** By descriptor. */
    private long[] armedIn = {}; // the wait that may have been under way when it was armed last

    private byte[] refused = {}; // filters, by their interest bits
    private volatile boolean guards; // one is guarded, or was

    private volatile int[] places = {}; // by descriptor; the polling thread's, see places()

    private int[] broken = new int[8];
    private volatile int brokenCount;

    @Override
    void reserve(int fd) {
        super.reserve(fd);
        if (armedIn.length < end()) {
            refused = Arrays.copyOf(refused, end());
            places = new int[end()];
            armedIn = Arrays.copyOf(armedIn, end());
        }
        if (broken.length <= count()) {
            broken = Arrays.copyOf(broken, count() * 2); // each is there once
        }
    }

    /**
     * What the polling thread keeps of a batch, by descriptor: room for all that was registered by
     * now. Without the lock.
     */
    int[] places() {
        return places;
    }

    /** The polling thread is about to wait. Without the lock. */
    void beginWait() {
        waits = waits + 1;
    }

    /** Registers what {@code kind} has looked at; there is room. */
    void registerArmed(int fd, long token, FileKind kind, int interest, int trigger) {
        register(fd, token, kind);
        setArmed(fd, interest, trigger);
    }

    /** The filters by which an interest is watched: a nameless pipe has a guard. */
    int filters(boolean nameless, int interest) {
        if (!nameless || (interest & (READ | WRITE)) != WRITE) {
            return interest;
        }
        guards = true; // before the kernel has it
        return interest | READ;
    }

    /** The filters by which an interest is watched in what is registered. */
    int filters(int fd, int interest) {
        return filters(isNamelessPipe(fd), interest);
    }

    /** Whether it is registered and has a read filter that nobody asked for. */
    boolean isGuarded(int fd) {
        return isRegistered(fd) && filters(fd, interest(fd)) != interest(fd);
    }

    /** Whether there has been any that is guarded, or is about to be. Also without the lock. */
    boolean hasGuards() {
        return guards;
    }

    /** After the kernel's answer: a wait that was under way then has begun by now. */
    void setArmed(int fd, int interest, int trigger) {
        want(fd, interest, trigger);
        armedIn[fd] = waits;
        refused[fd] = 0;
        removeBroken(fd);
    }

    /** Whether the last wait may have been under way when it was armed. */
    boolean isArmedInWait(int fd) {
        return armedIn[fd] == waits;
    }

    /** The filters that the kernel has, if the descriptor is what it was. */
    int present(int fd) {
        return filters(fd, interest(fd)) & ~refused[fd];
    }

    boolean isOneShot(int fd) {
        return (trigger(fd) & ONESHOT) != 0;
    }

    /** Whether it is registered, with EDGE. */
    boolean isEdge(int fd) {
        return isRegistered(fd) && (trigger(fd) & EDGE) != 0;
    }

    /** The kernel has refused these filters; whether that breaks the registration. */
    boolean setRefused(int fd, int filters) {
        int fresh = filters & ~refused[fd];
        refused[fd] |= (byte) filters;
        if ((fresh & WRITE) == 0 || isGuarded(fd) && (present(fd) & READ) != 0) {
            return false; // or the guard is there, which is ready for ever
        }
        broken[brokenCount] = fd;
        brokenCount++; // under the lock
        return true;
    }

    /** How many are broken. Also without the lock. */
    int brokenCount() {
        return brokenCount;
    }

    int broken(int index) {
        return broken[index];
    }

    /** The last one takes its place. */
    void removeBroken(int fd) {
        for (int i = 0; i < brokenCount; i++) {
            if (broken[i] == fd) {
                broken[i] = broken[brokenCount - 1];
                brokenCount--;
                return;
            }
        }
    }

    @Override
    void remove(int fd) {
        super.remove(fd);
        removeBroken(fd);
    }
}
