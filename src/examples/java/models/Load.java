/* The load on an echo server, see IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Connections of which a few at a time, chosen at random, have a message under way; the rest is
 * silent. One thread of plain java.nio; every byte that comes back is compared.
 */
final class Load implements AutoCloseable {
    static final int MESSAGE = 64;
    private static final int PATIENCE_MILLIS = 10_000;

    private final Selector selector = Selector.open();
    private final List<Client> silent = new ArrayList<>();
    private final Random random = new Random(1);
    private final int inFlight;
    private int underWay;
    private boolean sending;
    private long[] nanos = new long[1 << 16]; // of each message of a run, there and back
    private int messages;

    /** Connects, and has each connection echo once: then the server has accepted all. */
    Load(int port, int connections, int inFlight) throws IOException {
        this.inFlight = Math.min(connections, inFlight);
        try {
            for (int i = 0; i < connections; i++) {
                var client = new Client(port);
                client.send();
                await();
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Sends for so long; returns how many messages came back. */
    int run(double seconds) throws IOException {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        messages = 0;
        sending = true;
        while (underWay < inFlight) {
            sendNext();
        }
        while (System.nanoTime() - end < 0) {
            await();
        }
        sending = false;
        while (underWay > 0) {
            await();
        }
        Arrays.sort(nanos, 0, messages);
        return messages;
    }

    /** Of the last run: what this part of the messages did not exceed. */
    double micros(double part) {
        return nanos[(int) Math.ceil(messages * part) - 1] / 1e3;
    }

    private void sendNext() throws IOException {
        int last = silent.size() - 1;
        int any = random.nextInt(last + 1);
        Client next = silent.get(any);
        silent.set(any, silent.get(last));
        silent.remove(last);
        next.send();
    }

    private void await() throws IOException {
        if (selector.select(PATIENCE_MILLIS) == 0) {
            throw new IOException("the server does not answer");
        }
        for (SelectionKey key : selector.selectedKeys()) {
            if (((Client) key.attachment()).receive() && sending) {
                sendNext();
            }
        }
        selector.selectedKeys().clear();
    }

    private final class Client {
        private final SocketChannel channel;
        private final byte[] bytes = new byte[MESSAGE];
        private final ByteBuffer out = ByteBuffer.allocateDirect(MESSAGE);
        private final ByteBuffer in = ByteBuffer.allocateDirect(MESSAGE + 1); // one too many shows
        private long sentAt;

        Client(int port) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        void send() throws IOException {
            random.nextBytes(bytes);
            out.clear().put(bytes).flip();
            in.clear();
            underWay++;
            sentAt = System.nanoTime();
            if (channel.write(out) < MESSAGE) {
                throw new IOException("a silent connection has no room for a message");
            }
        }

        /** Whether the message is back. */
        boolean receive() throws IOException {
            if (channel.read(in) < 0) {
                throw new IOException("the server has closed a connection");
            }
            if (in.position() < MESSAGE) {
                return false;
            }
            long now = System.nanoTime();
            if (!in.flip().equals(out.rewind())) {
                throw new IOException("what came back is not what was sent");
            }
            if (messages == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * messages);
            }
            nanos[messages++] = now - sentAt;
            underWay--;
            silent.add(this);
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
