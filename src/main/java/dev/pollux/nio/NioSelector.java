package dev.pollux.nio;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.PollResult;
import dev.pollux.PolluxException;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.sys.jdk.Carriers;
import dev.pollux.sys.jdk.JdkChannels;
import dev.pollux.sys.jfr.Recorder;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.IllegalSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * {@link Selector}, to the letter of its documentation, over an {@link FdSelector}.
 *
 * <p>Locks, in the order in which they are taken: a channel's own, which the JDK holds while it
 * registers; or this selector, the selected-key set, and then a channel's own or the {@code
 * FdSelector}'s. Registering takes neither of ours, so the two orders cannot meet.
 *
 * <p>A descriptor cannot be closed, and its number not reused, before its key is deregistered here:
 * the JDK puts the close of a registered channel off until then, see {@link JdkChannels#kill}.
 */
final class NioSelector extends AbstractSelector {
    static {
        Carriers.keptByMonitors(); // loaded now, for who has no descriptor left later
    }

    private static final long RETRY_NANOS = 100_000_000;
    private static final int FIRST_CANCELLED = 16;
    private static final int MANY_CANCELLED = 1024; // more is a burst

    private final FdSelector fds;

    private final Set<SelectionKey> keys = ConcurrentHashMap.newKeySet();
    private final Set<SelectionKey> publicKeys = Collections.unmodifiableSet(keys);
    private final SelectedKeys selected = new SelectedKeys();
    private final ChangedKeys changed = new ChangedKeys();

    /** One object, so that a selection makes none. */
    private final ReadyHandler handler = this::onReady;

    // Guarded by this selector. First, those that were cancelled, while they are dealt with.
    private SelectionKey[] cancelled = new SelectionKey[FIRST_CANCELLED];
    private boolean selecting;
    private Consumer<SelectionKey> action; // null in a selection that adds to the selected-key set
    private boolean stirred; // an event that somebody has asked for has come
    private int updated; // what the selection will return
    private Throwable thrown; // by an action of it
    private final Set<PolluxSelectionKey> refused = new HashSet<>(); // by the kernel
    private boolean isGone; // fds was closed
    private PollResult endedBy; // the last wait; null: it threw
    private final SelectRecording.Switch recorded = new SelectRecording.Switch();

    NioSelector(SelectorProvider provider, FdSelector fds) {
        super(provider);
        this.fds = fds;
        Recorder.add(recorded);
    }

    // ---- registering

    /** The channel's lock is held. */
    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
        int fd = JdkChannels.descriptor(channel);
        if (fd < 0) {
            throw new IllegalSelectorException();
        }
        requireOpen();
        var key = new PolluxSelectionKey(this, channel, fd);
        if (attachment != null) {
            key.attach(attachment);
        }
        keys.add(key);
        try {
            key.interestOps(ops);
        } catch (CancelledKeyException e) {
            // By a thread that has seen it in keys(): a cancelled key is what register returns.
        }
        if (!isOpen()) {
            keys.remove(key); // close may have looked before it was there
            key.cancel();
            throw new ClosedSelectorException();
        }
        return key;
    }

    /** The next selection looks at this key. */
    void changed(PolluxSelectionKey key) {
        changed.add(key);
    }

    void requireSupported(Trigger trigger) {
        if (!fds.supports(trigger)) {
            throw new UnsupportedOperationException(
                    "trigger("
                            + trigger
                            + "): "
                            + fds.backend()
                            + " does not have it, epoll and kqueue do; the key keeps the one it has");
        }
    }

    // ---- the key sets

    @Override
    public Set<SelectionKey> keys() {
        requireOpen();
        return publicKeys;
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        requireOpen();
        return selected;
    }

    private void requireOpen() {
        if (!isOpen()) {
            throw new ClosedSelectorException();
        }
    }

    // ---- selecting

    @Override
    public int selectNow() throws IOException {
        return selectHeld(0, null);
    }

    @Override
    public int select() throws IOException {
        return selectHeld(Long.MAX_VALUE, null);
    }

    @Override
    public int select(long timeoutMillis) throws IOException {
        return selectHeld(nanos(timeoutMillis), null);
    }

    @Override
    public int selectNow(Consumer<SelectionKey> action) throws IOException {
        return selectHeld(0, Objects.requireNonNull(action, "action"));
    }

    @Override
    public int select(Consumer<SelectionKey> action) throws IOException {
        return selectHeld(Long.MAX_VALUE, Objects.requireNonNull(action, "action"));
    }

    @Override
    public int select(Consumer<SelectionKey> action, long timeoutMillis) throws IOException {
        Objects.requireNonNull(action, "action");
        return selectHeld(nanos(timeoutMillis), action);
    }

    /** 0 is for ever in java.nio. */
    private static long nanos(long timeoutMillis) {
        if (timeoutMillis < 0) {
            throw new IllegalArgumentException("select(timeout=" + timeoutMillis + "): negative");
        }
        return timeoutMillis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    }

    private int selectHeld(long timeoutNanos, Consumer<SelectionKey> toDo) throws IOException {
        synchronized (this) {
            requireOpen();
            if (selecting) {
                throw new IllegalStateException("select: called by an action of a selection");
            }
            selecting = true;
            action = toDo;
            endedBy = null;
            SelectRecording recording = recorded.now;
            try {
                if (recording != null) {
                    recording.begin();
                }
                synchronized (selected) {
                    return doSelect(timeoutNanos);
                }
            } catch (PolluxException.Closed e) {
                throw closed(e); // by the action: nobody else closes while this is held
            } finally {
                action = null;
                selecting = false;
                if (recording != null) {
                    recording.end(timeoutNanos, keys.size(), updated, endedBy);
                }
            }
        }
    }

    private static ClosedSelectorException closed(PolluxException.Closed e) {
        var closed = new ClosedSelectorException();
        closed.initCause(e);
        return closed;
    }

    private int doSelect(long timeoutNanos) throws IOException {
        deregisterCancelled();
        applyChanges();
        updated = 0;
        Throwable failed = null;
        try {
            await(timeoutNanos);
        } catch (Throwable e) {
            failed = e;
        }
        if (thrown != null) {
            failed = failed == null ? thrown : first(thrown, failed);
            thrown = null;
        }
        try {
            deregisterCancelled();
        } catch (Throwable e) {
            failed = first(failed, e);
        }
        rethrow(failed);
        return updated;
    }

    /**
     * Waits on when it was ended by an event that nobody has asked for, and by turns with trying
     * again what was refused.
     */
    private void await(long timeoutNanos) throws IOException {
        boolean bounded = timeoutNanos != 0 && timeoutNanos != Long.MAX_VALUE;
        long begin = bounded ? System.nanoTime() : 0;
        long left = timeoutNanos;
        stirred = false;
        while (true) {
            long turn = refused.isEmpty() ? left : Math.min(left, RETRY_NANOS);
            PollResult why = poll(turn);
            boolean mayGoOn = why == PollResult.EVENTS || why == PollResult.TIMEOUT && turn < left;
            if (stirred || !mayGoOn) {
                endedBy = why;
                return;
            }
            if (bounded) {
                left = Math.max(0, timeoutNanos - (System.nanoTime() - begin));
            }
            tryRefused();
        }
    }

    /** On JDK 21 to 23 the monitors that a selection holds keep the carrier of a virtual thread. */
    private PollResult poll(long timeoutNanos) throws IOException {
        if (timeoutNanos == 0 || !Carriers.keptByMonitors()) {
            return fds.poll(timeoutNanos, TimeUnit.NANOSECONDS, handler);
        }
        long added = Carriers.beginKeeping();
        try {
            return fds.poll(timeoutNanos, TimeUnit.NANOSECONDS, handler);
        } finally {
            Carriers.endKeeping(added);
        }
    }

    private void onReady(FdKey fdKey, Ready event) {
        var key = (PolluxSelectionKey) fdKey.attachment();
        if (key.isSilent()) {
            return;
        }
        stirred = true;
        int ops = key.operations(event);
        if (ops == 0 || !key.isValid()) {
            return;
        }
        if (action != null) {
            perform(key, ops);
        } else if (key.selectedAt >= 0) {
            if (key.readyToo(ops)) {
                updated++;
            }
        } else {
            key.ready(ops);
            selected.put(key);
            updated++;
        }
    }

    /**
     * What an action throws is thrown when the selection ends. Until then the other keys of it are
     * passed over: the kernel reports them again by itself, or because they are re-armed.
     */
    private void perform(PolluxSelectionKey key, int ops) {
        if (thrown == null) {
            key.ready(ops);
            updated++;
            try {
                action.accept(key);
                requireOpen(); // another thread's close waits, but no more is done
                return;
            } catch (Throwable e) {
                thrown = e;
            }
        }
        if (!key.isLevel()) {
            changed.add(key);
        }
    }

    // ---- telling the kernel

    /**
     * Sends to the kernel what was asked for since the last selection; what only differs in
     * interest travels with the wait.
     */
    private void applyChanges() throws IOException {
        tryRefused();
        Throwable failed = null;
        int count = changed.takeAll();
        for (int i = 0; i < count; i++) {
            PolluxSelectionKey key = changed.take(i);
            try {
                if (!isTaken(key)) {
                    refused.add(key);
                }
            } catch (Throwable e) {
                failed = first(failed, e);
            }
        }
        rethrow(failed);
    }

    /**
     * Keys that the kernel has refused, for want of room mostly, are tried again by each selection,
     * and while it waits. To throw the refusal would stop all the others: whoever calls select
     * takes it for the end of the selector.
     */
    private void tryRefused() {
        if (!refused.isEmpty()) {
            refused.removeIf(this::isTaken);
        }
    }

    /** Whether nothing is left to be done for this key: the kernel knows what is asked for. */
    private boolean isTaken(PolluxSelectionKey key) {
        if (!key.isValid()) {
            return true;
        }
        try {
            key.apply(fds);
            return true;
        } catch (PolluxException e) {
            if (refused.isEmpty()) { // one line for all that are refused at a time
                System.getLogger(NioSelector.class.getPackageName())
                        .log(
                                System.Logger.Level.WARNING,
                                "a channel is not watched until the kernel takes it: {0}",
                                e.getMessage());
            }
            return false;
        }
    }

    // ---- deregistering

    /**
     * Steps 1 and 3 of a selection. Whether there is anything to do is asked without the lock: a
     * cancellation that is on its way may be seen by this look or by the next one.
     */
    private void deregisterCancelled() throws IOException {
        Set<SelectionKey> set = cancelledKeys();
        if (set.isEmpty()) {
            return;
        }
        int count;
        synchronized (set) {
            count = set.size();
            cancelled = set.toArray(cancelled);
            set.clear();
            if (count > MANY_CANCELLED) {
                JdkChannels.shrink(set);
            }
        }
        // Without that lock: below the channel's is taken, and cancel comes with it.
        Throwable failed = null;
        for (int i = 0; i < count; i++) {
            try {
                remove((PolluxSelectionKey) cancelled[i]);
            } catch (Throwable e) {
                failed = first(failed, e);
            }
        }
        if (count > MANY_CANCELLED) {
            cancelled = new SelectionKey[FIRST_CANCELLED];
        } else {
            Arrays.fill(cancelled, 0, count, null);
        }
        rethrow(failed);
    }

    private void remove(PolluxSelectionKey key) throws IOException {
        if (!isGone) {
            key.forget(fds);
        }
        selected.drop(key);
        keys.remove(key);
        SelectableChannel channel = key.channel();
        if (channel.keyFor(this) == key) { // not, if close comes while it is being registered
            deregister(key);
        }
        if (!channel.isOpen() && !channel.isRegistered()) {
            JdkChannels.kill(channel);
        }
    }

    /** What to throw in the end: one key that fails must not keep the others from their turn. */
    private static Throwable first(Throwable first, Throwable next) {
        if (first == null) {
            return next;
        }
        if (next != first) { // the JVM has only one OutOfMemoryError when it is in earnest
            first.addSuppressed(next);
        }
        return first;
    }

    private static void rethrow(Throwable failed) throws IOException {
        if (failed instanceof IOException e) {
            throw e;
        }
        if (failed instanceof RuntimeException e) {
            throw e;
        }
        if (failed instanceof Error e) {
            throw e;
        }
        assert failed == null : failed;
    }

    // ---- ending

    @Override
    public Selector wakeup() {
        fds.wakeup();
        return this;
    }

    /** A selection that is blocked is woken, and this waits until it has left. */
    @Override
    protected void implCloseSelector() throws IOException {
        wakeup();
        synchronized (this) {
            fds.close(); // by an action: when its selection leaves
            isGone = true;
            synchronized (selected) {
                Throwable failed = null;
                for (SelectionKey key : keys) {
                    try {
                        remove((PolluxSelectionKey) key);
                    } catch (Throwable e) {
                        failed = first(failed, e);
                    }
                }
                selected.clear();
                Recorder.remove(recorded);
                rethrow(failed);
            }
        }
    }

    /** For people: {@code NioSelector[FdSelector[EPOLL/jni, 3 registered]]}. */
    @Override
    public String toString() {
        return "NioSelector[" + fds + "]";
    }
}
