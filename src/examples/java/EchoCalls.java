/* The load on the multi-core echo server, by blocking sockets; not an example of its own. */

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Each of the two returns the nanoseconds that it took, and throws if an answer is not right. */
final class EchoCalls {
    private static final int LIMIT_MILLIS = 30_000;
    private static final byte[] MESSAGE = "say it again\n".getBytes(StandardCharsets.US_ASCII);

    private EchoCalls() {}

    /** So many connections, each for one message. */
    static long brief(int port, int clients, int connections) throws Exception {
        return inParallel(
                clients,
                client -> {
                    for (int i = client; i < connections; i += clients) {
                        try (Socket socket = connect(port)) {
                            say(socket);
                            listen(socket);
                        }
                    }
                });
    }

    /** So many connections at once; each says something, and when all have, listens. */
    static long kept(int port, int clients, int connections, int messages) throws Exception {
        return inParallel(
                clients,
                client -> {
                    List<Socket> sockets = new ArrayList<>();
                    try {
                        for (int i = client; i < connections; i += clients) {
                            sockets.add(connect(port));
                        }
                        for (int i = 0; i < messages; i++) {
                            for (Socket socket : sockets) {
                                say(socket);
                            }
                            for (Socket socket : sockets) {
                                listen(socket);
                            }
                        }
                    } finally {
                        for (Socket socket : sockets) {
                            socket.close();
                        }
                    }
                });
    }

    private interface Client {
        void run(int client) throws IOException;
    }

    private static long inParallel(int clients, Client job) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            var jobs = new ArrayList<Callable<Void>>();
            for (int i = 0; i < clients; i++) {
                int client = i;
                jobs.add(
                        () -> {
                            job.run(client);
                            return null;
                        });
            }
            long began = System.nanoTime();
            for (Future<Void> client : threads.invokeAll(jobs)) {
                client.get();
            }
            return System.nanoTime() - began;
        } finally {
            threads.shutdownNow();
        }
    }

    private static Socket connect(int port) throws IOException {
        var socket = new Socket("127.0.0.1", port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(LIMIT_MILLIS); // so that it can never hang
        return socket;
    }

    private static void say(Socket socket) throws IOException {
        socket.getOutputStream().write(MESSAGE);
    }

    private static void listen(Socket socket) throws IOException {
        byte[] answer = socket.getInputStream().readNBytes(MESSAGE.length);
        if (!Arrays.equals(MESSAGE, answer)) {
            throw new IOException("what came back is not what was sent");
        }
    }
}
