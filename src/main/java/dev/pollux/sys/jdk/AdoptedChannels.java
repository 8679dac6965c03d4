package dev.pollux.sys.jdk;

import static dev.pollux.sys.jdk.TrustedLookup.call;
import static dev.pollux.sys.jdk.TrustedLookup.unexpected;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;

/**
 * Channels of the JDK's own around sockets that are open already, as {@code
 * System.inheritedChannel} makes one of descriptor 0: by the constructors that serve it, which are
 * the same in JDK 17 and 28. Whoever calls has asked the kernel what the socket is.
 */
public final class AdoptedChannels {
    private static final int CONNECTED = 1; // a DatagramChannelImpl's state

    private static final InetSocketAddress NONE = null;

    private static final Throwable UNAVAILABLE;
    private static final MethodHandle DESCRIPTOR; // (int) FileDescriptor
    private static final MethodHandle FAMILY_NUMBER; // (int descriptor) int
    private static final MethodHandle FAMILY; // (int number) ProtocolFamily
    private static final MethodHandle IS_CONNECTED; // (int) boolean
    private static final MethodHandle LOCAL; // (FileDescriptor) InetSocketAddress
    private static final MethodHandle LOCAL_UNIX; // (FileDescriptor) UnixDomainSocketAddress
    private static final MethodHandle REMOTE; // (FileDescriptor) InetSocketAddress
    private static final MethodHandle REMOTE_UNIX; // (int) String
    private static final MethodHandle SERVER;
    private static final MethodHandle SOCKET;
    private static final MethodHandle DATAGRAM;
    private static final VarHandle DATAGRAM_LOCAL;
    private static final VarHandle DATAGRAM_INITIAL; // where disconnect goes back to
    private static final VarHandle DATAGRAM_REMOTE;
    private static final VarHandle DATAGRAM_STATE;
    private static final Families FAMILIES;

    static {
        var found = new Found();
        Throwable unavailable = null;
        try {
            found.find(TrustedLookup.get());
        } catch (Throwable e) {
            unavailable = e;
        }
        UNAVAILABLE = unavailable;
        DESCRIPTOR = found.descriptor;
        FAMILY_NUMBER = found.familyNumber;
        FAMILY = found.family;
        IS_CONNECTED = found.isConnected;
        LOCAL = found.local;
        LOCAL_UNIX = found.localUnix;
        REMOTE = found.remote;
        REMOTE_UNIX = found.remoteUnix;
        SERVER = found.server;
        SOCKET = found.socket;
        DATAGRAM = found.datagram;
        DATAGRAM_LOCAL = found.datagramLocal;
        DATAGRAM_INITIAL = found.datagramInitial;
        DATAGRAM_REMOTE = found.datagramRemote;
        DATAGRAM_STATE = found.datagramState;
        FAMILIES = found.families;
    }

    private AdoptedChannels() {}

    /** What is looked up, one after another; what is missing is the exception that this throws. */
    private static final class Found {
        private MethodHandle descriptor;
        private MethodHandle familyNumber;
        private MethodHandle family;
        private MethodHandle isConnected;
        private MethodHandle local;
        private MethodHandle localUnix;
        private MethodHandle remote;
        private MethodHandle remoteUnix;
        private MethodHandle server;
        private MethodHandle socket;
        private MethodHandle datagram;
        private VarHandle datagramLocal;
        private VarHandle datagramInitial;
        private VarHandle datagramRemote;
        private VarHandle datagramState;
        private Families families;

        private void find(Lookup lookup) throws ReflectiveOperationException {
            Class<FileDescriptor> file = FileDescriptor.class;
            Class<InetSocketAddress> inet = InetSocketAddress.class;
            descriptor = method(lookup, "IOUtil", "newFD", file, int.class);
            familyNumber =
                    method(lookup, "InheritedChannel", "addressFamily", int.class, int.class);
            family =
                    method(
                            lookup,
                            "InheritedChannel",
                            "protocolFamily",
                            ProtocolFamily.class,
                            int.class);
            isConnected =
                    method(lookup, "InheritedChannel", "isConnected", boolean.class, int.class);
            local = method(lookup, "Net", "localAddress", inet, file);
            remote = method(lookup, "Net", "remoteAddress", inet, file);
            localUnix =
                    method(
                            lookup,
                            "UnixDomainSockets",
                            "localAddress",
                            UnixDomainSocketAddress.class,
                            file);
            remoteUnix =
                    method(lookup, "InheritedChannel", "unixPeerAddress", String.class, int.class);
            server = constructor(lookup, "ServerSocketChannelImpl", boolean.class);
            socket = constructor(lookup, "SocketChannelImpl", SocketAddress.class);
            Class<?> type = type("DatagramChannelImpl");
            datagram =
                    lookup.findConstructor(
                            type, MethodType.methodType(void.class, SelectorProvider.class, file));
            datagramLocal = lookup.findVarHandle(type, "localAddress", inet);
            datagramInitial = lookup.findVarHandle(type, "initialLocalAddress", inet);
            datagramRemote = lookup.findVarHandle(type, "remoteAddress", inet);
            datagramState = lookup.findVarHandle(type, "state", int.class);
            families = new Families(lookup);
        }

