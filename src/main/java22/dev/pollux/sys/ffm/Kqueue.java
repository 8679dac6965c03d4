package dev.pollux.sys.ffm;

import dev.pollux.sys.LibcSyscalls;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * {@code kqueue} and {@code kevent}, which are libc's on the systems that have them, and
 * libkqueue's on Linux.
 */
final class Kqueue {
    private static final boolean EMULATED = Libc.PLATFORM.isLinux();
    private static final Symbols LIBRARY = EMULATED ? libkqueue() : Symbols.OF_THE_PROGRAM;

    /** Null where there is no kqueue. */
    static final MethodHandle KQUEUE = LIBRARY == null ? null : find("kqueue");

    static final MethodHandle KEVENT = LIBRARY == null ? null : find("kevent");

    private Kqueue() {}

    /** Whoever names a library does not want to go without; one that is installed may be there. */
    private static Symbols libkqueue() {
        String named = System.getProperty(LibcSyscalls.KQUEUE_LIBRARY, "");
        Symbols library = Symbols.open(named.isEmpty() ? LibcSyscalls.LIBKQUEUE : named);
        if (library == null && !named.isEmpty()) {
            throw new UnsatisfiedLinkError(
                    LibcSyscalls.KQUEUE_LIBRARY + "=" + named + ": it cannot be loaded");
        }
        return library;
    }

    private static MethodHandle find(String function) {
        String name = Libc.PLATFORM.symbol(function);
        MemorySegment address = LIBRARY.find(name);
        if (address.address() == 0) {
            throw new UnsatisfiedLinkError((EMULATED ? "libkqueue" : "libc") + " has no " + name);
        }
        return Downcalls.of(address);
    }
}
