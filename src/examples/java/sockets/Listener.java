/* A port that is listened on, see Sockets; not an example of its own. */
package sockets;

import dev.pollux.ListenFds;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/** A port of 127.0.0.1 that is listened on, without blocking. */
public interface Listener extends Closeable {
    int fd();

    int port() throws IOException;

    /** The next connection that waits to be accepted; null if there is none. */
    Peer accept() throws IOException;

    /** Listens on this port, or on a free one if it is 0. */
    static Listener open(int port) throws IOException {
        return open(port, false);
    }

    /**
     * The same, and if {@code shared}, several listen on one port: the kernel gives each connection
     * to one of them (SO_REUSEPORT, man 7 socket).
     */
    static Listener open(int port, boolean shared) throws IOException {
        return Sockets.here().listen(port, shared);
    }

    /** The first socket that a service manager has passed, which listens already. */
    static Listener inherited() throws IOException {
        List<ListenFds.Passed> passed = ListenFds.ofEnvironment();
        if (passed.isEmpty()) {
            throw new IOException(
                    "nothing was passed to this process: LISTEN_FDS and LISTEN_PID are set by"
                            + " systemd, and by systemd-socket-activate");
        }
        return Sockets.here().adopt(passed.get(0).fd());
    }
}
