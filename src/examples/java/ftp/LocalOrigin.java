package ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/** A file that the client puts. */
final class LocalOrigin implements PutJob.Origin {
    private final Path path;
    private final long size;
    private final Instant changed;
    private final Progress progress;
    private FileChannel file; // null until open

    LocalOrigin(Path path, Progress progress) throws IOException {
        this.path = path;
        this.size = Files.size(path);
        this.changed = Files.getLastModifiedTime(path).toInstant();
        this.progress = progress;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Instant changed() {
        return changed;
    }

    @Override
    public void open(long from) throws IOException {
        file = FileChannel.open(path).position(from);
        progress.begin(from, size);
    }

    @Override
    public boolean fill(ByteBuffer buffer) throws IOException {
        int n = file.read(buffer);
        progress.moved(Math.max(n, 0));
        return n >= 0;
    }

    @Override
    public void close() throws IOException {
        progress.end();
        if (file != null) {
            file.close();
        }
    }
}
