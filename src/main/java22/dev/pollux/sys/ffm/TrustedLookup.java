package dev.pollux.sys.ffm;

import dev.pollux.sys.Privileged;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;

/**
 * The JDK's own lookup, {@code IMPL_LOOKUP}, as the JNI binding has it: JNI reads the field and
 * writes it into one of ours. A thread of its own does that: it is the one object of ours that JNI
 * can be asked for, and the references that are left in it go with it.
 */
final class TrustedLookup {
    /** Null if this JVM has none, or no JNI, as a native image. */
    static final Lookup LOOKUP = Privileged.call(TrustedLookup::ask);

    /** {@code int getFDVal(Channel)} of the channels that are {@link #CHANNEL}s. */
    private static final Class<?> CHANNEL;

    private static final MethodHandle DESCRIPTOR;

    static {
        Class<?> type = null;
        MethodHandle descriptor = null;
        if (LOOKUP != null) {
            try {
                type = Privileged.call(() -> Class.forName("sun.nio.ch.SelChImpl", true, null));
                descriptor =
                        LOOKUP.findVirtual(type, "getFDVal", MethodType.methodType(int.class))
                                .asType(MethodType.methodType(int.class, Channel.class));
            } catch (ReflectiveOperationException e) {
                type = null; // a JDK that has it no more: there is no way to its channels
            }
        }
        CHANNEL = type;
        DESCRIPTOR = descriptor;
    }

    /** {@code Buffer.address}; null if this JVM has no such field, or no way to it. */
    private static final VarHandle ADDRESS = findAddress();

    private TrustedLookup() {}

    private static VarHandle findAddress() {
        try {
            return LOOKUP == null
                    ? null
                    : LOOKUP.findVarHandle(Buffer.class, "address", long.class);
        } catch (ReflectiveOperationException e) {
            return null; // a JDK that has it no more
        }
    }

    /**
     * Where the memory of a direct buffer begins. A segment of the buffer says so too, but is an
     * object, wherever the JIT does not see through all that makes it.
     */
    static long address(ByteBuffer direct) {
        return ADDRESS != null
                ? (long) ADDRESS.get((Buffer) direct)
                : MemorySegment.ofBuffer(direct).address() - direct.position();
    }

    /** Whether {@link #descriptor} has a way to channels. */
    static boolean seesChannels() {
        return DESCRIPTOR != null;
    }

    /** The descriptor of a channel; -1 if it is not the JDK's. */
    static int descriptor(Channel channel) {
        if (!CHANNEL.isInstance(channel)) {
            return -1;
        }
        try {
            return (int) DESCRIPTOR.invokeExact(channel);
        } catch (Throwable e) {
            throw Downcalls.unexpected(e);
        }
    }

    private static Lookup ask() {
        var asking = new Asking();
        asking.setDaemon(true);
        asking.start();
        boolean interrupted = false;
        while (true) {
            try {
                asking.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return (Lookup) asking.lookup;
    }

    private static final class Asking extends Thread {
        Object lookup; // written by JNI

        Asking() {
            super("pollux-trusted-lookup");
        }

        @Override
        public void run() {
            try (var arena = Arena.ofConfined()) {
                new JniTable(arena)
                        .copyStaticToThread(
                                "java/lang/invoke/MethodHandles$Lookup",
                                "IMPL_LOOKUP",
                                "Ljava/lang/invoke/MethodHandles$Lookup;",
                                "lookup",
                                "Ljava/lang/Object;");
            } catch (LinkageError e) {
                lookup = null; // then sys.jdk asks Unsafe, and says what it found
            }
        }
    }
}
