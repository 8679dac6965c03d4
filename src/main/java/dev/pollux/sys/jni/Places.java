package dev.pollux.sys.jni;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The directories that a copy of the library may be unpacked into when none is named: {@code
 * java.io.tmpdir}, the user's cache and run-time directories (XDG Base Directory Specification).
 * One that cannot be is a reason among the failures, never the end.
 */
final class Places {
    /** For this user alone. */
    static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Bytes of a name that is not to be long. */
    static final int SHORT = 33;

    private static final String PREFIX = "pollux-";

    private Places() {}

    /** In the order in which they are to be tried; a cache directory that is missing is made. */
    static Collection<Path> all(Failures failures) {
        var places = new LinkedHashSet<Path>();
        add(places, read("java.io.tmpdir", System.getProperty("java.io.tmpdir"), failures));
        add(places, made(xdg("XDG_CACHE_HOME", failures), failures));
        Path home = read("user.home", System.getProperty("user.home"), failures);
        if (home != null && home.isAbsolute()) { // it is "?" for a user that the system has not
            add(places, made(home.resolve(".cache"), failures));
        }
        add(places, xdg("XDG_RUNTIME_DIR", failures));
        return places;
    }

    /**
     * The path that a setting has for its value; null if there is none, or it is written in
     * characters that this process has no bytes for.
     */
    static Path read(String setting, String value, Failures failures) {
        if (value == null || value.isEmpty()) {
            return null;
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            failures.add(
                    setting + " is no path in the character set of this process: " + e.getMessage(),
                    "set LC_ALL to a locale with UTF-8, as C.UTF-8 is");
            return null;
        }
    }

    /** What is not absolute is to be ignored, the specification says. */
    private static Path xdg(String variable, Failures failures) {
        Path path = read(variable, System.getenv(variable), failures);
        return path == null || path.isAbsolute() ? path : null;
    }

    private static Path made(Path cache, Failures failures) {
        if (cache == null || Files.isDirectory(cache)) {
            return cache;
        }
        try {
            return Files.createDirectory(cache, PRIVATE);
        } catch (FileAlreadyExistsException e) {
            return cache; // another process was first; or it is a file, which the next one will say
        } catch (IOException e) {
            failures.add("cannot make " + cache + ": " + e, LibraryCopy.NAME_ANOTHER);
            return null;
        }
    }

    /**
     * A name that nobody has, of so many bytes. {@code Files.createTempDirectory} does not do: it
     * fails for good, whatever directory it is given, where java.io.tmpdir cannot be read.
     */
    static String freshName(int length) {
        var random = new byte[(length - PREFIX.length()) / 2];
        new SecureRandom().nextBytes(random);
        return PREFIX + HexFormat.of().formatHex(random);
    }

    private static void add(Set<Path> places, Path path) {
        if (path != null) {
            places.add(path.toAbsolutePath());
        }
    }
}
