/* Connections that are read in one way, see Timeline; not an example of its own. */
package timeline;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * So many socket pairs, one end of each registered. What is written to the other arrives at once.
 */
final class Readers implements AutoCloseable {
    /** A message arrives at a connection; {@code meanwhile} more, right after its first read. */
    record Arrival(int connection, int bytes, int meanwhile) {}

    private final Way way;
    private final FdSelector selector = DefaultSelector.open();
    private final List<int[]> pairs = new ArrayList<>();
    private final ByteBuffer buffer;
    private final int[] meanwhile;
    private final Trace trace;

    Readers(int connections, Way way, int bufferBytes) throws IOException {
        this.way = way;
        buffer = ByteBuffer.allocateDirect(bufferBytes);
        meanwhile = new int[connections];
        try {
            selector.startCounting(false);
            for (int i = 0; i < connections; i++) {
                int[] pair = Fd.socketpair();
                pairs.add(pair);
                selector.register(pair[0], Interest.READ, way.trigger, i);
            }
            trace = new Trace(selector);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** They all arrive, and then it is polled until nothing is reported. */
    void play(List<Arrival> arrivals) throws IOException {
        for (Arrival arrival : arrivals) {
            meanwhile[arrival.connection] = arrival.meanwhile;
            arrive(arrival.connection, arrival.bytes, false);
        }
        long found;
        do {
            selector.poll(0, TimeUnit.SECONDS, this::onReady);
            found = trace.polled();
        } while (found > 0);
    }

    Trace end() {
        trace.compareWithCounters();
        return trace;
    }

    private void arrive(int connection, int bytes, boolean inHandler) throws IOException {
        int written = Fd.write(pairs.get(connection)[1], ByteBuffer.allocate(bytes));
        trace.arrives(connection, written, inHandler);
    }

    private void onReady(FdKey key, Ready ready) throws IOException {
        int connection = (Integer) key.attachment();
        trace.reported(connection, ready);
        int bytes;
        do {
            bytes = Fd.read(key.fd(), buffer.clear());
            trace.read(connection, bytes);
            int more = meanwhile[connection];
            if (more > 0) {
                meanwhile[connection] = 0;
                arrive(connection, more, true);
            }
        } while (way.readsOn(bytes, buffer.capacity()));
        if (way == Way.ONESHOT) {
            selector.modify(key, Interest.READ); // re-armed
            trace.modified(connection, Interest.READ);
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        for (int[] pair : pairs) {
            Fd.close(pair[0]);
            Fd.close(pair[1]);
        }
    }
}
