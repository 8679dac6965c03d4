package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.StrictReport.Kind;
import dev.pollux.support.Capability;
import dev.pollux.support.Crew;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Everything at once, from several threads, under a running poll. The ledgers prove that nothing is
 * lost and nothing comes that must not. Bounded by counts; a time limit only ends what hangs. A
 * selector is closed where all has gone well only: one that is locked up would not close.
 */
@PlantsFaults(Kind.CLOSED)
class ConcurrencyStressTest {
    private static final int THREADS = 3;
    private static final int REGISTRATIONS = 400; // each thread's
    private static final int MODIFIES = 600; // each thread's
    private static final int WAKEUPS = 1_000; // each thread's
    private static final int SELECTORS = 30;

    /** What was reported of one registration, and when it ended. The attachment of its key. */
    private static final class Ledger {
        final AtomicInteger reported = new AtomicInteger();
        volatile int lastReported; // bits
        volatile long endedIn = Long.MAX_VALUE; // the poll under way when unregister had returned
        boolean modifies; // the handler is to modify it, so that the poll has changes in hand
        Interest target; // what both want that modify it; guarded by this
    }

    /** A thread that polls until it is to stop, and enters what is reported in the ledgers. */
    private static final class Poll {
        final FdSelector selector;
        final AtomicLong polls = new AtomicLong();
        final Thread thread;
        volatile boolean over;

        Poll(Crew crew, FdSelector selector, ReadyHandler more) {
            this.selector = selector;
            ReadyHandler handler =
                    (key, ready) -> {
                        var ledger = (Ledger) key.attachment();
                        if (ledger.endedIn < polls.get()) {
                            throw new AssertionError(key + " is reported after its end");
                        }
                        ledger.lastReported = ready.bits();
                        ledger.reported.incrementAndGet();
                        more.onReady(key, ready);
                    };
            thread =
                    crew.start(
                            "poller",
                            () -> {
                                while (!over) {
                                    polls.incrementAndGet(); // before the batch is fetched
                                    selector.poll(handler);
                                    Thread.interrupted();
                                }
                            });
        }

        void end(FdKey key) throws IOException {
            selector.unregister(key);
            ((Ledger) key.attachment()).endedIn = polls.get();
        }

        void stop(Crew crew) {
            over = true;
            selector.wakeup();
            crew.join(thread);
        }
    }

    private static List<Trigger> triggers(FdSelector selector) {
        return List.of(Trigger.LEVEL, Trigger.ONESHOT, Trigger.EDGE).stream()
                .filter(selector::supports)
                .toList();
    }

    /**
     * Each thread opens a pipe, registers it, gets a report, changes it, gets another, ends it and
     * closes it, now in this order and now in that: so the numbers wander between the threads at
     * full speed, while the poll has changes in hand for keys that are ended meanwhile.
     */
    @EveryBackend
    void no_event_of_a_live_registration_is_lost_and_none_comes_after_its_end(Pair pair)
            throws IOException {
        int before = Fds.openCount();
        FdSelector selector = pair.open();
        var crew = new Crew();
        var poll =
                new Poll(
                        crew,
                        selector,
                        (key, ready) -> {
                            if (((Ledger) key.attachment()).modifies) {
                                try {
                                    selector.modify(key, Interest.READ);
                                } catch (PolluxException.NotRegistered e) {
                                    assertFalse(key.isValid());
                                }
                            }
                        });
        var workers = new ArrayList<Thread>();
        for (int i = 0; i < THREADS; i++) {
            var random = new Random(i);
            workers.add(
                    crew.start(
                            "registrar " + i,
                            () -> {
                                for (int n = 0; n < REGISTRATIONS; n++) {
                                    oneLife(crew, poll, random);
                                }
                            }));
        }
        workers.forEach(crew::join);
        poll.stop(crew);
        assertEquals(List.of(), selector.keys());
        selector.close();
        Fds.assertOpenCount(before);
    }

