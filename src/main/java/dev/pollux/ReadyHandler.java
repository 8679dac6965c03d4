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
     * One event. Whatever this throws reaches the caller of {@code poll}, and no event is lost: the
     * next poll delivers what is left of the batch, if anything is; the first with nothing left
     * delivers this event again, whatever the trigger, without a wait and together with what is
     * ready then, as far as it is still of interest. It is not delivered again if this has
     * unregistered the key; it may find nothing to do if this has read before it threw. A handler
     * that always throws makes every poll end at once, so catch here what a read or a write throws:
     * a peer that resets its connection should not end your loop.
     *
     * @param key the registration; {@linkplain FdKey#isValid() invalid} if the event is that its
     *     descriptor was closed, or if another thread has just unregistered it
     * @param ready what it is ready for
     * @throws IOException passed on to the caller of {@code poll}
     */
    void onReady(FdKey key, Ready ready) throws IOException;
}
