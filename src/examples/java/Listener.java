/*
 * Where an example server gets its descriptors from; not an example of its own.
 *
 * A port is listened on with java.nio, and ChannelFd tells the descriptors of its channels: that is
 * the way for an application. The jnr-ffi binding cannot look into a channel. There the same few
 * calls go to libc, which shows that a descriptor of any origin will do.
 */

import dev.pollux.ChannelFd;
import dev.pollux.Fd;
import dev.pollux.PolluxException;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import jnr.constants.platform.AddressFamily;
import jnr.constants.platform.Errno;
import jnr.constants.platform.IPProto;
import jnr.constants.platform.Sock;
import jnr.constants.platform.SocketLevel;
import jnr.constants.platform.SocketOption;
import jnr.constants.platform.TCP;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Platform;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/** A port of 127.0.0.1 that is listened on, without blocking. */
interface Listener extends Closeable {
    int BACKLOG = 1024;

    /** Bytes that the kernel keeps for a peer that does not read; by itself it keeps megabytes. */
    int SEND_BUFFER = 64 * 1024;

    /** A connection: its descriptor, non-blocking, and who closes it. */
    record Peer(int fd, Closeable owner) {}

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
        var channel = ServerSocketChannel.open();
        try {
            var listener = new OfChannels(channel, ChannelFd.of(channel));
            if (shared) {
                channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            channel.configureBlocking(false);
            channel.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), BACKLOG);
            return listener;
        } catch (PolluxException.Unsupported e) {
            channel.close();
            return new OfLibC(port, shared);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** By java.nio: the channel owns the descriptor. */
    record OfChannels(ServerSocketChannel channel, int fd) implements Listener {
        @Override
        public int port() throws IOException {
            return ((InetSocketAddress) channel.getLocalAddress()).getPort();
        }

        @Override
        public Peer accept() throws IOException {
            SocketChannel peer = channel.accept();
            if (peer == null) {
                return null;
            }
            peer.configureBlocking(false);
            peer.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
            peer.setOption(StandardSocketOptions.TCP_NODELAY, true); // every answer at once
            return new Peer(ChannelFd.of(peer), peer);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** By libc: a bare descriptor, read, written and closed with Fd. */
    final class OfLibC implements Listener {
        /** {@code man 2 socket, bind, listen, accept, getsockname, setsockopt}. */
        public interface LibC {
            int socket(int domain, int type, int protocol);

            int setsockopt(int fd, int level, int option, @In int[] value, int length);

            int bind(int fd, @In byte[] address, int length);

            int listen(int fd, int backlog);

            int getsockname(int fd, @Out byte[] address, @In @Out int[] length);

            int accept(int fd, long address, long length);
        }

        private static final int ADDRESS_SIZE = 16; // struct sockaddr_in

        private final LibC libc = LibraryLoader.create(LibC.class).searchDefault().load();
        private final int fd;

        OfLibC(int port, boolean shared) throws IOException {
            int inet = AddressFamily.AF_INET.intValue();
            fd = check("socket", libc.socket(inet, Sock.SOCK_STREAM.intValue(), 0));
            try {
                Fd.setNonBlocking(fd, true);
                int socket = SocketLevel.SOL_SOCKET.intValue();
                set(socket, SocketOption.SO_REUSEADDR.intValue(), 1);
                if (shared) {
                    set(socket, SocketOption.SO_REUSEPORT.intValue(), 1);
                }
                // Those that are accepted inherit it.
                set(socket, SocketOption.SO_SNDBUF.intValue(), SEND_BUFFER);
                set(IPProto.IPPROTO_TCP.intValue(), TCP.TCP_NODELAY.intValue(), 1);
                check("bind", libc.bind(fd, address(inet, port), ADDRESS_SIZE));
                check("listen", libc.listen(fd, BACKLOG));
            } catch (IOException e) {
                close();
                throw e;
            }
        }

        private void set(int level, int option, int value) throws IOException {
            check("setsockopt", libc.setsockopt(fd, level, option, new int[] {value}, 4));
        }

        /**
         * struct sockaddr_in: the family, the port and the address in network order, 8 zeros. The
         * family is two bytes; the BSDs have the size in the first of them.
         */
        private static byte[] address(int family, int port) {
            var address = ByteBuffer.allocate(ADDRESS_SIZE);
            if (Platform.getNativePlatform().isBSD()) {
                address.put((byte) ADDRESS_SIZE).put((byte) family);
            } else {
                address.order(ByteOrder.nativeOrder()).putShort((short) family);
            }
            address.order(ByteOrder.BIG_ENDIAN).putShort((short) port);
            return address.put(new byte[] {127, 0, 0, 1}).array();
        }

        @Override
        public int fd() {
            return fd;
        }

        @Override
        public int port() throws IOException {
            byte[] address = new byte[ADDRESS_SIZE];
            check("getsockname", libc.getsockname(fd, address, new int[] {ADDRESS_SIZE}));
            return Short.toUnsignedInt(ByteBuffer.wrap(address).getShort(2));
        }

        @Override
        public Peer accept() throws IOException {
            while (true) {
                int peer = libc.accept(fd, 0, 0);
                if (peer >= 0) {
                    Fd.setNonBlocking(peer, true);
                    return new Peer(peer, () -> Fd.close(peer));
                }
                Errno errno = errno();
                if (errno == Errno.EAGAIN) {
                    return null;
                }
                if (errno != Errno.EINTR && errno != Errno.ECONNABORTED) { // then: the next one
                    throw new IOException("accept: " + errno.description());
                }
            }
        }

        private Errno errno() {
            return Errno.valueOf(LastError.getLastError(Runtime.getRuntime(libc)));
        }

        private int check(String call, int rc) throws IOException {
            if (rc < 0) {
                throw new IOException(call + ": " + errno().description());
            }
            return rc;
        }

        @Override
        public void close() throws IOException {
            Fd.close(fd);
        }
    }
}
