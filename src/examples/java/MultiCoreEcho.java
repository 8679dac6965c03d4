/*
 * An echo server on several threads: SO_REUSEPORT, EXCLUSIVE and the thundering herd.
 *
 * Run       make example NAME=MultiCoreEcho ARGS='7030 --way reuseport --threads 4'
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" MultiCoreEcho
 * and then  nc -N 127.0.0.1 7030
 *
 * You will see every line that you type come back; after Ctrl-C, which thread had how many
 * connections. A second one of yours on the same port is no error under reuseport: the kernel shares
 * the connections out among both. The ways, in EchoWorker: a listener for each thread, or one for all, of which one
 * thread, or all, hear of an arrival.
 *
 *           make example NAME=MultiCoreEcho ARGS=--load
 *
 * puts each of the ways under load by turns, and ends by itself. You will see a table:
 *
 *   short   connections that come, say one thing and go: how evenly they spread over the threads
 *           (the busiest first); for each of them, the accepts that found nothing, how often a
 *           thread went to sleep, and so was woken, and the time of the server's threads
 *   kept    connections that stay: how evenly they spread, what they say in a second, and the time
 *           of the server's threads for each thing said
 *
 * epoll looks again before it returns. So most of the herd finds nothing and goes back to sleep
 * within the kernel: that is seen in the sleeps, and seldom in accepts that find nothing.
 *
 * EXCLUSIVE is epoll's alone. On other backends those ways are left out.
 */

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import sockets.Listener;

/** The threads, and what they listen to. Any thread may {@link #close}. */
final class MultiCoreEcho implements AutoCloseable {
    final List<EchoWorker> workers = new ArrayList<>();

    private final List<Listener> listeners = new ArrayList<>();
    private final List<FutureTask<Void>> serving = new ArrayList<>();

    MultiCoreEcho(int port, EchoWorker.Way way, int threads) throws IOException {
        try {
            boolean each = way == EchoWorker.Way.REUSEPORT;
            listeners.add(Listener.open(port, each));
            while (each && listeners.size() < threads) {
                listeners.add(Listener.open(port(), true));
            }
            for (int i = 0; i < threads; i++) {
                workers.add(new EchoWorker(way, listeners.get(each ? i : 0)));
            }
        } catch (IOException e) {
            release();
            throw e;
        }
    }

    int port() throws IOException {
        return listeners.get(0).port();
    }

    void start() {
        for (EchoWorker worker : workers) {
            var task =
                    new FutureTask<Void>(
                            () -> {
                                try {
                                    return worker.call();
                                } finally {
                                    close(); // one that failed takes the others along
                                }
                            });
            serving.add(task);
            new Thread(task, "worker " + serving.size()).start();
        }
    }

