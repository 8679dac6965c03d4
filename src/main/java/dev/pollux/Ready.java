package dev.pollux;

/**
 * What a descriptor was reported ready for. There are 64 values, each exists once; no method
 * allocates.
 *
 * <p>Readiness is a hint: the operation may still find that it would block. No closed or error flag
 * is set without the kernel's word, which may be missing and may change again: see each of them.
 *
 * <p>An error or a hang-up is always reported, also when not asked for, and comes with {@link
 * #isReadable()} and {@link #isWritable()} as far as they are {@linkplain FdKey#interest() of
 * interest}: a handler that reads when readable and writes when writable meets the error in its own
 * call. The exception is select with {@link Interest#PRIORITY} alone, which reports neither.
 *
 * <pre>{@code
 * ReadyHandler echo = (key, ready) -> {
 *     if (ready.isReadable() && !drain(key)) { // false: the end, or an error
 *         selector.unregisterAndClose(key);
 *     }
 * };
 * }</pre>
 */
public final class Ready {
    static final int READ = 1;
    static final int WRITE = 2;
    static final int PRIORITY = 4;
    static final int READ_CLOSED = 8;
    static final int WRITE_CLOSED = 16;
    static final int ERROR = 32;

    private static final String[] NAMES = {
        "READ", "WRITE", "PRIORITY", "READ_CLOSED", "WRITE_CLOSED", "ERROR"
    };
    private static final Ready[] ALL = new Ready[64];

    static {
        for (int bits = 0; bits < ALL.length; bits++) {
            ALL[bits] = new Ready(bits);
        }
    }

    private final int bits;
    private final String text;

    private Ready(int bits) {
        this.bits = bits;
        var names = new StringBuilder();
        for (int i = 0; i < NAMES.length; i++) {
            if ((bits & 1 << i) != 0) {
                names.append(names.length() == 0 ? "" : "|").append(NAMES[i]);
            }
        }
        text = names.toString();
    }

    static Ready of(int bits) {
        return ALL[bits];
    }

    int bits() {
        return bits;
    }

    /**
     * {@return whether a read, or an accept, is worth a try} There is data, a connection, the end,
     * or an error.
     *
     * <table>
     * <caption>Which kernel flags it comes from</caption>
     * <tr><th>epoll</th><td>EPOLLIN, EPOLLRDHUP, EPOLLHUP, EPOLLERR</td></tr>
     * <tr><th>kqueue</th><td>EVFILT_READ; EV_EOF on EVFILT_WRITE with an error</td></tr>
     * <tr><th>poll</th><td>POLLIN, POLLRDHUP, POLLHUP, POLLERR</td></tr>
     * <tr><th>select</th><td>in the read set</td></tr>
     * </table>
     */
    public boolean isReadable() {
        return (bits & READ) != 0;
    }

    /**
     * {@return whether a write is worth a try} There is room, a connection attempt has ended, or an
     * error.
     *
     * <table>
     * <caption>Which kernel flags it comes from</caption>
     * <tr><th>epoll</th><td>EPOLLOUT, EPOLLHUP, EPOLLERR</td></tr>
     * <tr><th>kqueue</th><td>EVFILT_WRITE; EV_EOF on EVFILT_READ with an error</td></tr>
     * <tr><th>poll</th><td>POLLOUT, POLLHUP, POLLERR</td></tr>
     * <tr><th>select</th><td>in the write set</td></tr>
     * </table>
     */
    public boolean isWritable() {
        return (bits & WRITE) != 0;
    }

    /**
     * {@return whether there is out-of-band data, or another exceptional condition} Take
     * out-of-band data, with {@code MSG_OOB}, before reading: a read that goes beyond its place in
     * the stream destroys it.
     *
     * <p>Files of /proc and /sys say by it that they have changed, and some, such as {@code
     * /proc/self/mountinfo}, say so once: see {@link FdSelector#register}.
     *
     * <table>
     * <caption>Which kernel flags it comes from</caption>
     * <tr><th>epoll</th><td>EPOLLPRI</td></tr>
     * <tr><th>kqueue</th><td>EVFILT_EXCEPT (macOS, OpenBSD)</td></tr>
     * <tr><th>poll</th><td>POLLPRI</td></tr>
     * <tr><th>select</th><td>in the except set</td></tr>
     * </table>
     */
    public boolean isPriority() {
        return (bits & PRIORITY) != 0;
    }

