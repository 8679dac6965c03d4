package dev.pollux.nio;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectionKey;
import java.util.Objects;

/**
 * The key of a channel that is registered with a selector of {@link PolluxSelectorProvider}: a
 * {@link SelectionKey} that has a {@linkplain #trigger(Trigger) trigger} too, so that one
 * registration can be edge-triggered.
 *
 * <pre>{@code
 * Selector selector = new PolluxSelectorProvider().openSelector();
 * SocketChannel channel = server.accept();
 * channel.configureBlocking(false);
 * SelectionKey key = channel.register(selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE);
 * ((PolluxSelectionKey) key).trigger(Trigger.EDGE);
 * }</pre>
 *
 * <p>With {@link Trigger#LEVEL}, which every registration begins with, a key is selected as {@code
 * java.nio} says: by each selection while its channel is ready. With {@link Trigger#EDGE} it is
 * selected once for each arrival, and then:
 *
 * <ul>
 *   <li>Read until {@code read} returns 0 or -1, accept until {@code accept} returns null, write
 *       until {@code write} takes less than it was given. What is left undone is not reported
 *       again.
 *   <li>Whoever has to stop before, or wants another report, sets the interest once more, also to
 *       what it is: {@link #interestOps(int)} arms a key that is not level-triggered, and the next
 *       selection reports what is ready then.
 *   <li>A ready operation stays in {@link #readyOps} as long as the key is in the selected-key set:
 *       remove the key before its channel is served, or use {@link
 *       Selector#select(java.util.function.Consumer)}, or an arrival meanwhile looks like an old
 *       one.
 *   <li>An arrival reports all that is ready then: OP_WRITE comes with each OP_READ while there is
 *       room to write.
 *   <li>READ and WRITE together, for good, is the way to use it: no interest is ever changed. Then
 *       a channel that connects is reported with CONNECT and with WRITE in the same event; finish
 *       the connection first. What arrives before that is reported before that.
 *   <li>An arrival is not lost by an action that throws: its key, and those whose turn did not
 *       come, are re-armed.
 * </ul>
 *
 * <p>All methods may be called by any thread; none blocks. {@link #interestOps(int)} and {@link
 * #trigger(Trigger)} allocate nothing in steady state and take effect with the next selection: the
 * first of a registration by a system call of its own, later ones together with the wait.
 */
public final class PolluxSelectionKey extends AbstractSelectionKey {
    static final int NOT_SELECTED = -1;

    private static final Interest READ_AND_WRITE = Interest.READ.plus(Interest.WRITE);

    private static final VarHandle INTEREST;
    private static final VarHandle READY;

