package dev.pollux;

import java.util.ArrayList;
import java.util.List;

/**
 * The observers of one selector, as one: {@link #now} is read by whoever has something to tell
 * them, once. Any thread's.
 */
final class Observers {
    /** Null: there is none. */
    volatile LoopObserver now; // written under this

    private final List<LoopObserver> all = new ArrayList<>(); // guarded by this

    synchronized void add(LoopObserver observer) {
        all.add(observer);
        update();
    }

    synchronized void remove(LoopObserver observer) {
        all.remove(observer);
        update();
    }

    /**
     * @param old may be null
     */
    synchronized void replace(LoopObserver old, LoopObserver fresh) {
        all.remove(old);
        add(fresh);
    }

    /** See {@link LoopObserver#refused}. */
    void refused(FdKey key, PolluxException why) {
        LoopObserver observer = now;
        if (observer != null) {
            observer.refused(key, why);
        }
    }

    private void update() {
        now =
                switch (all.size()) {
                    case 0 -> null;
                    case 1 -> all.get(0);
                    default -> new Several(all.toArray(new LoopObserver[0]));
                };
    }

    /** One after another. */
    private static final class Several extends LoopObserver {
        private final LoopObserver[] all;

        Several(LoopObserver[] all) {
            this.all = all;
        }

        @Override
        void pollBegins(long timeoutNanos) {
            for (LoopObserver one : all) {
                one.pollBegins(timeoutNanos);
            }
        }

        /** The first one is the innermost. */
        @Override
        void delivering(FdKey key, Ready ready) {
            for (int i = all.length - 1; i >= 0; i--) {
                all[i].delivering(key, ready);
            }
        }

        @Override
        void delivered(FdKey key, Ready ready) {
            for (LoopObserver one : all) {
                one.delivered(key, ready);
            }
        }

        @Override
        long atMost(long timeoutNanos) {
            long least = timeoutNanos;
            for (LoopObserver one : all) {
                least = one.atMost(least);
            }
            return least;
        }

        @Override
        void waitBegins(long timeoutNanos) {
            for (LoopObserver one : all) {
                one.waitBegins(timeoutNanos);
            }
        }

        @Override
        void waitEnded(int rc, long timeoutNanos) {
            for (LoopObserver one : all) {
                one.waitEnded(rc, timeoutNanos);
            }
        }

        @Override
        void batchBegins() {
            for (LoopObserver one : all) {
                one.batchBegins();
            }
        }

        @Override
        void batchEnded() {
            for (LoopObserver one : all) {
                one.batchEnded();
            }
        }

        @Override
        void pollEnded(PollResult result, Throwable thrown) {
            for (LoopObserver one : all) {
                one.pollEnded(result, thrown);
            }
        }

        @Override
        void wakeup(boolean first) {
            for (LoopObserver one : all) {
                one.wakeup(first);
            }
        }

        @Override
        void adding(FdKey key) {
            for (LoopObserver one : all) {
                one.adding(key);
            }
        }

        @Override
        void added(FdKey key, FdKey old) {
            for (LoopObserver one : all) {
                one.added(key, old);
            }
        }

        @Override
        void modified(FdKey key) {
            for (LoopObserver one : all) {
                one.modified(key);
            }
        }

        @Override
        void pending(FdKey key) {
            for (LoopObserver one : all) {
                one.pending(key);
            }
        }

        @Override
        void removed(FdKey key, boolean wasOpen) {
            for (LoopObserver one : all) {
                one.removed(key, wasOpen);
            }
        }

        @Override
        void refused(FdKey key, PolluxException why) {
            for (LoopObserver one : all) {
                one.refused(key, why);
            }
        }
    }
}
