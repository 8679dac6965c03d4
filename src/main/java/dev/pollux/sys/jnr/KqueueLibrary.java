package dev.pollux.sys.jnr;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import dev.pollux.sys.LibcSyscalls;
import dev.pollux.sys.Platform;

/**
 * {@code kqueue} and {@code kevent}, which are libc's on the systems that have them, and
 * libkqueue's on Linux. Called through jffi, which jnr-ffi stands on: the stub that jnr-ffi 2.3.4
 * makes on x86-64 for six integers hands the last one over from the wrong place.
 */
final class KqueueLibrary {
    private static final Invoker INVOKER = Invoker.getInstance();
    private static final Type INT = Type.SINT;
    private static final Type LONG = Type.SLONG; // also an address, and size_t

    private final Library library; // or its functions go away
    private final long kqueue;
    private final long kevent;
    private final CallContext noArguments = context();

    /** The counts are int but on NetBSD, where they are size_t: an int looks at the lower half. */
    private final CallContext sixArguments = context(INT, LONG, LONG, LONG, LONG, LONG);

    private KqueueLibrary(Library library, String name, String kqueueName, String keventName) {
        this.library = library;
        kqueue = library.getSymbolAddress(kqueueName);
        kevent = library.getSymbolAddress(keventName);
        if (kqueue == 0 || kevent == 0) {
            throw new UnsatisfiedLinkError(
                    name + " has no " + (kqueue == 0 ? kqueueName : keventName));
        }
    }

    private static CallContext context(Type... arguments) {
        return CallContext.getCallContext(INT, arguments, CallingConvention.DEFAULT, true);
    }

    /** libc's, which is loaded already. */
    static KqueueLibrary ofLibc(Platform platform) {
        return new KqueueLibrary(
                Library.getDefault(), "libc", platform.symbol("kqueue"), platform.symbol("kevent"));
    }

    /** Whoever names a library does not want to go without; one that is installed may be there. */
    static KqueueLibrary loadLibkqueue() {
        String named = System.getProperty(LibcSyscalls.KQUEUE_LIBRARY, "");
        String name = named.isEmpty() ? LibcSyscalls.LIBKQUEUE : named;
        Library library = Library.getCachedInstance(name, Library.LAZY);
        if (library != null) {
            return new KqueueLibrary(library, name, "kqueue", "kevent");
        }
        if (named.isEmpty()) {
            return null;
        }
        throw new UnsatisfiedLinkError(
                LibcSyscalls.KQUEUE_LIBRARY + "=" + named + ": " + Library.getLastError());
    }

    int kqueue() {
        return (int) INVOKER.invokeN0(noArguments, kqueue);
    }

    int kevent(int kq, long changes, int count, long events, int capacity, long timeout) {
        return (int)
                INVOKER.invokeN6(
                        sixArguments, kevent, kq, changes, count, events, capacity, timeout);
    }
}
