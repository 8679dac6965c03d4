package dev.pollux.contract.kinds;

import dev.pollux.Fd;
import dev.pollux.support.Fds;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A cgroup that is made and removed, where processes come and go. */
final class Cgroup implements AutoCloseable {
    private final Path path;

    Cgroup(Path root) throws IOException {
        path = Files.createTempDirectory(root, "pollux");
    }

    String events() {
        return path.resolve("cgroup.events").toString();
    }

    /**
     * One process comes, and goes. The kernel notifies of the two no less than 10 ms apart, the
     * second time by a timer (CGROUP_FILE_NOTIFY_MIN_INTV); both times are over when this returns,
     * or the next trial would meet one that is not its own.
     */
    void comeAndGo() throws IOException {
        int fd = Kernel.open(events(), Kernel.O_RDONLY);
        try {
            Fds.drain(fd);
            int pid = Kernel.spawn("/bin/sleep", "60");
            try {
                Files.writeString(path.resolve("cgroup.procs"), Integer.toString(pid));
                Kernel.awaitPriority(fd);
                Kernel.seekToStart(fd);
                Fds.drain(fd);
            } finally {
                Kernel.killAndWait(pid);
            }
            Kernel.awaitPriority(fd);
        } finally {
            Fd.close(fd);
        }
        Poller.await("an empty cgroup", this::isEmpty);
    }

    private boolean isEmpty() {
        try {
            return Files.readString(path.resolve("cgroup.events")).contains("populated 0");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        Files.delete(path);
    }
}
