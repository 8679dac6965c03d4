package dev.pollux;

import dev.pollux.driver.Look;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Privileged;
import dev.pollux.sys.Syscalls;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Objects;

/**
 * What only sockets do, on bare descriptors, whatever their family: messages with flags, and how
 * connections begin and end. As {@link Fd}: any thread, no signal, errors by their type. Receiving,
 * sending and accepting allocate nothing.
 *
 * <pre>{@code
 * int accepted;
 * while ((accepted = FdSocket.accept(fd)) != FdSocket.WOULD_BLOCK) {
 *     selector.register(accepted, Interest.READ, Trigger.EDGE, connection);
 * }
 * }</pre>
 */
public final class FdSocket {
    /** Instead of a count or a descriptor: nothing is there, or there is no room. */
    public static final int WOULD_BLOCK = -2;

    /** Instead of a count: the peer has ended the stream. */
    public static final int END = -1;

    /** The urgent byte, {@code MSG_OOB} of every system; {@link Interest#PRIORITY} waits for it. */
    public static final int OUT_OF_BAND = 1;

    /** Leaves what was received where it was: {@code MSG_PEEK} of every system. */
    public static final int PEEK = 2;

    /**
     * The socket's error queue instead of what was sent to it: {@code MSG_ERRQUEUE} of Linux. What
     * is received is the message that met the error. {@link Ready#isError()} stays until the queue
     * is empty.
     */
    public static final int ERROR_QUEUE = 0x2000;

    private FdSocket() {}

    /**
     * Receives into the buffer, at its position, with one {@code man 2 recv}; copies and blocks as
     * {@link Fd#read}. Other than that it tells an empty message from one that is not there, and
     * from the end.
     *
     * @param fd a socket
     * @param buffer where to; its position moves. Of a message that is longer the rest is lost
     * @param flags 0, or a sum of {@link #OUT_OF_BAND}, {@link #PEEK}, {@link #ERROR_QUEUE} and
     *     this system's own
     * @return how many bytes were received, 0 for an empty message; {@link #WOULD_BLOCK}; {@link
     *     #END}
     * @throws IllegalArgumentException if the buffer has no room
     * @throws PolluxException.Unsupported for {@link #ERROR_QUEUE} on another system than Linux
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException any other error: that it is no socket, a connection that was reset,
     *     EINVAL for an urgent byte when there is none
     */
    public static int receive(int fd, ByteBuffer buffer, int flags) throws PolluxException {
        Transfers.requireRoom("receive", fd, buffer);
        requireFlags(flags);
        Syscalls sys = Native.callsOnDescriptor("receive", true);
        if ((flags & ERROR_QUEUE) != 0 && !sys.isLinux()) {
            String call = "receive(fd=" + fd + ", flags=" + flags + ")";
            throw new PolluxException.Unsupported(
                    "receive", fd, 0, call + ": sockets have an error queue on Linux alone");
        }
        int rc = Transfers.read(sys, fd, buffer, flags);
        if (rc > 0) {
            return rc;
        }
        if (rc == 0) {
            return (flags & ERROR_QUEUE) != 0 || keepsEmptyMessages(sys, fd) ? 0 : END;
        }
        if (rc == -sys.errno().EAGAIN) {
            return WOULD_BLOCK;
        }
        throw failed(sys, "receive", fd, "receive(fd=" + fd + ", flags=" + flags + ")", rc);
    }

    /** Not streams, nor SOCK_SEQPACKET, whose empty message looks like the end. */
    private static boolean keepsEmptyMessages(Syscalls sys, int fd) {
        int type = sys.socketType(fd);
        return type == Syscalls.DATAGRAM || type == Syscalls.RAW;
    }

    private static void requireFlags(int flags) {
        if (flags < 0) {
            throw new IllegalArgumentException("flags=" + flags + ": negative");
        }
    }

    /**
     * Sends from the buffer, at its position, with one {@code man 2 send}; copies and blocks as
     * {@link Fd#write}, and as there what goes to a socket that keeps messages apart is one.
     *
     * @param fd a socket that is connected
     * @param buffer where from; its position moves
     * @param flags 0, or {@link #OUT_OF_BAND}, by which the last byte becomes urgent, and this
     *     system's own
     * @return how many bytes were sent, 0 for an empty message; {@link #WOULD_BLOCK}
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException any other error, such as a peer that is gone (there is no signal)
     */
    public static int send(int fd, ByteBuffer buffer, int flags) throws PolluxException {
        requireFlags(flags);
        Syscalls sys = Native.callsOnDescriptor("send", false);
        int rc = Transfers.write(sys, fd, buffer, flags);
        if (rc >= 0) {
            return rc;
        }
        if (rc == -sys.errno().EAGAIN) {
            return WOULD_BLOCK;
        }
        throw failed(sys, "send", fd, "send(fd=" + fd + ", flags=" + flags + ")", rc);
    }

    /**
     * The next connection that has arrived, {@code man 2 accept}. It is close-on-exec and
     * non-blocking. One that was aborted before it was accepted is passed over. Under {@link
     * Trigger#EDGE} accept until it would block.
     *
     * @param listener a socket that listens
     * @return the connection's descriptor, close it; or {@link #WOULD_BLOCK}
     * @throws PolluxException.LimitReached if there is no descriptor left: the connection waits on,
     *     and a registration with {@link Trigger#LEVEL} is reported by every poll until it was
     *     accepted
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException any other error, such as EINVAL if it does not listen
     */
    public static int accept(int listener) throws PolluxException {
        Syscalls sys = Native.callsOnDescriptor("accept", true);
        int rc;
        do {
            rc = sys.accept(listener);
        } while (rc == -sys.errno().EINTR || rc == -sys.errno().ECONNABORTED);
        if (rc >= 0) {
            return rc;
        }
        if (rc == -sys.errno().EAGAIN) {
            return WOULD_BLOCK;
        }
        throw failed(sys, "accept", listener, "accept(fd=" + listener + ")", rc);
    }

