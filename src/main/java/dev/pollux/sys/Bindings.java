package dev.pollux.sys;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Chooses the binding: JNI if its library loads, else FFM on JDK 22 and later, else jnr-ffi; or the
 * one that the system property {@code pollux.binding} names. All are looked up by name, so that
 * none needs another.
 */
public final class Bindings {
    /** Names the binding to take: {@code jni}, {@code ffm} or {@code jnr}. */
    public static final String PROPERTY = "pollux.binding";

    /** What there are, the first choice first. */
    public static final List<String> NAMES = List.of("jni", "ffm", "jnr");

    /** Names the native library's file, or its directory; then no other is tried. */
    public static final String LIBRARY_PATH = "pollux.library.path";

    /**
     * Whether all system calls go through libc: {@code true} or {@code false}; without it they do
     * if another library takes the place of libc's functions for epoll.
     */
    public static final String LIBC = "pollux.libc";

    /**
     * Whether many changes of registrations go to epoll in one call, through an io_uring of the
     * selector's own: {@code true}; {@code false}; without it they do where no seccomp filter is in
     * force, since a filter may end the process for the attempt.
     */
    public static final String BATCH = "pollux.batch";

    /**
     * Whether the JNI binding renews the processor's return predictor after a system call: {@link
     * #RENEW}, {@link #KEEP}, or {@link #MEASURE} for what a timing says; without it, what is known
     * of the processor and the kernel decides, and a timing where nothing is.
     */
    public static final String RETURNS = "pollux.returns";

    public static final String RENEW = "renew";
    public static final String KEEP = "keep";
    public static final String MEASURE = "measure";

    private static final String HERE = Bindings.class.getPackageName(); // may have been renamed
    private static final String JNI = HERE + ".jni.JniSyscalls";
    private static final String FFM = HERE + ".ffm.FfmSyscalls"; // of META-INF/versions/22
    private static final String JNR = HERE + ".jnr.JnrSyscalls";

    private static final int FIRST_WITH_FFM = 22;

    private static final String TAKE_ANOTHER =
            "take JDK " + FIRST_WITH_FFM + " or later, or another binding (" + PROPERTY + ")";

    private static final String LEFT_OUT =
            "these classes were built without it: take the jar, which has it in META-INF/versions/"
                    + FIRST_WITH_FFM
                    + " when JDK "
                    + FIRST_WITH_FFM
                    + " or later made it";

    private static final String PUT_JNR =
            "put jnr-ffi on the class path, or on the module path with --add-modules"
                    + " ALL-MODULE-PATH";

    /** What a binding's classes failed with when they were initialized. */
    private static final Map<String, Throwable> FAILED = new ConcurrentHashMap<>();

    private static volatile Syscalls current; // once chosen
    private static String whyNotJni; // guarded by the class; null unless another took its place

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

    private static Syscalls first() throws Unavailable {
        String why;
        synchronized (Bindings.class) {
            if (current != null) {
                return current;
            }
            libcWish(); // a wrong value is no reason to try the next binding
            returnsWish();
            current = choose(Privileged.property(PROPERTY, "").strip().toLowerCase(Locale.ROOT));
            why = whyNotJni;
        }
        if (why != null) {
            // Outside of the lock, and after the choice: who writes the log may stand on Pollux.
            System.getLogger(HERE)
                    .log(
                            System.Logger.Level.WARNING,
                            "the {0} binding serves instead of JNI: {1}",
                            current.binding(),
                            why.replace("\n", "; "));
        }
        return current;
    }

    /** Why another binding serves and not JNI, and what to do about it, in one line or two. */
    public static synchronized String whyNotJni() {
        return whyNotJni != null
                ? whyNotJni
                : "this binding was asked for: leave -D" + PROPERTY + " away";
    }

    private static Syscalls choose(String name) throws Unavailable {
        if (!name.isEmpty()) {
            return open(name);
        }
        if (!Privileged.property(LIBRARY_PATH, "").isEmpty()) {
            return open("jni"); // whoever names a library does not want to go without
        }
        var failures = new ArrayList<Unavailable>();
        for (String each : NAMES) {
            try {
                Syscalls opened = open(each);
                whyNotJni = failures.isEmpty() ? null : failures.get(0).getMessage();
                return opened;
            } catch (Unavailable e) {
                failures.add(e);
            }
        }
        throw none(failures.get(0), failures.get(1), failures.get(2));
    }

    /** What to do about JNI is a line of its own, the last one. */
    private static Unavailable none(Unavailable jni, Unavailable ffm, Unavailable jnr) {
        var said = new StringBuilder();
        if (hasFfm()) {
            said.append(ffm.getMessage()).append("; ");
        }
        if (isJnrMissing(jnr.getCause())) {
            said.append(jni.getMessage());
            said.append("; or, for the jnr binding, ").append(PUT_JNR);
        } else {
            said.append(jnr.getMessage()).append("; ").append(jni.getMessage());
        }
        var all = new Unavailable(said.toString(), jni);
        all.addSuppressed(ffm);
        all.addSuppressed(jnr);
        return all;
    }

