package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** What a backend can report of what there is to report. */
public final class Reported {
    private static final AtomicBoolean SAID = new AtomicBoolean();

    private Reported() {}

    /** Whether registrations and events are those of epoll. */
    public static boolean isEpoll(Backend backend) {
        return backend == Backend.EPOLL || backend == Backend.URING;
    }

    /** Whether the kernel, and not the backend, keeps the registrations. */
    public static boolean kernelKeeps(FdSelector selector) {
        return isEpoll(selector.backend()) || selector.backend() == Backend.KQUEUE;
    }

    /** What nothing meets where there is no urgent data; READ where that cannot be asked for. */
    public static Interest idle(FdSelector selector) {
        return selector.supports(Interest.PRIORITY, Trigger.LEVEL)
                ? Interest.PRIORITY
                : Interest.READ;
    }

    /** These flags, without those that this backend does not know of, or not on this system. */
    public static String by(FdSelector selector, String flags) {
        return selector.backend() == Backend.SELECT
                ? readiness(flags)
                : comparable(selector, flags);
    }

    /**
     * These flags, without those that systems disagree about, see {@link
     * Capability#NAMES_HANG_UPS}.
     */
    public static String comparable(FdSelector selector, String flags) {
        if (Host.LINUX || selector.backend() != Backend.POLL) {
            return flags;
        }
        if (!flags.equals(readiness(flags)) && SAID.compareAndSet(false, true)) {
            System.out.println(
                    "on poll, closed and error flags beside others are not compared here");
        }
        return readiness(flags);
    }

    private static String readiness(String flags) {
        return flags.replaceAll("\\|(READ_CLOSED|WRITE_CLOSED|ERROR)", "");
    }

    /**
     * Fails unless a descriptor, registered with this interest for a moment, is soon reported with
     * these flags and none else; {@code "TIMEOUT"} is for nothing at all, now.
     */
    public static void assertReady(FdSelector selector, int fd, Interest interest, String flags)
            throws IOException {
        FdKey key = selector.register(fd, interest, Trigger.LEVEL, null);
        if (selector.backend() == Backend.KQUEUE && !interest.isRead()) {
            flags = flags.replace("|READ_CLOSED", ""); // only the read filter reports it
        }
        String expected = flags.equals("TIMEOUT") ? flags : fd + " " + by(selector, flags);
        String reported =
                expected.equals("TIMEOUT")
                        ? Fds.pollNow(selector)
                        : Fds.eventually(selector, expected);
        selector.unregister(key);
        assertEquals(expected, reported, () -> "with interest " + interest);
    }
}
