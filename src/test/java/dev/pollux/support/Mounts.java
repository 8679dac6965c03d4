package dev.pollux.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A mount namespace that only a thread of this object's is in, so that its /proc/self/mountinfo
 * changes when a test says so, and never otherwise. It says so once, with POLLPRI and POLLERR, to
 * whoever looks first; and is always readable.
 */
public final class Mounts implements AutoCloseable {
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Path dir = Files.createTempDirectory("pollux-mounts");
    private boolean mounted;

    /** Skips the test where this is not allowed. */
    public Mounts() throws IOException {
        try {
            there(
                    () -> {
                        Libc.unshareMounts();
                        return null;
                    });
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    /** Opens what changes. */
    public int open() throws IOException {
        return there(() -> Libc.openToRead(Path.of("/proc/thread-self/mountinfo")));
    }

    /** A mount, or the end of one. */
    public void change() throws IOException {
        there(
                () -> {
                    if (mounted) {
                        Libc.unmount(dir);
                    } else {
                        Libc.mountMemory(dir);
                    }
                    mounted = !mounted;
                    return null;
                });
    }

    private <T> T there(Callable<T> action) throws IOException {
        try {
            return thread.submit(action).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        if (mounted) {
            change();
        }
        thread.shutdown();
        Files.delete(dir);
    }
}
