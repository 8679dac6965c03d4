package dev.pollux.sys.jni;

import dev.pollux.sys.Bindings;
import dev.pollux.sys.jni.SystemLoad.Outcome;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Loads the JNI library, from the first of: the file that {@code pollux.library.path} names, {@code
 * java.library.path}, the copy in the jar.
 *
 * <p>On {@code java.library.path} only a file is taken that belongs to this user or to root and
 * that nobody else can write or exchange: a file that another user planted is never loaded. The
 * copy in the jar is unpacked by {@link LibraryCopy}; and so is a file that serves another class
 * loader already, because the JVM gives a file to one loader only.
 */
final class NativeLibrary {
    private static final String PATH = Bindings.LIBRARY_PATH;

    static final String BUILD =
            "build it with `make native` on this platform, and name it with -D" + PATH + "=";

    private static final String ALLOW =
            "start the JVM with --enable-native-access="
                    + (NativeLibrary.class.getModule().isNamed()
                            ? NativeLibrary.class.getModule().getName()
                            : "ALL-UNNAMED");

    static final String NAME_IT =
            "name the library's file, or its directory, with -D"
                    + PATH
                    + "=, or leave that away to take the copy in the jar";

    private static boolean loaded; // guarded by the class
    private static String loadedFrom; // guarded by the class; for people

    private final SystemLoad system;
    private final Failures failures;

    private NativeLibrary(SystemLoad system, Failures failures) {
        this.system = system;
        this.failures = failures;
    }

    /**
     * Loads it once, for these methods; throws {@link UnsatisfiedLinkError} with two lines: what
     * was tried and why it failed, and what to do.
     */
    static synchronized void load(JniSyscalls calls) {
        if (loaded) {
            return;
        }
        var failures = new Failures();
        var library = new NativeLibrary(new SystemLoad(calls, failures), failures);
        String named = System.getProperty(PATH, "");
        try {
            loaded =
                    named.isEmpty()
                            ? library.loadFromLibraryPath() || library.loadFromJar()
                            : library.loadNamed(named);
        } catch (IllegalCallerException e) {
            // From JDK 24 on with --illegal-native-access=deny: no file would be loaded.
            failures.add(e.getMessage(), ALLOW);
        }
        if (!loaded) {
            throw failures.error();
        }
    }

    /** Which file it was, and who named it; null before it is loaded. */
    static synchronized String loadedFrom() {
        return loadedFrom;
    }

    static String fileName() {
        return System.mapLibraryName("pollux");
    }

    private boolean loadNamed(String named) {
        Path path = Places.read(PATH, named, failures);
        if (path == null) {
            return false;
        }
        Path absolute = path.toAbsolutePath();
        return loadOrCopy(
                Files.isDirectory(absolute) ? absolute.resolve(fileName()) : absolute, PATH);
    }

    private boolean loadFromLibraryPath() {
        String directories = System.getProperty("java.library.path", "");
        for (String directory : directories.split(File.pathSeparator)) {
            Path path = Places.read("java.library.path", directory, failures);
            if (path == null) {
                continue;
            }
            Path file = path.toAbsolutePath().resolve(fileName());
            if (!Files.isRegularFile(file)) {
                continue;
            }
            Path real;
            try {
                real = Trust.requireOurs(file);
            } catch (IOException e) {
                failures.add(
                        file + " on java.library.path was not loaded: " + e.getMessage(),
                        "if it is the right one, name it with -D" + PATH + "=");
                continue;
            }
            if (loadOrCopy(real, "java.library.path")) {
                return true;
            }
        }
        return false;
    }

    private boolean loadOrCopy(Path file, String property) {
        Outcome outcome = system.load(file, file.toString(), file, SystemLoad.remedy(property));
        if (outcome == Outcome.LOADED) {
            loadedFrom = file + ", by " + property;
        }
        if (outcome != Outcome.TAKEN) {
            return outcome == Outcome.LOADED;
        }
        try {
            byte[] library = Files.readAllBytes(file);
            return SystemLoad.isOurs(library) && loadCopy(library, "a copy of " + file);
        } catch (IOException e) {
            failures.add("cannot copy " + file + ": " + e, null);
            return false;
        }
    }

    private boolean loadFromJar() {
        String resource = "/META-INF/native/" + platform() + "/" + fileName();
        try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
            if (library == null) {
                failures.add("the jar has no " + resource, BUILD);
                return false;
            }
            return loadCopy(library.readAllBytes(), "its copy in the jar");
        } catch (IOException e) {
            failures.add("cannot read " + resource + " in the jar: " + e, BUILD);
            return false;
        }
    }

    private boolean loadCopy(byte[] library, String what) {
        var copy = new LibraryCopy(library, system, failures);
        boolean done = copy.load();
        if (done) {
            loadedFrom = what + ", unpacked as " + copy.loadedAs() + " and removed";
        }
        return done;
    }

    /** As in the Makefile: {@code linux-x86_64}, {@code linux-aarch64}, {@code macos-aarch64}, … */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return (os.startsWith("mac") ? "macos" : os)
                + "-"
                + (arch.equals("amd64") ? "x86_64" : arch);
    }
}
