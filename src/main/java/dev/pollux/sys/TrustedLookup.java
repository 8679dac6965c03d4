package dev.pollux.sys;

import java.lang.invoke.MethodHandles.Lookup;
import java.lang.reflect.Field;

/**
 * The JDK's own lookup, to which no member of any class is closed: the way to what {@code
 * sun.nio.ch} keeps to itself, without {@code --add-opens}. It is asked for what {@link
 * JdkChannels} and {@link VirtualThreads} name, and never handed on.
 */
final class TrustedLookup {
    private TrustedLookup() {}

    /** From the JNI binding; without it from {@code sun.misc.Unsafe}, as long as JDKs have that. */
    static Lookup get() throws ReflectiveOperationException {
        Object lookup = null;
        try {
            lookup = Bindings.current().trustedLookup();
        } catch (Bindings.Unavailable e) {
            // Who opens a selector is told why; the JDK's own provider can be had even so.
        }
        return (Lookup) (lookup != null ? lookup : fromUnsafe());
    }

    /** By reflection: javac warns of the class, and cannot be told not to. */
    private static Object fromUnsafe() throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Unsafe");
        Field theUnsafe = type.getDeclaredField("theUnsafe");
        theUnsafe.setAccessible(true);
        Object unsafe = theUnsafe.get(null);
        Field field = Lookup.class.getDeclaredField("IMPL_LOOKUP");
        Object base = type.getMethod("staticFieldBase", Field.class).invoke(unsafe, field);
        Object offset = type.getMethod("staticFieldOffset", Field.class).invoke(unsafe, field);
        return type.getMethod("getObject", Object.class, long.class).invoke(unsafe, base, offset);
    }
}
