package dev.pollux.bench.peer;

import java.io.IOException;

/** That a contender does what it is measured for: a poll must find exactly what is ready. */
final class Expected {
    private static final int POLLS = 8; // a buffer may have to grow before

    private Expected() {}

    static void ready(PeerSelector selector, int ends, int expected) throws IOException {
        long[] before = served(selector, ends);
        for (int i = 0; i < POLLS; i++) {
            selector.poll();
        }
        long[] after = served(selector, ends);
        int ready = 0;
        for (int i = 0; i < ends; i++) {
            long served = after[i] - before[i];
            if (served != 0 && served != POLLS) {
                throw new IllegalStateException(
                        "end " + i + " was served " + served + " times in " + POLLS + " polls");
            }
            ready += served == 0 ? 0 : 1;
        }
        if (ready != expected) {
            throw new IllegalStateException(
                    ready + " of " + ends + " ends were served instead of " + expected);
        }
    }

    private static long[] served(PeerSelector selector, int ends) {
        long[] served = new long[ends];
        for (int i = 0; i < ends; i++) {
            served[i] = selector.served(i);
        }
        return served;
    }
}
