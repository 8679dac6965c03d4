/* One connection of the load on the echo server, see EdgeEchoDemo; not an example of its own. */

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/** Sends a payload in uneven pieces and checks what comes back. Used by one thread at a time. */
final class EchoClient {
    enum Kind {
        /** Reads while it sends; says that it has sent all when all has come back. */
        STEADY,
        /** Says so as soon as it has sent all, when much is still to come back. */
        HALF_CLOSING,
        /** Reads a sip now and then. */
        SLOW,
        /** Sends half, then drops the connection with a reset. */
        RESETTING
    }

    private static final int SIPS = 150; // a slow reader's, for all of its payload,
    private static final int SIP = 4096; // if it is large
    private static final long SIP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    final Kind kind;
    private final ByteBuffer payload;
    private final SplittableRandom random;
    private final SocketChannel channel;
    private final CRC32C checksum = new CRC32C();
    private SelectionKey key;
    private long nextSip;

    volatile int received;
    int sent;
    boolean over;
    IOException failure;

    /** Connects, and waits until its first byte is back: then the server has accepted it. */
    EchoClient(Kind kind, ByteBuffer payload, long seed, int port) throws IOException {
        this.kind = kind;
        this.payload = payload;
        this.random = new SplittableRandom(seed);
        channel = SocketChannel.open();
        if (kind == Kind.SLOW) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, 16 * 1024);
        }
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // uneven pieces stay uneven
        channel.connect(new InetSocketAddress("127.0.0.1", port));
        ByteBuffer first = ByteBuffer.allocate(1);
        sent = channel.write(payload.slice(0, 1));
        received = channel.read(first);
        checksum.update(first.flip());
        channel.configureBlocking(false);
    }

    void start(Selector selector) throws IOException {
        key = channel.register(selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE, this);
    }

    /** Called when ready; {@code scratch} is to read into. */
    void onReady(ByteBuffer scratch) {
        try {
            if (key.isWritable()) {
                send();
            }
            if (!over && key.isReadable()) {
                receive(scratch.clear());
            }
        } catch (IOException e) {
            failure = e;
            end();
        }
    }

    private void send() throws IOException {
        int end = kind == Kind.RESETTING ? Math.max(1, payload.limit() / 2) : payload.limit();
        int piece = random.nextInt(random.nextInt(4) == 0 ? 64 : 48 * 1024) + 1;
        sent += channel.write(payload.slice(sent, Math.min(piece, end - sent)));
        if (sent < end) {
            return;
        }
        key.interestOpsAnd(~SelectionKey.OP_WRITE);
        if (kind == Kind.HALF_CLOSING) {
            channel.shutdownOutput();
        } else if (kind == Kind.RESETTING) {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            end();
        }
    }

    private void receive(ByteBuffer scratch) throws IOException {
        if (kind == Kind.SLOW) {
            scratch.limit(Math.min(scratch.limit(), Math.max(SIP, payload.limit() / SIPS)));
            key.interestOpsAnd(~SelectionKey.OP_READ);
            nextSip = System.nanoTime() + SIP_NANOS;
        }
        int n = channel.read(scratch);
        if (n < 0) {
            end();
            return;
        }
        checksum.update(scratch.flip());
        received += n;
        if (received == payload.limit() && kind != Kind.HALF_CLOSING) {
            channel.shutdownOutput(); // and wait for the end: nothing must come before it
        }
    }

    /** A slow one takes another sip if it is time. */
    void sip(long now) {
        if (kind == Kind.SLOW && !over && now - nextSip >= 0) {
            key.interestOpsOr(SelectionKey.OP_READ);
        }
    }

    void end() {
        over = true;
        try {
            channel.close();
        } catch (IOException e) {
            failure = e;
        }
    }

    /** How many bytes should come back. */
    int due() {
        return kind == Kind.RESETTING ? 0 : payload.limit();
    }

    int lost() {
        return Math.max(0, due() - received);
    }

    /** Whether what came back, be it all or not, is not what was sent. */
    boolean isDamaged() {
        if (received > sent) {
            return true;
        }
        var expected = new CRC32C();
        expected.update(payload.slice(0, received));
        return expected.getValue() != checksum.getValue();
    }

    boolean isWrong() {
        return lost() > 0 || isDamaged() || failure != null;
    }

    /** For people: what became of it. */
    @Override
    public String toString() {
        String why = failure == null ? "" : ", " + failure.getMessage();
        return String.format(
                Locale.ROOT,
                "%-12s sent %,d, received %,d%s%s",
                kind,
                sent,
                received,
                isDamaged() ? ", not what it sent" : "",
                why);
    }
}
