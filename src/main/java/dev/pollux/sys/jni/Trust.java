package dev.pollux.sys.jni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * Who else could put a file into a place, or exchange one that is there: everybody but this user
 * and root whom the owner and the mode of a directory on the way allow to write. Where nobody can,
 * a file that was looked at is the file that is loaded.
 */
final class Trust {
    private Trust() {}

    /**
     * Why somebody else could exchange what is in this directory; null if nobody could. Who owns a
     * directory may rename what is in it; who can write it too, unless it is sticky.
     *
     * @param real without links
     */
    static String whyExchangeable(Path real) throws IOException {
        for (Path above = real; above != null; above = above.getParent()) {
            if (!isTrusted(above) || isWritable(above) && !isSticky(above)) {
                return "another user could exchange it there (" + described(above) + ")";
            }
        }
        return null;
    }

    /** The file that a name leads to, if nobody else can have put it, or a link to it, there. */
    static Path requireOurs(Path file) throws IOException {
        Path real = file.toRealPath();
        Path linked = file.getParent().toRealPath();
        for (Path path : List.of(real, real.getParent(), linked)) {
            if (!isTrusted(path) || isWritable(path)) {
                throw new IOException(
                        "another user could have put it there (" + described(path) + ")");
            }
        }
        for (Path directory : List.of(real.getParent(), linked)) {
            String why = whyExchangeable(directory);
            if (why != null) {
                throw new IOException(why);
            }
        }
        return real;
    }

    private static String described(Path path) throws IOException {
        return path
                + " belongs to user "
                + owner(path)
                + ", mode "
                + Integer.toOctalString(mode(path) & 07777);
    }

    /**
     * Whether it belongs to this user or to root. In a user namespace root may go by another
     * number: whoever owns the topmost directory can exchange anything.
     */
    private static boolean isTrusted(Path path) throws IOException {
        int owner = owner(path);
        return owner == 0 || owner == owner(Path.of("/")) || owner == userId();
    }

    /** By the group or by everybody; an access list shows in the mode of the group. */
    private static boolean isWritable(Path path) throws IOException {
        return (mode(path) & 0022) != 0;
    }

    private static boolean isSticky(Path path) throws IOException {
        return (mode(path) & 01000) != 0;
    }

    private static int owner(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid");
    }

    private static int mode(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:mode");
    }

    /** This process's user, whom Java cannot be asked for. */
    private static int userId() throws IOException {
        Path self = Path.of("/proc/self");
        if (Files.exists(self)) {
            return owner(self);
        }
        String place = System.getProperty("java.io.tmpdir", "");
        Path file;
        try {
            file = Files.createFile(Path.of(place, Places.freshName(Places.SHORT)));
        } catch (InvalidPathException e) {
            throw new IOException("it is not known who this user is: " + e.getMessage(), e);
        }
        try {
            return owner(file);
        } finally {
            Files.delete(file);
        }
    }
}
