package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.DefaultSelector;
import dev.pollux.support.Child;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The copy in the jar is unpacked where others may write: nobody can put another library in its
 * place, and nobody has to go without one.
 */
class SharedDirectoriesTest extends LoaderFixture {
    @Test
    void nothing_can_be_exchanged_between_unpacking_and_loading() throws IOException {
        requireNamelessFiles();
        Path planted = plant(dir.resolve("planted.so"));
        for (String setting : List.of("pollux.tmpdir", "java.io.tmpdir")) {
            for (String mode : List.of("rwxrwxr-x", "rwxrwxrwx")) {
                Path shared = shared(mode);
                Child.Result result =
                        alone(jar, Child.testClasses())
                                .property(setting, shared)
                                .run(Exchange.class, shared.toString(), planted.toString());
                assertServed("jni", result);
                assertTrue(result.lines(Exchange.EXCHANGED).size() > 0, result.text());
                for (String library : result.lines(Probe.LIBRARY)) {
                    assertTrue(library.endsWith(" (deleted)"), result.text());
                }
            }
        }
    }

    @Test
    void the_control_a_private_directory_that_others_can_rename_is_exchanged() throws IOException {
        requireNamelessFiles();
        Path planted = plant(dir.resolve("planted.so"));
        Path shared = shared("rwxrwxr-x");
        Child.Result result =
                alone(whole, Child.testClasses())
                        .run(Exchange.class, shared.toString(), planted.toString(), "naively")
                        .ok();
        List<String> exchanged = result.lines(Exchange.EXCHANGED);
        assertEquals(exchanged, result.lines(Probe.LIBRARY), result.text());
        assertEquals(1, exchanged.size(), result.text());
    }

    @Test
    void a_volume_that_everybody_may_write_is_enough() throws IOException {
        requireNamelessFiles();
        Path volume = shared("rwxrwxrwx");
        assertLoadedUnder(volume, alone(jar).property("java.io.tmpdir", volume).run(Probe.class));
        assertLoadedUnder(volume, alone(jar).property("pollux.tmpdir", volume).run(Probe.class));
        assertEmpty(volume);
    }

    @Test
    void a_directory_or_one_above_it_may_be_another_users() throws IOException {
        requireNamelessFiles();
        requireRoot();
        Path theirs = Files.createDirectory(dir.resolve("theirs"));
        Path inside = privately(theirs.resolve("inside"));
        chown(theirs, SOMEBODY_ELSE);
        for (Path place : List.of(theirs, inside)) {
            assertLoadedUnder(place, alone(jar).property("java.io.tmpdir", place).run(Probe.class));
            assertLoadedUnder(place, alone(jar).property("pollux.tmpdir", place).run(Probe.class));
        }
        Files.delete(inside);
        assertEmpty(theirs);
    }

    @Test
    void whoever_is_not_root_finds_a_way_too() throws IOException {
        requireNamelessFiles();
        requireRoot();
        Path volume = shared("rwxrwxrwx");
        mode(dir, "rwxr-xr-x");
        Path readable = Files.copy(jar, dir.resolve("readable.jar"));
        mode(readable, "rw-r--r--");
        var user = new ArrayList<>(List.of(NO_DESKTOP));
        user.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        requirePossible(user, "become a user that can run this JDK", java, "-version");
        for (String home : List.of("/nonexistent", "?")) {
            Child child = alone(readable).before(user.toArray(new String[0]));
            assertLoadedUnder(
                    volume,
                    child.property("java.io.tmpdir", volume)
                            .property("user.home", home)
                            .run(Probe.class));
        }
        assertEmpty(volume);
    }

    @Test
    void a_place_that_is_ours_alone_is_preferred() throws IOException {
        Path volume = shared("rwxrwxrwx");
        Path cache = Files.createDirectories(dir.resolve("home/.cache"));
        Child child =
                alone(jar)
                        .property("java.io.tmpdir", volume)
                        .property("user.home", cache.getParent());
        assertLoadedUnder(cache, child.run(Probe.class));
        mode(volume, "rwxrwxrwx", 01777);
        assertLoadedUnder(volume, child.run(Probe.class));
    }

    @Test
    void two_class_loaders_may_both_have_a_file_without_a_name() throws IOException {
        requireNamelessFiles();
        Path volume = shared("rwxrwxrwx");
        Child.Result result =
                alone(Child.testClasses())
                        .property("java.io.tmpdir", volume)
                        .run(ClassLoadersTest.Loaders.class, whole.toString(), jar.toString())
                        .ok();
        assertEquals(List.of("jni", "jni"), result.lines(Probe.BINDING), result.text());
        assertAllSeen(2, result);
    }

    @Test
    void classes_under_other_names_and_a_module_find_a_way_too() throws IOException {
        requireNamelessFiles();
        Path volume = shared("rwxrwxrwx");
        Relocated.into(dir.resolve("renamed"));
        Child renamed = alone(dir.resolve("renamed")).property("java.io.tmpdir", volume);
        assertLoadedUnder(volume, renamed.run(Relocated.name(Probe.class)));
        Child.Result result =
                alone(Child.testClasses())
                        .option("--module-path=" + Child.classes())
                        .option("--add-modules=dev.pollux")
                        .option("--enable-native-access=dev.pollux")
                        .property("java.io.tmpdir", volume)
                        .run(Inside.class)
                        .ok();
        assertEquals(List.of("2"), result.lines(Inside.SELECTED), result.text());
        assertEquals(List.of("dev.pollux"), result.lines(Inside.MODULE), result.text());
        assertEmpty(volume);
    }

    @Test
    void an_interrupted_thread_can_load_it() throws IOException {
        Path mine = privately(dir.resolve("mine"));
        for (Path place : List.of(mine, shared("rwxrwxrwx"))) {
            Child.Result result =
                    alone(jar, Child.testClasses())
                            .property("pollux.tmpdir", place)
                            .run(Interrupted.class)
                            .ok();
            assertEquals(List.of("jni"), result.lines(Probe.BINDING), result.text());
        }
    }

    /** Opens the first selector with the interrupt status set. */
    static final class Interrupted {
        private Interrupted() {}

        public static void main(String[] arguments) throws Exception {
            Thread.currentThread().interrupt();
            DefaultSelector.open().close();
            if (!Thread.interrupted()) {
                throw new AssertionError("the status is gone");
            }
            Probe.main(arguments);
        }
    }

    private static void requireNamelessFiles() {
        if (!Files.isDirectory(Path.of("/proc/self/fd"))) {
            skip("there is no /proc/self/fd here");
        }
    }
}
