/*
 * One client of the chat, see ChatServer; not an example of its own.
 *
 * Who reads slowly must not stop the others, who are served by the same thread. So a line is written
 * as far as the kernel has room, and the rest waits in a queue. Only while there is something in it
 * the registration asks for WRITE: an empty socket is writable all the time, and under LEVEL every
 * poll would say so. The queue has an end: who lags too far behind is dropped.
 */
package chat;

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import sockets.Peer;

/** Used by the server's thread only. */
final class ChatConnection implements ChatServer.Watched {
    final int number;
    String nick;
    String room; // null: he talks to the operator

    private final ChatServer server;
    private final FdKey key;
    private final ChatLines lines = new ChatLines(ChatLines.LIMIT);
    private final ArrayDeque<ByteBuffer> unsent = new ArrayDeque<>();
    private boolean ended; // he will send no more
    private boolean gone; // dropped, but not yet closed

    ChatConnection(ChatServer server, int number, Peer socket) throws IOException {
        this.server = server;
        this.number = number;
        nick = "guest-" + number;
        key = socket.register(server.selector, Interest.READ, Trigger.LEVEL, this);
    }

    @Override
    public void onReady(Ready ready) {
        if (gone) {
            return; // by an event that came before this one
        }
        try {
            if (ready.isWritable()) {
                flush();
            }
            if (ready.isReadable() && !ended) {
                read();
            }
        } catch (IOException e) { // reset, most likely: it ends this connection and no other
            drop(e.getMessage());
        }
    }

    /** Once, however much there is: the others get their turns. LEVEL reports the rest again. */
    private void read() throws IOException {
        boolean last = !lines.read(into -> Fd.read(key.fd(), into));
        for (String line; !gone && (line = next()) != null; ) {
            server.talk.onLine(this, line);
        }
        if (last && !gone) {
            ended = true; // closed as soon as nothing is queued for him
            flush();
        }
    }

    private String next() throws IOException {
        try {
            return lines.next();
        } catch (IOException e) {
            // A last word that he may miss: closing a socket with bytes unread resets it.
            say("* " + e.getMessage() + ": goodbye");
            throw e;
        }
    }

    void say(String line) {
        send(bytes(line));
    }

    /** Many connections may share the bytes. */
    static ByteBuffer bytes(String line) {
        return StandardCharsets.UTF_8.encode(line + "\n");
    }

    void send(ByteBuffer line) {
        if (gone) {
            return;
        }
        if (unsent.size() == server.longestQueue) {
            drop("lags " + server.longestQueue + " lines behind");
            return;
        }
        unsent.add(line.duplicate());
        if (unsent.size() == 1) { // otherwise the kernel had no room, and will report when it has
            try {
                flush();
            } catch (IOException e) {
                drop(e.getMessage());
            }
        }
    }

    private void flush() throws IOException {
        while (!unsent.isEmpty()) {
            Fd.write(key.fd(), unsent.peek());
            if (unsent.peek().hasRemaining()) {
                break;
            }
            unsent.remove();
        }
        if (ended && unsent.isEmpty()) {
            drop(null);
            return;
        }
        Interest wanted = interest();
        if (wanted != key.interest()) {
            server.selector.modify(key, wanted);
        }
    }

    /** After the end no READ: under LEVEL every poll would report it. */
    private Interest interest() {
        if (ended) {
            return Interest.WRITE;
        }
        return unsent.isEmpty() ? Interest.READ : Interest.READ.plus(Interest.WRITE);
    }

    /** From now on he is not here any more; the server closes the connection when it is through. */
    void drop(String why) {
        if (!gone) {
            gone = true;
            server.onDropped(this, why);
        }
    }

    void close() throws IOException {
        server.selector.unregisterAndClose(key);
    }

    boolean isHere() {
        return !gone;
    }

    /** For the operator: {@code #2 alice}. */
    @Override
    public String toString() {
        return "#" + number + " " + nick;
    }
}
