package dev.pollux;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.pollux.driver.Deadline;
import dev.pollux.driver.Driver;
import java.io.IOException;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * Waits until any of many file descriptors is ready.
 *
 * <p>One thread polls; any thread may register, modify, unregister, wake and close at the same
 * time, and what it changes takes effect on a poll that is already blocked. A poll in steady state
 * allocates nothing; it takes no lock of this library's while it waits, and on epoll none at all.
 * The other operations take one for the length of a system call.
 *
 * <p>The descriptor stays the caller's. {@link #unregisterAndClose} is the way to close it that
 * cannot go wrong. A descriptor that is closed while it is registered disappears from epoll and
 * kqueue silently, and is reported once with {@link Ready#isError()} and an invalid key by poll and
 * select; when its number is registered again at once, what is left of the batch may hold an event
 * of the old descriptor, which no library can tell from one of the new owner's.
 *
 * <pre>{@code
 * try (var selector = DefaultSelector.open()) {
 *     selector.register(fd, Interest.READ, Trigger.EDGE, connection);
 *     while (selector.poll(handler) != PollResult.INTERRUPT) { }
 * }
 * }</pre>
 *
 * <p>A virtual thread may poll, and parks while it waits: {@code docs/threads.md}.
 */
public final class FdSelector implements AutoCloseable {
    private final Backend backend;
    private final Driver driver;
    private final Registrar registrar; // the registrations
    final PollLoop loop; // what the polling thread does
    final Changes changes; // what users change, by these two

    /**
     * Opens a selector on this backend.
     *
     * @param backend the kernel interface to stand on
     * @return the selector; close it
     * @throws PolluxException.LimitReached if there is no descriptor or no memory left
     * @throws PolluxException.Unsupported if the backend does not work here
     * @throws IllegalArgumentException if a property of Pollux has a value that it does not know
     */
    public static FdSelector open(Backend backend) throws PolluxException {
        return OpenDriver.selector(backend, Native.calls("open"), StrictMode.ofProperty());
    }

    /** See {@link OpenDriver#selector}. */
    FdSelector(Backend backend, Driver driver, StrictMode strict) {
        this.backend = backend;
        this.driver = driver;
        this.registrar = new Registrar(this, driver);
        var open = new OpenDriver(driver, backend + "/" + driver.sys().binding(), strict);
        this.loop = new PollLoop(driver, open, registrar);
        this.changes = new Changes(backend, driver, registrar, loop);
        open.observe(registrar);
        open.closeWithout(this); // last: if anything fails before, open closes the driver
    }

    /** {@return the kernel interface that this stands on} */
    public Backend backend() {
        return backend;
    }

    /**
     * {@return whether {@link #register} takes this trigger, with {@link Interest#READ} at least}
     *
     * @param trigger how often to report
     */
    public boolean supports(Trigger trigger) {
        return supports(Interest.READ, trigger);
    }

    /**
     * {@return whether {@link #register} takes this interest together with this trigger} {@link
     * Interest#PRIORITY} is not for exclusive triggers, nor for kqueue on FreeBSD, on NetBSD and
     * through libkqueue.
     *
     * @param interest what to wait for
     * @param trigger how often to report
     */
    public boolean supports(Interest interest, Trigger trigger) {
        return driver.supports(interest.bits(), trigger.bits());
    }

    /**
     * A descriptor that is readable when a poll would report something: register it with another
     * selector to nest this one in it, and poll this one with a time-out of 0 when it is ready.
     * Never read, write or close it. {@code docs/nesting.md} has what the outer one must do.
     *
     * @return the descriptor
     * @throws PolluxException.Unsupported on poll and select, which have none, and with libkqueue
     * @throws PolluxException.Closed after close
     */
    public int fd() throws PolluxException {
        return changes.nest();
    }

    /**
     * Registers a descriptor, for polls that come and for one that is blocked already.
     *
     * <p>If the same number is registered but was closed and reused since, the old registration is
     * dropped and its key becomes invalid.
     *
     * <p>What is always ready is refused: files on a disk, directories, /dev/null. Most files of
     * /proc and /sys are taken, and always readable: {@link Interest#PRIORITY} reports their
     * changes. Some report one once, to whoever looks first ({@code /proc/self/mountinfo}, a PSI
     * trigger), and on epoll this and {@code modify} are such a look: read the file once it is
     * registered. {@code docs/descriptors.md} has what each kind reports.
     *
     * @param fd an open descriptor; use it without blocking
     * @param interest what to wait for
     * @param trigger how often to report
     * @param attachment what {@link FdKey#attachment()} will return; may be null
     * @return the registration
     * @throws PolluxException.BadDescriptor if it is not open, or was opened with {@code O_PATH}
     * @throws PolluxException.AlreadyRegistered if it is registered; that registration stays, but
     *     on kqueue an edge-triggered one may be reported once more
     * @throws PolluxException.NotPollable if it is a file on a disk, a directory or the like
     * @throws PolluxException.Unsupported if the backend does not have the trigger, or not together
     *     with {@link Interest#PRIORITY}; see {@link #supports(Interest, Trigger)}; or if selectors
     *     would watch one another in a circle
     * @throws PolluxException.LimitReached if the kernel has no room, for one more selector that
     *     watches others as well
     * @throws PolluxException.Closed after close
     * @throws IllegalArgumentException if it is negative, or a descriptor of this selector's own
     */
    public FdKey register(int fd, Interest interest, Trigger trigger, Object attachment)
            throws PolluxException {
        return changes.register(fd, interest, trigger, attachment);
    }

    /**
     * Registers many descriptors alike: all of them, or none. Where the kernel has an io_uring,
     * this takes fewer system calls than one {@link #register} for each: {@code docs/io_uring.md}.
     *
     * @param fds open descriptors, all different; none is fine
     * @param interest what to wait for
     * @param trigger how often to report
     * @param attachmentOf called for each descriptor before any is registered; may return null
     * @return the registrations, in the order of the descriptors; a list of the caller's own
     * @throws PolluxException as {@link #register}, of the first that is refused: it names the
     *     descriptor, and none of them is registered
     * @throws IllegalArgumentException as there, or if a descriptor is there twice
     */
    public List<FdKey> registerAll(
            int[] fds, Interest interest, Trigger trigger, IntFunction<?> attachmentOf)
            throws PolluxException {
        return changes.registerAll(this, fds, interest, trigger, attachmentOf);
    }

    /**
     * As {@link #modify(FdKey, Interest, Trigger)}; the trigger stays.
     *
     * @param key the registration
     * @param interest what to wait for from now on
     * @throws PolluxException as there
     */
    public void modify(FdKey key, Interest interest) throws PolluxException {
        modify(key, interest, key.trigger());
    }

    /**
     * Changes what a registration waits for, and how often it is reported; the attachment stays.
     * Re-arms {@link Trigger#ONESHOT}; under {@link Trigger#EDGE} a descriptor that is still ready
     * is reported again.
     *
     * <p>While another thread's poll is under way, and once {@link #fd()} was called, this takes
     * effect at once. Otherwise, and in a handler, it is pending: sent together with the next wait,
     * as its net effect: any number of changes to one registration costs one system call, or none
     * if they cancel out. If the kernel refuses it then, because the descriptor was closed
     * meanwhile, the key is invalid, and that poll reports it once with {@link Ready#isError()};
     * but not when its number is registered again first.
     *
     * @param key the registration
     * @param interest what to wait for from now on
     * @param trigger how often to report from now on
     * @throws PolluxException.NotRegistered if the key is not registered here
     * @throws PolluxException.BadDescriptor if its descriptor is found closed at once; the
     *     registration stays as it was
     * @throws PolluxException.Unsupported as {@link #register}; the registration stays as it was
     * @throws PolluxException.LimitReached if the kernel has no room, which happens only from or to
     *     an exclusive trigger; the registration stays as it was, unless the message says otherwise
     * @throws PolluxException.Closed after close
     */
    public void modify(FdKey key, Interest interest, Trigger trigger) throws PolluxException {
        changes.modify(key, interest, trigger);
    }

    /**
     * Ends a registration, and cancels a pending change of it. Once this has returned, no event of
     * it is delivered any more, whoever called; one whose delivery by the polling thread had begun
     * before may still be in its handler.
     *
     * <p>Succeeds also when the descriptor was closed before. See {@link #unregisterAndClose}.
     *
     * @param key the registration
     * @throws PolluxException.NotRegistered if the key is not registered here, or was unregistered
     * @throws PolluxException.Closed after close
     */
    public void unregister(FdKey key) throws PolluxException {
        changes.unregister(key);
    }

    /**
     * Ends a registration, as {@link #unregister}, and then closes what was registered: the channel
     * if {@link ChannelFd#register} registered it, or if it was registered with the channel of this
     * descriptor as its attachment; otherwise the descriptor. (Not for a channel that was
     * registered by its number with another attachment: its own close would hit whoever has the
     * number next.) When the number can be another's the key is invalid, so that no event reaches a
     * new owner.
     *
     * <p>Of several calls, by whatever threads, one closes and the others throw. Nothing is closed
     * when this throws {@code NotRegistered} or {@code Closed}; nor when the key is invalid because
     * its descriptor was found closed, since its number may be another's.
     *
     * @param key the registration
     * @throws PolluxException.NotRegistered if the key is not registered here, or was unregistered
     * @throws PolluxException.Closed after close: the descriptor is still the caller's to close
     * @throws PolluxException as {@link Fd#close}; it is closed all the same
     * @throws IOException from the channel's own close
     */
    public void unregisterAndClose(FdKey key) throws IOException {
        changes.unregisterAndClose(key);
    }

    /**
     * {@return the registrations of this moment, in no order; a copy}
     *
     * @throws PolluxException.Closed after close
     */
    public List<FdKey> keys() throws PolluxException {
        return registrar.keys();
    }

    /**
     * {@return how many registrations there are at this moment} Takes no lock, allocates nothing.
     *
     * @throws PolluxException.Closed after close
     */
    public int size() throws PolluxException {
        registrar.requireOpen("size");
        return registrar.size();
    }

    /** {@return whether nobody has called {@link #close}} Any thread; never blocks. */
    public boolean isOpen() {
        return !registrar.isClosed();
    }

    /**
     * Counts from now on what this selector does, until it is closed; from 0 again if it was
     * counting. Any thread's; a poll that is under way may be counted in part. Allocates nothing.
     *
     * @param times whether time is measured as well: two or four looks at the clock for each wait
     * @throws PolluxException.Closed after close
     */
    public void startCounting(boolean times) throws PolluxException {
        registrar.requireOpen("startCounting");
        loop.startCounting(times);
    }

    /**
     * {@return what this selector has done since {@link #startCounting}} Also after close. Any
     * thread's, also while a poll is blocked; one counter may be an event ahead of the next.
     *
     * @throws IllegalStateException if nobody has asked to count
     */
    public Counters counters() {
        return loop.counters();
    }

    /**
     * What this selector has, and what the kernel says of it now: a line for each registration, for
     * people, explained in {@code docs/diagnostics.md}. They may change from release to release.
     *
     * <p>Any thread may call this, also while a poll is blocked, and in a debugger: it takes no
     * lock. It allocates, and reads files. After close it says so; it throws nothing.
     *
     * @return some lines, without a line break at the end
     */
    public String dump() {
        return Dump.of(backend, driver, registrar, loop);
    }

    /**
     * {@return why it ended} Polls without end. As {@link #poll(long, TimeUnit, ReadyHandler)}.
     *
     * @param handler called by this thread, for one event after another
     * @throws IOException as there
     */
    public PollResult poll(ReadyHandler handler) throws IOException {
        return loop.poll(Driver.FOREVER, Objects.requireNonNull(handler, "handler"));
    }

    /**
     * Waits until a descriptor is ready, the time is over, {@link #wakeup} is called or the thread
     * is interrupted, and gives each event to the handler: at most one of each registration.
     *
     * <p>When a handler throws no event is lost, see {@link ReadyHandler#onReady}; whatever else is
     * thrown here, also an {@link Error}, leaves the selector usable. Allocates nothing once its
     * buffers have grown to the number of events that come at once.
     *
     * @param timeout how long to wait at most; 0 looks once and does not block. Rounded up to what
     *     the kernel counts in, to which Linux adds the thread's timer slack: 50 microseconds, or
     *     0.1 % of a longer wait. Neither signals ({@code EINTR}) nor a stop of the process shorten
     *     or lengthen it. More than 292 years is for ever
     * @param unit of the time-out
     * @param handler called by this thread, for one event after another
     * @return why it ended
     * @throws PolluxException.Closed after close, also when it comes while this waits, or from the
     *     handler
     * @throws PolluxException if the kernel fails the wait itself
     * @throws IOException from the handler
     * @throws IllegalArgumentException if the time-out is negative
     * @throws IllegalStateException if another thread polls, or the handler does
     */
    public PollResult poll(long timeout, TimeUnit unit, ReadyHandler handler) throws IOException {
        return loop.poll(Deadline.nanos(timeout, unit), Objects.requireNonNull(handler, "handler"));
    }

    /**
     * {@return why it ended} As {@link #poll(long, TimeUnit, ReadyHandler)}.
     *
     * @param timeout how long to wait at most
     * @param handler called by this thread, for one event after another
     * @throws IOException as there
     */
    public PollResult poll(Duration timeout, ReadyHandler handler) throws IOException {
        return poll(NANOSECONDS.convert(timeout), NANOSECONDS, handler);
    }

    /**
     * {@return what it has found; close it} Polls without end. As {@link #poll(long, TimeUnit)}.
     *
     * @throws PolluxException as there
     */
    public ReadyBatch poll() throws PolluxException {
        return loop.poll(Driver.FOREVER);
    }

    /**
     * Waits as {@link #poll(long, TimeUnit, ReadyHandler)}, and leaves the events to a loop of the
     * caller's: one after another, each as if a handler was called. Allocates nothing.
     *
     * @param timeout how long to wait at most, as there
     * @param unit of the time-out
     * @return what it has found, and why it ended; close it
     * @throws PolluxException as there, but for a handler's
     * @throws IllegalArgumentException if the time-out is negative
     * @throws IllegalStateException if another thread polls, or a handler does, or the batch of the
     *     poll before was not closed
     */
    public ReadyBatch poll(long timeout, TimeUnit unit) throws PolluxException {
        return loop.poll(Deadline.nanos(timeout, unit));
    }

    /**
     * Ends the current poll, or else the next one, with {@link PollResult#WAKEUP}. Many calls
     * before that count as one. Does nothing after close. Never blocks; costs at most one system
     * call, and none when a wakeup is pending or no thread waits, unless {@link #fd()} was called.
     */
    public void wakeup() {
        loop.wakeup();
        Reference.reachabilityFence(this); // not unreachable in the middle of it
    }

    /**
     * Closes every descriptor and frees all memory of this selector's own, at once; the registered
     * ones stay open, their keys become invalid. A poll that is blocked in another thread throws
     * {@link PolluxException.Closed}, and this waits until it has left; called by a handler, this
     * returns at once, and that poll closes when it leaves. Closing again does nothing, and does
     * not wait.
     *
     * <p>A selector that became unreachable without having been closed is closed by a cleaner after
     * a collection, and logged as a warning with the stack of its opening (see {@link StrictMode}).
     */
    @Override
    public void close() {
        loop.close();
    }

    /** For people: {@code FdSelector[EPOLL/jni, 3 registered]}; jni/libc by {@code pollux.libc}. */
    @Override
    public String toString() {
        return "FdSelector" + registrar.describe(backend);
    }
}
