package ftp;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Jobs, and as many sessions as may do them at the same time, on one loop. A session that fails
 * leaves the rest to the others; if none is left, the rest fails with it.
 */
final class Batch implements ClientSession.Jobs {
    private final Loop loop;
    private final ArrayDeque<Job> waiting;
    private final List<ClientSession> sessions = new ArrayList<>();
    private final Job.Listener listener;
    private Outcome worst = Outcome.DONE;

    /** The {@code listener} hears of every end, also of jobs that nobody could do. */
    Batch(Loop loop, Collection<? extends Job> jobs, Job.Listener listener) {
        this.loop = loop;
        this.waiting = new ArrayDeque<>(jobs);
        this.listener = listener;
    }

    /** Until all is over; the first outcome that is not good, or DONE. */
    Outcome run(Account account, int parallel, int timeoutSeconds) throws IOException {
        loop.everySecond(
                () -> List.copyOf(sessions).forEach(session -> session.tick(timeoutSeconds)));
        int count = Math.min(parallel, waiting.size());
        for (int i = 0; i < count; i++) {
            sessions.add(new ClientSession(loop, account, this));
        }
        loop.run();
        return worst;
    }

    @Override
    public Job next() {
        return waiting.poll();
    }

    @Override
    public void left(ClientSession session, Outcome outcome, String why) {
        sessions.remove(session);
        if (!sessions.isEmpty()) {
            return;
        }
        for (Job job; (job = waiting.poll()) != null; ) {
            onJobEnd(job, outcome, why);
        }
        loop.stop();
    }

    @Override
    public void onJobEnd(Job job, Outcome outcome, String why) {
        if (worst == Outcome.DONE) {
            worst = outcome;
        }
        listener.onJobEnd(job, outcome, why);
    }
}
