package dev.pollux.sys.jni;

import dev.pollux.sys.Bindings;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Loads the JNI library, from the first of: the file that {@code pollux.library.path} names, {@code
 * java.library.path}, the copy in the jar.
 *
 * <p>The copy is unpacked into a directory that did not exist before, that only this user can
 * enter, and is removed as soon as it is loaded. On {@code java.library.path} only a file is taken
 * that belongs to this user or to root and that nobody else can write or exchange: a file that
 * another user planted is never loaded.
 */
final class NativeLibrary {
    private static final String PATH = Bindings.LIBRARY_PATH;

    /** Where to unpack, instead of {@code java.io.tmpdir} and the user's cache directory. */
    static final String TEMPORARY = "pollux.tmpdir";

    private static final String BUILD =
            "build it with `make native` on this platform, and name it with -D" + PATH + "=";

    private static final String ALLOW =
            "start the JVM with --enable-native-access="
                    + (NativeLibrary.class.getModule().isNamed()
                            ? NativeLibrary.class.getModule().getName()
                            : "ALL-UNNAMED");

    private static final String NAME_IT =
            "name the library's file, or its directory, with -D"
                    + PATH
                    + "=, or leave that away to take the copy in the jar";

    /** Says to JNI_OnLoad which class the methods are of, also when it was renamed. */
    private static final String CLASS = "pollux.jni.class";

    private static boolean loaded; // guarded by the class
    private static String loadedFrom; // guarded by the class; for people

    private NativeLibrary() {}

    /** One attempt: what failed, and what to do about it, without a full stop. */
    private record Failure(String what, String remedy) {}

    /**
     * Loads it once, for these methods; throws {@link UnsatisfiedLinkError} with two lines: what
     * was tried and why it failed, and what to do.
     */
    static synchronized void load(JniSyscalls calls) {
        if (loaded) {
            return;
        }
        var failures = new ArrayList<Failure>();
        String path = System.getProperty(PATH, "");
        try {
            loaded =
                    path.isEmpty()
                            ? loadFromLibraryPath(calls, failures) || loadFromJar(calls, failures)
                            : tryLoad(calls, fileIn(Path.of(path)), PATH, failures);
        } catch (IllegalCallerException e) {
            // From JDK 24 on with --illegal-native-access=deny: no file would be loaded.
            failures.add(new Failure(e.getMessage(), ALLOW));
        }
        if (!loaded) {
            throw new UnsatisfiedLinkError(
                    joined("; ", failures, Failure::what)
                            + "\nto mend it: "
                            + joined("; or ", failures, Failure::remedy));
        }
    }

    /** Which file it was, and who named it; null before it is loaded. */
    static synchronized String loadedFrom() {
        return loadedFrom;
    }

    private static String joined(
            String separator, List<Failure> failures, Function<Failure, String> part) {
        return failures.stream().map(part).distinct().collect(Collectors.joining(separator));
    }

    private static Path fileIn(Path path) {
        Path absolute = path.toAbsolutePath();
        return Files.isDirectory(absolute) ? absolute.resolve(fileName()) : absolute;
    }

    private static String fileName() {
        return System.mapLibraryName("pollux");
    }

    private static boolean loadFromLibraryPath(JniSyscalls calls, List<Failure> failures) {
        String directories = System.getProperty("java.library.path", "");
        for (String directory : directories.split(File.pathSeparator)) {
            if (directory.isEmpty()) {
                continue;
            }
            Path file = Path.of(directory).toAbsolutePath().resolve(fileName());
            if (!Files.isRegularFile(file)) {
                continue;
            }
            Path real;
            try {
                real = requireOurs(file);
            } catch (IOException e) {
                failures.add(
                        new Failure(
                                e.getMessage(),
                                "if it is the right one, name it with -D" + PATH + "="));
                continue;
            }
            if (tryLoad(calls, real, "java.library.path", failures)) {
                return true;
            }
        }
        return false;
    }

    /** The file that a name leads to, if nobody else can have put it, or a link to it, there. */
    private static Path requireOurs(Path file) throws IOException {
        Path real = file.toRealPath();
        Path linked = file.getParent().toRealPath();
        for (Path path : List.of(real, real.getParent(), linked)) {
            if (!isTrusted(path) || (mode(path) & 0022) != 0) {
                throw new IOException(planted(file, path));
            }
        }
        for (Path path : List.of(real.getParent(), linked)) {
            for (Path above = path; above != null; above = above.getParent()) {
                if (!isTrusted(above) || (mode(above) & 0022) != 0 && !isSticky(above)) {
                    throw new IOException(planted(file, above));
                }
            }
        }
        return real;
    }

    private static String planted(Path file, Path path) throws IOException {
        return file
                + " on java.library.path was not loaded: another user could have put it there ("
                + path
                + " belongs to user "
                + owner(path)
                + ", mode "
                + Integer.toOctalString(mode(path) & 07777)
                + ")";
    }

