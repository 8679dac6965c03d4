package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The packages depend on each other in one direction; each binding does without the other; examples
 * use the public API only.
 */
class LayersTest {
    /** One class needs another. */
    record Edge(String from, String to) {
        String packages() {
            return packageOf(from) + " -> " + packageOf(to);
        }

        private static String packageOf(String name) {
            return name.substring(0, name.lastIndexOf('.'));
        }
    }

    private static final Set<String> ARROWS =
            Set.of(
                    "dev.pollux.doctor -> dev.pollux",
                    "dev.pollux.doctor -> dev.pollux.sys.proc",
                    "dev.pollux.nio -> dev.pollux",
                    "dev.pollux -> dev.pollux.driver",
                    "dev.pollux -> dev.pollux.sys.proc",
                    "dev.pollux.driver -> dev.pollux.sys",
                    "dev.pollux.sys.jni -> dev.pollux.sys",
                    "dev.pollux.sys.ffm -> dev.pollux.sys",
                    "dev.pollux.sys.jnr -> dev.pollux.sys",
                    "dev.pollux.sys.jdk -> dev.pollux.sys",
                    "dev.pollux -> dev.pollux.sys.jfr",
                    "dev.pollux.nio -> dev.pollux.sys.jfr",
                    "dev.pollux.sys.jfr -> dev.pollux.sys");

    /** What the facade may know of the system-call contract. */
    private static final Set<String> FACADE_MAY_USE =
            Set.of(
                    "dev.pollux.sys.Bindings",
                    "dev.pollux.sys.Bindings$Unavailable",
                    "dev.pollux.sys.Errno",
                    "dev.pollux.sys.NativeMemory",
                    "dev.pollux.sys.NativeMemory$Block",
                    "dev.pollux.sys.Privileged",
                    "dev.pollux.sys.Privileged$Action",
                    "dev.pollux.sys.Syscalls",
                    "dev.pollux.sys.jdk.AdoptedChannels",
                    "dev.pollux.sys.jdk.VirtualThreads");

    /** What the doctor may know below the facade, beside {@code /proc}: how bindings are chosen. */
    private static final Set<String> DOCTOR_MAY_USE =
            Set.of(
                    "dev.pollux.sys.Bindings",
                    "dev.pollux.sys.Bindings$Unavailable",
                    "dev.pollux.sys.Syscalls");

    /**
     * What the drop-in may know below the facade: java.nio's channels, carriers, and whose
     * permissions.
     */
    private static final Set<String> NIO_MAY_USE =
            Set.of(
                    "dev.pollux.sys.Privileged",
                    "dev.pollux.sys.Privileged$Action",
                    "dev.pollux.sys.jdk.Carriers",
                    "dev.pollux.sys.jdk.JdkChannels");

    /** Who alone may know the module jdk.jfr, which may be missing. */
    private static final String RECORDER = "dev.pollux.sys.jfr.";

    private static final Pattern EDGE = Pattern.compile("\\s+(\\S+)\\s+->\\s+(\\S+)\\s+.*");
    private static final Pattern INTERNAL =
            Pattern.compile("\\bdev\\.pollux\\.(?!(?:nio|bench)\\b)[a-z][\\w.]*");

    // ---- packages

    @Test
    void the_packages_depend_on_each_other_in_one_direction() {
        List<Edge> edges = edges(Child.classes());
        assertEquals(Set.of(), violations(edges));
        Path ffm = Child.classes().resolve("META-INF/versions/22");
        if (Files.isDirectory(ffm)) {
            List<Edge> more = edges(ffm);
            assertEquals(Set.of(), violations(more));
            assertTrue(
                    more.stream().anyMatch(edge -> edge.to.equals("dev.pollux.sys.LibcSyscalls")),
                    more.toString());
        } else {
            System.out.println("LayersTest: no FFM binding: JDK 22 or later did not build this");
        }
        var packages = edges.stream().map(Edge::packages).collect(Collectors.toSet());
        assertTrue(packages.contains("dev.pollux -> dev.pollux.driver"), packages.toString());
        assertTrue(packages.contains("dev.pollux.driver -> dev.pollux.sys"), packages.toString());
    }

