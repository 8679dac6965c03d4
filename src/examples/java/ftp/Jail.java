package ftp;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * The directory that a user sees as "/", and never leaves.
 *
 * <p>What a client names is first a list of words: "." and ".." are gone before a file system sees
 * them, and ".." of "/" is "/". Then the file system says where that really is, all symbolic links
 * followed; it counts only if it is inside. What is made, renamed or deleted is a name in a
 * directory that is really inside, and there a link is a name like any other: it is never followed.
 *
 * <p>A race remains: who can change directories of the tree by other means (no FTP command makes a
 * link) can swap one for a link between the question and the use.
 */
final class Jail {
    private static final String HIDDEN = ".ftp-upload-";

    private final Path root; // real

    Jail(Path root) throws IOException {
        this.root = root.toRealPath();
        if (!Files.isDirectory(this.root)) {
            throw new IOException(root + " is not a directory");
        }
    }

    /** A refusal; its text is for the client. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }

    /** What a client means by a name, seen from its directory: "/" and what follows, no dots. */
    static String virtual(String directory, String name) throws Refused {
        var words = new ArrayList<String>();
        String all = name.startsWith("/") ? name : directory + "/" + name;
        for (String word : all.split("/")) {
            if (word.equals("..")) {
                if (!words.isEmpty()) {
                    words.remove(words.size() - 1);
                }
            } else if (isHidden(word)) {
                throw new Refused("that name is reserved");
            } else if (!word.isEmpty() && !word.equals(".")) {
                words.add(word);
            }
        }
        return "/" + String.join("/", words);
    }

    /** What is there, links followed. */
    Path existing(String virtual) throws IOException {
        return inside(path(virtual).toRealPath());
    }

    /** A name in a directory that is there; itself it may be there or not, or be a link. */
    Path entry(String virtual) throws IOException {
        Path path = path(virtual);
        if (path.equals(root)) {
            throw new Refused("that is the root directory");
        }
        Path directory = inside(path.getParent().toRealPath());
        if (!Files.isDirectory(directory)) {
            throw new NoSuchFileException(virtual);
        }
        return directory.resolve(path.getFileName());
    }

    /** A directory of its own inside this one. */
    Jail within(String home) throws IOException {
        return new Jail(existing(virtual("/", home)));
    }

    private Path path(String virtual) throws Refused {
        try {
            return root.resolve(virtual.substring(1)).normalize();
        } catch (InvalidPathException e) { // say, not in the character set of the JVM
            throw new Refused("that is no file name here");
        }
    }

    private Path inside(Path real) throws Refused {
        if (!real.startsWith(root)) {
            throw new Refused("that is outside");
        }
        return real;
    }

    /** What a regular file is: neither a directory nor a pipe, on which an open would wait. */
    static Path requireFile(Path real) throws Refused {
        if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
            throw new Refused("not a plain file");
        }
        return real;
    }

    static Path requireDirectory(Path real) throws Refused {
        if (!Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
            throw new Refused("not a directory");
        }
        return real;
    }

    /** A name for an unfinished upload: no command can name it, no listing shows it. */
    static Path hidden(Path directory, String unique) {
        return directory.resolve(HIDDEN + unique);
    }

    /** In any case of its letters: some file systems see no difference. */
    static boolean isHidden(String name) {
        return name.regionMatches(true, 0, HIDDEN, 0, HIDDEN.length());
    }

    /** All unfinished uploads below, such as a server leaves that was killed. */
    List<Path> leftovers() throws IOException {
        var found = new ArrayList<Path>();
        var visitor = new SimpleFileVisitor<Path>() { // follows no links
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (attributes.isRegularFile() && isHidden(file.getFileName().toString())) {
                            found.add(file);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    /** A directory that may not be read, a file that has gone: not ours. */
                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e) {
                        return FileVisitResult.CONTINUE;
                    }
                };
        Files.walkFileTree(root, visitor);
        return found;
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
