package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.sys.Errno;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Registers many descriptors in one step: all of them, or none. What the kernel takes together it
 * takes in fewer system calls. Any thread's, as the {@link Registrar}.
 */
final class ManyRegistrations {
    private final FdSelector owner;
    private final Driver driver;
    private final Registrar registrar;
    private final Errno errno;
    private final int[] fds;
    private final Interest interest;
    private final Trigger trigger;
    private final FdKey[] keys;
    private final FdKey[] old; // of the same numbers
    private final int[] results;

    /**
     * @param fds all different; the caller's, not changed
     */
    ManyRegistrations(
            FdSelector owner,
            Driver driver,
            Registrar registrar,
            int[] fds,
            Interest interest,
            Trigger trigger) {
        this.owner = owner;
        this.driver = driver;
        this.registrar = registrar;
        this.errno = driver.sys().errno();
        this.fds = fds;
        this.interest = interest;
        this.trigger = trigger;
        this.keys = new FdKey[fds.length];
        this.old = new FdKey[fds.length];
        this.results = new int[fds.length];
    }

    /** Before anything is registered: each of them may be, and none is there twice. */
    void check() throws PolluxException {
        int[] sorted = fds.clone();
        Arrays.sort(sorted);
        for (int i = 0; i < sorted.length; i++) {
            registrar.requireRegistrable(sorted[i], interest, trigger);
            if (i > 0 && sorted[i] == sorted[i - 1]) {
                throw new IllegalArgumentException(
                        "registerAll: the descriptor " + sorted[i] + " is in the list twice");
            }
        }
    }

    /** Foreign code makes the attachments, before the lock is taken. */
    List<FdKey> add(IntFunction<?> attachmentOf) throws PolluxException {
        Object[] attachments = new Object[fds.length];
        for (int i = 0; i < fds.length; i++) {
            attachments[i] = attachmentOf.apply(fds[i]);
        }
        List<FdKey> all = Arrays.asList(keys); // memory first
        LoopObserver observer = registrar.observers.now;
        synchronized (registrar.lock) {
            registrar.requireOpen("registerAll");
            make(attachments, observer);
            driver.holdChanges();
            try {
                addHeld();
            } finally {
                driver.releaseChanges();
                Reference.reachabilityFence(owner); // or the cleaner closes the driver meanwhile
            }
        }
        if (observer != null) {
            observe(observer);
        }
        return all;
    }

    private void make(Object[] attachments, LoopObserver observer) {
        Registrations registrations = registrar.registrations;
        int want = FdKey.want(interest, trigger);
        for (int i = 0; i < fds.length; i++) {
            long token = registrations.nextToken(i);
            var channel = ChannelFd.of(fds[i], attachments[i], driver.sys());
            keys[i] = new FdKey(owner, fds[i], token, want, attachments[i], channel);
            old[i] = registrations.of(fds[i]);
            registrations.reserve(keys[i]);
            if (observer != null) {
                observer.adding(keys[i]);
            }
        }
    }

    private void addHeld() throws PolluxException {
        long[] tokens = new long[fds.length];
        for (int i = 0; i < fds.length; i++) {
            tokens[i] = keys[i].token;
        }
        Arrays.fill(results, -1); // nothing is registered if something is thrown
        boolean all = false;
        try {
            driver.addAll(fds, interest.bits(), trigger.bits(), tokens, results);
            requireAll();
            all = true;
        } finally {
            if (!all) {
                removeHeld();
            }
        }
        for (FdKey key : keys) {
            key.armedAt = registrar.armedAt();
            registrar.registrations.put(key);
        }
        for (FdKey dropped : old) { // each has its place until all those above have theirs
            if (dropped != null) {
                registrar.drop(dropped); // its descriptor was closed, as a new one was taken
            }
        }
    }

    private void requireAll() throws PolluxException {
        int refused = -1;
        for (int i = 0; i < fds.length; i++) {
            if (results[i] == -errno.EEXIST && old[i] == null) {
                results[i] = registrar.addAgain(keys[i], interest, trigger);
            }
            if (results[i] < 0 && refused < 0) {
                refused = i;
            }
        }
        if (refused >= 0) {
            throw registrar.refused("register", fds[refused], interest, trigger, results[refused]);
        }
    }

    private void removeHeld() {
        for (int i = 0; i < fds.length; i++) {
            if (results[i] >= 0) {
                driver.remove(fds[i], keys[i].token);
            }
        }
    }

    /** A log that throws: the caller gets no keys to unregister. */
    private void observe(LoopObserver observer) throws PolluxException {
        boolean observed = false;
        try {
            for (int i = 0; i < keys.length; i++) {
                observer.added(keys[i], old[i]);
            }
            observed = true;
        } finally {
            for (int i = 0; i < keys.length && !observed; i++) {
                registrar.remove(keys[i]);
            }
        }
    }
}
