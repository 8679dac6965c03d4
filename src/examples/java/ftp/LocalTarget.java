package ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A file that the client gets. It grows as NAME.part and is renamed when it is complete; a resumed
 * download goes on with that, unless the server's file has changed since (as far as the clocks of
 * both sides agree).
 */
final class LocalTarget implements GetJob.Target {
    private final Path path;
    private final Path partial;
    private final boolean resume;
    private final Progress progress;
    private FileChannel file; // null until open

    LocalTarget(Path path, boolean resume, Progress progress) {
        this.path = path;
        this.partial = path.resolveSibling(path.getFileName() + Upload.PARTIAL);
        this.resume = resume;
        this.progress = progress;
    }

    @Override
    public boolean resumes() {
        return resume;
    }

    @Override
    public long open(long size, Instant changed) throws IOException {
        boolean goesOn = resume && isOfTheSame(changed);
        file = FileChannel.open(partial, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        long from = goesOn && size >= 0 && file.size() <= size ? file.size() : 0;
        file.truncate(from).position(from);
        progress.begin(from, size);
        return from;
    }

    /** The server tells seconds. */
    private boolean isOfTheSame(Instant changed) throws IOException {
        return changed == null
                || !Files.exists(partial)
                || !Files.getLastModifiedTime(partial)
                        .toInstant()
                        .truncatedTo(ChronoUnit.SECONDS)
                        .isBefore(changed);
    }

    @Override
    public void drain(ByteBuffer buffer) throws IOException {
        int n = buffer.remaining();
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
        progress.moved(n);
    }

    @Override
    public void complete() throws IOException {
        progress.end();
        file.close();
        Files.move(partial, path, StandardCopyOption.ATOMIC_MOVE);
    }

    /** What has come stays, to be resumed. */
    @Override
    public void close() throws IOException {
        progress.end();
        if (file == null || !file.isOpen()) {
            return;
        }
        boolean empty = file.size() == 0;
        file.close();
        if (empty) {
            Files.deleteIfExists(partial);
        }
    }
}
