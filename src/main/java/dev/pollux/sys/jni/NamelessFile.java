package dev.pollux.sys.jni;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/**
 * An open file of ours that has no name, so that nobody can put another in its place, whoever may
 * write into its directory: it was created by us, only we may open it, and it is loaded through its
 * descriptor, {@code /proc/self/fd/N} ({@code man 5 proc}).
 *
 * <p>{@code System.load} asks for the canonical path first, and follows that link by its text, "the
 * old name (deleted)". A file of that very name would be loaded instead; so the old name is as long
 * as a name can be, and none can have ten bytes more. Then the JVM gives the link itself to {@code
 * dlopen}, where it leads to the open file. Tried on HotSpot 17 and 25.
 */
final class NamelessFile implements Closeable {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    /** On Linux, unless /proc is not mounted. */
    static final boolean ARE_POSSIBLE = Files.isDirectory(DESCRIPTORS);

    /** NAME_MAX of every file system that Linux keeps on a disk or in memory. */
    private static final int LONGEST_NAME = 255;

    private static final String DELETED = " (deleted)"; // as the kernel writes it

    private final FileChannel channel;
    private final Path path;

    private NamelessFile(FileChannel channel, Path path) {
        this.channel = channel;
        this.path = path;
    }

    /** An empty one on the file system of this directory. */
    static NamelessFile in(Path directory) throws IOException {
        String name = Places.freshName(LONGEST_NAME);
        Path named = directory.resolve(name);
        FileChannel channel =
                FileChannel.open(
                        named,
                        Set.of(
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE),
                        Places.PRIVATE);
        try {
            Files.delete(named);
            Path path = descriptor(name + DELETED);
            requireThatNoneCanBeNamed(Files.readSymbolicLink(path));
            return new NamelessFile(channel, path);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** The file in memory that this channel has open, which was made under this name. */
    static NamelessFile inMemory(FileChannel channel, String name) throws IOException {
        return new NamelessFile(channel, descriptor("memfd:" + name + DELETED));
    }

    /** Our descriptor whose link ends so. */
    private static Path descriptor(String name) throws IOException {
        try (var descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path each : descriptors) {
                try {
                    if (Files.readSymbolicLink(each).endsWith(name)) {
                        return each;
                    }
                } catch (NoSuchFileException e) {
                    continue; // closed meanwhile, as the stream's own will be
                }
            }
        }
        throw new NoSuchFileException("the descriptor of " + name);
    }

    private static void requireThatNoneCanBeNamed(Path old) throws IOException {
        try {
            Files.readAttributes(old, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw new IOException("this file system has longer names than " + LONGEST_NAME);
        } catch (FileSystemException e) {
            if (e.getClass() == FileSystemException.class) {
                return; // ENAMETOOLONG: the others have types
            }
            throw e;
        }
        throw new IOException("somebody has made " + old);
    }

    /** Not through the channel, which an interrupted thread would close. */
    void write(byte[] content) throws IOException {
        Files.write(path, content, StandardOpenOption.WRITE);
    }

    /** What to load it by, as long as it is open. */
    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