    private static boolean hasFfm() {
        return Runtime.version().feature() >= FIRST_WITH_FFM;
    }

    /**
     * Opens the binding of this name.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    public static Syscalls open(String name) throws Unavailable {
        switch (name) {
            case "jni":
                return make(name, JNI);
            case "ffm":
                if (!hasFfm()) {
                    throw new Unavailable(
                            doesNotWork(name)
                                    + "java.lang.foreign is of JDK "
                                    + FIRST_WITH_FFM
                                    + ", and this is "
                                    + Runtime.version().feature()
                                    + "; "
                                    + TAKE_ANOTHER,
                            null);
                }
                return make(name, FFM);
            case "jnr":
                return make(name, JNR);
            default:
                throw new IllegalArgumentException(
                        PROPERTY + "=" + name + " is none of " + String.join(", ", NAMES));
        }
    }

    private static Syscalls make(String name, String type) throws Unavailable {
        Throwable thrown;
        try {
            return (Syscalls)
                    Privileged.call(() -> Class.forName(type).getConstructor().newInstance());
        } catch (InvocationTargetException e) {
            thrown = e.getCause();
            if (thrown instanceof VirtualMachineError noMemory) {
                throw noMemory; // says nothing of the binding: the next call tries again
            }
        } catch (ReflectiveOperationException | LinkageError e) {
            thrown = e;
        }
        Throwable cause = firstOf(name, thrown);
        throw new Unavailable(
                doesNotWork(name)
                        + (isJnrMissing(cause)
                                ? "class " + cause.getMessage() + " is missing: " + PUT_JNR
                                : isMissing(cause, FFM) ? LEFT_OUT : NativeAccess.reason(cause)),
                cause);
    }

    private static String doesNotWork(String binding) {
        return "the " + binding + " binding does not work here: ";
    }

    /** What {@link #LIBC} says, as {@link #wish}. */
    public static int libcWish() {
        return wish(LIBC);
    }

    /** What {@link #BATCH} says, as {@link #wish}. */
    public static int batchWish() {
        return wish(BATCH);
    }

    /**
     * What a property says: 1 for true, 0 for false, -1 for nothing.
     *
     * @throws IllegalArgumentException if it says anything else
     */
    public static int wish(String property) {
        String wish = Privileged.property(property, "").strip().toLowerCase(Locale.ROOT);
        switch (wish) {
            case "":
                return -1;
            case "true":
                return 1;
            case "false":
                return 0;
            default:
                throw new IllegalArgumentException(
                        property + "=" + wish + " is none of true, false");
        }
    }

    /**
     * What {@link #RETURNS} says; empty: nothing.
     *
     * @throws IllegalArgumentException if it is none of its values
     */
    public static String returnsWish() {
        String wish = Privileged.property(RETURNS, "").strip().toLowerCase(Locale.ROOT);
        if (!List.of("", RENEW, KEEP, MEASURE).contains(wish)) {
            throw new IllegalArgumentException(
                    RETURNS + "=" + wish + " is none of renew, keep, measure");
        }
        return wish;
    }

    /** Why a class cannot be initialized is only said the first time. */
    private static Throwable firstOf(String binding, Throwable thrown) {
        Throwable cause = root(thrown);
        if (thrown instanceof NoClassDefFoundError) {
            return FAILED.getOrDefault(binding, cause);
        }
        if (thrown instanceof LinkageError) { // as it is, or in an ExceptionInInitializerError
            FAILED.putIfAbsent(binding, cause);
        }
        return cause;
    }

    /** What a class failed with, instead of that it did; but not why a class was not found. */
    private static Throwable root(Throwable e) {
        Throwable cause = e.getCause();
        boolean failed =
                e instanceof ExceptionInInitializerError
                        || e instanceof NoClassDefFoundError
                                && !(cause instanceof ClassNotFoundException);
        return failed && cause != null ? root(cause) : e;
    }

    private static boolean isMissing(Throwable cause, String type) {
        return cause instanceof ClassNotFoundException && type.equals(cause.getMessage());
    }

    /** All that is not ours and may be missing is jnr-ffi, or what that needs. */
    private static boolean isJnrMissing(Throwable cause) {
        return (cause instanceof ClassNotFoundException
                        || cause instanceof NoClassDefFoundError
                                && cause.getCause() instanceof ClassNotFoundException)
                && !cause.getMessage().replace('/', '.').startsWith(HERE);
    }
}
