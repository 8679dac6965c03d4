package dev.pollux.loader;

import dev.pollux.Backend;
import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import javax.management.ObjectName;

/**
 * The main class of a {@link Child}: uses the library a little, and prints which binding served and
 * what was loaded, one line each. It can be run under another name, see {@link Relocated}.
 */
final class Probe {
    static final String BINDING = "binding: ";
    static final String LIBRARY = "library: ";
    static final String SEEN = "seen: ";
    static final String MISSING = "missing: ";
    static final String FAILURE = "failure: ";

    /** Where a failure's message goes on in the next line. */
    static final String NEXT_LINE = " // ";

    static final String UNPACKED = "unpacked: ";

    private Probe() {}

    /** {@code arguments}: a directory to look into while the library is being loaded. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0) {
            lookIntoWhileLoading(Path.of(arguments[0]));
        }
        try {
            System.out.println(BINDING + Bindings.current().binding());
            for (Backend backend : Backend.values()) {
                if (!backend.isAvailable()) {
                    System.out.println(MISSING + backend + ": " + backend.unavailableBecause());
                    continue;
                }
                try (FdSelector selector = FdSelector.open(backend)) {
                    System.out.println(SEEN + see(selector));
                }
            }
        } catch (Bindings.Unavailable e) {
            System.out.println(failure(e));
            try (FdSelector selector = DefaultSelector.open()) {
                throw new AssertionError(selector.toString());
            } catch (PolluxException.Unsupported again) {
                System.out.println(failure(again));
            }
        } finally {
            for (String path : libraries()) {
                System.out.println(LIBRARY + path);
            }
        }
    }

    private static String failure(Exception e) {
        return FAILURE + e.getMessage().replace("\n", NEXT_LINE);
    }

    private static String see(FdSelector selector) throws IOException {
        int[] pipe = Fd.pipe();
        try {
            Fd.write(pipe[1], java.nio.ByteBuffer.wrap(new byte[1]));
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, "attached");
            var seen = new ArrayList<String>();
            selector.poll((key, ready) -> seen.add(key.attachment() + " " + ready));
            return selector + " " + seen;
        } finally {
            Fd.close(pipe[0]);
            Fd.close(pipe[1]);
        }
    }

    /** Those of ours and of jffi that are mapped, also by a name that they no longer have. */
    static TreeSet<String> libraries() throws Exception {
        String ours = System.mapLibraryName("pollux");
        var paths = new TreeSet<String>();
        for (String line : mapped()) {
            int at = line.indexOf('/');
            String name = line.substring(line.lastIndexOf('/') + 1);
            boolean nameless = name.startsWith("pollux-") || name.startsWith("memfd:pollux-");
            if (at > 0 && (line.contains(ours) || nameless || line.contains("jffi"))) {
                paths.add(line.substring(at).strip());
            }
        }
        return paths;
    }

    /** What Linux says of it, or else the JVM; both end a line with the path. */
    private static List<String> mapped() throws Exception {
        Path maps = Path.of("/proc/self/maps");
        if (Files.exists(maps)) {
            return Files.readAllLines(maps);
        }
        var jvm = new ObjectName("com.sun.management:type=DiagnosticCommand");
        return ManagementFactory.getPlatformMBeanServer()
                .invoke(jvm, "vmDynlibs", new Object[0], new String[0])
                .toString()
                .lines()
                .toList();
    }

    /** The library, while it is being loaded, asks for a property: that is the moment. */
    private static void lookIntoWhileLoading(Path parent) {
        var looking =
                new Properties() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public String getProperty(String name) {
                        if (name.equals("pollux.jni.class")) {
                            look(parent);
                        }
                        return super.getProperty(name);
                    }
                };
        looking.putAll(System.getProperties());
        System.setProperties(looking);
    }

    private static void look(Path parent) {
        try (var entries = Files.newDirectoryStream(parent)) {
            for (Path entry : entries) {
                String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(entry));
                System.out.println(UNPACKED + mode + " " + entry.getFileName());
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
