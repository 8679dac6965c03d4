package dev.pollux.contract.kinds;

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

    /** One process comes, and goes. */
    void comeAndGo() throws IOException {
        int pid = Kernel.spawn("/bin/sleep", "60");
        try {
            Files.writeString(path.resolve("cgroup.procs"), Integer.toString(pid));
        } finally {
            Kernel.killAndWait(pid);
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
