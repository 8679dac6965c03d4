package dev.pollux;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;

/**
 * Tells a driver when the thread that waits on it is interrupted. The only public way to hear of
 * that is to be a {@code java.nio} selector between its {@code begin} and its {@code end}, so this
 * is one, as far as that goes.
 *
 * <p>The JDK calls {@link #wakeup} in the interrupting thread; JDK 17 does so with a lock held that
 * {@code end} needs too, later ones without it, so that the call may come after the poll has left.
 */
final class Interruption extends AbstractSelector {
    private final Runnable signal;

    Interruption(Runnable signal) {
        super(null);
        this.signal = signal;
    }

    /** From here on an interrupt signals, also one that has come before. */
    void watch() {
        begin();
    }

    void unwatch() {
        end();
    }

    @Override
    public Selector wakeup() {
        signal.run();
        return this;
    }

    @Override
    protected void implCloseSelector() {}

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SelectionKey> keys() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int selectNow() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int select(long timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int select() {
        throw new UnsupportedOperationException();
    }
}
