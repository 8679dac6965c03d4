package dev.pollux;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A direct buffer through which the bytes of a heap buffer go. There is a pool of them, of a fixed
 * size whatever the number of threads; who finds it empty takes memory of its own for that one
 * call, since those who have the others may be blocked for long. So does who has more to move than
 * one of them holds: in pieces it would be several system calls, of which the second may block, or
 * make two datagrams of one.
 */
final class TransferBuffer {
    /** How many bytes go through one of the pool. */
    static final int SIZE = 64 * 1024;

    /** A power of two, as many as there are processors at least: so many reads run at a time. */
    static final int POOLED =
            Integer.highestOneBit(Math.max(16, 2 * Runtime.getRuntime().availableProcessors() - 1));

    private static final AtomicReferenceArray<TransferBuffer> POOL =
            new AtomicReferenceArray<>(POOLED);

    private static final AtomicInteger MADE = new AtomicInteger(); // for the pool

    final ByteBuffer bytes;

    private final NativeMemory ofThisCall; // null: of the pool

    private TransferBuffer(ByteBuffer bytes, NativeMemory ofThisCall) {
        this.bytes = bytes;
        this.ofThisCall = ofThisCall;
    }

    /** One with room for so many bytes, the caller's until it is released. */
    static TransferBuffer take(Syscalls sys, int wanted) {
        if (wanted > SIZE) {
            return ofThisCall(sys, wanted);
        }
        int home = (int) Thread.currentThread().getId();
        for (int i = 0; i < POOLED; i++) {
            int place = home + i & POOLED - 1;
            if (POOL.getPlain(place) != null) {
                TransferBuffer taken = POOL.getAndSet(place, null);
                if (taken != null) {
                    return taken;
                }
            }
        }
        if (MADE.get() < POOLED && MADE.getAndIncrement() < POOLED) {
            try {
                // Not NativeMemory: the pool goes when the class loader of this class does.
                ByteBuffer fresh = ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder());
                return new TransferBuffer(fresh, null);
            } catch (OutOfMemoryError e) {
                // The pool stays smaller: to find out again takes the JVM a collection and a
                // second.
                return ofThisCall(sys, wanted);
            }
        }
        return ofThisCall(sys, wanted);
    }

    private static TransferBuffer ofThisCall(Syscalls sys, int wanted) {
        var memory = new NativeMemory(sys);
        return new TransferBuffer(memory.allocate(wanted).bytes(), memory);
    }

    /** Nobody uses it any more. */
    void release() {
        if (ofThisCall != null) {
            ofThisCall.close();
            return;
        }
        int place = (int) Thread.currentThread().getId() & POOLED - 1;
        while (!POOL.compareAndSet(place, null, this)) {
            place = place + 1 & POOLED - 1; // there are as many places as were made
        }
    }
}
