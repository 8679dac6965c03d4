package ftp;

import dev.pollux.DefaultSelector;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread, of the server or of the client: polls, hands out turns, runs what other threads
 * left, and looks at the clock once a second.
 */
final class Loop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ftp.loop");
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long MOMENT = TimeUnit.MILLISECONDS.toNanos(100);

    /** Of the clock {@link System#nanoTime}. */
    private record Later(long due, Runnable task) {}

    final FdSelector selector;

    /** Of data connections. poll and select have no EDGE; there they run under LEVEL. */
    final Trigger dataTrigger;

    final BufferPool buffers = new BufferPool();

    /** Who has something to do that the kernel will not report again, the longest waiting first. */
    private final ArrayDeque<Watched> line = new ArrayDeque<>();

    /** What is to be done in a moment, the first due first: all of them wait equally long. */
    private final ArrayDeque<Later> later = new ArrayDeque<>();

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private Runnable everySecond = () -> {};
    private volatile boolean stopped;

    Loop() throws IOException {
        selector = DefaultSelector.open();
        dataTrigger = selector.supports(Trigger.EDGE) ? Trigger.EDGE : Trigger.LEVEL;
    }

    void everySecond(Runnable task) {
        everySecond = task;
    }

    /** Runs until {@link #stop}. */
    void run() throws IOException {
        long nextSecond = System.nanoTime() + SECOND;
        while (!stopped) {
            long due = later.isEmpty() ? nextSecond : Math.min(nextSecond, later.peek().due);
            long wait = line.isEmpty() ? Math.max(0, due - System.nanoTime()) : 0;
            selector.poll(wait, TimeUnit.NANOSECONDS, Loop::onReady);
            for (Runnable task; (task = tasks.poll()) != null; ) {
                run(task);
            }
            while (!later.isEmpty() && System.nanoTime() - later.peek().due >= 0) {
                run(later.remove().task);
            }
            if (System.nanoTime() - nextSecond >= 0) {
                nextSecond = System.nanoTime() + SECOND;
                run(everySecond);
            }
            for (int turns = line.size(); turns > 0; turns--) {
                turn(line.remove()); // may get in line again, behind all others
            }
        }
    }

    /** What a member throws ends that member, and nobody else. */
    private static void onReady(FdKey key, Ready ready) {
        var member = (Watched) key.attachment();
        try {
            member.onReady(ready);
        } catch (IOException e) {
            member.failed(e);
        } catch (RuntimeException e) {
            LOG.error("a bug of this program", e);
            member.failed(e);
        } catch (OutOfMemoryError e) {
            member.failed(new IOException("no memory for it", e));
        }
    }

    private static void turn(Watched member) {
        member.inLine = false;
        try {
            member.turn();
        } catch (IOException e) {
            member.failed(e);
        } catch (RuntimeException e) {
            LOG.error("a bug of this program", e);
            member.failed(e);
        } catch (OutOfMemoryError e) {
            member.failed(new IOException("no memory for it", e));
        }
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a bug of this program", e);
        }
    }

    void getInLine(Watched member) {
        if (!member.inLine) {
            member.inLine = true;
            line.add(member);
        }
    }

    /** Has this run in a moment: after a tenth of a second. */
    void later(Runnable task) {
        later.add(new Later(System.nanoTime() + MOMENT, task));
    }

    /** Has this run by the loop's thread. Any thread. */
    void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    /** Any thread. */
    void stop() {
        stopped = true;
        selector.wakeup();
    }

    @Override
    public void close() {
        selector.close();
    }

    /** For people: {@code EPOLL, data connections EDGE}. */
    @Override
    public String toString() {
        String why = dataTrigger == Trigger.EDGE ? "" : ": this backend has no EDGE";
        return selector.backend() + ", data connections " + dataTrigger + why;
    }
}
