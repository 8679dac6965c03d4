package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** A binding that keeps account of the memory outside the heap. */
public final class Ledger extends ForwardingSyscalls {
    private final Map<Long, Integer> held = new HashMap<>(); // bytes by address
    private int allocations;
    private int failing = -1;

    public Ledger(Syscalls real) {
        super(real);
    }

    /** The allocation of this number, counted from 0, finds no memory. */
    public void fail(int allocation) {
        failing = allocation;
    }

    /** How often memory was asked for. */
    public synchronized int allocations() {
        return allocations;
    }

    /** What was not freed yet. */
    public synchronized Map<Long, Integer> held() {
        return Map.copyOf(held);
    }

    @Override
    public synchronized ByteBuffer allocate(int bytes) {
        if (allocations++ == failing) {
            return null;
        }
        ByteBuffer memory = real.allocate(bytes);
        held.put(real.address(memory), bytes);
        return memory;
    }

    @Override
    public synchronized void free(ByteBuffer allocated) {
        assertTrue(held.remove(real.address(allocated)) != null, "freed twice, or never allocated");
        real.free(allocated);
    }
}