        private static Class<?> type(String name) throws ClassNotFoundException {
            return TrustedLookup.find("sun.nio.ch." + name);
        }

        private static MethodHandle method(
                Lookup lookup, String owner, String name, Class<?> result, Class<?> parameter)
                throws ReflectiveOperationException {
            return lookup.findStatic(type(owner), name, MethodType.methodType(result, parameter));
        }

        private static MethodHandle constructor(Lookup lookup, String name, Class<?> last)
                throws ReflectiveOperationException {
            return lookup.findConstructor(
                    type(name),
                    MethodType.methodType(
                            void.class,
                            SelectorProvider.class,
                            ProtocolFamily.class,
                            FileDescriptor.class,
                            last));
        }
    }

    /** Why there is nothing of all this here; null if there is. */
    public static Throwable unavailableBecause() {
        return UNAVAILABLE;
    }

    /** The family of an open socket; null if {@code java.nio} has no channels of it. */
    public static ProtocolFamily family(int fd) {
        try {
            int number = (int) FAMILY_NUMBER.invokeExact(fd);
            return number < 0 ? null : (ProtocolFamily) FAMILY.invokeExact(number);
        } catch (IllegalArgumentException e) {
            return null;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Whether a socket has a peer. */
    public static boolean isConnected(int fd) {
        try {
            return (boolean) IS_CONNECTED.invokeExact(fd);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * A channel of a socket that listens. If this throws, the descriptor is as it was.
     *
     * @throws IOException if it has no address any more
     * @throws IllegalArgumentException if the JDK cannot have its address, as an abstract one
     */
    public static ServerSocketChannel server(
            SelectorProvider provider, ProtocolFamily family, int fd) throws IOException {
        FileDescriptor file = addressed(family, fd);
        var channel = (ServerSocketChannel) call(SERVER, provider, family, file, true);
        FAMILIES.set(channel, family);
        return channel;
    }

    /** A channel of a stream socket that is connected; as the other one. */
    public static SocketChannel socket(SelectorProvider provider, ProtocolFamily family, int fd)
            throws IOException {
        FileDescriptor file = addressed(family, fd);
        SocketAddress peer =
                family == StandardProtocolFamily.UNIX
                        ? UnixDomainSocketAddress.of((String) call(REMOTE_UNIX, fd))
                        : (SocketAddress) call(REMOTE, file);
        return (SocketChannel) call(SOCKET, provider, family, file, peer);
    }

    /** A channel of a datagram socket, bound or not, connected or not; as the other one. */
    public static DatagramChannel datagram(SelectorProvider provider, ProtocolFamily family, int fd)
            throws IOException {
        FileDescriptor file = addressed(family, fd);
        var local = (InetSocketAddress) call(LOCAL, file);
        var peer = isConnected(fd) ? (InetSocketAddress) call(REMOTE, file) : null;
        var channel = (DatagramChannel) call(DATAGRAM, provider, file);
        FAMILIES.set(channel, family);
        if (local.getPort() == 0) {
            DATAGRAM_LOCAL.setVolatile(channel, NONE); // not bound
        }
        if (peer != null) {
            DATAGRAM_INITIAL.set(channel, local);
            DATAGRAM_REMOTE.set(channel, peer);
            DATAGRAM_STATE.setVolatile(channel, CONNECTED);
        }
        return channel;
    }

    /** The constructors ask for the address too, and may have taken the descriptor by then. */
    private static FileDescriptor addressed(ProtocolFamily family, int fd) throws IOException {
        var file = (FileDescriptor) call(DESCRIPTOR, fd);
        call(family == StandardProtocolFamily.UNIX ? LOCAL_UNIX : LOCAL, file);
        return file;
    }

    /**
     * The constructors take a socket of IPv4 for one of IPv6 where there is IPv6, and would give
     * the kernel addresses of the wrong family. The field is final, so it takes the JDK's own
     * Unsafe.
     */
    private static final class Families {
        private final Object unsafe;
        private final MethodHandle put; // (Unsafe, Object, long, Object) void
        private final MethodHandle offset; // (Unsafe, Class, String) long

        Families(Lookup lookup) throws ReflectiveOperationException {
            Class<?> type = TrustedLookup.find("jdk.internal.misc.Unsafe");
            try {
                unsafe = lookup.findStatic(type, "getUnsafe", MethodType.methodType(type)).invoke();
            } catch (ReflectiveOperationException e) {
                throw e;
            } catch (Throwable e) {
                throw unexpected(e);
            }
            put =
                    lookup.findVirtual(
                            type,
                            "putReference",
                            MethodType.methodType(
                                    void.class, Object.class, long.class, Object.class));
            offset =
                    lookup.findVirtual(
                            type,
                            "objectFieldOffset",
                            MethodType.methodType(long.class, Class.class, String.class));
        }

        void set(Channel channel, ProtocolFamily family) {
            try {
                Object at = offset.invoke(unsafe, (Class<?>) channel.getClass(), "family");
                put.invoke(unsafe, (Object) channel, (long) at, (Object) family);
                VarHandle.fullFence(); // as the end of a constructor
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }
    }
}