    /**
     * Begins to connect a socket, {@code man 2 connect}. While that is under way it is reported
     * with {@link Interest#WRITE} once it is over: then {@link #finishConnect} tells how.
     *
     * @param fd a socket of the address's family; one of IPv6 takes an address of IPv4 as well
     * @param address an {@link InetSocketAddress} or a {@link UnixDomainSocketAddress}
     * @return whether it is connected; false: it is under way
     * @throws UnresolvedAddressException if a host's address is not known
     * @throws UnsupportedAddressTypeException for any other address
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException any other error: that nobody listens; EAGAIN if the queue of a unix
     *     socket's listener is full, then nothing is under way
     */
    public static boolean connect(int fd, SocketAddress address) throws PolluxException {
        Objects.requireNonNull(address, "address");
        Syscalls sys = Native.callsOnDescriptor("connect", false);
        int rc;
        if (address instanceof InetSocketAddress inet) {
            rc = connectInet(sys, fd, inet);
        } else if (address instanceof UnixDomainSocketAddress unix) {
            rc = connectUnix(sys, fd, unix);
        } else {
            throw new UnsupportedAddressTypeException();
        }
        if (rc == 0) {
            return true;
        }
        if (rc == -sys.errno().EINPROGRESS || rc == -sys.errno().EINTR) {
            return false; // interrupted, it goes on
        }
        throw failed(sys, "connect", fd, "connect(fd=" + fd + ", " + address + ")", rc);
    }

    private static int connectInet(Syscalls sys, int fd, InetSocketAddress address) {
        if (address.isUnresolved()) {
            throw new UnresolvedAddressException();
        }
        int port = address.getPort();
        byte[] ip = address.getAddress().getAddress();
        Privileged.checkConnect(address.getAddress().getHostAddress(), port);
        int scope = address.getAddress() instanceof Inet6Address v6 ? v6.getScopeId() : 0;
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block block = memory.allocate(16);
            block.bytes().put(0, ip);
            int rc = sys.connect(fd, block.address(), ip.length, port, scope);
            int family = -sys.errno().EAFNOSUPPORT;
            if (ip.length == 4 && (rc == family || rc == -sys.errno().EINVAL)) {
                // A socket of IPv6 that serves both, as the JDK's: ::ffff:127.0.0.1. To Linux the
                // shorter address is invalid.
                block.bytes().putLong(0, 0).putInt(8, 0).putShort(10, (short) -1).put(12, ip);
                int mapped = sys.connect(fd, block.address(), 16, port, 0);
                return mapped == family ? rc : mapped;
            }
            return rc;
        }
    }

    private static int connectUnix(Syscalls sys, int fd, UnixDomainSocketAddress address) {
        Privileged.checkOpen(address.getPath().toString(), true, true);
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block path = NativePath.in(memory, address.getPath());
            return sys.connectUnix(fd, path.address(), path.bytes().capacity() - 1);
        }
    }

    /**
     * What came of {@link #connect}: {@code SO_ERROR} of {@code man 7 socket}, which is taken by
     * this. Does not block. For a connect alone: once it has taken the reset of a connection,
     * receiving says {@link #END}.
     *
     * @param fd a socket for which connect was called
     * @return whether it is connected; false: it is still under way
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException why it is not connected: ECONNREFUSED, ETIMEDOUT, …; close it
     */
    public static boolean finishConnect(int fd) throws PolluxException {
        Syscalls sys = Native.callsOnDescriptor("finishConnect", false);
        int rc = isUnderWay(sys, fd) ? -sys.errno().EINPROGRESS : sys.socketError(fd);
        if (rc == -sys.errno().EINPROGRESS) {
            return false;
        }
        if (rc != 0) {
            throw failed(sys, "finishConnect", fd, "finishConnect(fd=" + fd + ")", -Math.abs(rc));
        }
        return true;
    }

    private static boolean isUnderWay(Syscalls sys, int fd) {
        int ready;
        do {
            ready = Look.at(sys, fd);
        } while (ready == -sys.errno().EINTR);
        return ready == 0;
    }

    /**
     * Ends what is sent, and not what is received, {@code man 2 shutdown}: the peer reads the end
     * once it has read all that was sent before.
     *
     * @param fd a socket that is connected
     * @throws PolluxException.BadDescriptor if it is not open
     * @throws PolluxException any other error, such as ENOTCONN
     */
    public static void shutdownOutput(int fd) throws PolluxException {
        Syscalls sys = Native.callsOnDescriptor("shutdownOutput", false);
        int rc = sys.shutdown(fd, Syscalls.SHUT_WRITING);
        if (rc < 0) {
            throw failed(sys, "shutdownOutput", fd, "shutdownOutput(fd=" + fd + ")", rc);
        }
    }

    private static PolluxException failed(
            Syscalls sys, String operation, int fd, String call, int rc) {
        return PolluxException.of(sys.errno(), operation, fd, call, -rc);
    }
}
