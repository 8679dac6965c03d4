package dev.pollux.loader;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * The main class of a {@link dev.pollux.support.Child}: at the moment between looking at the
 * library and loading it, everything in a directory is exchanged for another library, as somebody
 * who may write there could do it; then {@link Probe} says which one was loaded.
 */
final class Exchange {
    static final String EXCHANGED = "exchanged: ";
    private static final String DELETED = " (deleted)";

    private Exchange() {}

    /** {@code directory, planted library[, "naively"]}; naively: as the control does. */
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]).toRealPath();
        Path planted = Path.of(arguments[1]);
        exchangeBeforeLoading(directory, planted);
        if (arguments.length > 2) {
            loadNaively(directory, planted);
        } else {
            Probe.main(new String[0]);
        }
    }

    /** From a private directory, in a directory where others may rename it. */
    private static void loadNaively(Path directory, Path library) throws Exception {
        Path file = Files.createTempDirectory(directory, "pollux-").resolve("libpollux.so");
        Files.copy(library, file);
        System.setProperty("pollux.jni.class", "dev.pollux.sys.jni.JniSyscalls");
        System.load(file.toString());
        for (String path : Probe.libraries()) {
            System.out.println(Probe.LIBRARY + path);
        }
    }

    /** The loader sets a property for the length of the load. */
    private static void exchangeBeforeLoading(Path directory, Path planted) {
        var watching =
                new Properties() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public synchronized Object setProperty(String name, String value) {
                        if (name.equals("pollux.jni.class")) {
                            exchange(directory, planted);
                        }
                        return super.setProperty(name, value);
                    }
                };
        watching.putAll(System.getProperties());
        System.setProperties(watching);
    }

    private static void exchange(Path directory, Path planted) {
        try {
            for (Path entry : entries(directory)) {
                boolean deep = Files.isDirectory(entry);
                List<Path> files = deep ? entries(entry) : List.of(entry);
                Files.move(entry, directory.resolve("taken-" + System.nanoTime()));
                if (deep) {
                    Files.createDirectory(entry);
                }
                for (Path file : files) {
                    plant(planted, file);
                }
            }
            for (Path descriptor : entries(Path.of("/proc/self/fd"))) {
                Path file = target(descriptor);
                if (file != null
                        && file.startsWith(directory)
                        && file.toString().endsWith(DELETED)) {
                    plant(planted, file);
                    String old = file.getFileName().toString();
                    plant(
                            planted,
                            file.resolveSibling(old.substring(0, old.length() - DELETED.length())));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> entries(Path directory) throws IOException {
        var entries = new ArrayList<Path>();
        try (var stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        }
        return entries;
    }

    private static Path target(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link);
        } catch (NoSuchFileException e) {
            return null; // the descriptor of the list itself
        }
    }

    private static void plant(Path library, Path file) {
        try {
            Files.copy(library, file);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
            System.out.println(EXCHANGED + file);
        } catch (IOException e) {
            System.out.println("cannot plant " + file + ": " + e);
        }
    }
}
