package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.ReadyEvents;
import java.io.IOException;

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

    /** What the registration is ready for that was taken last. */
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
     * Gives what the wait has found to a handler.
     *
     * @param again whether there is something to be delivered again
     * @return whether the handler was called
     */
    boolean deliver(ReadyHandler handler, boolean again) throws IOException {
        long[] tokens = events.tokens();
        int[] bits = events.bits();
        int size = events.size();
        int taken = events.taken();
        boolean any = false;
        try {
            while (taken < size) {
                FdKey key = take(tokens[taken], bits[taken], again);
                taken++; // after it: what throws before that is still to be taken
                if (key != null) {
                    any = true;
                    deliver(key, ready, handler);
                }
            }
        } finally {
            events.taken(taken); // once, and not for each: see tokens()
        }
        return any;
    }

    /** As {@link #deliver}, and then what is to be delivered again. */
    boolean deliverAll(ReadyHandler handler, boolean again) throws IOException {
        boolean any = deliver(handler, again);
        for (FdKey key; again && (key = nextFailed()) != null; any = true) {
            deliver(key, ready, handler);
        }
        return any;
    }

    private void deliver(FdKey key, int ready, ReadyHandler handler) throws IOException {
        try {
            handler.onReady(key, words(ready));
        } catch (Throwable e) {
            failed.add(key, ready);
            throw e;
        }
        registrar.requireOpen("poll");
    }

    /**
     * Takes the next event of what the wait has found: its registration; null if none is left.
     *
     * @param again whether there is something to be delivered again
     */
    FdKey next(boolean again) {
        FdKey key = null;
        while (key == null && events.hasNext()) {
            int at = events.taken();
            key = take(events.token(at), events.bits(at), again);
            events.taken(at + 1);
        }
        return key;
    }

    /** The registration of an event, ready for {@link #ready}; null: nothing is to be delivered. */
    private FdKey take(long token, int bits, boolean again) {
        FdKey key = registrar.find(token);
        int found = bits;
        if (key == null || !isPlain(bits, key.want())) {
            key = lookCloser(key, token, bits);
            if (key == null) {
                return null;
            }
            found = bits == Driver.GONE ? bits : bits & reported(key);
            if (found == 0) { // a change in between, undone already: nothing has fired
                return null;
            }
        }
        key.firedAt = wait;
        if (again) {
            int earlier = failed.take(key) & reported(key); // of what is of interest now
            found = found == Driver.GONE ? found : found | earlier;
        }
        ready = found;
        return key;
    }

    /**
     * Whether it is what the registration waits for, of one that is not disarmed by its report:
     * then there is nothing to look closer at. Where a modify from ONESHOT is pending, a hang-up
     * may be of the time before, but that is never this.
     */
    private static boolean isPlain(int bits, int want) {
        int other = bits & ~FdKey.interestBits(want) | want & FdKey.ONESHOT;
        return other == 0 && bits != 0;
    }

    /** The registration that is to get some of this event; null: nobody is. */
    private FdKey lookCloser(FdKey found, long token, int bits) {
        FdKey key = found;
        if (key == null || (bits & ~reported(key)) != 0 || key.isDisarmed()) {
            // The kernel may know already what another thread is still to put down here: a
            // register, or a modify to this interest. After the lock it has.
            synchronized (registrar.lock) {
                key = registrar.find(token);
                if (key != null && bits == Driver.GONE) {
                    registrar.drop(key);
                } else if (key != null && key.isDisarmed()) {
                    return null; // a hang-up of one that went through a rebuild
                }
            }
            if (key == null) { // GONE too: a register has dropped it, as if it had come before the
                // poll
                orphans.seen(token, wait);
            } else if (bits == Driver.GONE) {
                observeGone(key);
            }
        }
        return key;
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
