import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.launch.Framework;

/**
 * The jar as a bundle of an OSGi framework, whose class loaders have of the JDK what a bundle
 * imports, and {@code java.*}; used by another bundle, which imports its packages.
 */
final class OsgiTest {
    private static final Path JAR = Path.of(System.getProperty("dropin.pollux"));

    @TempDir Path directory;

    private Framework framework;
    private Bundle pollux;
    private Bundle user;

    @BeforeEach
    void start() throws BundleException, IOException {
        assumeTrue(Jvm.POLLUX, "this is about the jar of Pollux");
        framework =
                new FrameworkFactory()
                        .newFramework(
                                Map.of(
                                        "org.osgi.framework.storage",
                                        directory.resolve("bundles").toString(),
                                        "felix.bootdelegation.implicit",
                                        "false"));
        framework.start();
        var bundles = framework.getBundleContext();
        pollux = bundles.installBundle(JAR.toUri().toString());
        user = bundles.installBundle(userOf("dev.pollux", "dev.pollux.nio").toUri().toString());
        pollux.start();
        user.start();
    }

    @AfterEach
    void stop() throws Exception {
        if (framework != null) {
            framework.stop();
            framework.waitForStop(0);
        }
    }

    /** A bundle without classes: what it imports, its loader finds. */
    private Path userOf(String... packages) throws IOException {
        var manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue("Bundle-ManifestVersion", "2");
        headers.putValue("Bundle-SymbolicName", "user");
        headers.putValue("Import-Package", String.join(",", packages));
        Path jar = directory.resolve("user.jar");
        try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            out.finish();
        }
        return jar;
    }

    @Test
    void it_resolves_and_exports_what_the_module_exports() {
        assertEquals(Bundle.ACTIVE, pollux.getState());
        ModuleDescriptor module = ModuleFinder.of(JAR).findAll().iterator().next().descriptor();
        var exported =
                module.exports().stream()
                        .filter(each -> !each.isQualified())
                        .map(ModuleDescriptor.Exports::source)
                        .collect(Collectors.toCollection(TreeSet::new));
        Set<String> headers =
                Stream.of(pollux.getHeaders().get("Export-Package").split(","))
                        .map(each -> each.substring(0, each.indexOf(';')))
                        .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(exported, headers);
        assertEquals(module.name(), pollux.getSymbolicName());
    }

    @Test
    void java_nio_runs_on_it() throws Exception {
        var provider =
                (SelectorProvider)
                        user.loadClass("dev.pollux.nio.PolluxSelectorProvider")
                                .getConstructor()
                                .newInstance();
        Pipe pipe = provider.openPipe();
        try (Selector selector = provider.openSelector();
                var source = pipe.source();
                var sink = pipe.sink()) {
            assertTrue(selector.toString().contains("/jni"), selector.toString());
            source.configureBlocking(false);
            SelectionKey key = source.register(selector, SelectionKey.OP_READ);
            sink.write(ByteBuffer.wrap(new byte[1]));
            assertEquals(1, selector.select());
            assertTrue(key.isReadable());
        }
    }

    @Test
    void a_channel_has_a_descriptor() throws Exception {
        Pipe pipe = Pipe.open();
        try (var source = pipe.source();
                var sink = pipe.sink()) {
            var fds = List.of(descriptor(source), descriptor(sink));
            assertTrue(fds.get(0) >= 0 && fds.get(1) > fds.get(0), fds.toString());
        }
    }

    /** What a bundle imports although it can do without. */
    @Test
    void the_counters_are_shown_to_jmx() throws Exception {
        Class<?> type = user.loadClass("dev.pollux.FdSelector");
        try (var selector =
                (AutoCloseable)
                        user.loadClass("dev.pollux.DefaultSelector")
                                .getMethod("open")
                                .invoke(null)) {
            type.getMethod("startCounting", boolean.class).invoke(selector, false);
            var name =
                    (String)
                            user.loadClass("dev.pollux.CountersBean")
                                    .getMethod("register", type, String.class)
                                    .invoke(null, selector, "osgi");
            assertEquals("dev.pollux:type=FdSelector,name=osgi", name);
        }
    }

    private int descriptor(SelectableChannel channel) throws Exception {
        try {
            return (int)
                    user.loadClass("dev.pollux.ChannelFd")
                            .getMethod("of", SelectableChannel.class)
                            .invoke(null, channel);
        } catch (InvocationTargetException e) {
            throw new AssertionError(e.getCause());
        }
    }

    @Test
    void a_bundle_that_is_installed_again_loads_it_again() throws Exception {
        java_nio_runs_on_it();
        var bundles = framework.getBundleContext();
        user.uninstall();
        pollux.uninstall();
        pollux =
                bundles.installBundle(JAR.toUri().toString() + "?again", Files.newInputStream(JAR));
        user = bundles.installBundle(userOf("dev.pollux", "dev.pollux.nio").toUri().toString());
        java_nio_runs_on_it();
    }

    @Test
    void the_control_its_loader_has_nothing_of_the_jdk_but_java() {
        assertThrows(ClassNotFoundException.class, () -> pollux.loadClass("sun.nio.ch.SelChImpl"));
        assertThrows(ClassNotFoundException.class, () -> user.loadClass("dev.pollux.sys.Syscalls"));
    }
}
