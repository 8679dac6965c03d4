package dev.pollux.bench.peer;

import dev.pollux.Backend;
import dev.pollux.nio.PolluxSelectorProvider;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.spi.SelectorProvider;
import jnr.enxio.channels.NativeSelectorProvider;
import jnr.enxio.channels.NativeSocketChannel;
import one.nio.os.NativeLibrary;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.AFUNIXSocket;

/** Who is compared; each constant loads its own classes only. */
public enum Peer {
    POLLUX("Pollux") {
        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return new PolluxPeer((FdEnds) ends);
        }
    },

    POLLUX_JNR("Pollux, jnr-ffi") {
        @Override
        public Ends ends(int count) throws IOException {
            System.setProperty("pollux.binding", "jnr"); // before its first use in this JVM
            return new FdEnds(count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return new PolluxPeer((FdEnds) ends);
        }
    },

    POLLUX_POLL("Pollux, poll(2)") {
        @Override
        public Ends ends(int count) throws IOException {
            System.setProperty("pollux.backend", "poll");
            return new FdEnds(count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return new PolluxPeer((FdEnds) ends);
        }
    },

    POLLUX_URING("Pollux, uring") {
        @Override
        public String unavailableBecause() {
            return Backend.URING.unavailableBecause();
        }

        @Override
        public Ends ends(int count) throws IOException {
            System.setProperty("pollux.backend", "uring");
            return new FdEnds(count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return new PolluxPeer((FdEnds) ends);
        }
    },

    JDK("JDK, selected keys") {
        @Override
        public Ends ends(int count) throws IOException {
            return ChannelEnds.of(SelectorProvider.provider(), count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return keys(SelectorProvider.provider(), ends);
        }
    },

    JDK_CONSUMER("JDK, Consumer") {
        @Override
        public Ends ends(int count) throws IOException {
            return ChannelEnds.of(SelectorProvider.provider(), count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return consumer(SelectorProvider.provider(), ends);
        }
    },

    DROPIN("java.nio on Pollux, selected keys") {
        @Override
        public Ends ends(int count) throws IOException {
            return ChannelEnds.of(new PolluxSelectorProvider(), count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return keys(new PolluxSelectorProvider(), ends);
        }
    },

    DROPIN_CONSUMER("java.nio on Pollux, Consumer") {
        @Override
        public Ends ends(int count) throws IOException {
            return ChannelEnds.of(new PolluxSelectorProvider(), count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return consumer(new PolluxSelectorProvider(), ends);
        }
    },

    NETTY("Netty epoll, event loop") {
        @Override
        public String unavailableBecause() {
            return epollUnavailable();
        }

        @Override
        public PeerSelector open(Ends ends) {
            return new NettyPeer((FdEnds) ends);
        }
    },

    NETTY_BARE("Netty epoll, internal wait") {
        @Override
        public String unavailableBecause() {
            return epollUnavailable();
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return new NettyBarePeer((FdEnds) ends);
        }
    },

    ONE_NIO("one-nio") {
        @Override
        public String unavailableBecause() {
            return NativeLibrary.IS_SUPPORTED ? null : "its native library does not load here";
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return new OneNioPeer((FdEnds) ends);
        }
    },

    JNR_ENXIO("jnr-enxio") {
        @Override
        public PeerSelector open(Ends ends) throws IOException {
            var selector = NativeSelectorProvider.getInstance().openSelector();
            var fds = (FdEnds) ends;
            return new NioSetPeer(selector, ends.count(), i -> channel(fds.fd(i)));
        }

        private static NativeSocketChannel channel(int fd) {
            try {
                var channel = new NativeSocketChannel(fd);
                channel.configureBlocking(false);
                return channel;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    },

    JUNIXSOCKET("junixsocket") {
        @Override
        public String unavailableBecause() {
            return AFUNIXSocket.isSupported() ? null : "its native library does not load here";
        }

        @Override
        public Ends ends(int count) throws IOException {
            return ChannelEnds.ofJunixsocket(count);
        }

        @Override
        public PeerSelector open(Ends ends) throws IOException {
            return keys(AFUNIXSelectorProvider.provider(), ends);
        }
    };

    /** What people call it. */
    public final String title;

    Peer(String title) {
        this.title = title;
    }

    /** Opens connections of the kind that it can hold. */
    public Ends ends(int count) throws IOException {
        return new FdEnds(count);
    }

    /** Opens its selector for the ends, none of which is registered then. */
    public abstract PeerSelector open(Ends ends) throws IOException;

    /** What keeps it from running here; null if nothing does. */
    public String unavailableBecause() {
        return null;
    }

    private static PeerSelector keys(SelectorProvider provider, Ends ends) throws IOException {
        return new NioSetPeer(provider.openSelector(), ends.count(), ((ChannelEnds) ends)::channel);
    }

    private static PeerSelector consumer(SelectorProvider provider, Ends ends) throws IOException {
        return new NioConsumerPeer(
                provider.openSelector(), ends.count(), ((ChannelEnds) ends)::channel);
    }

    private static String epollUnavailable() {
        return Epoll.isAvailable() ? null : Epoll.unavailabilityCause().toString();
    }
}