    private static void oneLife(Crew crew, Poll poll, Random random) throws IOException {
        FdSelector selector = poll.selector;
        List<Trigger> triggers = triggers(selector);
        Trigger trigger = triggers.get(random.nextInt(triggers.size()));
        var ledger = new Ledger();
        ledger.modifies = trigger != Trigger.ONESHOT && random.nextBoolean();
        int[] pipe = Fd.pipe();
        boolean readyBefore = random.nextBoolean();
        if (readyBefore) {
            Fds.write(pipe[1], 1);
        }
        boolean late = random.nextInt(4) == 0;
        Interest first = late ? Reported.idle(selector) : Interest.READ;
        FdKey key = register(crew, poll, pipe[0], first, trigger, ledger);
        if (late) {
            selector.modify(key, Interest.READ);
        }
        if (!readyBefore) {
            Fds.write(pipe[1], 1);
        }
        crew.await(key, () -> ledger.reported.get() > 0);
        if (random.nextInt(4) == 0) {
            int reported = ledger.reported.get();
            if (random.nextBoolean()) {
                Fds.drain(pipe[0]);
                selector.modify(key, Interest.READ);
                Fds.write(pipe[1], 1);
            } else {
                selector.modify(key, Interest.READ);
            }
            crew.await(key + " again", () -> ledger.reported.get() > reported);
        }
        if (random.nextInt(8) == 0) {
            Fd.close(pipe[0]); // the wrong way round, which is allowed
            poll.end(key);
        } else {
            poll.end(key);
            Fd.close(pipe[0]);
        }
        Fd.close(pipe[1]);
    }

