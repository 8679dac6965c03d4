package ftp;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The clients of FtpLoad: each has a session and its own list of jobs, and none begins before all
 * have logged in.
 */
final class Crowd implements Job.Listener {
    private static final String SHARED = "shared";

    private final Loop loop;
    private final List<Client> clients = new ArrayList<>();
    private final List<Gate> waiting = new ArrayList<>();
    private long due;
    private long moved;
    private int files;
    private int failures;
    private String firstFailure = "";
    private int atOnce;
    private int here; // clients whose session has not ended
    private long began;
    private long ended;

    Crowd(Loop loop, int count, int bytes) {
        this.loop = loop;
        for (int i = 0; i < count; i++) {
            clients.add(new Client(i, bytes));
        }
    }

    /** One client: what it has to do, and who takes it. */
    private final class Client implements ClientSession.Jobs {
        private final ArrayDeque<Job> jobs = new ArrayDeque<>();

        Client(int i, int bytes) {
            var shared = new MadeUp(0, bytes);
            if (i == 0) {
                jobs.add(put(SHARED, shared)); // before the others come
            }
            jobs.add(new Gate());
            var puts = new ArrayList<Job>();
            var gets = new ArrayList<Job>(List.of(get(SHARED, shared)));
            for (int k = 0; k < 2; k++) {
                int size = bytes / 2 + (int) ((i * 7919L + k * 104_729L) % bytes); // uneven
                var file = new MadeUp(1 + 2 * i + k, size);
                String name = "client-" + i + "-" + k;
                puts.add(put(name, file));
                gets.add(get(name, file));
            }
            if (i % 2 == 1) {
                jobs.add(gets.remove(0));
            }
            jobs.addAll(puts);
            Collections.rotate(gets, i);
            jobs.addAll(gets);
        }

        private Job put(String name, MadeUp file) {
            due += file.size();
            return new PutJob(name, name, file.origin(), false);
        }

        private Job get(String name, MadeUp file) {
            due += file.size();
            return new GetJob(name, name, file.target());
        }

        @Override
        public Job next() {
            return jobs.poll();
        }

        @Override
        public void left(ClientSession session, Outcome outcome, String why) {
            for (Job job : jobs) {
                onJobEnd(job, outcome, why);
            }
            jobs.clear();
            if (--here == 0) {
                ended = System.nanoTime();
                loop.stop();
            }
        }

        @Override
        public void onJobEnd(Job job, Outcome outcome, String why) {
            Crowd.this.onJobEnd(job, outcome, why);
        }
    }

    /** Waits until all are here. */
    private final class Gate extends Job {
        Gate() {
            super("gate");
        }

        @Override
        void start() {
            waiting.add(this);
            if (waiting.size() == here) {
                atOnce = here;
                began = System.nanoTime();
                List.copyOf(waiting).forEach(gate -> gate.end(Outcome.DONE, ""));
            }
        }

        @Override
        DataConnection open(ClientSession session, SocketChannel channel) {
            throw new IllegalStateException("it moves nothing");
        }

        @Override
        void complete(long bytes) {}

        @Override
        void release() {}
    }

    void run(Account account, int timeoutSeconds) throws IOException {
        here = clients.size();
        var sessions = new ArrayList<ClientSession>();
        // The first one has put the file that all get by the time that it is at the gate.
        for (Client client : clients) {
            sessions.add(new ClientSession(loop, account, client));
        }
        loop.everySecond(() -> sessions.forEach(session -> session.tick(timeoutSeconds)));
        loop.run();
    }

    @Override
    public void onJobEnd(Job job, Outcome outcome, String why) {
        if (job instanceof Gate) {
            return;
        }
        files++;
        if (outcome == Outcome.DONE) {
            moved += job.moved();
        } else if (failures++ == 0) {
            firstFailure = job.name + ": " + why;
        }
    }

    long due() {
        return due;
    }

    long moved() {
        return moved;
    }

    /** Of those that are due. */
    long lost() {
        return due - moved;
    }

    int files() {
        return files;
    }

    int failures() {
        return failures;
    }

    String firstFailure() {
        return firstFailure;
    }

    int atOnce() {
        return atOnce;
    }

    double seconds() {
        return (ended - began) / 1e9;
    }
}
