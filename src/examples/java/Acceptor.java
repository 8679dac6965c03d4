/*
 * The handler of a listener in the callback examples; not an example of its own.
 *
 * It accepts all who wait, and outlasts the want of descriptors: who cannot be accepted goes on
 * waiting until somebody has left. LEVEL would report him at every poll meanwhile; so the listener
 * is reported once, and not again before it is re-armed.
 */

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.Closeable;
import java.io.IOException;
import sockets.Listener;
import sockets.Peer;

/** Used by the selector's thread only. */
final class Acceptor implements ReadyHandler, Closeable {
    /** Makes a connection of who was accepted: registers it. */
    interface Admission {
        void admit(Peer peer) throws IOException;
    }

    private final FdSelector selector;
    private final Listener listener;
    private final Admission admission;
    private final FdKey key;
    private int open;
    private boolean refusing;
    private boolean saidSo;

    /** Held while accepting: a JVM without a free descriptor cannot even load a class. */
    private int[] reserve;

    Acceptor(FdSelector selector, int port, Admission admission) throws IOException {
        this.selector = selector;
        this.admission = admission;
        listener = Listener.open(port);
        try {
            key = selector.register(listener.fd(), Interest.READ, Trigger.ONESHOT, this);
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    int port() throws IOException {
        return listener.port();
    }

    @Override
    public void onReady(FdKey key, Ready ready) throws IOException {
        try {
            if (reserve == null) {
                reserve = Fd.pipe();
            }
            for (Peer peer; (peer = listener.accept()) != null; ) {
                admit(peer);
            }
            selector.modify(key, Interest.READ);
            refusing = false;
        } catch (IOException e) { // no free descriptor, most likely
            releaseReserve();
            if (open == 0) {
                throw e; // nobody will ever leave
            }
            refusing = true;
            if (!saidSo) {
                saidSo = true;
                System.err.println("cannot accept at the moment: " + e.getMessage());
            }
        }
    }

    private void admit(Peer peer) throws IOException {
        try {
            admission.admit(peer);
            open++;
        } catch (IOException e) { // the limit fs.epoll.max_user_watches, say
            peer.close();
            throw e;
        }
    }

    /** Ends a connection, and makes room for another. */
    void close(FdKey connection) {
        open--;
        try {
            selector.unregisterAndClose(connection);
            if (refusing) {
                selector.modify(key, Interest.READ);
            }
        } catch (IOException e) {
            System.err.println("closing " + connection + ": " + e.getMessage());
        }
    }

    private void releaseReserve() throws IOException {
        if (reserve != null) {
            Fd.close(reserve[0]);
            Fd.close(reserve[1]);
            reserve = null;
        }
    }

    @Override
    public void close() throws IOException {
        releaseReserve();
        listener.close();
    }
}