    /**
     * Where pipes cannot be told apart, a number that was closed and opened again during a change
     * of its key seems registered until whoever closed it has ended that key.
     */
    private static FdKey register(
            Crew crew, Poll poll, int fd, Interest interest, Trigger trigger, Ledger ledger)
            throws IOException {
        if (Capability.DISTINGUISHES_PIPES.isThere()) {
            return poll.selector.register(fd, interest, trigger, ledger);
        }
        var key = new AtomicReference<FdKey>();
        crew.await(
                "number " + fd + " is free",
                () -> {
                    try {
                        key.set(poll.selector.register(fd, interest, trigger, ledger));
                        return true;
                    } catch (PolluxException.AlreadyRegistered e) {
                        return false;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
        return key.get();
    }

    /**
     * The handler and another thread modify the same key in turn, the one remembered, the other at
     * once: the last one counts, and what it waits for is reported.
     */
    @EveryBackend
    void the_last_of_two_threads_modifies_counts(Pair pair) throws IOException {
        FdSelector selector = pair.open();
        var crew = new Crew();
        var poll =
                new Poll(
                        crew,
                        selector,
                        (key, ready) -> {
                            var ledger = (Ledger) key.attachment();
                            synchronized (ledger) {
                                selector.modify(key, ledger.target);
                            }
                        });
        try (var fds = new Fds()) {
            var workers = new ArrayList<Thread>();
            for (Trigger trigger : triggers(selector)) {
                int[] sockets = fds.socketpair();
                Fds.write(sockets[1], 1); // so it is readable and writable for ever
                var ledger = new Ledger();
                ledger.target = Interest.READ;
                FdKey key = selector.register(sockets[0], Interest.READ, trigger, ledger);
                workers.add(
                        crew.start(
                                "modifier " + trigger,
                                () -> {
                                    for (int i = 0; i < MODIFIES; i++) {
                                        Interest next = i % 2 == 0 ? Interest.WRITE : Interest.READ;
                                        synchronized (ledger) {
                                            ledger.target = next;
                                            selector.modify(key, next);
                                        }
                                        crew.await(
                                                key + " for " + next,
                                                () -> (ledger.lastReported & next.bits()) != 0);
                                    }
                                }));
            }
            workers.forEach(crew::join);
            poll.stop(crew);
            selector.close();
        }
    }

    /**
     * Thread.interrupt of older JDKs looks whether the thread blocks before it sets the status, and
     * wakes nobody who begins to block in between. Later ones set the status first.
     */
    private static final boolean JDK_LOSES_INTERRUPTS = Runtime.version().feature() < 22;

    /** A wakeup is used up by one poll that begins to return after it, and never an event. */
    @EveryBackend
    void no_wakeup_and_no_interrupt_is_lost(Pair pair) throws IOException {
        FdSelector selector = pair.open();
        var crew = new Crew();
        var asked = new AtomicLong();
        var served = new AtomicLong();
        var interrupts = new AtomicLong();
        var met = new AtomicLong();
        int all = THREADS * WAKEUPS;
        var poller =
                crew.start(
                        "poller",
                        () -> {
                            while (served.get() < all || met.get() < WAKEUPS) {
                                PollResult result =
                                        selector.poll(
                                                (key, ready) -> {
                                                    throw new AssertionError(key);
                                                });
                                if (result == PollResult.INTERRUPT) {
                                    assertTrue(Thread.interrupted());
                                    met.set(interrupts.get());
                                } else {
                                    assertEquals(PollResult.WAKEUP, result);
                                }
                                served.set(asked.get());
                            }
                        });
        for (int i = 0; i < THREADS; i++) {
            crew.start(
                    "waker " + i,
                    () -> {
                        for (int n = 0; n < WAKEUPS; n++) {
                            long mine = asked.incrementAndGet();
                            selector.wakeup();
                            crew.await("wakeup " + mine, () -> served.get() >= mine);
                        }
                    });
        }
        crew.start(
                "interrupter",
                () -> {
                    for (int n = 0; n < WAKEUPS; n++) {
                        long mine = interrupts.incrementAndGet();
                        poller.interrupt();
                        long repeatAt = System.nanoTime() + 1_000_000_000;
                        crew.await(
                                "interrupt " + mine,
                                () -> {
                                    if (JDK_LOSES_INTERRUPTS && System.nanoTime() > repeatAt) {
                                        poller.interrupt();
                                    }
                                    return met.get() >= mine;
                                });
                    }
                });
        crew.join();
        selector.close();
    }

    /** Whoever holds the changes must not want the lock, and the other way round. */
    @EveryBackend
    void interrupts_registers_and_remembered_modifies_do_not_lock_up(Pair pair) throws IOException {
        FdSelector selector = pair.open();
        var crew = new Crew();
        try (var fds = new Fds()) {
            int[] busy = fds.pipe();
            Fds.write(busy[1], 1);
            var ledger = new Ledger();
            selector.register(busy[0], Interest.READ, Trigger.LEVEL, ledger);
            var poll =
                    new Poll(
                            crew,
                            selector,
                            (key, ready) -> {
                                // a change, so that the next wait has one in hand
                                boolean read = key.interest() == Interest.READ;
                                Interest both = Interest.READ.plus(Interest.WRITE);
                                selector.modify(key, read ? both : Interest.READ);
                                Thread.currentThread().interrupt(); // cleared when poll returns
                            });
            poll.thread.interrupt();
            var workers = new ArrayList<Thread>();
            for (int i = 0; i < 2; i++) {
                int[] mine = fds.pipe();
                workers.add(
                        crew.start(
                                "registrar " + i,
                                () -> {
                                    for (int n = 0; n < 2 * REGISTRATIONS; n++) {
                                        poll.end(
                                                selector.register(
                                                        mine[0],
                                                        Interest.READ,
                                                        Trigger.LEVEL,
                                                        new Ledger()));
                                    }
                                }));
            }
            workers.add(
                    crew.start(
                            "interrupter",
                            () -> {
                                for (int n = 0; n < REGISTRATIONS; n++) {
                                    poll.thread.interrupt();
                                    Thread.yield();
                                }
                            }));
            workers.forEach(crew::join);
            poll.stop(crew);
            selector.close();
        }
    }

    /**
     * Selectors are opened and closed at full speed, each while one thread is blocked in it and
     * others register, modify, wake and interrupt. The numbers that a close frees are taken at once
     * by canaries: what a late call writes to, or closes, would be theirs.
     */
    @EveryBackend
    void close_is_typed_for_all_and_nothing_reaches_a_descriptor_of_somebody_else(Pair pair)
            throws Exception {
        int before = Fds.openCount();
        var random = new Random(1);
        for (int n = 0; n < SELECTORS; n++) {
            var crew = new Crew();
            try (var fds = new Fds()) {
                FdSelector selector = pair.open();
                int[] shared = fds.pipe();
                FdKey key = selector.register(shared[0], Interest.READ, Trigger.LEVEL, null);
                var begun = new AtomicInteger();
                var closed = new AtomicInteger(); // 1 when close has returned
                Thread poller =
                        crew.start(
                                "poller",
                                () -> {
                                    begun.incrementAndGet();
                                    assertThrows(
                                            PolluxException.Closed.class,
                                            () -> {
                                                while (true) {
                                                    selector.poll((k, ready) -> {});
                                                    Thread.interrupted();
                                                }
                                            });
                                });
                crew.start(
                        "waker",
                        () -> {
                            begun.incrementAndGet();
                            for (int after = 0; after < 50; after += closed.get()) {
                                selector.wakeup();
                                poller.interrupt();
                            }
                        });
                int[] mine = fds.pipe();
                crew.start(
                        "registrar",
                        () -> {
                            begun.incrementAndGet();
                            untilClosed(
                                    closed,
                                    () ->
                                            selector.unregister(
                                                    selector.register(
                                                            mine[0],
                                                            Interest.READ,
                                                            Trigger.ONESHOT,
                                                            null)));
                        });
                crew.start(
                        "modifier",
                        () -> {
                            begun.incrementAndGet();
                            var flip = new AtomicInteger();
                            untilClosed(
                                    closed,
                                    () ->
                                            selector.modify(
                                                    key,
                                                    flip.getAndIncrement() % 2 == 0
                                                            ? Reported.idle(selector)
                                                            : Interest.READ));
                        });
                crew.await("all at work", () -> begun.get() == 4);
                for (int spins = random.nextInt(20_000); spins > 0; spins--) {
                    Thread.onSpinWait();
                }
                selector.close();
                var canaries = new ArrayList<int[]>();
                for (int i = 0; i < 4; i++) {
                    canaries.add(fds.socketpair());
                }
                closed.set(1);
                crew.join();
                assertFalse(key.isValid());
                ByteBuffer bytes = ByteBuffer.allocate(8);
                for (int[] canary : canaries) {
                    assertEquals(0, Fd.read(canary[0], bytes), "written to by somebody else");
                    assertEquals(0, Fd.read(canary[1], bytes), "written to by somebody else");
                }
            } // fails if somebody else has closed one of these
        }
        Fds.assertOpenCount(before);
    }

    /** Repeats it until it says that the selector is closed, and then 50 times more. */
    private static void untilClosed(AtomicInteger closed, Crew.Work work) throws Exception {
        for (int after = 0; after < 50; ) {
            try {
                work.run();
                assertEquals(0, after, "it was closed already");
            } catch (PolluxException.Closed e) {
                after += closed.get();
            }
        }
    }

    /** One thread closes what the next one has just opened, with wakeups in between. */
    @EveryBackend
    void many_threads_that_close_leave_nothing(Pair pair) throws Exception {
        int before = Fds.openCount();
        var crew = new Crew();
        for (int i = 0; i < THREADS; i++) {
            crew.start(
                    "opener " + i,
                    () -> {
                        for (int n = 0; n < SELECTORS; n++) {
                            FdSelector selector = pair.open();
                            Thread poller =
                                    crewless(
                                            () ->
                                                    assertThrows(
                                                            PolluxException.Closed.class,
                                                            () -> pollFor(selector)));
                            Thread waker = crewless(selector::wakeup);
                            Thread closer = crewless(selector::close);
                            selector.close();
                            poller.join();
                            waker.join();
                            closer.join();
                            selector.wakeup();
                        }
                    });
        }
        crew.join();
        Fds.assertOpenCount(before);
    }

    private static void pollFor(FdSelector selector) throws IOException {
        while (true) {
            selector.poll((key, ready) -> {});
        }
    }

    private static Thread crewless(Runnable work) {
        var thread = new Thread(work);
        thread.setDaemon(true); // one that is locked up must not keep the JVM
        thread.start();
        return thread;
    }
}
