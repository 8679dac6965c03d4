package dev.pollux;

import java.util.concurrent.CompletableFuture;

/**
 * One wait of {@link Await}: its own state, that of the future, decides what it ends by. Its place
 * among the others is guarded by the lock of {@link Waits}.
 */
final class Wait extends CompletableFuture<Ready> {
    final int interest; // bits

    Awaited at; // null once it was taken: to be completed, or over
    Wait next; // of the same descriptor; of the list that was taken, then
    private Wait before;

    Wait(int interest) {
        this.interest = interest;
    }

    /** Those who wait for one descriptor. */
    static final class Awaited {
        FdKey key;
        boolean isIdle; // among those that are looked at after the batch
        Awaited nextIdle;
        private Wait first;

        boolean isEmpty() {
            return first == null;
        }

        int count() {
            int count = 0;
            for (Wait wait = first; wait != null; wait = wait.next) {
                count++;
            }
            return count;
        }

        /** All interests together, as bits. */
        int wanted() {
            int bits = 0;
            for (Wait wait = first; wait != null; wait = wait.next) {
                bits |= wait.interest;
            }
            return bits;
        }

        void add(Wait wait) {
            wait.at = this;
            wait.next = first;
            if (first != null) {
                first.before = wait;
            }
            first = wait;
        }

        void remove(Wait wait) {
            if (wait.before == null) {
                first = wait.next;
            } else {
                wait.before.next = wait.next;
            }
            if (wait.next != null) {
                wait.next.before = wait.before;
            }
            wait.at = null;
            wait.next = null;
            wait.before = null;
        }

        /** Takes those with one of these interests, in front of the list so far. */
        Wait take(int bits, Wait taken) {
            Wait list = taken;
            for (Wait wait = first; wait != null; ) {
                Wait next = wait.next;
                if ((wait.interest & bits) != 0) {
                    remove(wait);
                    wait.next = list;
                    list = wait;
                }
                wait = next;
            }
            return list;
        }
    }
}
