package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import dev.pollux.support.Host;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * The FFM binding: from which jar it comes, what it does without, and what it says when it fails.
 */
class FfmLoadingTest extends LoaderFixture {
    private static final Path VERSIONS = Child.classes().resolve("META-INF/versions");

    private static final String[] WITHOUT_FILES = {
        "sh", "-c", "ulimit -f 0; exec \"$@\"", "sh" // a byte written to a file ends the process
    };

    // ---- from the jar

    @Test
    void without_a_native_library_it_serves_from_the_multi_release_jar() throws IOException {
        requireFfm();
        Child.Result result = new Child(multiRelease()).withJnr().run(Probe.class);
        assertServed("ffm", result);
        String instead = "the ffm binding serves instead of JNI: ";
        List<String> lines = result.text().lines().filter(line -> line.contains(instead)).toList();
        assertEquals(1, lines.size(), result.text());
        assertTrue(lines.get(0).contains("the jar has no /META-INF/native/"), lines.get(0));
    }

    @Test
    void asked_for_it_writes_no_file_and_loads_no_library() throws IOException {
        requireFfm();
        Child child =
                new Child(multiRelease())
                        .property("pollux.binding", "ffm")
                        .property("java.io.tmpdir", "/nonexistent")
                        .property("user.home", "/nonexistent")
                        .before(WITHOUT_FILES);
        Child.Result result = child.run(Probe.class);
        assertServed("ffm", result);
        for (String library : result.lines(Probe.LIBRARY)) {
            assertFalse(library.contains("jffi"), library);
            assertFalse(library.contains(FILE), library);
        }
    }

    @Test
    void where_all_is_read_only_and_tmp_is_noexec_it_serves() throws IOException {
        requireFfm();
        Path tmp = Files.createDirectory(dir.resolve("noexec"));
        String mount =
                "mount -t tmpfs -o noexec,mode=1777 tmpfs '"
                        + tmp
                        + "' && mount -o remount,bind,ro / && exec \"$@\"";
        List<String> mounted = List.of("unshare", "--mount", "sh", "-c", mount, "sh");
        requirePossible(mounted, "mount", "true");
        Child child =
                new Child(multiRelease())
                        .property("pollux.binding", "ffm")
                        .property("java.io.tmpdir", tmp)
                        .before(mounted.toArray(String[]::new));
        assertServed("ffm", child.run(Probe.class));
    }

    @Test
    void the_control_a_library_that_has_to_be_unpacked_is_missed_there() throws IOException {
        Child child = new Child(bare).withJnr().property("pollux.binding", "jnr");
        assertServed("jnr", child.run(Probe.class));
        child.before(WITHOUT_FILES);
        Child.Result result = child.run(Probe.class);
        assertEquals(List.of(), result.lines(Probe.SEEN), result.text());
    }

    // ---- what it says

    @Test
    void before_jdk_22_the_message_says_which_one_it_takes() throws IOException {
        assumeTrue(!Child.hasFfm(), "JDK 22 and later have java.lang.foreign");
        Child.Result result = new Child(jar).property("pollux.binding", "ffm").run(Probe.class);
        int here = Runtime.version().feature();
        assertFailed(
                result,
                "the ffm binding does not work here: ",
                "java.lang.foreign is of JDK 22, and this is " + here,
                "take JDK 22 or later, or another binding (pollux.binding)");
    }

    @Test
    void classes_that_were_built_without_it_say_so() throws IOException {
        requireFfm();
        Child.Result result = new Child(bare).property("pollux.binding", "ffm").run(Probe.class);
        assertFailed(result, "built without it", "META-INF/versions/22");
    }

    @Test
    void without_native_access_the_option_that_allows_it_is_named() throws IOException {
        requireFfm();
        assumeTrue(Runtime.version().feature() >= 24, "before JDK 24 nothing denies it");
        Child.Result result =
                new Child(multiRelease())
                        .withoutNativeAccess()
                        .property("pollux.binding", "ffm")
                        .run(Probe.class);
        assertFailed(
                result,
                "the ffm binding does not work here: Illegal native access from an unnamed module",
                ": start the JVM with --enable-native-access=ALL-UNNAMED");
    }

    @Test
    void a_libc_without_a_function_is_refused_by_its_name() throws IOException {
        requireFfm();
        assumeTrue(Host.LINUX, "macOS has this function");
        Child.Result result =
                new Child(multiRelease())
                        .property("os.name", "Mac OS X")
                        .property("pollux.binding", "ffm")
                        .run(Probe.class);
        assertFailed(result, "libc has no select$DARWIN_EXTSN");
    }

    @Test
    void a_processor_without_a_table_is_refused_by_its_name() throws IOException {
        requireFfm();
        Child.Result result =
                new Child(multiRelease())
                        .property("os.arch", "mips64el")
                        .property("pollux.binding", "ffm")
                        .run(Probe.class);
        assertFailed(result, "knows the layouts of 64-bit Linux", "on mips64el");
    }

    @Test
    void a_kqueue_library_that_is_named_and_missing_is_refused_by_its_name() throws IOException {
        requireFfm();
        assumeTrue(Host.LINUX, "the kernel has kqueue");
        Child.Result result =
                new Child(multiRelease())
                        .property("pollux.kqueue.library", "/nowhere/libkqueue.so")
                        .property("pollux.binding", "ffm")
                        .run(Probe.class);
        assertFailed(result, "pollux.kqueue.library=/nowhere/libkqueue.so: it cannot be loaded");
    }

    private static void requireFfm() {
        if (!Child.hasFfm() || !Files.isDirectory(VERSIONS)) {
            skip("the FFM binding is of JDK 22 and later");
        }
    }

    /** The classes without the native library, as a jar that has the FFM binding. */
    private Path multiRelease() throws IOException {
        Path manifest = Files.writeString(dir.resolve("manifest"), "Multi-Release: true\n");
        Path file = dir.resolve("multi-release.jar");
        var out = new PrintWriter(System.out, true);
        String[] arguments = {
            "-c",
            "-f",
            file.toString(),
            "-m",
            manifest.toString(),
            "-C",
            bare.toString(),
            ".",
            "-C",
            Child.classes().toString(),
            "META-INF/versions"
        };
        assertEquals(0, ToolProvider.findFirst("jar").orElseThrow().run(out, out, arguments));
        return file;
    }
}
