package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.pollux.Backend;
import dev.pollux.support.Child;
import dev.pollux.support.Host;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How the native library is found, and when it is refused. A process loads it once, so each test
 * has a JVM of its own.
 */
class NativeLibraryTest {
    private static final String FILE = System.mapLibraryName("pollux");
    private static final int SOMEBODY_ELSE = 65534;

    /** The library's classes without and with the native library; a jar with it. */
    @TempDir static Path bare;

    @TempDir static Path whole;
    @TempDir static Path jars;

    private static Path jar;

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

    private static Path libraryIn(Path classes) {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").replace("amd64", "x86_64");
        String platform = (os.startsWith("mac") ? "macos" : os) + "-" + arch;
        return classes.resolve("META-INF/native").resolve(platform).resolve(FILE);
    }

    private static void skip(String reason) {
        System.out.println("NativeLibraryTest: skipped: " + reason);
        abort(reason);
    }

    // ---- where it is found

    @Test
    void a_path_to_the_file_is_taken() throws IOException {
        Path file = plant(dir.resolve("any-name.so"));
        Child.Result result = jni(bare).property("pollux.library.path", file).run(Probe.class);
        assertServed("jni", result);
        assertTrue(result.text().contains(Probe.BINDING + "jni"), result.text());
    }

    @Test
    void a_path_to_the_directory_is_taken() throws IOException {
        Path file = plant(dir.resolve(FILE));
        assertLoaded(file, jni(bare).property("pollux.library.path", dir).run(Probe.class));
    }

    @Test
    void a_path_that_was_named_is_taken_whoever_may_write_there() throws IOException {
        Path file = plant(dir.resolve(FILE));
        mode(file, "rwxrwxrwx");
        mode(dir, "rwxrwxrwx");
        assertLoaded(file, jni(bare).property("pollux.library.path", dir).run(Probe.class));
    }

    @Test
    void where_a_path_is_named_nothing_else_is_tried() throws IOException {
        Path other = plant(Files.createDirectory(dir.resolve("other")).resolve(FILE));
        Path none = dir.resolve("none.so");
        Child.Result result =
                jni(jar).property("java.library.path", other.getParent())
                        .property("pollux.library.path", none)
                        .run(Probe.class);
        assertFailed(result, none.toString(), "-Dpollux.library.path=");
    }

    @Test
    void the_library_path_is_searched_before_the_jar() throws IOException {
        Path empty = Files.createDirectory(dir.resolve("empty"));
        Path second = Files.createDirectory(dir.resolve("second"));
        Path file = plant(second.resolve(FILE));
        assertLoaded(
                file,
                jni(jar).property(
                                "java.library.path",
                                dir.resolve("none") + "::" + empty + ":" + second)
                        .run(Probe.class));
    }

    @Test
    void the_copy_in_the_jar_is_unpacked_privately_and_removed() throws IOException {
        String first = null;
        for (int i = 0; i < 2; i++) {
            Child.Result result =
                    jni(jar).property("pollux.tmpdir", dir).run(Probe.class, dir.toString()).ok();
            assertServed("jni", result);
            List<String> unpacked = result.lines(Probe.UNPACKED);
            assertEquals(1, unpacked.size(), result.text());
            assertTrue(unpacked.get(0).startsWith("rwx------ "), unpacked.toString());
            assertNotEquals(first, unpacked.get(0), "a fresh name each time");
            first = unpacked.get(0);
            assertLoadedUnder(dir, result);
            assertEmpty(dir);
        }
    }

    @Test
    void a_directory_of_classes_does_as_well_as_a_jar() throws IOException {
        assertLoadedUnder(dir, jni(whole).property("java.io.tmpdir", dir).run(Probe.class));
        assertEmpty(dir);
    }

