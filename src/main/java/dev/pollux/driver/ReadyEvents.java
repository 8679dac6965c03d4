package dev.pollux.driver;

import java.util.Arrays;

/**
 * The batch of events that a wait found, reused by every poll: filled by a driver, delivered by the
 * facade through a cursor. What is left when a handler throws stays for the next poll. Used by the
 * polling thread only.
 */
public final class ReadyEvents {
    private long[] tokens;
    private int[] bits;
    private int size;
    private int cursor; // of the next event; size when all have been taken

    /** An empty batch with room for so many events. */
    public ReadyEvents(int capacity) {
        tokens = new long[capacity];
        bits = new int[capacity];
    }

    /** How many events fit. */
    public int capacity() {
        return tokens.length;
    }

    /** Makes room for so many events. */
    public void grow(int capacity) {
        long[] moreTokens = Arrays.copyOf(tokens, capacity);
        bits = Arrays.copyOf(bits, capacity);
        tokens = moreTokens; // last: it says how many fit, and there may be no memory for both
    }

    /**
     * The tokens themselves, until it {@linkplain #grow grows}: for loops over many events, which a
     * store and a load of the cursor or the size for each would hold up. Meanwhile these are
     * behind.
     */
    public long[] tokens() {
        return tokens;
    }

    /** The readiness bits themselves, as {@link #tokens}. */
    public int[] bits() {
        return bits;
    }

    /** Appends an event. */
    public void add(long token, int readyBits) {
        tokens[size] = token;
        bits[size++] = readyBits;
    }

    /** Adds readiness to the event at this place. */
    public void merge(int index, int readyBits) {
        bits[index] |= readyBits;
    }

    /** Removes an event; the last one takes its place. */
    public void remove(int index) {
        size--;
        tokens[index] = tokens[size];
        bits[index] = bits[size];
    }

    /** Removes all events. */
    public void clear() {
        size = 0;
        cursor = 0;
    }

    /** How many events have been added. */
    public int size() {
        return size;
    }

    /** So many events have been added, by writing them to the arrays. */
    public void size(int size) {
        this.size = size;
    }

    /** How many events have been taken. */
    public int taken() {
        return cursor;
    }

    /** So many events have been taken, by reading them from the arrays. */
    public void taken(int count) {
        cursor = count;
    }

    /** Whether an event is left. */
    public boolean hasNext() {
        return cursor < size;
    }

    /** The token of the event at this place. */
    public long token(int index) {
        return tokens[index];
    }

    /** The readiness bits of the event at this place. */
    public int bits(int index) {
        return bits[index];
    }
}
