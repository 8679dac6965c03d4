/*
 * One connection of the echo server, see EdgeEchoServer; not an example of its own.
 *
 * What edge-triggering asks of a server, and where it is done below:
 *
 *   (a) What is left unread is not reported again: read until the kernel has no more.
 *   (b) A peer that sends without end would keep the thread for itself. So each turn ends after
 *       BUDGET bytes, and who is not through gets in line for another one behind all others.
 *   (c) A peer that does not read: what it does not take is kept, up to BUFFER bytes. Then nothing
 *       more is read from it; that there is something to read stays remembered.
 *   (d) A peer that has sent all, and says so, still gets all of its answer, and then the end.
 *   (e) A read that gets less than it had room for says that there is no more, and saves asking
 *       again. With two exceptions: the end of the stream may lie behind it, reported by the same
 *       event, and a read stops at urgent data. Whoever hears of either reads until nothing comes.
 *   (f) A connection that was reset throws in its next read or write. It ends, and no other does.
 */

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import sockets.Peer;

/** Sends back what it receives. Used by the server's thread only. */
final class EchoConnection {
    /** What counts as drained. */
    enum Drain {
        /** A read that got less than it had room for. */
        SHORT,
        /** A read that got nothing: one system call more for each event, never wrong. */
        EAGAIN,
        /** Any read: the classic mistake. It loses bytes; see for yourself. */
        ONCE
    }

    static final int BUFFER = 64 * 1024;
    static final int BUDGET = 64 * 1024;

    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);
    private static final Interest ALL = BOTH.plus(Interest.PRIORITY); // urgent data: for (e) only

    private final EdgeEchoServer server;
    private final EchoCounters count;
    private final FdKey key;
    private final ByteBuffer unsent; // up to its position

    // What the kernel has reported, until a read or a write finds that it is so no more.
    private boolean readable;
    private boolean writable = true; // a new connection has room
    private boolean noShortcut; // (e)

    private boolean ended; // the end was read
    private boolean inLine; // for a turn

    EchoConnection(EdgeEchoServer server, Peer peer) throws IOException {
        this.server = server;
        this.count = server.count;
        boolean edge = server.trigger == Trigger.EDGE;
        boolean urgent = server.selector.supports(ALL, server.trigger);
        Interest interest = !edge ? Interest.READ : urgent ? ALL : BOTH;
        noShortcut = edge && !urgent;
        key = peer.register(server.selector, interest, server.trigger, this);
        unsent = server.takeBuffer();
    }

    void onReady(Ready ready) {
        readable |= ready.isReadable();
        writable |= ready.isWritable();
        noShortcut |= ready.isReadClosed() || ready.isError() || ready.isPriority();
        getInLine();
    }

    private void getInLine() {
        if (!inLine) {
            inLine = true;
            server.wantsTurn(this);
        }
    }

    /** Reads and writes by turns, until neither is possible or the budget is used up. */
    void turn() {
        inLine = false;
        try {
            for (int budget = BUDGET; budget > 0; ) {
                boolean reads = readable && unsent.hasRemaining();
                if (reads) {
                    budget -= read();
                }
                boolean writes = writable && unsent.position() > 0;
                if (writes) {
                    write();
                }
                if (!reads && !writes) {
                    rest();
                    return;
                }
            }
            count.interruptions++;
            getInLine(); // (b)
        } catch (IOException e) {
            count.resets++;
            close(); // (f)
        }
    }

    private int read() throws IOException {
        int room = unsent.remaining();
        int n = Fd.read(key.fd(), unsent);
        count.read(n);
        if (n < 0) {
            ended = true;
        }
        boolean more = // (a)
                switch (server.drain) {
                    case SHORT -> n == room || n > 0 && noShortcut; // (e)
                    case EAGAIN -> n > 0;
                    case ONCE -> false;
                };
        readable = more;
        return Math.max(n, 0);
    }

    private void write() throws IOException {
        int n = Fd.write(key.fd(), unsent.flip());
        writable = !unsent.hasRemaining();
        unsent.compact(); // (c): moves what is left to the front
        count.written(n, writable);
    }

    /** Nothing can be done now: the kernel will report it. */
    private void rest() throws IOException {
        if (ended && unsent.position() == 0) {
            close(); // (d)
            return;
        }
        if (!unsent.hasRemaining()) {
            count.pauses++;
        }
        if (server.trigger == Trigger.LEVEL) {
            waitForWhatIsMissing();
        }
    }

    /** LEVEL would report at every poll what cannot be used: an end, or data that has no room. */
    private void waitForWhatIsMissing() throws IOException {
        Interest missing;
        if (unsent.position() == 0) {
            missing = Interest.READ;
        } else if (ended || !unsent.hasRemaining()) {
            missing = Interest.WRITE;
        } else {
            missing = BOTH;
        }
        if (missing != key.interest()) {
            server.selector.modify(key, missing);
        }
    }

    void close() {
        try {
            server.selector.unregisterAndClose(key);
        } catch (IOException e) {
            System.err.println("closing " + key + ": " + e.getMessage());
        }
        server.giveBuffer(unsent);
        count.open--;
    }
}
