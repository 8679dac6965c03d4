/*
 * ZeroMQ: the descriptor of a foreign library, edge-triggered by its nature.
 *
 * Run   make example NAME=ZeroMq       with libzmq installed (Debian: libzmq5)
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.ZeroMq
 *
 * You will see that ten sockets of ZeroMQ, all on one thread, receive 1000 messages each over TCP,
 * by how many reports. While nothing comes nobody is woken.
 *
 * ZMQ_FD says that something has happened to a socket, and not that a message is there: it may be
 * ready with none, and quiet while some are left. Three rules, for every library that hands out
 * such a descriptor:
 *
 *   - after each report ask the library (ZMQ_EVENTS), and receive until it says that nothing is left;
 *   - ask before the first wait, and after each zmq_send and zmq_recv on the same socket elsewhere:
 *     each of them may take what would have been reported;
 *   - never read from the descriptor, and never close it: both are the library's.
 *
 * As long as these are kept it may be registered under LEVEL or under EDGE.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/** Ten sockets that pull. */
final class ZeroMq {
    private static final int SOCKETS = 10;
    private static final int MESSAGES = 1000; // to each
    private static final int PULL = 7; // these are from <zmq.h>
    private static final int PUSH = 8;
    private static final int FD = 14;
    private static final int EVENTS = 15;
    private static final int LAST_ENDPOINT = 32;
    private static final int POLLIN = 1;
    private static final int DONTWAIT = 1;

    /** libzmq. */
    public interface Calls {
        Pointer zmq_ctx_new();

        int zmq_ctx_term(Pointer context);

        Pointer zmq_socket(Pointer context, int type);

        int zmq_close(Pointer socket);

        int zmq_bind(Pointer socket, String endpoint);

        int zmq_connect(Pointer socket, String endpoint);

        int zmq_getsockopt(Pointer socket, int option, @Out byte[] value, @In @Out long[] length);

        int zmq_send(Pointer socket, @In byte[] bytes, long length, int flags);

        int zmq_recv(Pointer socket, @Out byte[] bytes, long length, int flags);
    }

    private final Calls zmq = load();
    private final Pointer context = zmq.zmq_ctx_new();
    private final Pointer other = zmq.zmq_ctx_new(); // as another program would have it
    private final byte[] message = new byte[64];
    private long received;
    private long reports;

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new ZeroMq().run());
    }

    private ZeroMq() throws IOException {}

    private static Calls load() throws LibC.Unavailable {
        try {
            return LibraryLoader.create(Calls.class).failImmediately().load("zmq");
        } catch (LinkageError e) {
            throw new LibC.Unavailable("there is no libzmq here (Debian: libzmq5)");
        }
    }

    private void run() throws Exception {
        List<Pointer> sockets = new ArrayList<>();
        List<Pointer> senders = new ArrayList<>();
        try (FdSelector selector = DefaultSelector.open()) {
            for (int i = 0; i < SOCKETS; i++) {
                Pointer socket = zmq.zmq_socket(context, PULL);
                sockets.add(socket);
                LibC.check("zmq_bind", zmq.zmq_bind(socket, "tcp://127.0.0.1:*"));
                ReadyHandler handler = (key, ready) -> onReport(socket);
                int fd = LibC.struct(4).put(option(socket, FD, 4)).getInt(0);
                selector.register(fd, Interest.READ, Recipe.edge(selector), handler);
                receiveAll(socket); // asks before the first wait
                Pointer sender = zmq.zmq_socket(other, PUSH);
                senders.add(sender);
                String endpoint = LibC.text(option(socket, LAST_ENDPOINT, 256), 0);
                LibC.check("zmq_connect", zmq.zmq_connect(sender, endpoint));
            }
            var sending = new FutureTask<Void>(() -> send(senders));
            new Thread(sending).start();
            while (received < SOCKETS * MESSAGES) {
                selector.poll(Recipe.DISPATCH);
            }
            sending.get();
            System.out.printf("%d sockets, %d messages received%n", SOCKETS, received);
            System.out.printf("reports: %d%n", reports);
            Recipe.idle(selector);
            for (FdKey key : selector.keys()) {
                selector.unregister(key); // closing is the library's
            }
        } finally {
            senders.forEach(zmq::zmq_close);
            zmq.zmq_ctx_term(other);
            sockets.forEach(zmq::zmq_close);
            zmq.zmq_ctx_term(context);
        }
    }

    /** Another program's part. */
    private Void send(List<Pointer> senders) throws IOException {
        for (int i = 0; i < MESSAGES; i++) {
            for (Pointer sender : senders) {
                LibC.check("zmq_send", zmq.zmq_send(sender, new byte[] {(byte) i}, 1, 0));
            }
        }
        return null;
    }

    private void onReport(Pointer socket) throws IOException {
        reports++;
        receiveAll(socket);
    }

    /** Until the library says that nothing is left. */
    private void receiveAll(Pointer socket) throws IOException {
        while ((LibC.struct(4).put(option(socket, EVENTS, 4)).getInt(0) & POLLIN) != 0) {
            LibC.check("zmq_recv", zmq.zmq_recv(socket, message, message.length, DONTWAIT));
            received++;
        }
    }

    private byte[] option(Pointer socket, int option, int size) throws IOException {
        byte[] value = new byte[size];
        long[] length = {size};
        LibC.check("zmq_getsockopt", zmq.zmq_getsockopt(socket, option, value, length));
        return value;
    }
}
