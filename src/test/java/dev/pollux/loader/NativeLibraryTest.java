package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Child;
import dev.pollux.support.Host;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * How the native library is found, and when it is refused. A process loads it once, so each test
 * has a JVM of its own.
 */
class NativeLibraryTest extends LoaderFixture {
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
            assertTrue(lines[1].startsWith("what to do: "), failure);
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
        Child.Result result = new Child(whole).property(Bindings.PROPERTY, "xyz").run(Probe.class);
        assertNotEquals(0, result.status());
        assertTrue(result.text().contains("pollux.binding=xyz is none of jni, ffm, jnr"));
    }

    @Test
    void with_neither_both_reasons_are_reported() throws IOException {
        Child.Result result = new Child(bare).run(Probe.class);
        assertFailed(result, "META-INF/native/", "the jnr binding", "put jnr-ffi");
    }
}
