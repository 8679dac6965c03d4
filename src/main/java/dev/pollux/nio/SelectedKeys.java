package dev.pollux.nio;

import java.nio.channels.SelectionKey;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The selected-key set: an array, in which each key knows its place. So nothing is hashed, and
 * adding a key allocates nothing. Elements can be removed, but not added, from outside; the order
 * is none, and iterators are fail-fast. Guarded by its own monitor, as far as its users keep to it.
 */
final class SelectedKeys extends AbstractSet<SelectionKey> {
    private PolluxSelectionKey[] keys = new PolluxSelectionKey[64];
    private int size;
    private int modifications;

    /** Adds a key that is not in it. */
    void put(PolluxSelectionKey key) {
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, size * 2);
        }
        modifications++;
        key.selectedAt = size;
        keys[size++] = key;
    }

    /** Removes a key, if it is in it; the last one takes its place. */
    boolean drop(PolluxSelectionKey key) {
        int at = key.selectedAt;
        if (at < 0) {
            return false;
        }
        modifications++;
        PolluxSelectionKey last = keys[--size];
        keys[at] = last;
        last.selectedAt = at;
        keys[size] = null;
        key.selectedAt = PolluxSelectionKey.NOT_SELECTED;
        return true;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean contains(Object object) {
        if (!(object instanceof PolluxSelectionKey)) {
            return false;
        }
        int at = ((PolluxSelectionKey) object).selectedAt;
        return at >= 0 && at < size && keys[at] == object; // not one of another selector
    }

    @Override
    public boolean remove(Object object) {
        return contains(object) && drop((PolluxSelectionKey) object);
    }

    /** As add, which it inherits: also when there is nothing to add. */
    @Override
    public boolean addAll(Collection<? extends SelectionKey> more) {
        throw new UnsupportedOperationException("selected keys are added by a selection only");
    }

    @Override
    public void clear() {
        modifications++;
        for (int i = 0; i < size; i++) {
            keys[i].selectedAt = PolluxSelectionKey.NOT_SELECTED;
            keys[i] = null;
        }
        size = 0;
    }

    @Override
    public Iterator<SelectionKey> iterator() {
        return new Keys();
    }

    /** From the last to the first: what takes the place of a removed one has been seen already. */
    private final class Keys implements Iterator<SelectionKey> {
        private int next = size - 1;
        private PolluxSelectionKey last; // returned and not removed
        private int expected = modifications;

        @Override
        public boolean hasNext() {
            return next >= 0;
        }

        @Override
        public SelectionKey next() {
            requireUnmodified();
            if (next < 0) {
                throw new NoSuchElementException();
            }
            last = keys[next--];
            return last;
        }

        @Override
        public void remove() {
            if (last == null) {
                throw new IllegalStateException("no element to remove: call next() first");
            }
            requireUnmodified();
            drop(last);
            last = null;
            expected = modifications;
        }

        private void requireUnmodified() {
            if (modifications != expected) {
                throw new ConcurrentModificationException();
            }
        }
    }
}
