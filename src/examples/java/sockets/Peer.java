/* A connection, see Sockets; not an example of its own. */
package sockets;

import java.io.Closeable;
import java.io.IOException;

/** A connection that does not block. Who closes it has unregistered its descriptor before. */
public interface Peer extends Closeable {
    int fd();

    /** Says that no more will be sent; what comes can still be read. */
    void shutdownOutput() throws IOException;

    /** Connects to this port of 127.0.0.1, and waits until it has. */
    static Peer connect(int port) throws IOException {
        return Sockets.here().connect(port);
    }
}
