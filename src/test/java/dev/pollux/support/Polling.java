package dev.pollux.support;

import dev.pollux.FdSelector;
import dev.pollux.PollResult;
import dev.pollux.ReadyBatch;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** The two forms of a poll: what is promised of one holds for the other. */
public enum Polling {
    HANDLER {
        @Override
        public PollResult poll(
                FdSelector selector, long timeout, TimeUnit unit, ReadyHandler handler)
                throws IOException {
            return selector.poll(timeout, unit, handler);
        }
    },
    BATCH {
        @Override
        public PollResult poll(
                FdSelector selector, long timeout, TimeUnit unit, ReadyHandler handler)
                throws IOException {
            try (ReadyBatch batch = selector.poll(timeout, unit)) {
                while (batch.next()) {
                    handler.onReady(batch.key(), batch.ready());
                }
                return batch.result();
            }
        }
    };

    /** A poll in this form, with what the handler does as the body of the loop. */
    public abstract PollResult poll(
            FdSelector selector, long timeout, TimeUnit unit, ReadyHandler handler)
            throws IOException;

    /** A poll that looks once. */
    public PollResult pollNow(FdSelector selector, ReadyHandler handler) throws IOException {
        return poll(selector, 0, TimeUnit.NANOSECONDS, handler);
    }
}