    @Test
    void the_control_classes_that_break_the_rules_are_found_out() {
        Set<String> found = violations(edges(Child.testClasses())); // tests may do anything
        String chapter = "dev.pollux.contract.SyscallsContract";
        assertTrue(found.contains(chapter + " -> dev.pollux.sys.EpollChanges"), found.toString());
        var wrong =
                List.of(
                        new Edge("dev.pollux.driver.X", "dev.pollux.FdKey"),
                        new Edge("dev.pollux.sys.X", "dev.pollux.driver.Driver"),
                        new Edge("dev.pollux.sys.X", "dev.pollux.sys.jnr.JnrSyscalls"),
                        new Edge("dev.pollux.sys.X", "dev.pollux.sys.jni.JniSyscalls"),
                        new Edge("dev.pollux.sys.X", "dev.pollux.sys.ffm.FfmSyscalls"),
                        new Edge("dev.pollux.sys.ffm.X", "dev.pollux.sys.jnr.JnrSyscalls"),
                        new Edge("dev.pollux.sys.ffm.X", "dev.pollux.sys.jdk.JdkChannels"),
                        new Edge("dev.pollux.sys.ffm.X", "com.kenai.jffi.MemoryIO"),
                        new Edge("dev.pollux.sys.X", "dev.pollux.sys.jdk.TrustedLookup"),
                        new Edge("dev.pollux.sys.jni.X", "dev.pollux.sys.jdk.JdkChannels"),
                        new Edge("dev.pollux.sys.jdk.X", "dev.pollux.sys.jni.JniSyscalls"),
                        new Edge("dev.pollux.sys.jnr.X", "dev.pollux.sys.jni.JniSyscalls"),
                        new Edge("dev.pollux.sys.jnr.X", "dev.pollux.driver.Driver"),
                        new Edge("dev.pollux.driver.X", "dev.pollux.sys.jdk.VirtualThreads"),
                        new Edge("dev.pollux.X", "dev.pollux.sys.Layout"),
                        new Edge("dev.pollux.X", "dev.pollux.nio.Y"),
                        new Edge("dev.pollux.nio.X", "dev.pollux.driver.Driver"),
                        new Edge("dev.pollux.nio.X", "dev.pollux.sys.Syscalls"),
                        new Edge("dev.pollux.X", "dev.pollux.doctor.Main"),
                        new Edge("dev.pollux.nio.X", "dev.pollux.doctor.Main"),
                        new Edge("dev.pollux.doctor.X", "dev.pollux.driver.Driver"),
                        new Edge("dev.pollux.doctor.X", "dev.pollux.sys.jni.JniSyscalls"),
                        new Edge("dev.pollux.sys.proc.X", "dev.pollux.sys.Syscalls"),
                        new Edge("dev.pollux.sys.X", "dev.pollux.sys.proc.Watch"),
                        new Edge("dev.pollux.sys.jfr.X", "dev.pollux.FdKey"),
                        new Edge("dev.pollux.driver.X", "dev.pollux.sys.jfr.Recorder"),
                        new Edge("dev.pollux.X", "jdk.jfr.Event"),
                        new Edge("dev.pollux.driver.X", "jnr.ffi.Pointer"),
                        new Edge("dev.pollux.sys.X", "com.kenai.jffi.MemoryIO"));
        for (Edge edge : wrong) {
            assertEquals(1, violations(List.of(edge)).size(), edge.toString());
        }
    }

    private static Set<String> violations(List<Edge> edges) {
        var found = new TreeSet<String>();
        for (Edge edge : edges) {
            boolean inside = edge.from.startsWith("dev.pollux.sys.jnr.");
            boolean jnr = edge.to.startsWith("jnr.") || edge.to.startsWith("com.kenai.");
            boolean jfr = edge.to.startsWith("jdk.jfr.") && !edge.from.startsWith(RECORDER);
            boolean ours = edge.to.startsWith("dev.pollux.");
            if (jnr && !inside || jfr || ours && !isAllowed(edge)) {
                found.add(edge.from + " -> " + edge.to);
            }
        }
        return found;
    }

    private static boolean isAllowed(Edge edge) {
        return Edge.packageOf(edge.from).equals(Edge.packageOf(edge.to))
                || ARROWS.contains(edge.packages())
                || Edge.packageOf(edge.from).equals("dev.pollux")
                        && FACADE_MAY_USE.contains(edge.to)
                || Edge.packageOf(edge.from).equals("dev.pollux.doctor")
                        && DOCTOR_MAY_USE.contains(edge.to)
                || Edge.packageOf(edge.from).equals("dev.pollux.nio")
                        && NIO_MAY_USE.contains(edge.to);
    }

    private static List<Edge> edges(Path classes) {
        var text = new StringWriter();
        var out = new PrintWriter(text);
        ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
        String path = classes.toString();
        int rc =
                jdeps.run(
                        out, out, "-verbose:class", "-filter:none", "--ignore-missing-deps", path);
        out.flush();
        assertEquals(0, rc, text.toString());
        var edges = new ArrayList<Edge>();
        for (String line : text.toString().split("\n")) {
            var matcher = EDGE.matcher(line);
            if (matcher.matches() && matcher.group(1).startsWith("dev.pollux.")) {
                edges.add(new Edge(matcher.group(1), matcher.group(2)));
            }
        }
        assertTrue(edges.size() > 20, text.toString());
        return edges;
    }

