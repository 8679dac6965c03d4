package dev.pollux.sys.jni;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * {@code memfd_create}, for where no file system takes a file that may be executed: a container
 * whose root is read-only. The function is called before any library of ours is loaded, by {@code
 * java.lang.foreign} of JDK 22 and later; through reflection, because this class is for 17 too.
 */
final class MemoryFile {
    /** The first JDK in which that is no preview. */
    static final int FIRST_JDK = 22;

    private static final int MFD_CLOEXEC = 1; // <linux/memfd.h>

    private MemoryFile() {}

    /** An empty file, which only this process can open. */
    static NamelessFile make() throws IOException, ReflectiveOperationException {
        var foreign = new Foreign();
        String name = Places.freshName(Places.SHORT);
        int fd = foreign.call("memfd_create", foreign.string(name), MFD_CLOEXEC);
        if (fd < 0) {
            throw new IOException("memfd_create failed");
        }
        FileChannel channel;
        try {
            channel =
                    FileChannel.open(
                            Path.of("/proc/self/fd/" + fd),
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
        } finally {
            foreign.call("close", fd);
        }
        try {
            return NamelessFile.inMemory(channel, name);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** As much of {@code java.lang.foreign} as that takes. */
    private static final class Foreign {
        private final Class<?> linkerType = type("Linker");
        private final Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        private final Object arena = type("Arena").getMethod("ofAuto").invoke(null);

        Foreign() throws ReflectiveOperationException {}

        private static Class<?> type(String name) throws ClassNotFoundException {
            return Class.forName("java.lang.foreign." + name);
        }

        /** Of a C string. */
        Object string(String text) throws ReflectiveOperationException {
            return type("SegmentAllocator")
                    .getMethod("allocateFrom", String.class)
                    .invoke(arena, text);
        }

        /** A function of libc that returns an int and takes addresses and ints. */
        int call(String function, Object... arguments) throws ReflectiveOperationException {
            Class<?> layout = type("MemoryLayout");
            Object parameters = Array.newInstance(layout, arguments.length);
            for (int i = 0; i < arguments.length; i++) {
                Array.set(
                        parameters,
                        i,
                        value(arguments[i] instanceof Integer ? "JAVA_INT" : "ADDRESS"));
            }
            Class<?> descriptor = type("FunctionDescriptor");
            Object signature =
                    descriptor
                            .getMethod("of", layout, parameters.getClass())
                            .invoke(null, value("JAVA_INT"), parameters);
            Object libc = linkerType.getMethod("defaultLookup").invoke(linker);
            Optional<?> symbol =
                    (Optional<?>)
                            type("SymbolLookup")
                                    .getMethod("find", String.class)
                                    .invoke(libc, function);
            if (symbol.isEmpty()) {
                throw new NoSuchMethodException("libc has no " + function);
            }
            Object noOptions = Array.newInstance(type("Linker$Option"), 0);
            var handle =
                    (MethodHandle)
                            linkerType
                                    .getMethod(
                                            "downcallHandle",
                                            type("MemorySegment"),
                                            descriptor,
                                            noOptions.getClass())
                                    .invoke(linker, symbol.get(), signature, noOptions);
            try {
                return (int) handle.invokeWithArguments(arguments);
            } catch (Throwable e) {
                throw new InvocationTargetException(e, function);
            }
        }

        private static Object value(String layout) throws ReflectiveOperationException {
            return type("ValueLayout").getField(layout).get(null);
        }
    }
}
