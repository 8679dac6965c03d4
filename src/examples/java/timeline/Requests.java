/* A connection that answers requests in one way, see Timeline; not an example of its own. */
package timeline;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import sockets.Listener;

/**
 * The server and the client of WhenEdgePays, over TCP and on one thread: what they do for one
 * request, after so many that the kernel's buffers grow no more.
 */
final class Requests implements AutoCloseable {
    static final int READ_BUFFER = 16 * 1024;
    private static final int REQUESTS = 20;
    private static final int TAKEN_AT_ONCE = 256 * 1024;
    private static final int SILENCE_MILLIS = 500; // of a server that has overlooked something
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    private final Way way;
    private final int requestBytes;
    private final FdSelector selector = DefaultSelector.open();
    private final SocketChannel client;
    private final FdKey key;
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BUFFER);
    private final ByteBuffer out;
    private final ByteBuffer taken = ByteBuffer.allocateDirect(TAKEN_AT_ONCE);
    private int received;
    private Trace trace;

    Requests(Listener listener, Way way, int requestBytes, int replyBytes) throws IOException {
        this.way = way;
        this.requestBytes = requestBytes;
        out = ByteBuffer.allocateDirect(replyBytes).limit(0);
        var address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), listener.port());
        client = SocketChannel.open(address);
        client.configureBlocking(false);
        Interest interest = way.trigger == Trigger.EDGE ? BOTH : Interest.READ;
        key = listener.accept().register(selector, interest, way.trigger, this);
        selector.poll(0, TimeUnit.SECONDS, (k, ready) -> {}); // the first edge: it is writable
        selector.startCounting(false);
    }

    /** The last one, or the first that gets no answer. */
    Trace play() throws IOException {
        for (int i = 0; i < REQUESTS; i++) {
            if (!isAnswered()) {
                break;
            }
        }
        return trace;
    }

    private boolean isAnswered() throws IOException {
        trace = new Trace(selector);
        var request = ByteBuffer.allocateDirect(requestBytes);
        long reports = 1;
        int left = out.capacity();
        while (left > 0 && reports > 0) {
            int sent = client.write(request);
            if (sent > 0) {
                trace.arrives(0, sent, false);
            }
            selector.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS, this::onReady);
            reports = trace.polled();
            int n = take(left);
            if (n > 0) {
                trace.taken(0, n);
            }
            left -= n;
        }
        trace.compareWithCounters();
        return left == 0;
    }

    /** What the client can read by now, up to the end of the reply. */
    private int take(int left) throws IOException {
        int all = 0;
        for (int n; all < left && (n = client.read(taken.clear())) > 0; ) {
            all += n;
        }
        return all;
    }

    private void onReady(FdKey k, Ready ready) throws IOException {
        trace.reported(0, ready);
        if (ready.isReadable()) {
            read();
        }
        write();
        boolean edge = way.trigger == Trigger.EDGE;
        Interest wanted = edge || out.hasRemaining() ? BOTH : Interest.READ;
        if (way == Way.ONESHOT || !wanted.equals(key.interest())) {
            selector.modify(key, wanted);
            trace.modified(0, wanted);
        }
    }

    private void read() throws IOException {
        int n;
        do {
            n = Fd.read(key.fd(), in.clear());
            trace.read(0, n);
            received += n;
        } while (way.readsOn(n, in.capacity()));
        if (received == requestBytes) {
            received = 0;
            out.clear();
        }
    }

    private void write() throws IOException {
        if (out.hasRemaining()) {
            trace.wrote(0, Fd.write(key.fd(), out));
        }
    }

    @Override
    public void close() throws IOException {
        selector.unregisterAndClose(key);
        client.close();
        selector.close();
    }
}
