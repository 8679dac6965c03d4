/* Sockets by a few calls to libc, see Sockets; not an example of its own. */
package sockets;

import dev.pollux.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.constants.platform.AddressFamily;
import jnr.constants.platform.Errno;
import jnr.constants.platform.IPProto;
import jnr.constants.platform.Shutdown;
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

/** Bare descriptors, read, written and closed with {@link Fd}. */
final class LibCSockets implements Sockets {
    /** {@code man 2 socket, bind, listen, accept, connect, getsockname, setsockopt, shutdown}. */
    public interface LibC {
        int socket(int domain, int type, int protocol);

        int setsockopt(int fd, int level, int option, @In int[] value, int length);

        int bind(int fd, @In byte[] address, int length);

        int listen(int fd, int backlog);

        int getsockname(int fd, @Out byte[] address, @In @Out int[] length);

        int accept(int fd, long address, long length);

        int connect(int fd, @In byte[] address, int length);

        int shutdown(int fd, int how);
    }

    private static final int ADDRESS_SIZE = 16; // struct sockaddr_in
    private static final int INET = AddressFamily.AF_INET.intValue();

    private final LibC libc = LibraryLoader.create(LibC.class).searchDefault().load();

    @Override
    public Listener listen(int port, boolean shared) throws IOException {
        byte[] address = address(port);
        int fd = socket();
        try {
            Fd.setNonBlocking(fd, true);
            int socket = SocketLevel.SOL_SOCKET.intValue();
            set(fd, socket, SocketOption.SO_REUSEADDR.intValue(), 1);
            if (shared) {
                set(fd, socket, SocketOption.SO_REUSEPORT.intValue(), 1);
            }
            check("bind", libc.bind(fd, address, ADDRESS_SIZE));
            check("listen", libc.listen(fd, BACKLOG));
            return new ListeningFd(fd);
        } catch (IOException e) {
            Fd.close(fd);
            throw Sockets.failed(port, e);
        }
    }

    @Override
    public Listener adopt(int fd) throws IOException {
        Fd.setNonBlocking(fd, true);
        return new ListeningFd(fd);
    }

    @Override
    public Peer connect(int port) throws IOException {
        byte[] address = address(port);
        int fd = socket();
        try {
            check("connect", libc.connect(fd, address, ADDRESS_SIZE));
            return connected(fd);
        } catch (IOException e) {
            Fd.close(fd);
            throw Sockets.failed(port, e);
        }
    }

    private int socket() throws IOException {
        return check("socket", libc.socket(INET, Sock.SOCK_STREAM.intValue(), 0));
    }

    private Peer connected(int fd) throws IOException {
        Fd.setNonBlocking(fd, true);
        int socket = SocketLevel.SOL_SOCKET.intValue();
        set(fd, socket, SocketOption.SO_SNDBUF.intValue(), SEND_BUFFER);
        set(fd, IPProto.IPPROTO_TCP.intValue(), TCP.TCP_NODELAY.intValue(), 1);
        return new ConnectedFd(fd);
    }

    private void set(int fd, int level, int option, int value) throws IOException {
        check("setsockopt", libc.setsockopt(fd, level, option, new int[] {value}, 4));
    }

    /**
     * struct sockaddr_in: the family, the port and the address in network order, 8 zeros. The
     * family is two bytes; the BSDs have the size in the first of them.
     */
    private static byte[] address(int port) {
        if (port != (port & 0xffff)) {
            throw new IllegalArgumentException("port out of range: " + port);
        }
        var address = ByteBuffer.allocate(ADDRESS_SIZE);
        if (Platform.getNativePlatform().isBSD()) {
            address.put((byte) ADDRESS_SIZE).put((byte) INET);
        } else {
            address.order(ByteOrder.nativeOrder()).putShort((short) INET);
        }
        address.order(ByteOrder.BIG_ENDIAN).putShort((short) port);
        return address.put(new byte[] {127, 0, 0, 1}).array();
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

    private final class ListeningFd implements Listener {
        private final int fd;

        ListeningFd(int fd) {
            this.fd = fd;
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
                    try {
                        return connected(peer);
                    } catch (IOException e) { // macOS: EINVAL, it was reset already
                        Fd.close(peer);
                        continue;
                    }
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

        @Override
        public void close() throws IOException {
            Fd.close(fd);
        }
    }

    private final class ConnectedFd implements Peer {
        private final int fd;

        ConnectedFd(int fd) {
            this.fd = fd;
        }

        @Override
        public int fd() {
            return fd;
        }

        @Override
        public void shutdownOutput() throws IOException {
            check("shutdown", libc.shutdown(fd, Shutdown.SHUT_WR.intValue()));
        }

        @Override
        public void close() throws IOException {
            Fd.close(fd);
        }
    }
}
