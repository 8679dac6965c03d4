package dev.pollux;

import dev.pollux.driver.Driver;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.SelectableChannel;

/**
 * One registration of a descriptor with a selector: what {@code register} returns and what a
 * handler is given. All methods may be called by any thread; none blocks, and none but {@code
 * toString} allocates.
 *
 * <pre>{@code
 * FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, connection);
 * selector.modify(key, key.interest().plus(Interest.WRITE));
 * }</pre>
 */
public final class FdKey {
    static final byte REGISTERED = 0;
    static final byte DROPPED = 1; // its descriptor was found closed
    static final byte UNREGISTERED = 2;

    private static final VarHandle WANT;
    private static final VarHandle ATTACHMENT;
    private static final int INTEREST_MASK = 7;
    private static final int TRIGGER_SHIFT = 3;

    /** The trigger's bit, as {@link #want} has it. */
    static final int ONESHOT = Driver.ONESHOT << TRIGGER_SHIFT;

    static {
        try {
            var lookup = MethodHandles.lookup();
            WANT = lookup.findVarHandle(FdKey.class, "want", byte.class);
            ATTACHMENT = lookup.findVarHandle(FdKey.class, "attachment", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final FdSelector selector;
    final int fd;
    final long token; // generation << 32 | slot
    private Object attachment; // any thread's, see ATTACHMENT
    final SelectableChannel channel; // what it was registered by; null: by its number alone
    private byte want; // interest and trigger as last asked for; written by any thread, see WANT

    byte sent; // interest and trigger as the driver has them; guarded by the driver's change lock
    int pendingAt; // place in the list of pending changes, from 1; 0: none; guarded by who may poll

    /**
     * Waits of the selector, by their number: a later one than {@code armedAt} fires what was armed
     * last; that one itself may have fired before.
     */
    long armedAt; // guarded by the driver's change lock

    long firedAt; // the last one that reported it; the polling thread's

    Watched watched; // strict mode's; null: it is off

    boolean priorityAsked; // PollLoop.beforePriority was called; a second call does no harm

    volatile byte state; // REGISTERED, DROPPED or UNREGISTERED; written under the selector's lock

    FdKey(
            FdSelector selector,
            int fd,
            long token,
            int want,
            Object attachment,
            SelectableChannel channel) {
        this.selector = selector;
        this.fd = fd;
        this.token = token;
        this.want = (byte) want;
        this.sent = (byte) want;
        this.attachment = attachment;
        this.channel = channel;
    }

    static int want(Interest interest, Trigger trigger) {
        return interest.bits() | trigger.bits() << TRIGGER_SHIFT;
    }

    static int interestBits(int want) {
        return want & INTEREST_MASK;
    }

    static int triggerBits(int want) {
        return want >>> TRIGGER_SHIFT;
    }

    int want() {
        return (byte) WANT.getAcquire(this);
    }

    void want(int value) {
        WANT.setRelease(this, (byte) value);
    }

    /**
     * Whether it has fired and was not armed since: true only if that is certain. When it was armed
     * during the very wait that fired it, nobody knows which came first.
     */
    boolean isDisarmed() {
        return (sent & ONESHOT) != 0 && firedAt > armedAt;
    }

    int slot() {
        return (int) token;
    }

    /** {@return the descriptor} */
    public int fd() {
        return fd;
    }

    /** {@return what the registration waits for, as last asked for} */
    public Interest interest() {
        return Interest.of(interestBits(want()));
    }

    /** {@return how often it is reported, as last asked for} */
    public Trigger trigger() {
        return Trigger.of(triggerBits(want()));
    }

    /** {@return what was given to {@code register}, or to {@link #attach} last} May be null. */
    public Object attachment() {
        return (Object) ATTACHMENT.getAcquire(this);
    }

    /**
     * Attaches another object: what a handler is to find from now on, such as the next state of a
     * protocol. Neither the interest nor what is pending changes, the kernel is not asked, and a
     * poll that waits is not woken. Also for a key that is not valid any more.
     *
     * <p>Of several calls each returns what the one before has attached. A handler that is called
     * after this has returned finds the new one, in the same batch too; one that runs meanwhile, in
     * another thread, finds the old one or the new one, and of the new one all that was written to
     * it before.
     *
     * <pre>{@code
     * FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, greeting);
     * ReadyHandler before = (ReadyHandler) key.attach(encrypted); // after STARTTLS
     * }</pre>
     *
     * @param attachment may be null
     * @return what was attached until now; may be null
     */
    public Object attach(Object attachment) {
        return (Object) ATTACHMENT.getAndSet(this, attachment);
    }

    /** {@return the selector that this is, or was, registered with} */
    public FdSelector selector() {
        return selector;
    }

    /**
     * {@return whether the registration stands} It was not unregistered, its selector is open, and
     * its descriptor was not found to be closed.
     */
    public boolean isValid() {
        return state == REGISTERED;
    }

    /** For people: {@code FdKey[fd=7, READ|WRITE, EDGE]}. */
    @Override
    public String toString() {
        String end = isValid() ? "]" : ", invalid]";
        return "FdKey[fd=" + fd + ", " + interest() + ", " + trigger() + end;
    }
}
