package dev.pollux.sys.jnr;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;

/**
 * {@code kqueue} and {@code kevent}, which are libc's on the systems that have them, and
 * libkqueue's on Linux. Called through jffi, which jnr-ffi stands on: the stub that jnr-ffi 2.3.4
 * makes on x86-64 for six integers hands the last one over from the wrong place.
 */
final class KqueueLibrary {
    /** Names the shared object that makes a kqueue of epoll on Linux. */
    static final String PROPERTY = "pollux.kqueue.library";

    private static final Invoker INVOKER = Invoker.getInstance();
    private static final Type INT = Type.SINT;
    private static final Type ADDRESS = Type.POINTER;

    private final Library library; // or its functions go away
    private final long kqueue;
    private final long kevent;
    private final CallContext noArguments = context();
    private final CallContext sixArguments = context(INT, ADDRESS, INT, ADDRESS, INT, ADDRESS);

    private KqueueLibrary(Library library) {
        this.library = library;
        kqueue = library.getSymbolAddress("kqueue");
        kevent = library.getSymbolAddress("kevent");
        if (kqueue == 0 || kevent == 0) {
            throw new UnsatisfiedLinkError("has no kqueue and kevent");
        }
    }

    private static CallContext context(Type... arguments) {
        return CallContext.getCallContext(INT, arguments, CallingConvention.DEFAULT, true);
    }

    /** Whoever names a library does not want to go without; one that is installed may be there. */
    static KqueueLibrary load() {
        String named = System.getProperty(PROPERTY, "");
        if (named.isEmpty()) {
            Library installed = Library.getCachedInstance("libkqueue.so.0", Library.LAZY);
            return installed == null ? null : new KqueueLibrary(installed);
        }
        Library library = Library.getCachedInstance(named, Library.LAZY);
        if (library == null) {
            throw new UnsatisfiedLinkError(PROPERTY + "=" + named + ": " + Library.getLastError());
        }
        return new KqueueLibrary(library);
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
