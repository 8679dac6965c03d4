package dev.pollux.bench.edge;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A server of one mode and its clients, by turns on one thread: nothing but the server's part is
 * timed, and the same calls are made whenever it runs.
 *
 * <p>Two sets of clients ask by turns. LEVEL keeps a descriptor that it has reported in its list,
 * and the next wait asks it again; with one set alone that would always find the next request, and
 * the trigger would make no difference to small messages.
 */
final class Exchange implements AutoCloseable {
    private static final int SETS = 2;
    private static final int LONG_PERIOD = 20;

    private final Traffic traffic;
    private final int period; // arrivals that are timed as one, all kinds in their proportion
    private final Server server;
    private final List<List<Client>> sets = new ArrayList<>();
    private int set;
    private int stuck;
    private long nanos; // of this period
    private final List<Long> periods = new ArrayList<>();
    private Calls counted; // up to the last turn

    Exchange(Mode mode, Traffic traffic) throws IOException {
        this.traffic = traffic;
        period = traffic.stuckPercent() % 100 == 0 ? SETS : LONG_PERIOD;
        server = new Server(mode, traffic);
        try {
            for (int i = 0; i < SETS; i++) {
                var clients = new ArrayList<Client>();
                sets.add(clients);
                for (int j = 0; j < traffic.ready(); j++) {
                    clients.add(new Client(server, traffic));
                }
            }
            if (mode.interest(false) == mode.interest(true)) {
                server.turn(); // the first edge: they can be written to
            }
            counted = server.calls();
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Exchanges messages for about so long, the client's part not counted; at least once. */
    void slice(long atLeastNanos) throws IOException {
        long sum = 0;
        do {
            nanos = 0;
            for (int i = 0; i < period; i++) {
                arrival();
            }
            periods.add(nanos);
            sum += nanos;
        } while (sum < atLeastNanos);
    }

    /**
     * What the slices since the last turn make up together. Their time is the median of all their
     * periods: what is lost to another process, or to another machine on the same processor, is
     * lost in few of them.
     */
    Turn turn() throws IOException {
        server.settle();
        long[] sorted = periods.stream().mapToLong(Long::longValue).sorted().toArray();
        periods.clear();
        Calls before = counted;
        counted = server.calls();
        int messages = period * traffic.depth() * traffic.ready();
        return new Turn(
                (long) messages * sorted.length,
                (double) sorted[sorted.length / 2] / messages,
                counted.minus(before));
    }

    private void arrival() throws IOException {
        List<Client> clients = sets.get(set);
        set = (set + 1) % SETS;
        stuck += traffic.stuckPercent();
        for (Client client : clients) {
            client.ask();
            if (stuck >= 100) {
                client.fill();
            }
        }
        stuck %= 100;
        boolean answered;
        do {
            long start = System.nanoTime();
            server.turn();
            nanos += System.nanoTime() - start;
            answered = true;
            for (Client client : clients) {
                answered &= client.isAnswered();
            }
        } while (!answered);
    }

    @Override
    public void close() throws IOException {
        for (List<Client> clients : sets) {
            for (Client client : clients) {
                client.close();
            }
        }
        server.close();
    }
}