    /**
     * Whether it belongs to this user or to root. In a user namespace root may go by another
     * number: whoever owns the topmost directory can exchange anything.
     */
    private static boolean isTrusted(Path path) throws IOException {
        int owner = owner(path);
        return owner == 0 || owner == owner(Path.of("/")) || owner == userId();
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
        Path file = Files.createTempFile("pollux", null);
        try {
            return owner(file);
        } finally {
            Files.delete(file);
        }
    }

    private static boolean loadFromJar(JniSyscalls calls, List<Failure> failures) {
        String resource = "/META-INF/native/" + platform() + "/" + fileName();
        for (Path parent : temporaryDirectories()) {
            try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
                if (library == null) {
                    failures.add(new Failure("the jar has no " + resource, BUILD));
                    return false;
                }
                if (unpackAndLoad(calls, library, parent, failures)) {
                    return true;
                }
            } catch (IOException e) {
                failures.add(
                        new Failure(
                                "cannot unpack into " + parent + ": " + e,
                                "name another directory with -D" + TEMPORARY + "="));
            }
        }
        return false;
    }

    private static List<Path> temporaryDirectories() {
        String named = System.getProperty(TEMPORARY, "");
        if (!named.isEmpty()) {
            return List.of(Path.of(named).toAbsolutePath());
        }
        return List.of(
                Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath(),
                Path.of(System.getProperty("user.home"), ".cache").toAbsolutePath());
    }

    private static boolean unpackAndLoad(
            JniSyscalls calls, InputStream library, Path parent, List<Failure> failures)
            throws IOException {
        Path real = parent.toRealPath();
        for (Path above = real; above != null; above = above.getParent()) {
            requireSticky(above);
        }
        var privately = PosixFilePermissions.fromString("rwx------");
        Path directory =
                Files.createTempDirectory(
                        real, "pollux-", PosixFilePermissions.asFileAttribute(privately));
        Path file = directory.resolve(fileName());
        try {
            Files.copy(library, file);
            boolean done = tryLoad(calls, file, TEMPORARY, failures);
            if (done) {
                loadedFrom = "its copy in the jar, unpacked as " + file + " and removed";
            }
            return done;
        } finally {
            // What is mapped stays mapped: on every system with POSIX permissions this is at once.
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    /** Who owns a directory may rename what is in it; who can write it too, unless it is sticky. */
    private static void requireSticky(Path parent) throws IOException {
        if ((mode(parent) & 0002) != 0 && !isSticky(parent)) {
            throw new IOException(
                    "every user may rename what is in " + parent + ", and it is not sticky");
        }
        if (!isTrusted(parent)) {
            throw new IOException(
                    parent
                            + " belongs to user "
                            + owner(parent)
                            + ", who may rename what is in it");
        }
    }

    private static boolean tryLoad(
            JniSyscalls calls, Path file, String property, List<Failure> failures) {
        // The lock is the same for every copy of this class, whatever loader it is in: JNI_OnLoad
        // must not read the name that another copy has set.
        synchronized (Runtime.getRuntime()) {
            System.setProperty(CLASS, JniSyscalls.class.getName());
            try {
                System.load(file.toString());
                calls.layout(0); // fails if it is another library, or was loaded for a renamed copy
                loadedFrom = file + ", by " + property;
                return true;
            } catch (LinkageError e) {
                failures.add(
                        Files.exists(file)
                                ? new Failure(explain(file, e), remedy(property))
                                : new Failure("there is no " + file, NAME_IT));
                return false;
            } finally {
                System.clearProperty(CLASS);
            }
        }
    }

    private static String explain(Path file, LinkageError error) {
        var text = new StringBuilder("cannot load ").append(file);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            try {
                FileStore store = Files.getFileStore(file);
                text.append(" on file system ")
                        .append(store)
                        .append(", type ")
                        .append(store.type());
            } catch (IOException e) {
                text.append(" on an unknown file system (").append(e).append(')');
            }
        }
        return text.append(": ").append(reason(file, error)).toString();
    }

    /** The JVM and the system's loader each put the file's name in front. */
    private static String reason(Path file, LinkageError error) {
        String reason = String.valueOf(error.getMessage());
        String name = file + ": ";
        while (reason.startsWith(name)) {
            reason = reason.substring(name.length());
        }
        return reason;
    }

    private static String remedy(String property) {
        return property.equals(TEMPORARY)
                ? "if the file system is mounted noexec, name another directory with -D"
                        + TEMPORARY
                        + "=; if the library is for another system, "
                        + BUILD
                : "if the file system is mounted noexec, or the library is for another system,"
                        + " name another place with -D"
                        + property
                        + "=";
    }

    /** As in the Makefile: {@code linux-x86_64}, {@code linux-aarch64}, {@code macos-aarch64}, … */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return (os.startsWith("mac") ? "macos" : os)
                + "-"
                + (arch.equals("amd64") ? "x86_64" : arch);
    }
}
