package dev.pollux.sys.jdk;

import static dev.pollux.sys.jdk.TrustedLookup.call;
import static dev.pollux.sys.jdk.TrustedLookup.unexpected;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.net.ProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Set;

/**
 * What a selector that is not the JDK's needs of the JDK's channels, and {@code java.nio} gives to
 * the JDK's own only ({@code sun.nio.ch}, the same in JDK 17 and 25): their descriptor, the end of
 * a close that was put off, and channels that know another provider.
 */
public final class JdkChannels {
    private static final boolean INTERRUPTIBLE = true; // as the JDK's provider has it

    private static final Throwable UNAVAILABLE;
    private static final Class<?> SEL_CH_IMPL;
    private static final MethodHandle GET_FD_VAL; // (Channel) int
    private static final MethodHandle KILL; // (Channel) void
    private static final SelectorProvider PROVIDER;
    private static final VarHandle HASH_SET_MAP; // null in a JDK whose HashSet is made otherwise

    // The constructors: (SelectorProvider[, ProtocolFamily]) channel; null in a JDK that has
    // others.
    private static final MethodHandle SOCKET;
    private static final MethodHandle SOCKET_OF;
    private static final MethodHandle SERVER;
    private static final MethodHandle SERVER_OF;
    private static final MethodHandle DATAGRAM;
    private static final MethodHandle DATAGRAM_OF;
    private static final MethodHandle PIPE;

    static {
        Throwable unavailable = null;
        Class<?> type = null;
        MethodHandle getFdVal = null;
        MethodHandle kill = null;
        SelectorProvider provider = null;
        Lookup lookup = null;
        try {
            lookup = TrustedLookup.get();
            Class<?> defaults = TrustedLookup.find("sun.nio.ch.DefaultSelectorProvider");
            Class<?> its = TrustedLookup.find("sun.nio.ch.SelectorProviderImpl");
            MethodHandle get = lookup.findStatic(defaults, "get", MethodType.methodType(its));
            provider = (SelectorProvider) get.invoke();
            type = TrustedLookup.find("sun.nio.ch.SelChImpl");
            getFdVal =
                    lookup.findVirtual(type, "getFDVal", MethodType.methodType(int.class))
                            .asType(MethodType.methodType(int.class, Channel.class));
            kill =
                    lookup.findVirtual(type, "kill", MethodType.methodType(void.class))
                            .asType(MethodType.methodType(void.class, Channel.class));
        } catch (Throwable e) {
            unavailable = e;
        }
        UNAVAILABLE = unavailable;
        SEL_CH_IMPL = type;
        GET_FD_VAL = getFdVal;
        KILL = kill;
        PROVIDER = provider;
        HASH_SET_MAP = hashSetMap(lookup);
        SOCKET = constructor(lookup, "SocketChannelImpl", SocketChannel.class);
        SOCKET_OF =
                constructor(lookup, "SocketChannelImpl", SocketChannel.class, ProtocolFamily.class);
        SERVER = constructor(lookup, "ServerSocketChannelImpl", ServerSocketChannel.class);
        SERVER_OF =
                constructor(
                        lookup,
                        "ServerSocketChannelImpl",
                        ServerSocketChannel.class,
                        ProtocolFamily.class);
        DATAGRAM = constructor(lookup, "DatagramChannelImpl", DatagramChannel.class, boolean.class);
        DATAGRAM_OF =
                constructor(
                        lookup,
                        "DatagramChannelImpl",
                        DatagramChannel.class,
                        ProtocolFamily.class,
                        boolean.class);
        PIPE = constructor(lookup, "PipeImpl", Pipe.class);
    }

    private JdkChannels() {}

    private static VarHandle hashSetMap(Lookup lookup) {
        if (lookup == null) {
            return null;
        }
        try {
            return lookup.findVarHandle(HashSet.class, "map", HashMap.class);
        } catch (ReflectiveOperationException e) {
            return null; // then a set that was large once stays slow
        }
    }