    @Test
    void it_is_removed_also_when_it_does_not_load() throws IOException {
        Path classes = dir.resolve("classes");
        Relocated.plainlyInto(classes, true);
        breakLibrary(classes);
        Path unpack = privately(dir.resolve("unpack"));
        Child.Result result = jni(classes).property("pollux.tmpdir", unpack).run(Probe.class);
        assertFailed(result, unpack.toString(), FILE, "-Dpollux.tmpdir=");
        assertEmpty(unpack);
    }

    @Test
    void the_users_cache_is_next_when_the_temporary_directory_does_not_do() throws IOException {
        Path cache = Files.createDirectories(dir.resolve("home").resolve(".cache"));
        Path open = Files.createDirectory(dir.resolve("open"));
        mode(open, "rwxrwxrwx");
        for (Path temporary : List.of(open, dir.resolve("none"))) {
            Child.Result result =
                    jni(jar).property("java.io.tmpdir", temporary)
                            .property("user.home", cache.getParent())
                            .run(Probe.class);
            assertLoadedUnder(cache, result);
        }
        assertEmpty(cache);
    }

    // ---- what is refused

    @Test
    void a_file_that_another_user_could_have_planted_is_not_loaded() throws IOException {
        for (String mode : List.of("rwxrwxrwx", "rwxr-xrwx", "rwxrwxr-x")) {
            Path file = plant(dir.resolve(FILE));
            mode(file, mode);
            assertNotLoaded(file, mode);
        }
    }

    @Test
    void a_file_in_a_directory_that_another_user_can_write_is_not_loaded() throws IOException {
        Path file = plant(dir.resolve(FILE));
        for (String mode : List.of("rwxrwxrwx", "rwxr-xrwx", "rwxrwx---")) {
            mode(dir, mode);
            assertNotLoaded(file, mode);
        }
    }

    @Test
    void a_file_or_directory_of_another_user_is_not_loaded() throws IOException {
        requireRoot();
        Path file = plant(dir.resolve(FILE));
        chown(file, SOMEBODY_ELSE);
        assertNotLoaded(file, "the file is another user's");
        chown(file, 0);
        chown(dir, SOMEBODY_ELSE);
        assertNotLoaded(file, "the directory is another user's");
    }

    @Test
    void a_link_that_another_user_could_have_planted_is_not_followed() throws IOException {
        Path good = plant(Files.createDirectory(dir.resolve("good")).resolve(FILE));
        Path theirs = Files.createDirectory(dir.resolve("theirs"));
        Path link = Files.createSymbolicLink(theirs.resolve(FILE), good);
        assertLoaded(good, jni(bare).property("java.library.path", theirs).run(Probe.class));
        mode(theirs, "rwxrwxrwx");
        Child.Result result = jni(bare).property("java.library.path", theirs).run(Probe.class);
        assertFailed(result, link.toString());
    }

    @Test
    void a_directory_that_another_user_can_exchange_is_refused() throws IOException {
        Path theirs = Files.createDirectory(dir.resolve("theirs"));
        Path file = plant(Files.createDirectory(theirs.resolve("inner")).resolve(FILE));
        mode(theirs, "rwxrwxrwx");
        Child.Result result =
                jni(bare).property("java.library.path", file.getParent()).run(Probe.class);
        assertFailed(result, file.toString());
        mode(theirs, "rwxrwxrwx", 01777);
        assertLoaded(
                file, jni(bare).property("java.library.path", file.getParent()).run(Probe.class));
    }

    private void assertNotLoaded(Path file, String why) throws IOException {
        Child.Result result =
                jni(bare).property("java.library.path", file.getParent()).run(Probe.class);
        assertFailed(result, file.toString(), "another user", "-Dpollux.library.path=");
        assertFalse(result.text().contains(Probe.BINDING), why);
    }

    @Test
    void after_a_file_that_is_refused_the_copy_in_the_jar_is_taken() throws IOException {
        Path file = plant(dir.resolve(FILE));
        mode(file, "rwxrwxrwx");
        Path unpack = privately(dir.resolve("unpack"));
        Child.Result result =
                jni(jar).property("java.library.path", dir)
                        .property("pollux.tmpdir", unpack)
                        .run(Probe.class);
        assertLoadedUnder(unpack, result);
    }

