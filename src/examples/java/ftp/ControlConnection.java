package ftp;

import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * The control connection of a server's session or of a client: lines in, lines out.
 *
 * <p>It is level-triggered, and waits for what it can use: for READ while there is room for more
 * lines, for WRITE while something is left to send. A peer that sends a thousand commands at once,
 * or that never reads an answer, is not read from for as long; if there is nothing to wait for, it
 * is not registered at all, since a hang-up is reported to everybody, by every poll.
 */
final class ControlConnection extends Watched {
    /** Who the lines are for. */
    interface Owner {
        /** Whether it can take a line now; if not, it calls {@link #proceed} later. */
        boolean takesLines();

        void onLine(String line) throws IOException;

        /** A line has come, and may have to wait behind others. */
        default void onArrival(String line) {}

        void onTooLongLine();

        /** The peer sends no more; lines may still be waiting. */
        void onEnd();

        /** It is closed. The reason is null if it was asked for, or the peer's end. */
        void onClosed(Exception reason);
    }

    private static final int READ_SIZE = 1024; // as much is read at a time
    private static final int MAX_WAITING = 8 * 1024; // bytes of lines: then nothing more is read
    private static final int LINE_COST = 64; // bytes: an empty one needs memory, too
    private static final int MAX_UNSENT = 16 * 1024; // bytes: then no more lines are taken
    private static final int SEND_BUFFER = 64 * 1024; // bytes: the kernel's
    private static final int LINES_A_TURN = 16;
    private static final int MAX_SKIPPED = 1 << 20;

    /** Stands for a line that is too long, so that its answer keeps its place; no other is this. */
    private static final String TOO_LONG = new String("(too long)");

    final SocketChannel channel;
    private final Owner owner;
    private final LineReader reader;
    private final ArrayDeque<String> waiting = new ArrayDeque<>();
    private int waitingSize; // what they cost
    private ByteBuffer unsent = ByteBuffer.allocate(512); // up to its position
    private boolean ended;
    private boolean closing; // when all is sent
    private boolean closed;

    /** The channel is connected. */
    ControlConnection(Loop loop, SocketChannel channel, int maxLine, Owner owner)
            throws IOException {
        super(loop);
        this.channel = channel;
        this.owner = owner;
        this.reader = new LineReader(maxLine);
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        // Otherwise the DM of IAC DM is missing from the stream, and a lonely IAC eats what
        // follows.
        channel.socket().setOOBInline(true);
        watch(channel, Interest.READ, Trigger.LEVEL);
    }

    @Override
    void onReady(Ready ready) throws IOException {
        if (ready.isReadable()) {
            read();
        }
        turn();
    }

    /** Reads what is there now. */
    void read() throws IOException {
        if (ended || closed || closing || !hasRoom()) {
            return;
        }
        ByteBuffer buffer = loop.buffers.shared().limit(READ_SIZE);
        if (channel.read(buffer) < 0) {
            ended = true;
            owner.onEnd();
            return;
        }
        reader.feed(buffer.flip(), this::arrived, () -> waits(TOO_LONG));
        if (reader.skipped() > MAX_SKIPPED) {
            throw new IOException("a line without end");
        }
    }

    private void arrived(String line) {
        waits(line);
        owner.onArrival(line);
    }

    private void waits(String line) {
        waiting.add(line);
        waitingSize += cost(line);
    }

    private static int cost(String line) {
        return LINE_COST + line.length();
    }

    private boolean hasRoom() {
        return waitingSize < MAX_WAITING && unsent.position() < MAX_UNSENT;
    }

    /** Some lines, so that a thousand of them do not keep the others waiting. */
    @Override
    void turn() throws IOException {
        for (int i = 0; i < LINES_A_TURN && canTake(); i++) {
            String line = waiting.remove();
            waitingSize -= cost(line);
            if (line == TOO_LONG) {
                owner.onTooLongLine();
            } else {
                owner.onLine(line);
            }
        }
        if (closed) {
            return;
        }
        if (ended && waiting.isEmpty() && owner.takesLines()) {
            closing = true;
        }
        flush();
    }

    private boolean canTake() {
        return !closed
                && !closing
                && !waiting.isEmpty()
                && unsent.position() < MAX_UNSENT
                && owner.takesLines();
    }

    /** Whether a line like this waits, in whatever case. */
    boolean isWaiting(String line) {
        return waiting.stream().anyMatch(line::equalsIgnoreCase);
    }

    boolean isClosed() {
        return closed;
    }

    /** The owner takes lines again. */
    void proceed() {
        if (!closed) {
            loop.getInLine(this);
        }
    }

    /** Sends a line, with CR LF; soon, if it is not possible now. */
    void send(String line) {
        if (closed || closing) {
            return;
        }
        byte[] bytes = (line + "\r\n").getBytes(StandardCharsets.UTF_8);
        if (unsent.remaining() < bytes.length) {
            int size = Math.max(2 * unsent.capacity(), unsent.position() + bytes.length);
            unsent = ByteBuffer.allocate(size).put(unsent.flip());
        }
        unsent.put(bytes);
        loop.getInLine(this); // which flushes
    }

    private void flush() throws IOException {
        if (unsent.position() > 0) {
            try {
                channel.write(unsent.flip());
            } finally {
                unsent.compact();
            }
        }
        if (closing && unsent.position() == 0) {
            close(null);
            return;
        }
        if (canTake()) {
            loop.getInLine(this);
        }
        boolean reads = !ended && !closing && hasRoom();
        boolean writes = unsent.position() > 0;
        Interest both = Interest.READ.plus(Interest.WRITE);
        watch(
                channel,
                reads && writes ? both : reads ? Interest.READ : writes ? Interest.WRITE : null,
                Trigger.LEVEL);
    }

    /** Closes when all is sent; nothing more is read. */
    void closeWhenSent() {
        closing = true;
        loop.getInLine(this);
    }

    @Override
    void failed(Exception e) {
        close(e);
    }

    void close(Exception reason) {
        if (closed) {
            return;
        }
        closed = true;
        unwatchAndClose(channel);
        owner.onClosed(reason);
    }
}
