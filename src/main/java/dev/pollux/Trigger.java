package dev.pollux;

/**
 * How often a descriptor that is ready is reported. The trigger belongs to the registration: {@link
 * FdSelector#modify(FdKey, Interest)} keeps it. {@code docs/guide.md} has measurements of when EDGE
 * pays.
 *
 * <table>
 * <caption>Where each trigger works</caption>
 * <tr><th></th><th>epoll</th><th>kqueue</th><th>poll</th><th>select</th></tr>
 * <tr><td>{@link #LEVEL}</td><td>yes</td><td>yes</td><td>yes</td><td>yes</td></tr>
 * <tr><td>{@link #EDGE}</td><td>EPOLLET</td><td>EV_CLEAR</td><td>refused</td><td>refused</td></tr>
 * <tr><td>{@link #ONESHOT}</td><td>EPOLLONESHOT</td><td>EV_DISPATCH</td><td>yes</td><td>yes</td></tr>
 * <tr><td>{@link #LEVEL_EXCLUSIVE}, {@link #EDGE_EXCLUSIVE}</td><td>EPOLLEXCLUSIVE</td>
 *     <td>refused</td><td>refused</td><td>refused</td></tr>
 * </table>
 *
 * <p>Ask {@link FdSelector#supports} before; {@code register} refuses with {@link
 * PolluxException.Unsupported} after.
 *
 * <pre>{@code
 * Trigger trigger = selector.supports(Trigger.EDGE) ? Trigger.EDGE : Trigger.LEVEL;
 * selector.register(fd, Interest.READ, trigger, null);
 * }</pre>
 */
public enum Trigger {
    /** By every poll, as long as the descriptor is ready. */
    LEVEL(0),

    /**
     * Once for each arrival: when data (or room) arrives, also while older data is still unread,
     * but not again for what is left after a partial read. Drain until the operation would block,
     * or remember what is left, or call {@code modify}, which reports a still-ready descriptor
     * again. What is ready when it is registered is reported, too.
     *
     * <p>Of a stream, a read that fills less than the buffer says that it would block now, with two
     * exceptions: the end, reported in the same event by {@link Ready#isReadClosed}, where the next
     * read says so; and out-of-band data, at which a read stops. There, take the urgent byte first,
     * with {@code MSG_OOB}, and then read on: the next read goes past its mark and destroys it.
     */
    EDGE(1),

    /**
     * Once; then the whole registration is disarmed, both directions, hang-ups too, until the next
     * {@code modify}. There is no edge-triggered variant because the two would behave alike.
     *
     * <p>Not for what is reported once, to whoever looks first, on epoll: what comes while it is
     * disarmed is lost with the {@code modify}; see {@link FdSelector#register}.
     */
    ONESHOT(2),

    /**
     * As {@link #LEVEL}, and when several selectors watch the same descriptor (a listening socket)
     * an arrival wakes one or more of them instead of all. With {@link Interest#READ} and {@link
     * Interest#WRITE} only; {@link Ready#isReadClosed} comes later than under the other triggers,
     * with the hang-up.
     */
    LEVEL_EXCLUSIVE(4),

    /** As {@link #EDGE}, with the meaning and the limits of {@link #LEVEL_EXCLUSIVE}. */
    EDGE_EXCLUSIVE(5);

    private static final Trigger[] BY_BITS = new Trigger[6];

    static {
        for (Trigger trigger : values()) {
            BY_BITS[trigger.bits] = trigger;
        }
    }

    private final int bits; // as in Driver: EDGE, ONESHOT, EXCLUSIVE

    Trigger(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }

    static Trigger of(int bits) {
        return BY_BITS[bits];
    }
}
