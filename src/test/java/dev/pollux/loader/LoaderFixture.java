package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.pollux.Backend;
import dev.pollux.support.Child;
import dev.pollux.support.Host;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * For tests of how the native library is loaded: the library's classes without and with it, a
 * directory of each test, and what a {@link Child} that ran {@link Probe} must have said.
 */
abstract class LoaderFixture {
    static final String FILE = System.mapLibraryName("pollux");
    static final int SOMEBODY_ELSE = 65534;

    /** Runs a command without the directories of a desktop. */
    static final String[] NO_DESKTOP = {"env", "-u", "XDG_CACHE_HOME", "-u", "XDG_RUNTIME_DIR"};

    /** The library's classes without and with the native library; a jar with it. */
    @TempDir static Path bare;

    @TempDir static Path whole;
    @TempDir static Path jars;

    static Path jar;

    @TempDir Path dir;

    @BeforeAll
    static void copy() throws IOException {
        if (library() == null) {
            return; // each test says so
        }
        Relocated.plainlyInto(bare, false);
        Relocated.plainlyInto(whole, true);
        jar = jars.resolve("pollux.jar");
        var out = new PrintWriter(System.out, true);
        int rc =
                ToolProvider.findFirst("jar")
                        .orElseThrow()
                        .run(out, out, "-c", "-f", jar.toString(), "-C", whole.toString(), ".");
        assertEquals(0, rc);
    }

    @BeforeEach
    void nobody_else_can_write_here() throws IOException {
        if (library() == null) {
            skip("there is no native library in " + Child.classes());
        }
        mode(dir, "rwx------");
    }

    /** The one of this build for this platform, beside which there may be others; or null. */
    static Path library() {
        Path file = libraryIn(Child.classes());
        return Files.exists(file) ? file : null;
    }

    static Path libraryIn(Path classes) {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").replace("amd64", "x86_64");
        String platform = (os.startsWith("mac") ? "macos" : os) + "-" + arch;
        return classes.resolve("META-INF/native").resolve(platform).resolve(FILE);
    }

    static void skip(String reason) {
        System.out.println("skipped: " + reason);
        abort(reason);
    }

    // ---- in short

    static Child jni(Path classes) {
        return new Child(classes).property(Bindings.PROPERTY, "jni");
    }

    /** With no other place than it is given. */
    static Child alone(Path... classes) {
        return new Child(classes)
                .property(Bindings.PROPERTY, "jni")
                .property("user.home", "/nonexistent")
                .before(NO_DESKTOP);
    }

    /** A fresh directory. */
    Path shared(String mode) throws IOException {
        Path shared = Files.createTempDirectory(dir, "shared");
        mode(shared, mode);
        return shared;
    }

    /** Skips the test if this command does not succeed. */
    static void requirePossible(List<String> before, String what, String... command)
            throws IOException {
        var all = new ArrayList<>(before);
        all.addAll(List.of(command));
        try {
            Process process =
                    new ProcessBuilder(all)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (process.waitFor() != 0) {
                skip("here one cannot " + what);
            }
        } catch (IOException e) {
            skip("here one cannot " + what + ": " + e.getMessage());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static Path plant(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.copy(library(), file);
        mode(file, "rwxr-xr-x");
        if (!file.getParent().getFileName().toString().startsWith("junit")) {
            mode(file.getParent(), "rwx------");
        }
        return file;
    }

    static void breakLibrary(Path classes) throws IOException {
        Files.writeString(libraryIn(classes), "this is no library");
    }

    static Path privately(Path directory) throws IOException {
        Files.createDirectory(directory);
        mode(directory, "rwx------");
        return directory;
    }

    static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    /** With bits that Java has no names for. */
    static void mode(Path path, String mode, int bits) throws IOException {
        mode(path, mode);
        Files.setAttribute(path, "unix:mode", bits);
    }

    static void chown(Path path, int uid) throws IOException {
        Files.setAttribute(path, "unix:uid", uid);
    }

    void requireRoot() throws IOException {
        if ((Integer) Files.getAttribute(dir, "unix:uid") != 0) {
            skip("only root can give a file to another user");
        }
    }

    static void assertEmpty(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            assertEquals(List.of(), entries.toList());
        }
    }

    /**
     * Every backend but two: there is no kernel that has both epoll and kqueue, and one binding
     * alone has a ring.
     */
    static void assertAllSeen(int times, Child.Result result) {
        int all = times * Backend.values().length;
        int missing = result.lines(Probe.MISSING).size();
        assertEquals(all, result.lines(Probe.SEEN).size() + missing, result.text());
        assertTrue(missing <= 2 * times, result.text());
    }

    static void assertServed(String binding, Child.Result result) {
        result.ok();
        assertEquals(List.of(binding), result.lines(Probe.BINDING), result.text());
        assertAllSeen(1, result);
        for (String seen : result.lines(Probe.SEEN)) {
            assertTrue(seen.endsWith("[attached READ]"), seen);
        }
    }

    static void assertLoaded(Path file, Child.Result result) throws IOException {
        assertServed("jni", result);
        assertEquals(List.of(file.toRealPath().toString()), result.lines(Probe.LIBRARY));
    }

    /** From there, where it no longer is. */
    static void assertLoadedUnder(Path directory, Child.Result result) throws IOException {
        assertServed("jni", result);
        List<String> libraries = result.lines(Probe.LIBRARY);
        assertEquals(1, libraries.size(), libraries.toString());
        String path = libraries.get(0);
        assertTrue(path.startsWith(directory.toRealPath() + "/pollux-"), path);
        if (Host.LINUX) {
            assertTrue(path.endsWith("(deleted)"), path);
        } else {
            assertFalse(Files.exists(Path.of(path)), path);
        }
    }

    static void assertFailed(Child.Result result, String... texts) {
        assertSaid(result, texts);
        assertEquals(List.of(), result.lines(Probe.LIBRARY));
    }

    /** The loader of the system may leave pieces of what it refused. */
    static void assertSaid(Child.Result result, String... texts) {
        result.ok();
        List<String> failures = result.lines(Probe.FAILURE);
        assertEquals(2, failures.size(), result.text());
        for (String failure : failures) { // the binding's, and the facade's with the same words
            for (String text : texts) {
                assertTrue(failure.contains(text), text + " is not in: " + failure);
            }
            assertFalse(failure.contains("ExceptionInInitializerError"), failure);
        }
    }
}
