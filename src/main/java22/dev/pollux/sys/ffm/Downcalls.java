package dev.pollux.sys.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls of C functions. All are called alike, with six arguments of type {@code long}, so that the
 * JVM makes one stub and not one for each signature: an {@code int} with its sign extended, and a
 * pointer, travel in the same registers on every processor of {@link dev.pollux.sys.Platform}, and
 * a function takes no notice of a register that it has no parameter for. Of the result of an {@code
 * int} function only the lower half counts.
 *
 * <p>None is {@code critical}: each of these functions may block, {@code epoll_ctl} for one on the
 * lock of an epoll that another thread waits with, or on whoever serves a file of FUSE, and a
 * garbage collection would wait for it. Nor would it be faster: docs/performance.md.
 */
@SuppressWarnings("restricted") // all that this package is for
final class Downcalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private static final FunctionDescriptor SIX =
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG);

    private static final StructLayout STATE = Linker.Option.captureStateLayout();

    /** Bytes of what the first argument of each call takes, and where errno is in it. */
    static final long STATE_SIZE = STATE.byteSize();

    private static final long ERRNO_AT =
            STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private Downcalls() {}

    /** The function at this address: (MemorySegment, long, long, long, long, long, long) long. */
    static MethodHandle of(MemorySegment function) {
        return LINKER.downcallHandle(function, SIX, ERRNO);
    }

    /** One whose arguments from this one on are variadic. */
    static MethodHandle variadic(MemorySegment function, int first) {
        return LINKER.downcallHandle(function, SIX, ERRNO, Linker.Option.firstVariadicArg(first));
    }

    /** What the last call left in the memory that was its first argument. */
    static int errno(MemorySegment state) {
        return state.get(ValueLayout.JAVA_INT, ERRNO_AT);
    }

    // None of these calls another: C2 inlines fifteen levels, all of which a poll needs from its
    // loop down to the constructor of a slice that the linker makes of the state. One more, and
    // that slice is allocated, 40 bytes for each call.

    static long call(MethodHandle function, MemorySegment state) {
        try {
            return (long) function.invokeExact(state, 0L, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long call(MethodHandle function, MemorySegment state, long a) {
        try {
            return (long) function.invokeExact(state, a, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long call(MethodHandle function, MemorySegment state, long a, long b) {
        try {
            return (long) function.invokeExact(state, a, b, 0L, 0L, 0L, 0L);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long call(MethodHandle function, MemorySegment state, long a, long b, long c) {
        try {
            return (long) function.invokeExact(state, a, b, c, 0L, 0L, 0L);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long call(MethodHandle function, MemorySegment state, long a, long b, long c, long d) {
        try {
            return (long) function.invokeExact(state, a, b, c, d, 0L, 0L);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long call(
            MethodHandle function, MemorySegment state, long a, long b, long c, long d, long e) {
        try {
            return (long) function.invokeExact(state, a, b, c, d, e, 0L);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long call(
            MethodHandle function,
            MemorySegment state,
            long a,
            long b,
            long c,
            long d,
            long e,
            long f) {
        try {
            return (long) function.invokeExact(state, a, b, c, d, e, f);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Links both kinds of calls, by functions that refuse them: what the JVM makes of a call at its
     * first time needs stack, native methods and memory, which there may not be any more when the
     * first error is met.
     */
    static void warmUp() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE_SIZE, Long.BYTES);
            call(Libc.CLOSE, state, -1);
            call(Libc.FCNTL, state, -1, -1, 0);
        }
    }

    /** For {@code throw}: a downcall throws nothing of its own, but the stack may end in it. */
    static AssertionError unexpected(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            throw runtime;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new AssertionError(e);
    }
}
