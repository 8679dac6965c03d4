/*
 * One connection of the framed server, see FramedServer; not an example of its own.
 *
 *     readHeader -> readBody -> process -> write -+
 *       |    ^                                    |
 *       v    +------------------------------------+
 *      drop        the end, or something malformed, from any of them
 *
 * A state says what the next byte is, or what has to happen first; how many bytes a read brings does
 * not matter to it. So requests may come in one piece or byte by byte. The state is what is attached
 * to the key (FdKey.attach), so that it is what the loop finds there and calls.
 *
 *   (a) Memory is bounded: one buffer of what was read, one body, one reply, one buffer of what is
 *       to be sent. A reply goes into that as far as there is room; while it is stuck, nothing is
 *       read. So a peer that asks and does not listen is stopped by TCP.
 *   (b) EDGE does not report again what is left: it stays remembered until a read or a write finds
 *       that it is so no more. LEVEL does, at every poll, so there nobody may wait for what he
 *       cannot use.
 *   (c) A turn ends after BUDGET bytes, and the connection gets in line for another one.
 *   (d) Nothing leaves turn(): what the peer did wrong is logged, and ends this connection alone.
 *   (e) A connection that is closed while something is unread is reset, and takes replies with it
 *       that are still under way. So after something malformed what follows is read, and dropped.
 */

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sockets.Peer;

/** Used by the server's thread only. */
final class FramedConnection {
    /** What is to be done in a state; false if that cannot be done now. */
    private interface Step {
        boolean run();
    }

    /** A state, attached to the key. */
    private final class State implements ReadyHandler {
        private final Step step;

        State(Step step) {
            this.step = step;
        }

