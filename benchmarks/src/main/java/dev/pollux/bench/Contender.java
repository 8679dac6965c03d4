package dev.pollux.bench;

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
            try {
                return (SelectorProvider)
                        Class.forName("dev.pollux.nio.PolluxSelectorProvider")
                                .getConstructor()
                                .newInstance();
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("no drop-in in this jar", e);
            }
        }
    };

    /** Its provider, of which channels and selectors are to be opened. */
    public abstract SelectorProvider provider();
}
