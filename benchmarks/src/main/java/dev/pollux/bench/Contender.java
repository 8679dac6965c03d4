package dev.pollux.bench;

import dev.pollux.nio.PolluxSelectorProvider;
import java.nio.channels.spi.SelectorProvider;

/** Whose selectors and channels are measured. */
public enum Contender {
    /** What the JDK takes where nobody chose otherwise; it is what the others are compared with. */
    JDK {
        @Override
        public SelectorProvider provider() {
            return SelectorProvider.provider();
        }
    },

    /** The java.nio drop-in. */
    POLLUX {
        @Override
        public SelectorProvider provider() {
            return new PolluxSelectorProvider();
        }
    };

    /** Its provider, of which channels and selectors are to be opened. */
    public abstract SelectorProvider provider();
}
