package dev.pollux.bench.peer;

import java.lang.management.ManagementFactory;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What a JVM uses.
 *
 * @param heap bytes of live objects
 * @param outside bytes that the JVM took by Unsafe, direct buffers included, and for JNI; not what
 *     a library takes by malloc
 */
record Memory(long heap, long outside) {
    private static final int ATTEMPTS = 50;
    private static final int ENOUGH = 3;
    private static final int REST = 2048;
    private static final Pattern OUTSIDE =
            Pattern.compile("-\\s+(?:Other|Internal) \\(reserved=\\d+, committed=(\\d+)\\)");

    /** Collects until nothing more goes: what cleaners let go of goes with the next collection. */
    static Memory settled() throws JMException, InterruptedException {
        Memory last = now();
        int same = 0;
        for (int i = 0; same < ENOUGH; i++) {
            if (i == ATTEMPTS) {
                throw new IllegalStateException(
                        "the memory does not come to rest in " + ATTEMPTS + " collections");
            }
            Memory next = now();
            boolean rests = near(next.heap, last.heap) && near(next.outside, last.outside);
            same = rests ? same + 1 : 0;
            last = next;
        }
        return last;
    }

    /** The JVM itself takes some and gives it back at any time. */
    private static boolean near(long one, long other) {
        return Math.abs(one - other) < REST;
    }

    private static Memory now() throws JMException, InterruptedException {
        long outside = account();
        collect();
        return new Memory(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), outside);
    }

    /**
     * Collects, and waits until the thread that runs cleaners has come to what was found. With the
     * next time it has done all of it, since it takes one list after another.
     */
    private static void collect() throws InterruptedException {
        var queue = new ReferenceQueue<Object>();
        var reference = new PhantomReference<>(new Object(), queue);
        System.gc();
        queue.remove();
        Reference.reachabilityFence(reference);
    }

    /** From the JVM's own account, see the option NativeMemoryTracking. */
    private static long account() throws JMException {
        Object[] arguments = {new String[] {"summary", "scale=B"}};
        String[] types = {String[].class.getName()};
        var account =
                (String)
                        ManagementFactory.getPlatformMBeanServer()
                                .invoke(
                                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                                        "vmNativeMemory",
                                        arguments,
                                        types);
        var parts = OUTSIDE.matcher(account).results().toList();
        if (parts.size() != 2) {
            throw new IllegalStateException("no account of native memory: " + account);
        }
        return parts.stream().mapToLong(part -> Long.parseLong(part.group(1))).sum();
    }
}
