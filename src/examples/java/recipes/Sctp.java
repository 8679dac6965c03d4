/*
 * SCTP: associations in a loop, without the blocking channels of the JDK.
 *
 * Run   make example NAME=Sctp
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.Sctp
 * or    make example NAME=Sctp ARGS=tcp     the same over TCP
 *
 * You will see 20 associations on which 100 messages each go there and back, on one thread, and that
 * nobody is woken while all are silent. Where the kernel has no SCTP it says so (modprobe sctp).
 *
 * One-to-one sockets of SCTP are used as those of TCP are: what was connected without blocking is
 * reported WRITE; a listener READ, for accept; the end of an association is the end of a read.
 * Messages stay apart: each read is one, if the buffer is large enough.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.FdSocket;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A server that echoes, and its clients. */
final class Sctp {
    private static final int AF_INET = 2;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_SCTP = 132;
    private static final int CLIENTS = 20;
    private static final int MESSAGES = 100; // of each
    private static final int SIZE = 32; // bytes of a message

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
    private final FdSelector selector = DefaultSelector.open();
    private final int protocol;
    private final List<Client> clients = new ArrayList<>();
    private int accepted;
    private int connected;
    private int finished;
    private int messages;

    private Sctp(int protocol) throws IOException {
        this.protocol = protocol;
    }

    public static void main(String[] args) throws Exception {
        int protocol = args.length > 0 && args[0].equals("tcp") ? IPPROTO_TCP : IPPROTO_SCTP;
        Recipe.start(() -> new Sctp(protocol).run());
    }

    private void run() throws Exception {
        try (selector) {
            int listener = LibC.socket(AF_INET, LibC.SOCK_STREAM, protocol);
            byte[] address = LibC.struct(16).putShort(0, (short) AF_INET).array(); // sockaddr_in
            ByteBuffer.wrap(address).put(4, new byte[] {127, 0, 0, 1});
            LibC.check("bind", LibC.C.bind(listener, address, address.length));
            LibC.check("listen", LibC.C.listen(listener, CLIENTS));
            int[] length = {address.length};
            LibC.check("getsockname", LibC.C.getsockname(listener, address, length));
            register(listener, Interest.READ, (key, ready) -> acceptAll(listener));
            int port = Short.toUnsignedInt(ByteBuffer.wrap(address).getShort(2));
            while (clients.size() < CLIENTS) {
                clients.add(new Client(new InetSocketAddress("127.0.0.1", port)));
            }
            while (accepted < CLIENTS || connected < CLIENTS) {
                selector.poll(Recipe.DISPATCH);
            }
            Recipe.idle(selector);
            for (Client client : clients) {
                client.send();
            }
            while (finished < CLIENTS) {
                selector.poll(Recipe.DISPATCH);
            }
            System.out.printf("%d associations, %d messages there and back%n", CLIENTS, messages);
            for (FdKey key : selector.keys()) {
                selector.unregisterAndClose(key);
            }
        }
    }

    private void register(int fd, Interest interest, ReadyHandler handler) throws IOException {
        selector.register(fd, interest, Trigger.LEVEL, handler);
    }

    private void acceptAll(int listener) throws IOException {
        for (int fd; (fd = FdSocket.accept(listener)) != FdSocket.WOULD_BLOCK; ) {
            accepted++;
            register(fd, Interest.READ, (key, ready) -> echo(key));
        }
    }

    private void echo(FdKey key) throws IOException {
        while (Fd.read(key.fd(), buffer.clear()) > 0) {
            Fd.write(key.fd(), buffer.flip()); // one at a time is under way: there is room
        }
    }

    private final class Client {
        private final int fd;
        private boolean isConnected;
        private int sent;
        private int received; // bytes

        Client(InetSocketAddress server) throws IOException {
            fd = LibC.socket(AF_INET, LibC.SOCK_STREAM, protocol);
            FdSocket.connect(fd, server); // what comes of it is reported
            register(fd, Interest.WRITE, this::onReady);
        }

        private void onReady(FdKey key, Ready ready) throws IOException {
            if (!isConnected) {
                isConnected = FdSocket.finishConnect(fd); // throws what was wrong
                connected++;
                selector.modify(key, Interest.READ);
                return;
            }
            int n;
            while ((n = Fd.read(fd, buffer.clear())) > 0) {
                received += n;
                if (received == sent * SIZE) {
                    messages++;
                    if (sent == MESSAGES) {
                        finished++;
                    } else {
                        send();
                    }
                }
            }
        }

        void send() throws IOException {
            Fd.write(fd, buffer.clear());
            sent++;
        }
    }
}