    static {
        try {
            var lookup = MethodHandles.lookup();
            INTEREST = lookup.findVarHandle(PolluxSelectionKey.class, "interest", int.class);
            READY = lookup.findVarHandle(PolluxSelectionKey.class, "ready", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final NioSelector selector;
    private final SelectableChannel channel;
    private final boolean isSocket; // can be connecting
    private final int validOps;
    final int fd;

    private int interest; // operations, as last asked for; any thread's
    private volatile Trigger trigger = Trigger.LEVEL; // as last asked for
    private int ready; // operations; written with the selector held

    boolean isChanged; // and waits for the next selection; guarded by the list of those keys
    int selectedAt = NOT_SELECTED; // the place in the selected-key set, guarded by its monitor

    // What the kernel has; guarded by the selector.
    FdKey fdKey; // null if it has nothing yet
    private int sentOps; // 0: the registration is silent, or there is none
    private Trigger sentTrigger = Trigger.LEVEL;

    /** The socket was seen connected, which ends with its close alone: not to be asked again. */
    private boolean connected;

    PolluxSelectionKey(NioSelector selector, SelectableChannel channel, int fd) {
        this.selector = selector;
        this.channel = channel;
        this.fd = fd;
        isSocket = channel instanceof SocketChannel;
        validOps = channel.validOps();
    }

    // ---- what users ask for

    @Override
    public SelectableChannel channel() {
        return channel;
    }

    @Override
    public Selector selector() {
        return selector;
    }

    @Override
    public int interestOps() {
        requireValid();
        return (int) INTEREST.getVolatile(this);
    }

    /**
     * Sets the interest, from the next selection on. Arms a key again that is not level-triggered,
     * also if the interest is what it was.
     *
     * @throws IllegalArgumentException if the channel does not have such an operation
     * @throws CancelledKeyException if the key is not valid any more
     */
    @Override
    public SelectionKey interestOps(int ops) {
        requireValid();
        requireOps(ops);
        INTEREST.setVolatile(this, ops);
        selector.changed(this); // also if it is what it was: to arm it again
        return this;
    }

    @Override
    public int interestOpsOr(int ops) {
        requireValid();
        requireOps(ops);
        int old = (int) INTEREST.getAndBitwiseOr(this, ops);
        selector.changed(this);
        return old;
    }

    @Override
    public int interestOpsAnd(int ops) {
        requireValid();
        int old = (int) INTEREST.getAndBitwiseAnd(this, ops);
        selector.changed(this);
        return old;
    }

    @Override
    public int readyOps() {
        requireValid();
        return (int) READY.getAcquire(this);
    }

    /**
     * {@return how often this key is selected, as last asked for}
     *
     * @throws CancelledKeyException if the key is not valid any more
     */
    public Trigger trigger() {
        requireValid();
        return trigger;
    }

    /**
     * Sets how often this key is selected, from the next selection on, and arms it again. {@link
     * Trigger#ONESHOT} selects it once, until its interest is set again.
     *
     * @param trigger how often
     * @return this key
     * @throws UnsupportedOperationException if the selector's backend does not have it, as poll and
     *     select do not have {@link Trigger#EDGE}; nothing has changed
     * @throws CancelledKeyException if the key is not valid any more
     */
    public PolluxSelectionKey trigger(Trigger trigger) {
        Objects.requireNonNull(trigger, "trigger");
        requireValid();
        selector.requireSupported(trigger);
        this.trigger = trigger;
        selector.changed(this);
        return this;
    }

    private void requireValid() {
        if (!isValid()) {
            throw new CancelledKeyException();
        }
    }

    private void requireOps(int ops) {
        if ((ops & ~validOps) != 0) {
            throw new IllegalArgumentException(
                    "interestOps(0x"
                            + Integer.toHexString(ops)
                            + "): "
                            + channel
                            + " has only 0x"
                            + Integer.toHexString(validOps));
        }
    }

    // ---- what the kernel is asked, and what it reports; with the selector held

    /** Sends to the kernel what is asked for, if that is not what it knows. */
    void apply(FdSelector fds) throws PolluxException {
        int ops = (int) INTEREST.getVolatile(this);
        Trigger wanted = trigger;
        if (fdKey != null && !fdKey.isValid()) {
            fdKey = null; // its descriptor was closed behind the channel's back, or it was refused
            sentOps = 0;
        }
        if (ops == sentOps && wanted == sentTrigger && wanted == Trigger.LEVEL) {
            return;
        }
        if (ops == 0) {
            silence(fds);
        } else if (fdKey == null) {
            fdKey = fds.register(fd, interestIn(ops), wanted, this);
        } else {
            fds.modify(fdKey, interestIn(ops), wanted);
        }
        sentOps = ops;
        sentTrigger = wanted;
    }

    /**
     * Stays registered, since a channel whose interest is empty mostly gets it back soon: what the
     * kernel reports at most once, and is not listened to, costs one change less than to leave.
     */
    private void silence(FdSelector fds) throws PolluxException {
        if (fdKey == null || sentOps == 0) {
            return;
        }
        if (fds.supports(Interest.PRIORITY, Trigger.ONESHOT)) {
            fds.modify(fdKey, Interest.PRIORITY, Trigger.ONESHOT);
        } else {
            forget(fds);
        }
    }

    /** Takes it out of the kernel's list. */
    void forget(FdSelector fds) throws PolluxException {
        FdKey old = fdKey;
        fdKey = null;
        sentOps = 0;
        if (old != null) {
            fds.unregister(old);
        }
    }

    private static Interest interestIn(int ops) {
        boolean read = (ops & (OP_READ | OP_ACCEPT)) != 0;
        boolean write = (ops & (OP_WRITE | OP_CONNECT)) != 0;
        return read ? write ? READ_AND_WRITE : Interest.READ : Interest.WRITE;
    }

    /** Whether an event is one that nobody has asked for: a hang-up of a silent registration. */
    boolean isSilent() {
        return sentOps == 0;
    }

    /** Whether the kernel reports it again by itself. */
    boolean isLevel() {
        return sentTrigger == Trigger.LEVEL;
    }

    /**
     * The operations that an event makes ready, of those that the kernel was asked for and that are
     * still wanted. An error or a hang-up makes all of them ready, so that the operation meets it.
     */
    int operations(Ready event) {
        int asked = sentOps & (int) INTEREST.getVolatile(this);
        if (event.isError()) {
            return asked;
        }
        int ops = 0;
        if (event.isReadable()) {
            ops |= OP_READ | OP_ACCEPT;
        }
        if (event.isWritable()) {
            ops |= OP_WRITE | OP_CONNECT;
        }
        if (isSocket && !connected) {
            SocketChannel socket = (SocketChannel) channel;
            connected = socket.isConnected();
            if (!connected) {
                if (!socket.isConnectionPending()) {
                    return asked; // neither connected nor connecting, which Linux calls a hang-up
                }
                return asked & (isLevel() ? ops & OP_CONNECT : ops);
            }
        }
        // A channel of another kind that connects (SCTP) says by its interest that it still does.
        return ops & asked & (isSocket ? ~OP_CONNECT : -1);
    }

    /** What is ready, if there is no older readiness to keep. */
    void ready(int ops) {
        READY.setRelease(this, ops);
    }

    /** What is ready besides; whether that is more than before. */
    boolean readyToo(int ops) {
        int old = ready;
        READY.setRelease(this, old | ops);
        return (old | ops) != old;
    }

    @Override
    public String toString() {
        String end =
                isValid()
                        ? ", interestOps="
                                + interest
                                + ", readyOps="
                                + ready
                                + ", trigger="
                                + trigger
                        : ", invalid";
        return "channel=" + channel + ", selector=" + selector + end;
    }
}
