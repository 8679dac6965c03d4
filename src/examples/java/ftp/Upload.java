package ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/**
 * A file that arrives. It grows under a hidden name in the directory where it belongs, and gets its
 * own name when it is complete, in one step: a name is always that of a whole file, the old one or
 * the new one.
 *
 * <p>This holds for a resumed upload as well (REST and STOR, or APPE): it begins with a copy of
 * what is there. That costs a copy, block by block in turns; but to write into the file itself
 * would expose it half-way, and a second break would leave it damaged.
 *
 * <p>What a broken upload has got is thrown away, as nobody could tell it from a file. Or it is
 * kept (option --keep-partial), visibly, as NAME.part. To go on with it takes no more than any
 * client has: SIZE and APPE of NAME.part, then RNFR and RNTO. That is what {@code FtpClient put
 * --resume} does.
 */
final class Upload implements DataReceiver.Sink {
    static final String PARTIAL = ".part";

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int COPY = BufferPool.SIZE;

    private final Path target;
    private final Path temporary;
    private final FileChannel file;
    private FileChannel copied; // null when nothing is left to copy
    private final long copyLength;
    private long copiedUpTo;

    private Upload(Path target, Path temporary, FileChannel copied, long copyLength)
            throws IOException {
        this.target = target;
        this.temporary = temporary;
        this.copied = copied;
        this.copyLength = copyLength;
        this.file =
                FileChannel.open(
                        temporary,
                        Set.of(
                                StandardOpenOption.WRITE,
                                StandardOpenOption.CREATE_NEW,
                                LinkOption.NOFOLLOW_LINKS));
    }

    /** In place of what is there, if anything. */
    static Upload replacing(Path target) throws IOException {
        requireReplaceable(target);
        return new Upload(target, temporary(target), null, 0);
    }

    /** After the first so many bytes of what is there. */
    static Upload after(Path target, long length) throws IOException {
        if (length == 0) {
            return replacing(target);
        }
        Jail.requireFile(target);
        FileChannel old =
                FileChannel.open(
                        target, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        try {
            if (length > old.size()) {
                throw new Jail.Refused("the file is shorter than that");
            }
            return new Upload(target, temporary(target), old, length);
        } catch (IOException e) {
            old.close();
            throw e;
        }
    }

    /** After all of what is there, if anything. */
    static Upload appending(Path target) throws IOException {
        boolean there = Files.exists(target, LinkOption.NOFOLLOW_LINKS);
        return there ? after(target, Files.size(Jail.requireFile(target))) : replacing(target);
    }

    /** A file, a link, or nothing. */
    private static void requireReplaceable(Path target) throws IOException {
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new Jail.Refused("that is a directory");
        }
    }

    private static Path temporary(Path target) {
        byte[] unique = new byte[8];
        RANDOM.nextBytes(unique);
        return Jail.hidden(target.getParent(), HexFormat.of().formatHex(unique));
    }

    @Override
    public int prepare() throws IOException {
        if (copied == null) {
            return 0;
        }
        long n = copied.transferTo(copiedUpTo, Math.min(COPY, copyLength - copiedUpTo), file);
        if (n <= 0) {
            throw new IOException("the file has become shorter");
        }
        copiedUpTo += n;
        if (copiedUpTo == copyLength) {
            copied.close();
            copied = null;
        }
        return (int) n;
    }

    @Override
    public void drain(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
    }

    /** How long it is by now. */
    long size() throws IOException {
        return file.size();
    }

    /** Gives it its name. With {@code force} it is on the disk before, which takes its time. */
    void complete(boolean force) throws IOException {
        if (force) {
            file.force(true);
        }
        close();
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Keeps what there is as NAME.part; the name of what is kept, null if that is nothing. */
    String keep() throws IOException {
        if (copied != null || file.size() == 0) {
            discard();
            return null;
        }
        close();
        String name = target.getFileName().toString();
        String kept = name.endsWith(PARTIAL) ? name : name + PARTIAL;
        Path partial = target.resolveSibling(kept);
        requireReplaceable(partial);
        Files.move(temporary, partial, StandardCopyOption.ATOMIC_MOVE);
        return kept;
    }

    void discard() throws IOException {
        close();
        Files.deleteIfExists(temporary);
    }

    @Override
    public void close() throws IOException {
        file.close();
        if (copied != null) {
            copied.close();
            copied = null;
        }
    }
}