    private static MethodHandle constructor(
            Lookup lookup, String name, Class<?> channel, Class<?>... afterProvider) {
        if (lookup == null) {
            return null;
        }
        try {
            Class<?> type = TrustedLookup.find("sun.nio.ch." + name);
            var parameters =
                    MethodType.methodType(void.class, SelectorProvider.class)
                            .appendParameterTypes(afterProvider);
            return lookup.findConstructor(type, parameters)
                    .asType(parameters.changeReturnType(channel));
        } catch (ReflectiveOperationException e) {
            return null; // the JDK's provider makes them, and they say that they are its own
        }
    }

    /** Why there is nothing of all this here; null if there is. */
    public static Throwable unavailableBecause() {
        return UNAVAILABLE;
    }

    /** The JDK's own provider, whatever {@link SelectorProvider#provider()} says; may be null. */
    public static SelectorProvider provider() {
        return PROVIDER;
    }

    /** The descriptor of a channel, also of one that is half closed; -1 if it is not the JDK's. */
    public static int descriptor(Channel channel) {
        if (!SEL_CH_IMPL.isInstance(channel)) {
            return -1;
        }
        try {
            return (int) GET_FD_VAL.invokeExact(channel);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Closes the descriptor of a closed channel, if that was put off because a selector had it. Due
     * when a channel was deregistered that is not open and not registered any more.
     */
    public static void kill(Channel channel) throws IOException {
        try {
            KILL.invokeExact(channel);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Gives a set that is empty, and was large, a small table again. {@code AbstractSelector} keeps
     * what was cancelled in a {@code HashSet}, which never shrinks, and to empty it is to walk all
     * its table: after one burst of cancellations each later one would pay for it. The set's lock
     * is held.
     */
    public static void shrink(Set<?> cancelledKeys) {
        if (HASH_SET_MAP != null && cancelledKeys.getClass() == HashSet.class) {
            HASH_SET_MAP.set((HashSet<?>) cancelledKeys, new HashMap<Object, Object>());
        }
    }

    /** As {@link SelectorProvider#openSocketChannel()}, of a channel that names this provider. */
    public static SocketChannel openSocket(SelectorProvider provider) throws IOException {
        return SOCKET == null
                ? PROVIDER.openSocketChannel()
                : (SocketChannel) call(SOCKET, provider);
    }

    /** As {@link #openSocket(SelectorProvider)}. */
    public static SocketChannel openSocket(SelectorProvider provider, ProtocolFamily family)
            throws IOException {
        return SOCKET_OF == null
                ? PROVIDER.openSocketChannel(family)
                : (SocketChannel) call(SOCKET_OF, provider, family);
    }

    /** As {@link #openSocket(SelectorProvider)}. */
    public static ServerSocketChannel openServer(SelectorProvider provider) throws IOException {
        return SERVER == null
                ? PROVIDER.openServerSocketChannel()
                : (ServerSocketChannel) call(SERVER, provider);
    }

    /** As {@link #openSocket(SelectorProvider)}. */
    public static ServerSocketChannel openServer(SelectorProvider provider, ProtocolFamily family)
            throws IOException {
        return SERVER_OF == null
                ? PROVIDER.openServerSocketChannel(family)
                : (ServerSocketChannel) call(SERVER_OF, provider, family);
    }

    /** As {@link #openSocket(SelectorProvider)}. */
    public static DatagramChannel openDatagram(SelectorProvider provider) throws IOException {
        return DATAGRAM == null
                ? PROVIDER.openDatagramChannel()
                : (DatagramChannel) call(DATAGRAM, provider, INTERRUPTIBLE);
    }

    /** As {@link #openSocket(SelectorProvider)}. */
    public static DatagramChannel openDatagram(SelectorProvider provider, ProtocolFamily family)
            throws IOException {
        return DATAGRAM_OF == null
                ? PROVIDER.openDatagramChannel(family)
                : (DatagramChannel) call(DATAGRAM_OF, provider, family, INTERRUPTIBLE);
    }

    /** As {@link #openSocket(SelectorProvider)}. */
    public static Pipe openPipe(SelectorProvider provider) throws IOException {
        return PIPE == null ? PROVIDER.openPipe() : (Pipe) call(PIPE, provider);
    }
}