        @Override
        public void onReady(FdKey key, Ready ready) {
            reported(ready);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger("framed");

    private static final int DIGITS = 5;
    private static final int BUFFER = 16 * 1024;
    private static final int BUDGET = 64 * 1024;
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    private final FramedServer server;
    private final boolean edge;
    private final FdKey key;
    private final long number;

    private final State readHeader = new State(this::readHeader);
    private final State readBody = new State(this::readBody);
    private final State process = new State(this::process);
    private final State write = new State(this::writeReply);
    private final State drop = new State(this::drop);
    private final ByteBuffer in = ByteBuffer.allocate(BUFFER).limit(0); // what was read
    private final ByteBuffer header = ByteBuffer.allocate(DIGITS);
    private ByteBuffer body;
    private ByteBuffer reply; // with its header
    private final ByteBuffer out = ByteBuffer.allocate(BUFFER); // unsent up to its position

    // What the kernel has reported, until a read or a write finds that it is so no more.
    private boolean readable;
    private boolean writable = true; // a new connection has room

    private boolean ended; // the end was read
    private boolean inLine;

    FramedConnection(FramedServer server, Peer peer) throws IOException {
        this.server = server;
        edge = server.trigger == Trigger.EDGE;
        key =
                peer.register(
                        server.selector, edge ? BOTH : Interest.READ, server.trigger, readHeader);
        number = ++server.counts.connections;
    }

    private void reported(Ready ready) {
        server.counts.events++;
        readable |= ready.isReadable();
        writable |= ready.isWritable();
        getInLine();
    }

    private void getInLine() {
        if (!inLine) {
            inLine = true;
            server.getInLine(this);
        }
    }

    /** Reads, works and writes by turns, until nothing moves or the budget is used up. */
    void turn() {
        inLine = false;
        try {
            for (int budget = BUDGET; budget > 0; ) {
                int moved = read();
                work();
                moved += write();
                if (moved == 0) {
                    rest();
                    return;
                }
                budget -= moved;
            }
            if (isDone()) {
                close(); // whatever he still sends
            } else {
                server.counts.cutShort++;
                getInLine(); // (c)
            }
        } catch (IOException e) {
            server.counts.resets++;
            LOG.info("connection {}: {}", number, e.getMessage());
            close(); // (d)
        }
    }

    private int read() throws IOException {
        if (!readable || ended || in.hasRemaining()) { // (a)
            return 0;
        }
        int n = Fd.read(key.fd(), in.clear());
        in.flip();
        ended = n < 0;
        readable = edge ? n > 0 : n == in.capacity(); // (b)
        return Math.max(n, 0);
    }

    private int write() throws IOException {
        if (!writable || out.position() == 0) {
            return 0;
        }
        int n = Fd.write(key.fd(), out.flip());
        writable = !out.hasRemaining();
        out.compact();
        return n;
    }

    /** Goes from state to state until bytes are missing, or room. */
    private void work() {
        while (step()) {}
    }

    private boolean step() {
        return state().step.run();
    }

    private State state() {
        return (State) key.attachment();
    }

    private boolean become(State next) {
        key.attach(next);
        return true;
    }

    private boolean readHeader() {
        while (header.hasRemaining()) {
            if (!in.hasRemaining()) {
                return header.position() == 0 && ended
                        ? become(drop) // between two requests: as it should be
                        : needsMore("a header");
            }
            byte digit = in.get();
            header.put(digit);
            if (digit < '0' || digit > '9') {
                return malformed("five digits were expected");
            }
        }
        int length = Integer.parseInt(text(header));
        if (length == 0) {
            return malformed("a body has at least one byte");
        }
        if (length > server.limit) {
            return malformed("a body has at most " + server.limit + " bytes");
        }
        header.clear();
        body = ByteBuffer.allocate(length);
        return become(readBody);
    }

    private boolean readBody() {
        move(in, body);
        return !body.hasRemaining() ? become(process) : needsMore("a body");
    }

    /** Waits for more, unless there will be none. */
    private boolean needsMore(String what) {
        return ended && refuse("the end came in the middle of " + what);
    }

    private boolean malformed(String why) {
        return refuse("malformed header \"" + text(header) + "\": " + why);
    }

    /** This peer gets the replies that he has coming, and no more. */
    private boolean refuse(String why) {
        server.counts.malformed++;
        LOG.warn("connection {}: {}; closing it", number, why);
        return become(drop);
    }

    private boolean process() {
        byte[] result;
        try {
            result = Objects.requireNonNull(server.process.apply(body.array()), "no reply");
        } catch (RuntimeException e) {
            return refuse("the request cannot be processed: " + e.getMessage());
        }
        body = null;
        if (result.length == 0 || result.length > FramedServer.MOST) {
            return refuse("a reply of " + result.length + " bytes has no header");
        }
        String prefix = String.format(Locale.ROOT, "%05d", result.length); // in ASCII everywhere
        reply = ByteBuffer.allocate(DIGITS + result.length);
        reply.put(prefix.getBytes(StandardCharsets.US_ASCII)).put(result).flip();
        server.counts.requests++;
        return become(write);
    }

    private boolean writeReply() {
        move(reply, out);
        return !reply.hasRemaining() && become(readHeader);
    }

    /** What comes when this peer gets no more replies (e). */
    private boolean drop() {
        in.position(in.limit());
        return false;
    }

    /** As much as there is, and as there is room for. */
    private static void move(ByteBuffer from, ByteBuffer to) {
        int n = Math.min(from.remaining(), to.remaining());
        to.put(to.position(), from, from.position(), n).position(to.position() + n);
        from.position(from.position() + n);
    }

    /** What came, on one line of a log, whatever it was. */
    private static String text(ByteBuffer header) {
        var text = new StringBuilder();
        for (int i = 0; i < header.position(); i++) {
            int b = Byte.toUnsignedInt(header.get(i));
            text.append(b >= ' ' && b < 127 ? "" + (char) b : String.format("\\x%02x", b));
        }
        return text.toString();
    }

    private boolean isDone() {
        return state() == drop && out.position() == 0;
    }

    /** Nothing can be done now: the kernel will report it. */
    private void rest() throws IOException {
        if (isDone()) {
            close();
            return;
        }
        if (state() == write) {
            server.counts.stuck++;
        }
        if (!edge && needed() != key.interest()) {
            server.selector.modify(key, needed());
        }
    }

    /** Under LEVEL (b). */
    private Interest needed() {
        if (state() == write || ended) {
            return Interest.WRITE;
        }
        return out.position() > 0 ? BOTH : Interest.READ;
    }

    private void close() {
        server.end(key);
    }
}
