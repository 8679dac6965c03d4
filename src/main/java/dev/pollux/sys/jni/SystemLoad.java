package dev.pollux.sys.jni;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** {@code System.load} for the methods of {@link JniSyscalls}, and what it says when it fails. */
final class SystemLoad {
    enum Outcome {
        LOADED,

        /** The JVM has it for another class loader, or without our methods: for renamed classes. */
        TAKEN,

        FAILED
    }

    /** Says to JNI_OnLoad which class the methods are of, also when it was renamed. */
    private static final String CLASS = "pollux.jni.class";

    private final JniSyscalls calls;
    private final Failures failures;

    SystemLoad(JniSyscalls calls, Failures failures) {
        this.calls = calls;
        this.failures = failures;
    }

    /**
     * Loads a file.
     *
     * @param described what the file is called in a failure
     * @param place a path on the file system that it is on
     * @param remedy what to do if it fails
     */
    Outcome load(Path file, String described, Path place, String remedy) {
        boolean taken = false;
        // The lock is the same for every copy of this class, whatever loader it is in: JNI_OnLoad
        // must not read the name that another copy has set.
        synchronized (Runtime.getRuntime()) {
            System.setProperty(CLASS, JniSyscalls.class.getName());
            try {
                System.load(file.toString());
                taken = true; // unless the next line finds the methods
                calls.layout(0);
                return Outcome.LOADED;
            } catch (LinkageError e) {
                if (Files.exists(file)) {
                    failures.add(explain(file, described, place, e), remedy);
                } else {
                    failures.add("there is no " + described, NativeLibrary.NAME_IT);
                }
                return taken || isTaken(e) ? Outcome.TAKEN : Outcome.FAILED;
            } finally {
                System.clearProperty(CLASS);
            }
        }
    }

    /** HotSpot's own words, the same from JDK 17 to 25; it has no type for it. */
    private static boolean isTaken(LinkageError e) {
        return String.valueOf(e.getMessage()).contains("already loaded in another classloader");
    }

    /** Whether a file holds this library, which asks for {@link #CLASS} by its name. */
    static boolean isOurs(byte[] file) {
        return new String(file, StandardCharsets.ISO_8859_1).contains(CLASS);
    }

    private static String explain(Path file, String described, Path place, LinkageError error) {
        var text = new StringBuilder("cannot load ").append(described);
        if (place != null && Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            try {
                FileStore store = Files.getFileStore(place);
                text.append(" on file system ")
                        .append(store)
                        .append(", type ")
                        .append(store.type());
            } catch (IOException e) {
                text.append(" on an unknown file system (").append(e).append(')');
            }
        }
        return text.append(": ").append(reason(file, error)).toString();
    }

    /** The JVM and the system's loader each put the file's name in front. */
    private static String reason(Path file, LinkageError error) {
        String reason = String.valueOf(error.getMessage());
        String name = canonical(file) + ": ";
        while (reason.startsWith(name)) {
            reason = reason.substring(name.length());
        }
        return reason;
    }

    /** As {@code System.load} makes it. */
    private static String canonical(Path file) {
        try {
            return file.toFile().getCanonicalPath();
        } catch (IOException e) {
            return file.toString(); // then its name is told twice
        }
    }

    /** For a file that was found by this property. */
    static String remedy(String property) {
        return "if the file system is mounted noexec, or the library is for another system,"
                + " name another place with -D"
                + property
                + "=";
    }
}
