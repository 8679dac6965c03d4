package dev.pollux;

import java.io.IOException;

/**
 * What to do with a descriptor that is ready.
 *
 * <p>Called by the thread that polls, once for each event, with no lock held. It may register,
 * modify and unregister anything, wake the selector and close it; it must not poll it. Keep it in a
 * field, or let it capture nothing: then a poll allocates nothing.
 *
 * <pre>{@code
 * ReadyHandler handler = (key, ready) -> System.out.println(key.fd() + " is ready for " + ready);
 * }</pre>
 */
@FunctionalInterface
public interface ReadyHandler {
    /**
     * One event. Whatever this throws reaches the caller of {@code poll}; the events of the same
     * batch that are still to be delivered are delivered by the next poll. So catch here what a
     * read or a write throws: a peer that resets its connection should not end your loop.
     *
     * @param key the registration; {@linkplain FdKey#isValid() invalid} only when the event is that
     *     its descriptor was closed
     * @param ready what it is ready for
     * @throws IOException passed on to the caller of {@code poll}
     */
    void onReady(FdKey key, Ready ready) throws IOException;
}
