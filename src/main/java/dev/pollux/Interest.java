package dev.pollux;

/**
 * What to wait for on a descriptor: {@link #READ}, {@link #WRITE}, {@link #PRIORITY} and their
 * sums. Never empty. There are seven values, each exists once: compare them with {@code ==}.
 *
 * <pre>{@code
 * Interest both = Interest.READ.plus(Interest.WRITE);
 * assert both.minus(Interest.WRITE) == Interest.READ;
 * }</pre>
 *
 * <p>Errors and hang-ups are always reported and cannot be asked for, with the exception of {@link
 * #PRIORITY} alone on select and on OpenBSD; see {@link Ready}. No method allocates.
 */
public final class Interest {
    private static final Interest[] ALL = new Interest[8];

    static {
        for (int bits = 1; bits < ALL.length; bits++) {
            ALL[bits] = new Interest(bits);
        }
    }

    /** To read, accept, or learn that the peer will send no more. */
    public static final Interest READ = ALL[1];

    /** To write, or learn that a connection attempt has ended. */
    public static final Interest WRITE = ALL[2];

    /**
     * Out-of-band data of a stream socket, a change in a file of /proc or /sys, or another
     * condition that {@code POLLPRI} stands for. Not everywhere: ask {@link
     * FdSelector#supports(Interest, Trigger)}. With this alone, select, and kqueue on OpenBSD,
     * report neither errors nor hang-ups: add {@link #READ}.
     */
    public static final Interest PRIORITY = ALL[4];

    private final int bits;

    private Interest(int bits) {
        this.bits = bits;
    }

    static Interest of(int bits) {
        return ALL[bits];
    }

    int bits() {
        return bits;
    }

    /**
     * {@return this and the other}
     *
     * @param other what to wait for, too
     */
    public Interest plus(Interest other) {
        return ALL[bits | other.bits];
    }

    /**
     * {@return this without the other}
     *
     * @param other what not to wait for; need not be part of this
     * @throws IllegalArgumentException if nothing is left: to wait for nothing, {@linkplain
     *     FdSelector#unregister unregister}
     */
    public Interest minus(Interest other) {
        int left = bits & ~other.bits;
        if (left == 0) {
            throw new IllegalArgumentException(
                    this + " minus " + other + " leaves nothing; unregister to wait for nothing");
        }
        return ALL[left];
    }

    /** {@return whether {@link #READ} is part of this} */
    public boolean isRead() {
        return (bits & READ.bits) != 0;
    }

    /** {@return whether {@link #WRITE} is part of this} */
    public boolean isWrite() {
        return (bits & WRITE.bits) != 0;
    }

    /** {@return whether {@link #PRIORITY} is part of this} */
    public boolean isPriority() {
        return (bits & PRIORITY.bits) != 0;
    }

    /** For people: {@code READ|WRITE}. */
    @Override
    public String toString() {
        return Ready.of(bits).toString();
    }
}
