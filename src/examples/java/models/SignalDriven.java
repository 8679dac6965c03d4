/* Signal-driven I/O, see IoModels; not an example of its own. */
package models;

import dev.pollux.ChannelFd;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import jnr.constants.platform.Errno;
import jnr.constants.platform.Fcntl;
import jnr.constants.platform.OpenFlags;
import jnr.constants.platform.Signal;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import jnr.posix.util.SunMiscSignal;

/**
 * The kernel sends SIGIO when something happens to a socket with O_ASYNC; Linux, {@code man 2
 * fcntl}. The signal says neither which socket nor what, and it does not queue: ten arrivals while
 * one is pending are one signal. So after each, all sockets have to be tried. And HotSpot starts a
 * thread for each signal that it hands to Java.
 */
final class SignalDriven implements Model {
    private final POSIX posix = POSIXFactory.getNativePOSIX();
    private final Semaphore signals = new Semaphore(0);
    private final List<Connection> connections = new ArrayList<>();

    @Override
    public int start() throws IOException {
        // sun.misc.Signal by its name: posix.signal would run Java code inside a signal handler.
        SunMiscSignal.signal(Signal.SIGIO, number -> signals.release());
        var listener = Model.listen();
        listener.configureBlocking(false);
        signalFor(listener);
        Model.spawn(
                "signalled",
                () -> {
                    while (true) {
                        signals.acquire();
                        signals.drainPermits(); // before the sockets: what comes now counts again
                        tryAll(listener);
                    }
                });
        return Model.port(listener);
    }

    private void tryAll(ServerSocketChannel listener) throws IOException {
        for (Connection next; (next = Connection.accept(listener)) != null; ) {
            signalFor(next.channel); // tried below: it may have sent something before that
            connections.add(next);
        }
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (connections.get(i).echoAll() == Connection.State.OVER) {
                connections.remove(i).channel.close();
            }
        }
    }

    private void signalFor(SelectableChannel channel) throws IOException {
        int fd = ChannelFd.of(channel);
        fcntl(fd, Fcntl.F_SETOWN, posix.getpid());
        int flags = fcntl(fd, Fcntl.F_GETFL, 0);
        fcntl(fd, Fcntl.F_SETFL, flags | OpenFlags.O_ASYNC.intValue());
    }

    private int fcntl(int fd, Fcntl command, int argument) throws IOException {
        int rc = posix.fcntlInt(fd, command, argument);
        if (rc < 0) {
            throw new IOException(command + ": " + Errno.valueOf(posix.errno()).description());
        }
        return rc;
    }
}
