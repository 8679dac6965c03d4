package dev.pollux.sys;

import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.Locale;

/**
 * Chooses the binding: JNI if its library loads, else jnr-ffi; or the one that the system property
 * {@code pollux.binding} names. Both are looked up by name, so that neither needs the other.
 */
public final class Bindings {
    /** Names the binding to take: {@code jni} or {@code jnr}. */
    public static final String PROPERTY = "pollux.binding";

    /** What there are, the first choice first. */
    public static final List<String> NAMES = List.of("jni", "jnr");

    /** Names the native library's file, or its directory; then no other is tried. */
    public static final String LIBRARY_PATH = "pollux.library.path";

    private static final String HERE = Bindings.class.getPackageName(); // may have been renamed
    private static final String JNI = HERE + ".jni.JniSyscalls";
    private static final String JNR = HERE + ".jnr.JnrSyscalls";

    private static final String PUT_JNR =
            "put jnr-ffi on the class path, or on the module path with --add-modules"
                    + " ALL-MODULE-PATH";

    private static volatile Syscalls current; // once chosen

    private Bindings() {}

    /** No binding works here; the message says why of each. */
    public static final class Unavailable extends Exception {
        private static final long serialVersionUID = 1L;

        Unavailable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The binding of this process. */
    public static Syscalls current() throws Unavailable {
        Syscalls chosen = current;
        return chosen != null ? chosen : first();
    }

    private static synchronized Syscalls first() throws Unavailable {
        if (current == null) {
            current = choose();
        }
        return current;
    }

    private static Syscalls choose() throws Unavailable {
        String name = System.getProperty(PROPERTY, "").strip().toLowerCase(Locale.ROOT);
        if (!name.isEmpty()) {
            return open(name);
        }
        if (!System.getProperty(LIBRARY_PATH, "").isEmpty()) {
            return open("jni"); // whoever names a library does not want to go without
        }
        try {
            return open("jni");
        } catch (Unavailable jni) {
            try {
                return open("jnr");
            } catch (Unavailable jnr) {
                // What to do about JNI is a line of its own, the last one.
                var both =
                        new Unavailable(
                                isMissing(jnr.getCause())
                                        ? jni.getMessage() + "; or, for the jnr binding, " + PUT_JNR
                                        : jnr.getMessage() + "; " + jni.getMessage(),
                                jni);
                both.addSuppressed(jnr);
                throw both;
            }
        }
    }

    /**
     * Opens the binding of this name.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    public static Syscalls open(String name) throws Unavailable {
        try {
            switch (name) {
                case "jni":
                    return (Syscalls) Class.forName(JNI).getConstructor().newInstance();
                case "jnr":
                    return (Syscalls) Class.forName(JNR).getConstructor().newInstance();
                default:
                    throw new IllegalArgumentException(
                            PROPERTY + "=" + name + " is none of jni, jnr");
            }
        } catch (ReflectiveOperationException | LinkageError e) {
            Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
            throw new Unavailable(
                    "the " + name + " binding does not work here: " + reason(cause), cause);
        }
    }

    private static boolean isMissing(Throwable cause) {
        return cause instanceof NoClassDefFoundError || cause instanceof ClassNotFoundException;
    }

    private static String reason(Throwable cause) {
        if (isMissing(cause)) {
            return "class " + cause.getMessage() + " is missing: " + PUT_JNR;
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