    @Test
    void a_temporary_directory_where_others_could_exchange_it_is_refused() throws IOException {
        Path open = Files.createDirectory(dir.resolve("open"));
        mode(open, "rwxrwxrwx");
        Child.Result result = jni(jar).property("pollux.tmpdir", open).run(Probe.class);
        assertFailed(result, open.toString(), "sticky", "-Dpollux.tmpdir=");
        assertEmpty(open);
        mode(open, "rwxrwxrwx", 01777);
        assertLoadedUnder(open, jni(jar).property("pollux.tmpdir", open).run(Probe.class));
    }

    @Test
    void a_temporary_directory_of_another_user_is_refused() throws IOException {
        requireRoot();
        Path theirs = Files.createDirectory(dir.resolve("theirs"));
        chown(theirs, SOMEBODY_ELSE);
        Child.Result result = jni(jar).property("pollux.tmpdir", theirs).run(Probe.class);
        assertFailed(result, theirs.toString(), "-Dpollux.tmpdir=");
        assertEmpty(theirs);
    }

    // ---- what it says when it does not load

    @Test
    void a_broken_library_is_named_with_its_file_system_and_the_property() throws IOException {
        Path file = Files.writeString(dir.resolve(FILE), "this is no library");
        String type = Files.getFileStore(file).type();
        Child.Result result = jni(bare).property("pollux.library.path", file).run(Probe.class);
        assertFailed(result, file.toString(), "type " + type, "-Dpollux.library.path=");
        byte[] foreign = Files.readAllBytes(library());
        // The processor: e_machine in man 5 elf; cputype in <mach-o/loader.h>.
        foreign[foreign[0] == 0x7f ? 18 : 4] ^= 0x55;
        Files.write(file, foreign);
        result = jni(bare).property("java.library.path", dir).run(Probe.class);
        assertFailed(result, file.toString(), "type " + type, "java.library.path");
    }

