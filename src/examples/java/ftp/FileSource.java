package ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * A file that is sent, as it is: also in TYPE A its line ends are not converted, so that its size
 * is the same in both types and a resumed transfer fits.
 *
 * <p>A regular file cannot be polled: it is always ready, and a read from a slow disk holds up the
 * thread. Blocks of 64 KiB keep that short.
 */
final class FileSource implements DataSender.Source {
    private final FileChannel file;

    private FileSource(FileChannel file) {
        this.file = file;
    }

    /** From this byte on. */
    static FileSource open(Path real, long from) throws IOException {
        FileChannel file =
                FileChannel.open(real, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        if (from > file.size()) {
            file.close();
            throw new Jail.Refused("the file is shorter than that");
        }
        file.position(from);
        return new FileSource(file);
    }

    @Override
    public boolean fill(ByteBuffer buffer) throws IOException {
        return file.read(buffer) >= 0;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
