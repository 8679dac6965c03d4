package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Child;
import dev.pollux.support.Host;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Classes under other names, in several class loaders, and in one that has of the JDK nothing but
 * {@code java.*}.
 */
class ClassLoadersTest extends LoaderFixture {
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

    // ---- one file for several

    @Test
    void two_class_loaders_may_have_the_same_file_each() throws IOException {
        Path file = plant(dir.resolve(FILE));
        for (String setting : List.of("pollux.library.path", "java.library.path")) {
            Child.Result result =
                    new Child(Child.testClasses())
                            .property(Bindings.PROPERTY, "jni")
                            .property(setting, dir)
                            .run(Loaders.class, bare.toString(), bare.toString())
                            .ok();
            assertEquals(List.of("jni", "jni"), result.lines(Probe.BINDING), result.text());
            assertAllSeen(2, result);
            assertTrue(result.lines(Probe.LIBRARY).contains(file.toRealPath().toString()));
        }
    }

    @Test
    void renamed_classes_may_have_the_same_file_as_the_original() throws IOException {
        Path file = plant(dir.resolve(FILE));
        Relocated.into(dir.resolve("renamed"));
        Child.Result result =
                new Child(bare, dir.resolve("renamed"), Child.testClasses())
                        .property(Bindings.PROPERTY, "jni")
                        .property("pollux.library.path", file)
                        .run(Mains.class, Probe.class.getName(), Relocated.name(Probe.class))
                        .ok();
        assertEquals(List.of("jni", "jni"), result.lines(Probe.BINDING), result.text());
        assertAllSeen(2, result);
    }

    // ---- a loader that delegates java.* and no more

    @Test
    void a_loader_that_has_of_the_jdk_only_java_is_enough() throws IOException {
        Child.Result result = isolated(Inside.class.getName()).ok();
        assertEquals(List.of("dev.pollux.nio.NioSelector"), result.lines(Inside.SELECTOR));
        assertEquals(List.of("2"), result.lines(Inside.SELECTED), result.text());
        assertEquals(List.of("true"), result.lines(Inside.DESCRIPTOR), result.text());
    }

    @Test
    void there_too_a_virtual_thread_releases_its_carrier() throws IOException {
        if (Runtime.version().feature() < Host.FIRST_TO_PARK) {
            skip("before JDK 24 a virtual thread that waits keeps its carrier");
        }
        Child.Result result = isolated(Inside.class.getName(), "virtual").ok();
        assertEquals(List.of("WAKEUP"), result.lines(Inside.ENDED), result.text());
    }

    @Test
    void the_control_that_loader_has_nothing_else_of_the_jdk() throws IOException {
        Child.Result result = isolated(Inside.class.getName(), "sun.nio.ch.SelChImpl");
        assertTrue(result.text().contains("ClassNotFoundException"), result.text());
        assertEquals(1, result.status());
    }

    private static Child.Result isolated(String... arguments) throws IOException {
        return new Child(Child.testClasses())
                .property(Bindings.PROPERTY, "jni")
                .option("-Djdk.virtualThreadScheduler.parallelism=1")
                .option("-Djdk.virtualThreadScheduler.maxPoolSize=1")
                .property("isolated", whole)
                .run(Isolated.class, arguments);
    }

    /** As OSGi and application servers make them. */
    static final class Isolating extends URLClassLoader {
        Isolating(Path... paths) throws MalformedURLException {
            super(urls(paths), null);
        }

        private static URL[] urls(Path... paths) throws MalformedURLException {
            var urls = new URL[paths.length];
            for (int i = 0; i < paths.length; i++) {
                urls[i] = paths[i].toUri().toURL();
            }
            return urls;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("java.")) {
                return ClassLoader.getPlatformClassLoader().loadClass(name);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : findClass(name);
            }
        }
    }

    /** Runs a main class in such a loader. */
    static final class Isolated {
        private Isolated() {}

        public static void main(String[] arguments) throws Exception {
            try (var loader =
                    new Isolating(Path.of(System.getProperty("isolated")), Child.testClasses())) {
                Method main =
                        loader.loadClass(arguments[0]).getDeclaredMethod("main", String[].class);
                main.setAccessible(true);
                main.invoke(null, (Object) Arrays.copyOfRange(arguments, 1, arguments.length));
            }
        }
    }
}
