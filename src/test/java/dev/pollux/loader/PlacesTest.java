package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Child;
import dev.pollux.support.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where the copy in the jar is unpacked: on every machine there is a place, or every reason. */
class PlacesTest extends LoaderFixture {
    private static final int FIRST_WITH_MEMORY_FILES = 22;

    @Test
    void a_named_directory_is_taken_and_no_other() throws IOException {
        Path none = dir.resolve("none");
        Child.Result result = jni(jar).property("pollux.tmpdir", none).run(Probe.class);
        assertFailed(result, "cannot unpack into " + none);
        assertFalse(result.text().contains("memory"), result.text());
    }

    // ---- where the temporary directory does not do

    @Test
    void a_cache_that_is_missing_is_made() throws IOException {
        Path home = privately(dir.resolve("home"));
        Path cache = home.resolve(".cache");
        assertLoadedUnder(cache, nowhere().property("user.home", home).run(Probe.class));
        assertEquals(
                "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)));
        assertEmpty(cache);
    }

    @Test
    void with_tmp_mounted_noexec_a_fresh_home_is_enough() throws IOException {
        Path tmp = Files.createDirectory(dir.resolve("noexec"));
        Path home = privately(dir.resolve("home"));
        String mount = "mount -t tmpfs -o noexec,mode=1777 tmpfs '" + tmp + "'";
        var mounted = new ArrayList<>(List.of(NO_DESKTOP));
        mounted.addAll(List.of("unshare", "--mount", "sh", "-c", mount + " && exec \"$@\"", "sh"));
        requirePossible(mounted, "mount a file system for one process alone", "true");
        Child.Result result =
                alone(jar)
                        .before(mounted.toArray(new String[0]))
                        .property("java.io.tmpdir", tmp)
                        .property("user.home", home)
                        .run(Probe.class);
        assertServed("jni", result);
        // The system's loader may leave pieces of what it refused.
        String cache = home.toRealPath().resolve(".cache").toString();
        assertTrue(
                result.lines(Probe.LIBRARY).stream().anyMatch(each -> each.startsWith(cache)),
                result.text());
        assertEmpty(home.resolve(".cache"));
    }

    @Test
    void the_directories_of_the_desktop_are_tried() throws IOException {
        Path cache = privately(dir.resolve("xdg-cache")).resolve("new");
        Path runtime = privately(dir.resolve("xdg-run"));
        for (String setting : List.of("XDG_CACHE_HOME=" + cache, "XDG_CACHE_HOME=relative")) {
            Child.Result result =
                    nowhere().before("env", setting, "XDG_RUNTIME_DIR=" + runtime).run(Probe.class);
            assertLoadedUnder(setting.endsWith("relative") ? runtime : cache, result);
        }
        assertEmpty(cache);
        assertEmpty(runtime);
    }

    @Test
    void where_there_is_no_place_at_all_it_is_loaded_from_memory_or_every_reason_is_given()
            throws IOException {
        Child.Result result = nowhere().run(Probe.class);
        if (Runtime.version().feature() >= FIRST_WITH_MEMORY_FILES && Host.LINUX) {
            assertServed("jni", result);
            List<String> libraries = result.lines(Probe.LIBRARY);
            assertEquals(1, libraries.size(), result.text());
            assertTrue(libraries.get(0).startsWith("/memfd:pollux-"), result.text());
            return;
        }
        assertFailed(
                result,
                "cannot unpack into " + dir.resolve("none"),
                "cannot make /nonexistent/.cache",
                "name another directory with -Dpollux.tmpdir=");
        if (Host.LINUX) {
            assertFailed(result, "cannot make a file in memory", "JDK 22");
        }
    }

    // ---- names that are not ASCII

    @Test
    void a_name_that_cannot_be_read_is_a_reason_and_not_the_end() throws IOException {
        requireUtf8();
        Path home = privately(dir.resolve("home"));
        for (String setting : List.of("user.home", "java.library.path", "java.io.tmpdir")) {
            Child.Result result =
                    ascii(jar)
                            .property("java.io.tmpdir", dir)
                            .property("user.home", home)
                            .property(setting, dir.resolve("j\u00f6rg"))
                            .run(Probe.class);
            assertServed("jni", result);
        }
        Path file = plant(Files.createDirectory(dir.resolve("lib")).resolve(FILE));
        String path = dir.resolve("j\u00f6rg") + ":" + file.getParent();
        assertLoaded(file, ascii(jar).property("java.library.path", path).run(Probe.class));
    }

    @Test
    void nor_is_one_of_the_environment_the_end() throws IOException {
        requireUtf8();
        Path none = dir.resolve("j\u00f6rg");
        Child.Result result =
                jni(jar).before(
                                "env",
                                "-u",
                                "LANG",
                                "LC_ALL=C",
                                "LD_LIBRARY_PATH=" + none,
                                "XDG_CACHE_HOME=" + none,
                                "XDG_RUNTIME_DIR=" + none)
                        .property("java.io.tmpdir", dir.resolve("none"))
                        .property("user.home", privately(dir.resolve("home")))
                        .run(Probe.class);
        assertLoadedUnder(dir.resolve("home/.cache"), result);
    }

    @Test
    void a_named_one_that_cannot_be_read_is_said_with_the_way_out() throws IOException {
        requireUtf8();
        for (String setting : List.of("pollux.tmpdir", "pollux.library.path")) {
            Child.Result result =
                    ascii(jar).property(setting, dir.resolve("j\u00f6rg")).run(Probe.class);
            assertFailed(result, setting, "character", "LC_ALL");
        }
    }

    @Test
    void jnr_steps_in_where_a_name_cannot_be_read() throws IOException {
        requireUtf8();
        Child.Result result =
                new Child(jar)
                        .withJnr()
                        .before("env", "-u", "LANG", "LC_ALL=C")
                        .property("pollux.tmpdir", dir.resolve("j\u00f6rg"))
                        .run(Probe.class);
        assertServed("jnr", result);
    }

    private static void requireUtf8() {
        if (!"UTF-8".equals(System.getProperty("sun.jnu.encoding"))) {
            skip("this JVM cannot hand on a name that is not ASCII");
        }
    }

    private static Child ascii(Path classes) {
        return jni(classes).before("env", "-u", "LANG", "LC_ALL=C");
    }

    private Child nowhere() {
        return alone(jar).property("java.io.tmpdir", dir.resolve("none"));
    }
}
