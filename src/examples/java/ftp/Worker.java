package ftp;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;

/**
 * A thread for what takes long and cannot be polled: a password hash is 60 ms of computing, an
 * fsync the disk's time. The loop hears of the result through its queue of tasks, woken up for it.
 */
final class Worker implements AutoCloseable {
    private final Loop loop;
    private final ExecutorService thread;

    Worker(Loop loop, String name) {
        this.loop = loop;
        thread =
                Executors.newSingleThreadExecutor(
                        task -> {
                            var made = new Thread(task, name);
                            made.setDaemon(true);
                            return made;
                        });
    }

    /** The loop's thread gets the result, or what was thrown; one of the two is null. */
    <T> void run(Callable<T> job, BiConsumer<T, Exception> then) {
        thread.execute(
                () -> {
                    try {
                        T result = job.call();
                        loop.execute(() -> then.accept(result, null));
                    } catch (Exception e) {
                        loop.execute(() -> then.accept(null, e));
                    }
                });
    }

    @Override
    public void close() {
        thread.shutdown();
    }
}
