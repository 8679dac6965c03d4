/* A connection, see Sockets; not an example of its own. */
package sockets;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import java.io.Closeable;
import java.io.IOException;

/** A connection that does not block. {@link #close} is for one that is not registered. */
public interface Peer extends Closeable {
    int fd();

    /** Registers it; {@link FdSelector#unregisterAndClose} of the key will close it. */
    default FdKey register(
            FdSelector selector, Interest interest, Trigger trigger, Object attachment)
            throws IOException {
        return selector.register(fd(), interest, trigger, attachment);
    }

    /** Says that no more will be sent; what comes can still be read. */
    void shutdownOutput() throws IOException;

    /** Connects to this port of 127.0.0.1, and waits until it has. */
    static Peer connect(int port) throws IOException {
        return Sockets.here().connect(port);
    }
}