    @Test
    void another_library_in_its_place_is_a_clear_failure() throws IOException {
        Path other = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("zip"));
        assertTrue(Files.exists(other), other.toString());
        Child.Result result = jni(bare).property("pollux.library.path", other).run(Probe.class);
        assertFailed(result, other.toString(), "-Dpollux.library.path=");
    }

    @Test
    void a_file_system_that_does_not_execute_is_named() throws IOException {
        if (!Host.LINUX) {
            skip("only Linux mounts a file system for one process alone");
        }
        Path mounted = Files.createDirectory(dir.resolve("noexec"));
        String mount = "mount -t tmpfs -o noexec,mode=700 tmpfs '" + mounted + "'";
        Process possible =
                new ProcessBuilder("unshare", "--mount", "sh", "-c", mount)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try {
            if (possible.waitFor() != 0) {
                skip("this user cannot mount a file system of its own");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        Child.Result result =
                jni(jar).before("unshare", "--mount", "sh", "-c", mount + " && exec \"$@\"", "sh")
                        .property("pollux.tmpdir", mounted)
                        .run(Probe.class);
        assertSaid(result, mounted.toString(), "type tmpfs", "noexec", "-Dpollux.tmpdir=");
    }

    @Test
    void no_library_for_this_platform_is_said() throws IOException {
        Child.Result result = jni(bare).run(Probe.class);
        assertFailed(result, "META-INF/native/", "make native", "-Dpollux.library.path=");
    }

    @Test
    void what_failed_is_one_line_and_what_to_do_the_next() throws IOException {
        Path broken = Files.writeString(dir.resolve(FILE), "this is no library");
        Path none = dir.resolve("none");
        Child.Result result =
                jni(jar).property("java.library.path", dir)
                        .property("pollux.tmpdir", none)
                        .run(Probe.class);
        assertFailed(result);
        for (String failure : result.lines(Probe.FAILURE)) {
            String[] lines = failure.split(Probe.NEXT_LINE);
            assertEquals(2, lines.length, failure);
            assertTrue(lines[0].contains("cannot load " + broken), failure);
            assertTrue(lines[0].contains("cannot unpack into " + none), failure);
            assertFalse(lines[0].contains("-D"), failure);
            assertTrue(lines[1].startsWith("to mend it: "), failure);
            assertTrue(lines[1].contains("name another place with -Djava.library.path="), failure);
            assertTrue(lines[1].contains("; or name another directory with -Dpollux.tmpdir="));
        }
    }

    @Test
    void native_access_that_is_denied_is_said() throws IOException {
        if (Runtime.version().feature() < 24) {
            skip("before JDK 24 nobody is denied native access");
        }
        assertFailed(
                jni(jar).withoutNativeAccess().run(Probe.class),
                "Illegal native access",
                "--enable-native-access=ALL-UNNAMED");
    }

    // ---- the two bindings

    @Test
    void without_a_library_jnr_serves() throws IOException {
        assertServed("jnr", new Child(bare).withJnr().run(Probe.class));
    }

    @Test
    void whoever_names_a_library_does_not_get_jnr_instead() throws IOException {
        Path broken = Files.writeString(dir.resolve(FILE), "this is no library");
        assertFailed(
                new Child(whole).withJnr().property("pollux.library.path", broken).run(Probe.class),
                broken.toString());
    }

    @Test
    void with_a_library_jni_serves_whether_jnr_is_there_or_not() throws IOException {
        assertServed("jni", new Child(whole).run(Probe.class));
        assertServed("jni", new Child(whole).withJnr().run(Probe.class));
    }

    @Test
    void the_binding_that_was_named_is_taken_or_nothing() throws IOException {
        assertServed(
                "jnr",
                new Child(whole).withJnr().property(Bindings.PROPERTY, "jnr").run(Probe.class));
        assertFailed(jni(bare).withJnr().run(Probe.class), "jni", "META-INF/native/");
        assertFailed(
                new Child(whole).property(Bindings.PROPERTY, "jnr").run(Probe.class),
                "jnr-ffi",
                "class path");
        Child.Result result = new Child(whole).property(Bindings.PROPERTY, "ffm").run(Probe.class);
        assertNotEquals(0, result.status());
        assertTrue(result.text().contains("pollux.binding=ffm is none of jni, jnr"));
    }

    @Test
    void with_neither_both_reasons_are_told() throws IOException {
        Child.Result result = new Child(bare).run(Probe.class);
        assertFailed(result, "META-INF/native/", "the jnr binding", "put jnr-ffi");
    }

    // ---- under other names, and more than once

    @Test
    void classes_under_other_names_find_their_own() throws IOException {
        Relocated.into(dir.resolve("renamed"));
        String main = Relocated.name(Probe.class);
        var child = new Child(dir.resolve("renamed")).property(Bindings.PROPERTY, "jni");
        assertServed("jni", child.run(main));
        Path file = plant(dir.resolve(FILE));
        assertLoaded(file, child.property("pollux.library.path", file).run(main));
    }

    @Test
    void classes_under_other_names_may_be_beside_the_original() throws IOException {
        Relocated.into(dir.resolve("renamed"));
        Child.Result result =
                new Child(whole, dir.resolve("renamed"), Child.testClasses())
                        .property(Bindings.PROPERTY, "jni")
                        .run(Mains.class, Probe.class.getName(), Relocated.name(Probe.class))
                        .ok();
        assertEquals(List.of("jni", "jni"), result.lines(Probe.BINDING), result.text());
        assertAllSeen(2, result);
    }

    @Test
    void two_class_loaders_may_have_it_each() throws IOException {
        Child.Result result =
                new Child(Child.testClasses())
                        .property(Bindings.PROPERTY, "jni")
                        .run(Loaders.class, whole.toString(), jar.toString())
                        .ok();
        assertEquals(List.of("jni", "jni"), result.lines(Probe.BINDING), result.text());
        assertAllSeen(2, result);
    }

    /** Runs one main class after another. */
    static final class Mains {
        private Mains() {}

        public static void main(String[] names) throws Exception {
            for (String name : names) {
                run(Class.forName(name));
            }
        }

        private static void run(Class<?> type) throws Exception {
            Method main = type.getDeclaredMethod("main", String[].class);
            main.setAccessible(true);
            main.invoke(null, (Object) new String[0]);
        }
    }

    /** Runs {@link Probe} from each path, in a class loader of its own. */
    static final class Loaders {
        private Loaders() {}

        public static void main(String[] paths) throws Exception {
            for (String path : paths) {
                URL[] urls = {Path.of(path).toUri().toURL()};
                try (var loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
                    Mains.run(loader.loadClass(Probe.class.getName()));
                }
            }
        }
    }

    // ---- in short

    private static Child jni(Path classes) {
        return new Child(classes).property(Bindings.PROPERTY, "jni");
    }

    private static Path plant(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.copy(library(), file);
        mode(file, "rwxr-xr-x");
        if (!file.getParent().getFileName().toString().startsWith("junit")) {
            mode(file.getParent(), "rwx------");
        }
        return file;
    }

    private static void breakLibrary(Path classes) throws IOException {
        Files.writeString(libraryIn(classes), "this is no library");
    }

    private static Path privately(Path directory) throws IOException {
        Files.createDirectory(directory);
        mode(directory, "rwx------");
        return directory;
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    /** With bits that Java has no names for. */
    private static void mode(Path path, String mode, int bits) throws IOException {
        mode(path, mode);
        Files.setAttribute(path, "unix:mode", bits);
    }

    private static void chown(Path path, int uid) throws IOException {
        Files.setAttribute(path, "unix:uid", uid);
    }

    private void requireRoot() throws IOException {
        if ((Integer) Files.getAttribute(dir, "unix:uid") != 0) {
            skip("only root can give a file to another user");
        }
    }

    private static void assertEmpty(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            assertEquals(List.of(), entries.toList());
        }
    }

    /** Every backend but one: there is no kernel that has both epoll and kqueue. */
    private static void assertAllSeen(int times, Child.Result result) {
        int all = times * Backend.values().length;
        int missing = result.lines(Probe.MISSING).size();
        assertEquals(all, result.lines(Probe.SEEN).size() + missing, result.text());
        assertTrue(missing <= times, result.text());
    }

    private static void assertServed(String binding, Child.Result result) {
        result.ok();
        assertEquals(List.of(binding), result.lines(Probe.BINDING), result.text());
        assertAllSeen(1, result);
        for (String seen : result.lines(Probe.SEEN)) {
            assertTrue(seen.endsWith("[attached READ]"), seen);
        }
    }

    private static void assertLoaded(Path file, Child.Result result) throws IOException {
        assertServed("jni", result);
        assertEquals(List.of(file.toRealPath().toString()), result.lines(Probe.LIBRARY));
    }

    /** From there, where it no longer is. */
    private static void assertLoadedUnder(Path directory, Child.Result result) throws IOException {
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

    private static void assertFailed(Child.Result result, String... texts) {
        assertSaid(result, texts);
        assertEquals(List.of(), result.lines(Probe.LIBRARY));
    }

    /** The loader of the system may leave pieces of what it refused. */
    private static void assertSaid(Child.Result result, String... texts) {
        result.ok();
        List<String> failures = result.lines(Probe.FAILURE);
        assertEquals(2, failures.size(), result.text());
        for (String failure : failures) { // the binding's, and the facade's with the same words
            for (String text : texts) {
                assertTrue(failure.contains(text), text + " is not in: " + failure);
            }
        }
    }
}
