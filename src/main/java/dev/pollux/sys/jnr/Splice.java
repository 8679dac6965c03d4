package dev.pollux.sys.jnr;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;

/**
 * {@code man 2 splice} of Linux, called through jffi: it has six integers, see {@link
 * KqueueLibrary}.
 */
final class Splice {
    private static final Invoker INVOKER = Invoker.getInstance();

    private final long function = Library.getDefault().getSymbolAddress("splice");
    private final CallContext context =
            CallContext.getCallContext(
                    Type.SLONG,
                    new Type[] {
                        Type.SINT, Type.SLONG, Type.SINT, Type.SLONG, Type.SLONG, Type.SINT
                    },
                    CallingConvention.DEFAULT,
                    true);

    /** Throws {@link UnsatisfiedLinkError} if libc has none. */
    Splice() {
        if (function == 0) {
            throw new UnsatisfiedLinkError("libc has no splice");
        }
    }

    int splice(int from, int to, int count, int flags) {
        return (int) INVOKER.invokeN6(context, function, from, 0, to, 0, count, flags);
    }
}