    // ---- what stands on the library

    @ParameterizedTest
    @ValueSource(strings = {"src/examples/java", "benchmarks/src/main/java"})
    void examples_and_benchmarks_use_the_public_api_only(Path sources) throws IOException {
        if (!Files.isDirectory(sources)) {
            System.out.println("LayersTest: no " + sources + " here");
            abort("no " + sources + " here");
        }
        var found = new ArrayList<String>();
        try (var files = Files.walk(sources)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (file.toString().endsWith(".java")) {
                    internals(Files.readString(file)).forEach(use -> found.add(file + ": " + use));
                }
            }
        }
        assertEquals(List.of(), found);
    }

    @Test
    void the_control_an_example_that_uses_internals_is_found_out() {
        assertEquals(
                List.of("dev.pollux.driver.Deadline", "dev.pollux.sys.Errno"),
                internals(
                        "import dev.pollux.driver.Deadline;\n"
                                + "import dev.pollux.FdKey;\n"
                                + "import static dev.pollux.Interest.READ;\n"
                                + "import dev.pollux.nio.PolluxSelectorProvider;\n"
                                + "void f(dev.pollux.sys.Errno errno) {}\n"));
    }

    private static List<String> internals(String source) {
        return INTERNAL.matcher(source).results().map(use -> use.group()).toList();
    }

    // ---- bindings

    @Test
    void with_the_jni_binding_no_class_of_jnr_is_loaded() throws IOException {
        requireBuilt();
        Child.Result result = logging("jni");
        assertEquals(List.of("jni"), result.lines(Probe.BINDING), result.text());
        assertEquals(Set.of(), loaded(result, "jnr."));
        assertEquals(Set.of(), loaded(result, "com.kenai."));
        assertEquals(Set.of(), loaded(result, "dev.pollux.sys.jnr."));
        assertFalse(loaded(result, "dev.pollux.").isEmpty(), "the control");
        for (String library : result.lines(Probe.LIBRARY)) {
            assertFalse(library.contains("jffi"), library);
        }
    }

    @Test
    void with_the_jnr_binding_our_library_is_not_loaded() throws IOException {
        Child.Result result = logging("jnr");
        assertEquals(List.of("jnr"), result.lines(Probe.BINDING), result.text());
        assertEquals(Set.of(), loaded(result, "dev.pollux.sys.jni.JniSyscalls"));
        assertEquals(Set.of(), loaded(result, "dev.pollux.sys.jni.NativeLibrary"));
        assertFalse(loaded(result, "jnr.").isEmpty(), "the control");
        for (String library : result.lines(Probe.LIBRARY)) {
            assertFalse(library.contains(System.mapLibraryName("pollux")), library);
        }
    }

    @Test
    void with_the_ffm_binding_neither_jnr_nor_our_library_is_loaded() throws IOException {
        assumeTrue(Child.hasFfm(), "the FFM binding is of JDK 22 and later");
        Child.Result result = logging("ffm");
        assertEquals(List.of("ffm"), result.lines(Probe.BINDING), result.text());
        for (String absent : List.of("jnr.", "com.kenai.", "dev.pollux.sys.jnr.")) {
            assertEquals(Set.of(), loaded(result, absent));
        }
        assertEquals(Set.of(), loaded(result, "dev.pollux.sys.jni."));
        assertFalse(loaded(result, "dev.pollux.sys.ffm.").isEmpty(), "the control");
        for (String library : result.lines(Probe.LIBRARY)) {
            assertFalse(library.contains("jffi"), library);
            assertFalse(library.contains(System.mapLibraryName("pollux")), library);
        }
    }

    private static void requireBuilt() {
        if (LoaderFixture.library() == null) {
            System.out.println("LayersTest: there is no native library in " + Child.classes());
            abort("there is no native library in " + Child.classes());
        }
    }

    private static Child.Result logging(String binding) throws IOException {
        return Child.here()
                .withJnr()
                .withProperties()
                .property(Bindings.PROPERTY, binding)
                .option("-Xlog:class+load=info:stdout")
                .run(Probe.class)
                .ok();
    }

    private static Set<String> loaded(Child.Result result, String prefix) {
        var names = new TreeSet<String>();
        for (String line : result.text().split("\n")) {
            int at = line.indexOf(" source: ");
            if (line.contains("[class,load]") && at > 0) {
                String name = line.substring(line.lastIndexOf(']', at) + 1, at).strip();
                if (name.startsWith(prefix)) {
                    names.add(name);
                }
            }
        }
        return names;
    }
}
