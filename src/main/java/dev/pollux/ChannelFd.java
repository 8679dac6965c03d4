package dev.pollux;

import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * The descriptor of a {@code java.nio} channel, so that stock channels can be registered; and the
 * other way round, a channel of a descriptor that was inherited or received.
 *
 * <pre>{@code
 * SocketChannel channel = server.accept();
 * channel.configureBlocking(false);
 * FdKey key = ChannelFd.register(selector, channel, Interest.READ, Trigger.EDGE, connection);
 * selector.unregisterAndClose(key); // closes the channel
 * }</pre>
 *
 * <p>The channel keeps the descriptor: do not close that itself. A channel that was registered by
 * its number, with {@link #of}, has to be kept reachable as long as it is registered, as its own
 * attachment for one: the JDK closes a {@code DatagramChannel} that nobody can reach, which the
 * kernel forgets silently, so that its key stays valid and is never reported again.
 */
public final class ChannelFd {
    private ChannelFd() {}

    /**
     * The descriptor of a channel. Any thread; does not allocate.
     *
     * @param channel an open channel of the JDK's own: a socket, server socket, datagram or pipe
     *     channel
     * @return its descriptor, not negative
     * @throws PolluxException.Unsupported if the channel is of another make, or the binding is
     *     jnr-ffi, which cannot look into a channel; the message says why JNI does not serve
     * @throws ClosedChannelException if the channel is closed: its number may be another's by now
     */
    public static int of(SelectableChannel channel) throws PolluxException, ClosedChannelException {
        if (!channel.isOpen()) {
            throw new ClosedChannelException();
        }
        Syscalls sys = Native.calls("ChannelFd.of");
        int rc = sys.channelDescriptor(channel);
        if (rc >= 0) {
            return rc;
        }
        String type = channel.getClass().getName();
        throw new PolluxException.Unsupported(
                "ChannelFd.of",
                -1,
                -rc,
                "ChannelFd.of("
                        + type
                        + ")"
                        + (rc == -sys.errno().ENOSYS
                                ? cannotLook(sys)
                                : ": not a channel of the JDK's own provider; it has no descriptor"
                                        + " that is known here"));
    }

    /**
     * Registers a channel: its key keeps it reachable, and {@link FdSelector#unregisterAndClose}
     * closes it.
     *
     * @param selector where to
     * @param channel an open channel of the JDK's own, in non-blocking mode
     * @param interest what to wait for
     * @param trigger how often to report
     * @param attachment what {@link FdKey#attachment()} will return; may be null
     * @return the registration
     * @throws PolluxException as {@link FdSelector#register} and {@link #of}
     * @throws ClosedChannelException if the channel is closed
     */
    public static FdKey register(
            FdSelector selector,
            SelectableChannel channel,
            Interest interest,
            Trigger trigger,
            Object attachment)
            throws PolluxException, ClosedChannelException {
        return selector.changes.register(of(channel), interest, trigger, attachment, channel);
    }

    /**
     * A channel of a socket that listens already, under a number that was inherited or received: by
     * systemd, for one, see {@link ListenFds}. In blocking mode, as every new channel, and of the
     * default provider, so that selectors and servers take it as one of their own; it is bound.
     * INET, INET6 and unix.
     *
     * <p>From here on the number is the channel's: its close closes it, and nobody else may. If
     * this throws, the number is the caller's as before, and still open. The mode is that of the
     * open file, so that another process that has the same socket sees it change.
     *
     * @param fd an open descriptor
     * @return its channel; close it
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException.WrongKind if it is anything else; the message says what
     * @throws PolluxException.Unsupported if this JDK has no way to make a channel of a descriptor,
     *     or cannot have its address, as an abstract one of the unix domain
     * @throws IllegalArgumentException if it is negative
     */
    public static ServerSocketChannel adoptServerSocket(int fd) throws PolluxException {
        return (ServerSocketChannel) Adoption.adopt(Adoption.Kind.SERVER_SOCKET, fd);
    }

    /**
     * A channel of a stream socket that is connected; otherwise as {@link #adoptServerSocket}.
     *
     * @param fd an open descriptor
     * @return its channel; close it
     * @throws PolluxException as there
     */
    public static SocketChannel adoptSocket(int fd) throws PolluxException {
        return (SocketChannel) Adoption.adopt(Adoption.Kind.SOCKET, fd);
    }

    /**
     * A channel of a datagram socket, bound or not, connected or not; otherwise as {@link
     * #adoptServerSocket}. Not of the unix domain, of which {@code java.nio} has no datagrams.
     *
     * @param fd an open descriptor
     * @return its channel; close it
     * @throws PolluxException as there
     */
    public static DatagramChannel adoptDatagram(int fd) throws PolluxException {
        return (DatagramChannel) Adoption.adopt(Adoption.Kind.DATAGRAM, fd);
    }

    /** What this number is registered by: the attachment if it is its channel, otherwise null. */
    static SelectableChannel of(int fd, Object attachment, Syscalls sys) {
        return attachment instanceof SelectableChannel channel
                        && sys.channelDescriptor(channel) == fd
                ? channel
                : null;
    }

    /** Closes what was registered: the channel, as far as one is known, or the bare descriptor. */
    static void close(FdKey key, Syscalls sys) throws IOException {
        if (key.channel != null) {
            key.channel.close();
        } else {
            Fd.close(sys, key.fd);
        }
    }

    private static String cannotLook(Syscalls sys) {
        return sys.binding().equals("jni")
                ? ": the channels of this JVM cannot be looked into; use descriptors from Fd"
                : ": the "
                        + sys.binding()
                        + " binding cannot look into a channel; use descriptors from Fd, or the"
                        + " jni binding; "
                        + Bindings.whyNotJni();
    }
}
