package dev.pollux.sys.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Finds functions by {@code man 3 dlopen} and {@code man 3 dlsym}: where the program itself finds
 * them, also in a library that takes the place of libc's functions, which the JDK's own lookup
 * passes over.
 */
final class Symbols {
    private static final int RTLD_LAZY = 1; // on every system
    private static final String PROGRAM = null;

    private static final MethodHandle DLOPEN = ofTheJdk("dlopen");
    private static final MethodHandle DLSYM = ofTheJdk("dlsym");

    /** All that the program itself is made of, libc with it. */
    static final Symbols OF_THE_PROGRAM = open(PROGRAM);

    private final long handle;

    private Symbols(long handle) {
        this.handle = handle;
    }

    private static MethodHandle ofTheJdk(String name) {
        var symbol = Linker.nativeLinker().defaultLookup().find(name);
        return Downcalls.of(
                symbol.orElseThrow(() -> new UnsatisfiedLinkError("libc has no " + name)));
    }

    /** The functions of this library, and those that it needs; null if it cannot be loaded. */
    static Symbols open(String library) {
        try (var arena = Arena.ofConfined()) {
            long name = library == null ? 0 : arena.allocateFrom(library).address();
            MemorySegment state = arena.allocate(Downcalls.STATE_SIZE, Long.BYTES);
            long handle = Downcalls.call(DLOPEN, state, name, RTLD_LAZY);
            return handle == 0 ? null : new Symbols(handle);
        }
    }

    /** Where a function is; {@link MemorySegment#NULL} if there is none of this name. */
    MemorySegment find(String name) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Downcalls.STATE_SIZE, Long.BYTES);
            long named = arena.allocateFrom(name).address();
            return MemorySegment.ofAddress(Downcalls.call(DLSYM, state, handle, named));
        }
    }
}
