/* The load on the echo server, see EdgeEchoDemo; not an example of its own. */

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Many clients on a few threads of plain NIO; all are connected before the load begins. */
final class EchoLoad {
    private static final int THREADS = 2;
    private static final int SCRATCH = 64 * 1024;
    private static final int SELECT_MILLIS = 5; // slow readers look at the clock that often

    final List<EchoClient> clients = new ArrayList<>();
    private final List<FutureTask<Void>> threads = new ArrayList<>();
    private volatile boolean stopped;

    /** Connects all of them; each has another part of the same random bytes for its payload. */
    EchoLoad(int connections, int bytes, int port) throws IOException {
        var random = new SplittableRandom();
        byte[] noise = new byte[bytes + SCRATCH];
        random.nextBytes(noise);
        ByteBuffer all = ByteBuffer.allocateDirect(noise.length).put(noise);
        for (int i = 0; i < connections; i++) {
            ByteBuffer payload = all.slice(random.nextInt(SCRATCH), bytes);
            clients.add(new EchoClient(kind(i), payload, random.nextLong(), port));
        }
    }

    private static EchoClient.Kind kind(int i) {
        return switch (i % 20) {
            case 1, 6, 11, 16, 18 -> EchoClient.Kind.HALF_CLOSING;
            case 3, 13 -> EchoClient.Kind.SLOW;
            case 9 -> EchoClient.Kind.RESETTING;
            default -> EchoClient.Kind.STEADY;
        };
    }

    void start() {
        int size = clients.size();
        for (int i = 0; i < THREADS; i++) {
            var share = clients.subList(size * i / THREADS, size * (i + 1) / THREADS);
            threads.add(spawn("load-" + i, () -> drive(share)));
        }
    }

    /** Something that may fail. */
    interface Job {
        void run() throws Exception;
    }

    /** Runs it in a thread that does not keep the process alive. */
    static FutureTask<Void> spawn(String name, Job job) {
        var task =
                new FutureTask<Void>(
                        () -> {
                            job.run();
                            return null;
                        });
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    private void drive(List<EchoClient> share) throws IOException {
        var scratch = ByteBuffer.allocateDirect(SCRATCH);
        try (var selector = Selector.open()) {
            for (EchoClient client : share) {
                client.start(selector);
            }
            while (!selector.keys().isEmpty() && !stopped) {
                selector.select(
                        key -> ((EchoClient) key.attachment()).onReady(scratch), SELECT_MILLIS);
                long now = System.nanoTime();
                for (EchoClient client : share) {
                    client.sip(now);
                }
            }
        }
    }

    /** Whether all threads are through; throws what one of them threw. */
    boolean isOver() throws ExecutionException, InterruptedException {
        boolean over = true;
        for (var thread : threads) {
            if (thread.isDone()) {
                thread.get();
            } else {
                over = false;
            }
        }
        return over;
    }

    /** Ends what is not over yet. */
    void stop() throws ExecutionException, InterruptedException {
        stopped = true;
        for (var thread : threads) {
            thread.get();
        }
        clients.forEach(EchoClient::end);
    }

    /** How many bytes have come back, of those that are due. */
    long received() {
        return clients.stream().mapToLong(c -> Math.min(c.received, c.due())).sum();
    }

    /** How many bytes must come back. */
    long due() {
        return clients.stream().mapToLong(EchoClient::due).sum();
    }

    long count(EchoClient.Kind kind) {
        return clients.stream().filter(c -> c.kind == kind).count();
    }
}
