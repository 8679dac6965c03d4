package dev.pollux.sys.jdk;

import dev.pollux.sys.Bindings;
import dev.pollux.sys.Privileged;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;

/**
 * The JDK's own lookup, to which no member of any class is closed: the way to what {@code
 * sun.nio.ch} keeps to itself, without {@code --add-opens}. It is asked for what {@link
 * JdkChannels} and {@link VirtualThreads} name, and not handed on: it does not leave this package.
 */
final class TrustedLookup {
    private TrustedLookup() {}

    /**
     * From the binding that serves; without one from {@code sun.misc.Unsafe}, as long as JDKs have
     * that.
     */
    static Lookup get() throws ReflectiveOperationException {
        String none;
        try {
            var sys = Bindings.current();
            Object lookup = sys.trustedLookup();
            if (lookup != null) {
                return (Lookup) lookup;
            }
            none = "the " + sys.binding() + " binding has no way to the JDK's trusted lookup here";
        } catch (Bindings.Unavailable e) {
            none = e.getMessage();
        }
        try {
            return Privileged.call(TrustedLookup::fromUnsafe);
        } catch (ReflectiveOperationException | RuntimeException e) {
            Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
            throw new ReflectiveOperationException(cause + "; " + none, cause);
        }
    }

    /**
     * A class of the JDK, not initialized: that opens descriptors, for one. The boot loader has it;
     * our own may delegate no more than {@code java.*}, as in OSGi and in application servers.
     */
    static Class<?> find(String name) throws ClassNotFoundException {
        return Privileged.call(() -> Class.forName(name, false, null));
    }

    /** Calls what the lookup has found; it throws nothing else. */
    static Object call(MethodHandle method, Object... arguments) throws IOException {
        try {
            return method.invokeWithArguments(arguments);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** For {@code throw}: an unchecked exception as it is. */
    static AssertionError unexpected(Throwable e) {
        if (e instanceof RuntimeException) {
            throw (RuntimeException) e;
        }
        if (e instanceof Error) {
            throw (Error) e;
        }
        return new AssertionError(e); // these members declare no others
    }

    /** By reflection: javac warns of the class, and the warning cannot be suppressed. */
    private static Lookup fromUnsafe() throws ReflectiveOperationException {
        Class<?> type = find("sun.misc.Unsafe");
        Field theUnsafe = type.getDeclaredField("theUnsafe");
        theUnsafe.setAccessible(true);
        Object unsafe = theUnsafe.get(null);
        Field field = Lookup.class.getDeclaredField("IMPL_LOOKUP");
        Object base = type.getMethod("staticFieldBase", Field.class).invoke(unsafe, field);
        Object offset = type.getMethod("staticFieldOffset", Field.class).invoke(unsafe, field);
        return (Lookup)
                type.getMethod("getObject", Object.class, long.class).invoke(unsafe, base, offset);
    }
}