    /**
     * {@return whether the peer will send no more} What it has sent may still be waiting to be
     * read: drain first, close when the read says that it was the end. May be missing (always with
     * select), so that only the read itself is proof of the contrary. What Linux calls closed may
     * be open later:
     *
     * <ul>
     *   <li>a FIFO without a writer: another one may open it;
     *   <li>a stream socket that is not connected: register it after the call of {@code connect};
     *   <li>a terminal's other side, which nobody has open (any more);
     *   <li>one's own {@code shutdown(SHUT_RD)}: what a TCP peer sends can be read nevertheless.
     * </ul>
     *
     * <table>
     * <caption>Which kernel flags it comes from</caption>
     * <tr><th>epoll</th><td>EPOLLRDHUP, EPOLLHUP; without EPOLLRDHUP under an EXCLUSIVE trigger</td></tr>
     * <tr><th>kqueue</th><td>EV_EOF on EVFILT_READ or EVFILT_EXCEPT</td></tr>
     * <tr><th>poll</th><td>POLLRDHUP, POLLHUP; on Linux only</td></tr>
     * <tr><th>select</th><td>never</td></tr>
     * </table>
     */
    public boolean isReadClosed() {
        return (bits & READ_CLOSED) != 0;
    }

    /**
     * {@return whether no more can be written} Only reported to who asked for {@link
     * Interest#WRITE}; may be missing (always with select), when the write itself tells. On Linux
     * also of a stream socket that is not connected, and of a terminal whose other side nobody has
     * open, as in {@link #isReadClosed}.
     *
     * <table>
     * <caption>Which kernel flags it comes from</caption>
     * <tr><th>epoll</th><td>EPOLLHUP</td></tr>
     * <tr><th>kqueue</th><td>EV_EOF on EVFILT_WRITE</td></tr>
     * <tr><th>poll</th><td>POLLHUP; on Linux only</td></tr>
     * <tr><th>select</th><td>never</td></tr>
     * </table>
     */
    public boolean isWriteClosed() {
        return (bits & WRITE_CLOSED) != 0;
    }

    /**
     * {@return whether there was an error} The descriptor's next operation reports it; or, when
     * {@link FdKey#isValid()} is false, the descriptor was closed while it was registered. May be
     * missing with select. An error that is none, or that passes:
     *
     * <ul>
     *   <li>What waits in a socket's error queue (transmit timestamps, {@code MSG_ZEROCOPY}, {@code
     *       IP_RECVERR}): the kernel's flags are the same, and no read or write meets it. {@link
     *       Trigger#LEVEL} reports it by every poll, until {@code recvmsg} with {@code
     *       MSG_ERRQUEUE} has emptied the queue; {@link Trigger#EDGE} reports it once.
     *   <li>A FIFO without a reader: another one may open it.
     *   <li>A change in a file of /proc or /sys, as long as {@link Interest#PRIORITY} is not asked
     *       for. To who asks for it, such a change is {@link #isPriority} and no error; neither is
     *       then an error that comes with it and without a hang-up, which the next read meets.
     * </ul>
     *
     * <table>
     * <caption>Which kernel flags it comes from</caption>
     * <tr><th>epoll</th><td>EPOLLERR, not with EPOLLPRI unless with EPOLLHUP; a change of interest
     *     that the kernel refused</td></tr>
     * <tr><th>kqueue</th><td>EV_EOF with fflags; a change of interest that the kernel refused</td></tr>
     * <tr><th>poll</th><td>POLLERR, not with POLLPRI unless with POLLHUP; POLLNVAL</td></tr>
     * <tr><th>select</th><td>a closed descriptor only</td></tr>
     * </table>
     */
    public boolean isError() {
        return (bits & ERROR) != 0;
    }

    /** For people: {@code READ|READ_CLOSED}. */
    @Override
    public String toString() {
        return text;
    }
}
