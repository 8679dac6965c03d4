package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What a registration costs on the Java heap: there may be a million. */
class FdKeyTest {
    private static final int KEYS = 1000;

    private final FdKey[] keys = new FdKey[KEYS];
    private final Object[] boxes = new Object[KEYS];

    @Test
    void a_key_is_of_64_bytes_at_most() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int warm = 0; warm < 2; warm++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < KEYS; i++) {
                boxes[i] = new Object[1];
            }
            long array = (threads.getCurrentThreadAllocatedBytes() - before) / KEYS;
            assumeTrue(array <= 24, "no compressed references: an array of one has " + array);
            before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < KEYS; i++) {
                keys[i] = new FdKey(null, i, i, 0, null, null);
            }
            long key = (threads.getCurrentThreadAllocatedBytes() - before) / KEYS;
            if (warm > 0) {
                assertEquals(64, key);
            }
        }
    }
}
