package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.ReadyEvents;

/**
 * What the last wait has found, and what is to be delivered again: an event after another, of
 * registrations that stand and wait for it. The polling thread's.
 */
final class Delivery {
    /** What is reported, by interest: the interest itself, and what is reported to everybody. */
    private static final int[] REPORTED = new int[8];

    static {
        for (int interest = 0; interest < REPORTED.length; interest++) {
            int writeClosed = (interest & Ready.WRITE) != 0 ? Ready.WRITE_CLOSED : 0;
            REPORTED[interest] = interest | Ready.READ_CLOSED | Ready.ERROR | writeClosed;
        }
    }

    final ReadyEvents events = new ReadyEvents(0); // the driver makes room
    final FailedDeliveries failed = new FailedDeliveries();

    /** What the registration is ready for that {@link #next} or {@link #nextFailed} returned. */
    int ready;

    private final Registrar registrar;
    private final OrphanedRegistrations orphans;
    long wait; // the number of the last one

    Delivery(Driver driver, Registrar registrar) {
        this.registrar = registrar;
        this.orphans = new OrphanedRegistrations(driver, registrar);
    }

    /**
     * Whether there is something to be delivered again in the poll that begins. The rest of it adds
     * nothing to that without ending.
     */
    boolean beginPoll() {
        boolean again = !failed.isEmpty();
        if (again) {
            failed.reserve();
        }
        return again;
    }

    void beginWait() {
        events.clear();
        orphans.remove();
        wait = registrar.beginWait();
    }

    /** Whether there is something that the kernel does not report. */
    boolean hasMore() {
        return events.hasNext() || !failed.isEmpty();
    }

    /**
     * Takes the next event of what the wait has found: its registration; null if none is left.
     *
     * @param again whether there is something to be delivered again
     */
    FdKey next(boolean again) {
        while (events.hasNext()) {
            int i = events.next();
            long token = events.token(i);
            int bits = events.bits(i);
            FdKey key = registrar.find(token);
            if (key == null || (bits & ~reported(key)) != 0 || key.isDisarmed()) {
                // The kernel may know already what another thread is still to put down here: a
                // register, or a modify to this interest. After the lock it has.
                synchronized (registrar.lock) {
                    key = registrar.find(token);
                    if (key != null && bits == Driver.GONE) {
                        registrar.drop(key);
                    } else if (key != null && key.isDisarmed()) {
                        continue; // a hang-up of one that went through a rebuild
                    }
                }
                if (key == null) {
                    orphans.seen(token, wait);
                    continue;
                }
                if (bits == Driver.GONE) {
                    observeGone(key);
                }
                bits = bits == Driver.GONE ? bits : bits & reported(key);
            }
            if (bits != 0) { // otherwise a change in between, undone already: nothing has fired
                key.firedAt = wait;
                if (again) {
                    int earlier = failed.take(key) & reported(key); // of what is of interest now
                    bits = bits == Driver.GONE ? bits : bits | earlier;
                }
                ready = bits;
                return key;
            }
        }
        return null;
    }

    private void observeGone(FdKey key) {
        try {
            registrar.observers.refused(key, null);
        } catch (Throwable e) { // no memory, no stack, a log that throws
            failed.take(key); // the kernel's last word takes the place of an earlier event
            failed.add(key, Driver.GONE);
            throw e;
        }
    }

    /** Takes the next one that is to be delivered again: its registration; null if none is left. */
    FdKey nextFailed() {
        while (!failed.isEmpty()) {
            FdKey key = failed.first();
            int bits = due(key, failed.takeFirst());
            if (bits != 0) {
                ready = bits;
                return key;
            }
        }
        return null;
    }

    /** What is still to be delivered of an event that was taken before; 0: nothing. */
    static int due(FdKey key, int bits) {
        if (!FailedDeliveries.isDue(key, bits)) {
            return 0;
        }
        return bits == Driver.GONE ? bits : bits & reported(key);
    }

    /** In the words of users. */
    static Ready words(int bits) {
        return Ready.of(bits == Driver.GONE ? Ready.ERROR : bits);
    }

    private static int reported(FdKey key) {
        return REPORTED[FdKey.interestBits(key.want())];
    }
}
