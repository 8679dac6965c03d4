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

    /** Whether an event is left. */
    public boolean hasNext() {
        return cursor < size;
    }

    /** Takes the next event: its place, for {@link #token} and {@link #bits}. */
    public int next() {
        return cursor++;
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