    /** Waits for the end of all, and throws what was the reason if it was not {@link #close}. */
    void join() throws IOException, InterruptedException {
        IOException failure = null;
        try {
            for (FutureTask<Void> task : serving) {
                try {
                    task.get();
                } catch (ExecutionException e) { // the others are ending: their listener stays
                    failure = failure != null ? failure : new IOException(e.getCause());
                }
            }
        } finally {
            release();
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Serves until {@link #close}. */
    void run() throws IOException, InterruptedException {
        start();
        join();
    }

    @Override
    public void close() {
        workers.forEach(EchoWorker::close);
    }

    private void release() throws IOException {
        workers.forEach(worker -> worker.selector.close());
        for (Listener listener : listeners) {
            listener.close();
        }
    }

    /** What each thread did, one line each. */
    private String counts() {
        return workers.stream()
                .map(
                        w ->
                                String.format(
                                        Locale.ROOT,
                                        "  thread %d: %d connections, %d messages; %d of %d"
                                                + " accepts found nothing%n",
                                        workers.indexOf(w) + 1,
                                        w.accepted,
                                        w.messages,
                                        w.useless,
                                        w.accepted + w.useless))
                .collect(Collectors.joining());
    }

    /** What one way has cost, in all rounds. */
    private static final class Sum {
        final double[] spread; // by rank, in parts of all
        long connections;
        long useless;
        long sleeps;
        long messages;
        long cpuNanos;
        long nanos;

        Sum(int threads) {
            spread = new double[threads];
        }

        void add(MultiCoreEcho server, long tookNanos) {
            long[] accepted = server.workers.stream().mapToLong(w -> w.accepted).sorted().toArray();
            long all = LongStream.of(accepted).sum();
            for (int i = 0; i < accepted.length; i++) {
                spread[i] += (double) accepted[accepted.length - 1 - i] / all;
            }
            connections += all;
            for (EchoWorker worker : server.workers) {
                useless += worker.useless;
                sleeps += worker.sleeps;
                messages += worker.messages;
                cpuNanos += worker.cpuNanos;
            }
            nanos += tookNanos;
        }

        String sleepsEach() {
            return sleeps == 0
                    ? "not told"
                    : String.format(Locale.ROOT, "%.1f", (double) sleeps / connections);
        }

        /** In percent, the busiest thread first. */
        String shares() {
            double all = Arrays.stream(spread).sum();
            return Arrays.stream(spread)
                    .mapToObj(part -> String.format(Locale.ROOT, "%.0f", 100 * part / all))
                    .collect(Collectors.joining(" "));
        }
    }

    /** The command line. */
    @Command(name = "MultiCoreEcho", showDefaultValues = true)
    static final class Main implements Callable<Integer> {
        @Parameters(arity = "0..1", defaultValue = "7030", description = "where; 0 = any")
        private int port;

        @Option(
                names = "--way",
                defaultValue = "REUSEPORT",
                description = "${COMPLETION-CANDIDATES}")
        private EchoWorker.Way way;

        @Option(names = "--threads", defaultValue = "4", description = "each with a selector")
        private int threads;

        @Option(names = "--load", description = "measure all ways, and end")
        private boolean load;

        @Option(names = "--clients", defaultValue = "4", description = "threads of the load")
        private int clients;

        @Option(names = "--short", defaultValue = "1000", description = "connections a round")
        private int brief;

        @Option(names = "--kept", defaultValue = "200", description = "connections a round")
        private int kept;

        @Option(names = "--messages", defaultValue = "100", description = "on each that is kept")
        private int messages;

        @Option(names = "--rounds", defaultValue = "5", description = "after one to warm up")
        private int rounds;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() throws Exception {
            int least = Math.min(Math.min(threads, clients), Math.min(messages, rounds));
            if (least < 1 || Math.min(brief, kept) < clients) {
                throw new ParameterException(
                        spec.commandLine(),
                        "at least one of each, and a connection of both kinds for each client");
            }
            if (load) {
                compare();
            } else {
                serve();
            }
            return 0;
        }

        private void serve() throws Exception {
            var server = new MultiCoreEcho(port, way, threads);
            System.out.printf(
                    Locale.ROOT,
                    "multi-core echo on 127.0.0.1 port %d (%s, %s, %d threads)%n",
                    server.port(),
                    server.workers.get(0).selector.backend(),
                    way,
                    threads);
            Program.serve(server::run, server::close, server::counts);
        }

        private void compare() throws Exception {
            Map<EchoWorker.Way, Sum[]> sums = new EnumMap<>(EchoWorker.Way.class);
            for (EchoWorker.Way way : EchoWorker.Way.values()) {
                try {
                    new MultiCoreEcho(0, way, threads).release();
                    sums.put(way, new Sum[] {new Sum(threads), new Sum(threads)});
                } catch (IOException e) {
                    System.out.println(way + ": left out, " + e.getMessage());
                }
            }
            for (int round = 0; round <= rounds; round++) {
                for (var entry : sums.entrySet()) {
                    Sum[] sum = // the first round warms up
                            round > 0
                                    ? entry.getValue()
                                    : new Sum[] {new Sum(threads), new Sum(threads)};
                    measure(entry.getKey(), port -> EchoCalls.brief(port, clients, brief), sum[0]);
                    measure(
                            entry.getKey(),
                            port -> EchoCalls.kept(port, clients, kept, messages),
                            sum[1]);
                }
            }
            print(sums);
        }

        /** The load on a server; returns the nanoseconds that it took. */
        private interface Load {
            long run(int port) throws Exception;
        }

        private void measure(EchoWorker.Way way, Load load, Sum sum) throws Exception {
            var server = new MultiCoreEcho(0, way, threads);
            server.start();
            long nanos;
            try {
                nanos = load.run(server.port());
            } finally {
                server.close();
                server.join();
            }
            sum.add(server, nanos);
        }

        private void print(Map<EchoWorker.Way, Sum[]> sums) {
            System.out.printf(
                    Locale.ROOT,
                    "%n%d threads on %d processors, %d clients; %d rounds of %d short connections,"
                            + " and of %d kept with %d messages each%n%n",
                    threads,
                    Runtime.getRuntime().availableProcessors(),
                    clients,
                    rounds,
                    brief,
                    kept,
                    messages);
            System.out.println(
                    "| way | short: spread in % | empty accepts | sleeps | CPU |"
                            + " kept: spread in % | messages/s | CPU a message |");
            System.out.println("|---|---|---:|---:|---:|---|---:|---:|");
            sums.forEach(
                    (way, sum) ->
                            System.out.printf(
                                    Locale.ROOT,
                                    "| %s | %s | %.3f | %s | %.1f us | %s | %,.0f | %.1f us |%n",
                                    way,
                                    sum[0].shares(),
                                    (double) sum[0].useless / sum[0].connections,
                                    sum[0].sleepsEach(),
                                    sum[0].cpuNanos / 1e3 / sum[0].connections,
                                    sum[1].shares(),
                                    sum[1].messages * 1e9 / sum[1].nanos,
                                    sum[1].cpuNanos / 1e3 / sum[1].messages));
        }
    }

    public static void main(String[] args) {
        Program.run(new Main(), args);
    }
}
