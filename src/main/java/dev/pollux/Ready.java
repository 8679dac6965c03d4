package dev.pollux;

/**
 * What a descriptor was reported ready for. There are 64 values, each exists once; no method
 * allocates.
 *
 * <p>Readiness is a hint: the operation may still find that it would block. Where a flag may be
 * missing, that is said; no closed or error flag is set without the kernel's word. (Linux hangs up
 * also a stream socket that is not connected yet, and a terminal that nobody has open: both can
 * change.)
 *
 * <p>An error or a hang-up is always reported, also when not asked for, and comes with {@link
 * #isReadable()} and {@link #isWritable()} as far as they are {@linkplain FdKey#interest() of
 * interest}: a handler that reads when readable and writes when writable meets the error in its own
 * call.
 *
 * <pre>{@code
 * ReadyHandler echo = (key, ready) -> {
 *     if (ready.isReadable()) drain(key);
 *     if (ready.isError()) selector.unregister(key);
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
     * {@return whether there is out-of-band data, or another exceptional condition}
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
     * read: drain first, close when the read says that it was the end. Never false; may be missing
     * (always with select), so that only the read itself is proof of the contrary.
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
     * Interest#WRITE}; never false; may be missing (always with select), when the write itself
     * shows it.
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
     * {@link FdKey#isValid()} is false, the descriptor was closed while it was registered. Never
     * false; may be missing with select.
     *
     * <table>
     * <caption>Which kernel flags it comes from</caption>
     * <tr><th>epoll</th><td>EPOLLERR; a change of interest that the kernel refused</td></tr>
     * <tr><th>kqueue</th><td>EV_EOF with fflags; a change of interest that the kernel refused</td></tr>
     * <tr><th>poll</th><td>POLLERR, POLLNVAL</td></tr>
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
