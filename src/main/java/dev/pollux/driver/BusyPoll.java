package dev.pollux.driver;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;

/**
 * How the kernel polls the queues of network cards in place of a thread that waits for an epoll
 * instance: {@code man 2 ioctl_eventpoll}, Linux 6.9. What is registered must have come in by one
 * queue of a card that has one; loopback has none, and there it does nothing.
 *
 * <pre>{@code
 * struct epoll_params { uint32_t busy_poll_usecs; uint16_t busy_poll_budget;
 *                       uint8_t prefer_busy_poll; uint8_t pad; };
 * }</pre>
 *
 * @param micros for how long before the thread sleeps; 0 is not at all
 * @param budget how many packets at a time, of 16 bits; 0 is the kernel's own, 8
 * @param prefer whether interrupts are put off while somebody polls
 */
public record BusyPoll(int micros, int budget, boolean prefer) {
    private static final int BYTES = 8;

    /** That of an epoll instance; null: none, or it cannot be asked. */
    public static BusyPoll of(Syscalls sys, int epfd) {
        try (var memory = new NativeMemory(sys)) {
            NativeMemory.Block params = memory.allocate(BYTES);
            if (sys.epollParams(epfd, params.address()) < 0) {
                return null;
            }
            ByteBuffer from = params.bytes();
            int budget = Short.toUnsignedInt(from.getShort(4));
            return new BusyPoll(from.getInt(0), budget, from.get(6) != 0);
        }
    }

    /** For {@link Syscalls#epollSetParams}. */
    NativeMemory.Block in(NativeMemory memory) {
        NativeMemory.Block params = memory.allocate(BYTES);
        params.bytes().putInt(0, micros).putShort(4, (short) budget);
        params.bytes().put(6, (byte) (prefer ? 1 : 0));
        return params;
    }
}
