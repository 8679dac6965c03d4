package dev.pollux;

import dev.pollux.Wait.Awaited;
import java.io.UncheckedIOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The waits of an {@link Await}, and its thread. A descriptor that somebody waits for is registered
 * once, with {@link Trigger#ONESHOT} and all that is waited for. Who ends a wait takes it out of
 * the list under the lock, and completes it without: what depends on it is foreign code.
 *
 * <p>What was reported is unregistered after the batch, when all are on their way, and not if it is
 * waited for again by then.
 */
final class Waits implements Runnable, ReadyHandler {
    private static final int ALL = Ready.READ | Ready.WRITE | Ready.PRIORITY;

    static {
        // Loads now what is needed only later: a process without a free descriptor could not.
        List.of(Wait.class, Awaited.class, Fd.class);
    }

    private final FdSelector selector;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock(); // no monitor: virtual threads take it

    // Guarded by lock:
    private Awaited[] byDescriptor = new Awaited[64];
    private Awaited idle; // reported, and no wait is left: the list
    private boolean closed;

    private Waits(FdSelector selector) {
        this.selector = selector;
        thread = new Thread(null, this, "pollux-await", 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(null); // it may outlive the application that started it
    }

    /** With its thread; if there is none, the selector is closed. */
    static Waits start(FdSelector selector) {
        Waits started = null;
        try {
            var waits = new Waits(selector);
            // Changes are made at once, as for a selector that is nested: what the kernel refuses,
            // since the number is another's by now, is for the wait that comes, not for a poll.
            selector.loop.nest();
            waits.thread.start();
            started = waits;
            return started;
        } finally {
            if (started == null) {
                selector.close(); // no memory
            }
        }
    }

    // ---- any thread

    Wait begin(int fd, Interest interest) throws PolluxException {
        Objects.requireNonNull(interest, "interest");
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException(
                    "await(fd="
                            + fd
                            + "): by the thread that waits for all: nobody would end it; take"
                            + " thenApplyAsync and the like");
        }
        var wait = new Wait(interest.bits());
        Wait lost = null;
        PolluxException why = null;
        lock.lock();
        try {
            if (closed) {
                throw new PolluxException.Closed("await");
            }
            Awaited at = at(fd);
            why = at == null ? null : join(at, wait);
            if (why != null) {
                lost = forget(at);
            }
            if (wait.at == null) {
                register(fd, interest, wait);
            }
            return wait;
        } finally {
            lock.unlock();
            fail(lost, why);
        }
    }

    private Awaited at(int fd) {
        return fd >= 0 && fd < byDescriptor.length ? byDescriptor[fd] : null;
    }

    /** Null, or why what is registered is no more: the number is another's, or nobody's, by now. */
    private PolluxException join(Awaited at, Wait wait) throws PolluxException {
        assert lock.isHeldByCurrentThread();
        boolean joined = false;
        at.add(wait);
        try {
            selector.modify(at.key, Interest.of(at.wanted()));
            joined = true;
            return null;
        } catch (PolluxException.BadDescriptor | PolluxException.NotRegistered e) {
            return e;
        } finally {
            if (!joined) {
                at.remove(wait);
            }
        }
    }

    private void register(int fd, Interest interest, Wait wait) throws PolluxException {
        assert lock.isHeldByCurrentThread();
        var at = new Awaited();
        at.add(wait);
        at.key = selector.register(fd, interest, Trigger.ONESHOT, at);
        if (fd >= byDescriptor.length) {
            byDescriptor = Arrays.copyOf(byDescriptor, Math.max(fd + 1, 2 * byDescriptor.length));
        }
        byDescriptor[fd] = at;
    }

    /** All waits of this, which is registered no more. */
    private Wait forget(Awaited at) throws PolluxException {
        assert lock.isHeldByCurrentThread();
        byDescriptor[at.key.fd()] = null;
        Wait taken = at.take(ALL, null);
        if (at.key.isValid()) {
            selector.unregister(at.key);
        }
        return taken;
    }

    /** Nobody is interested in what this one waits for any more. */
    void end(Wait wait) {
        if (wait.at == null) {
            return; // as the next
        }
        lock.lock();
        try {
            Awaited at = wait.at;
            if (at == null) {
                return; // taken: it was completed by a report, or with all others
            }
            at.remove(wait);
            if (at.isEmpty()) {
                forget(at);
            }
        } catch (PolluxException e) { // close takes all first, and unregister fails by nothing else
            throw new UncheckedIOException(e);
        } finally {
            lock.unlock();
        }
    }

    void closeDescriptor(int fd) throws PolluxException {
        Wait ended = null;
        lock.lock();
        try {
            Awaited at = at(fd);
            if (at != null) {
                ended = forget(at);
            }
            Fd.close(fd);
        } finally {
            lock.unlock();
            fail(ended, new AsynchronousCloseException());
        }
    }

    void close() {
        fail(takeAll(), new PolluxException.Closed("await"));
        selector.close();
        if (thread != Thread.currentThread()) {
            WaitingThread.join(thread);
        }
    }

    /** From now on there are none. */
    private Wait takeAll() {
        lock.lock();
        try {
            closed = true;
            Wait taken = null;
            for (Awaited at : byDescriptor) {
                taken = at == null ? taken : at.take(ALL, taken);
            }
            byDescriptor = new Awaited[0];
            idle = null;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private static void fail(Wait taken, Exception why) {
        for (Wait wait = taken; wait != null; ) {
            Wait next = wait.next;
            wait.next = null;
            wait.completeExceptionally(why);
            wait = next;
        }
    }

    int count() {
        lock.lock();
        try {
            int count = 0;
            for (Awaited at : byDescriptor) {
                count += at == null ? 0 : at.count();
            }
            return count;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return selector + ", " + count() + " waits";
    }

    // ---- the thread

    @Override
    public void run() {
        while (true) {
            try {
                selector.poll(this);
                Thread.interrupted(); // it is nobody's to interrupt, and could not wait any more
                unregisterIdle();
            } catch (PolluxException.Closed e) {
                return;
            } catch (Throwable e) { // the kernel fails the wait, or there is no memory for it
                failed(e);
            }
        }
    }

    @Override
    public void onReady(FdKey key, Ready ready) throws PolluxException {
        var at = (Awaited) key.attachment();
        Wait taken = null;
        lock.lock();
        try {
            if (at(key.fd()) != at) {
                return; // forgotten meanwhile
            }
            if (key.isValid()) {
                taken = reported(at, ready);
                rearm(at);
            } else {
                taken = forget(at);
            }
        } finally {
            lock.unlock();
            complete(taken, ready); // also if the others cannot wait on
        }
    }

    private static void complete(Wait taken, Ready ready) {
        while (taken != null) {
            Wait next = taken.next;
            taken.next = null;
            taken.complete(ready);
            taken = next;
        }
    }

    /** Whom it is for. */
    private static Wait reported(Awaited at, Ready ready) {
        Wait taken = at.take(ready.bits() & ALL, null);
        boolean isNobodys = taken == null && (ready.bits() & ~ALL) != 0;
        return isNobodys ? at.take(ALL, null) : taken; // an error, or an end, is everybody's then
    }

    /** The others wait on. */
    private void rearm(Awaited at) throws PolluxException {
        if (!at.isEmpty()) {
            selector.modify(at.key, Interest.of(at.wanted()));
        } else if (!at.isIdle) {
            at.isIdle = true;
            at.nextIdle = idle;
            idle = at;
        }
    }

    private void unregisterIdle() throws PolluxException {
        lock.lock();
        try {
            while (idle != null) {
                Awaited at = idle;
                idle = at.nextIdle;
                at.isIdle = false;
                at.nextIdle = null;
                if (at.isEmpty() && at(at.key.fd()) == at) {
                    forget(at);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Nobody waits for ever for what this thread cannot do: all fail, and so do those to come. */
    private void failed(Throwable e) {
        var why = new PolluxException("await", -1, 0, "await: its thread has failed: " + e);
        why.initCause(e);
        fail(takeAll(), why);
        selector.close();
    }
}
