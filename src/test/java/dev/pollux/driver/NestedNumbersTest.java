package dev.pollux.driver;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@link KqueueNesting} when kqueues are closed and their numbers reused; there is no kernel. */
class NestedNumbersTest {
    private static final int INNER = 7;
    private static final int OUTER = 8;

    private static KqueueNesting open(int number) {
        return new KqueueNesting(null, number);
    }

    private static KqueueNesting handedOut(int number) {
        KqueueNesting opened = open(number);
        opened.handOut();
        return opened;
    }

    /** A new kqueue of this number is taken for no other. */
    private static void assertCircleFound() {
        KqueueNesting inner = handedOut(INNER);
        KqueueNesting outer = handedOut(OUTER);
        assertTrue(outer.watch(INNER));
        assertFalse(inner.watch(OUTER));
        outer.unwatch(INNER);
        assertTrue(inner.watch(OUTER));
        inner.close();
        outer.close();
    }

    @Test
    void what_was_closed_without_being_unregistered_is_not_kept() throws InterruptedException {
        KqueueNesting outer = handedOut(OUTER);
        KqueueNesting open = handedOut(INNER + 10);
        assertTrue(outer.watch(INNER + 10));
        var closed = new WeakReference<>(watchedAndClosed(outer));
        var control = new WeakReference<>(open);
        open = null;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (closed.get() != null && System.nanoTime() < end) {
            System.gc();
            Thread.sleep(1);
        }
        assertNull(closed.get());
        assertNotNull(control.get(), "the one that is open");
        control.get().close();
        outer.close();
        assertCircleFound();
    }

    private static KqueueNesting watchedAndClosed(KqueueNesting outer) {
        KqueueNesting inner = handedOut(INNER);
        assertTrue(outer.watch(INNER));
        inner.close();
        return inner;
    }

    @Test
    void one_that_is_handed_out_after_it_was_closed_is_not_taken_for_the_next() {
        KqueueNesting closed = open(INNER);
        closed.close();
        closed.handOut();
        assertCircleFound();
    }

    @Test
    void one_that_two_threads_hand_out_is_not_taken_for_the_next() throws Exception {
        var threads = Executors.newFixedThreadPool(2);
        try {
            for (int i = 0; i < 2_000; i++) {
                KqueueNesting inner = open(INNER);
                var start = new CyclicBarrier(2);
                var first = threads.submit(() -> handOut(inner, start));
                var second = threads.submit(() -> handOut(inner, start));
                first.get();
                second.get();
                inner.close();
                assertCircleFound();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static Void handOut(KqueueNesting inner, CyclicBarrier start) throws Exception {
        start.await();
        inner.handOut();
        return null;
    }

    @Test
    void one_that_is_closed_while_it_watches_is_in_no_circle() {
        KqueueNesting inner = handedOut(INNER);
        KqueueNesting outer = handedOut(OUTER);
        assertTrue(outer.watch(INNER));
        outer.close();
        KqueueNesting next = handedOut(OUTER);
        assertTrue(inner.watch(OUTER));
        assertFalse(next.watch(INNER));
        inner.close();
        next.close();
    }
}
