package dev.pollux.nio;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The keys whose interest or trigger was set and that the next selection has to look at: a stack
 * through the keys themselves, each at most once. Any thread pushes; the selecting thread takes
 * all.
 */
final class ChangedKeys {
    private static final VarHandle TOP;
    private static final VarHandle BELOW;

    /** Below the undermost, so that a key that is in the stack can be told from one that is not. */
    private static final PolluxSelectionKey BOTTOM = new PolluxSelectionKey();

    static {
        try {
            var lookup = MethodHandles.lookup();
            TOP = lookup.findVarHandle(ChangedKeys.class, "top", PolluxSelectionKey.class);
            BELOW =
                    lookup.findVarHandle(
                            PolluxSelectionKey.class, "below", PolluxSelectionKey.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private PolluxSelectionKey top = BOTTOM;

    /** After the key's new interest has been written; does nothing if it is in already. */
    void push(PolluxSelectionKey key) {
        if (!BELOW.compareAndSet(key, null, BOTTOM)) {
            return; // whoever takes it will see that interest, see next
        }
        PolluxSelectionKey old;
        do {
            old = (PolluxSelectionKey) TOP.getVolatile(this);
            BELOW.setOpaque(key, old);
        } while (!TOP.compareAndSet(this, old, key));
    }

    /** Empties the stack; walk it with {@link #next} until that returns null. */
    PolluxSelectionKey takeAll() {
        if (TOP.getVolatile(this) == BOTTOM) {
            return null;
        }
        PolluxSelectionKey first = (PolluxSelectionKey) TOP.getAndSet(this, BOTTOM);
        return first == BOTTOM ? null : first;
    }

    /**
     * The key below one that was taken; and that one can be pushed again. To be called before its
     * interest is read: then a change that is not read here has found it free to be pushed.
     */
    static PolluxSelectionKey next(PolluxSelectionKey taken) {
        var below = (PolluxSelectionKey) BELOW.getAndSet(taken, null);
        return below == BOTTOM ? null : below;
    }
}
