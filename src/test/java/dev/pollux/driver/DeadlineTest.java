package dev.pollux.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeadlineTest {
    private static final long DAY = TimeUnit.DAYS.toNanos(1);
    private static final long[] CLOCKS = {
        0,
        1,
        -1,
        123_456_789,
        Long.MAX_VALUE,
        Long.MAX_VALUE - 5,
        Long.MIN_VALUE,
        Long.MIN_VALUE + 5
    };

    @Test
    void zero_stays_zero() {
        assertEquals(0, Deadline.nanos(0));
        assertEquals(0, Deadline.micros(0));
        assertEquals(0, Deadline.millis(0));
    }

    @Test
    void an_exact_value_stays() {
        for (long millis : new long[] {1, 2, 999, 1_000, 86_400_000}) {
            long nanos = millis * 1_000_000;
            assertEquals(millis, Deadline.millis(nanos));
            assertEquals(millis * 1_000, Deadline.micros(nanos));
            assertEquals(nanos, Deadline.nanos(nanos));
        }
        assertEquals(7, Deadline.micros(7_000));
    }

    @Test
    void anything_else_is_rounded_up_never_down() {
        assertEquals(1, Deadline.millis(1));
        assertEquals(1, Deadline.millis(999_999));
        assertEquals(2, Deadline.millis(1_000_001));
        assertEquals(1, Deadline.micros(1));
        assertEquals(1, Deadline.micros(999));
        assertEquals(2, Deadline.micros(1_001));
        for (long nanos = 1; nanos > 0 && nanos < DAY; nanos = nanos * 3 + 1) {
            assertTrue(Deadline.millis(nanos) * 1_000_000L - nanos >= 0, "" + nanos);
            assertTrue(Deadline.millis(nanos) * 1_000_000L - nanos < 1_000_000, "" + nanos);
            assertTrue(Deadline.micros(nanos) * 1_000 - nanos >= 0, "" + nanos);
            assertTrue(Deadline.micros(nanos) * 1_000 - nanos < 1_000, "" + nanos);
            assertEquals(nanos, Deadline.nanos(nanos));
        }
    }

    @Test
    void for_ever_is_what_the_kernel_calls_so() {
        assertEquals(-1, Deadline.millis(Driver.FOREVER));
        assertEquals(-1, Deadline.micros(Driver.FOREVER));
        assertTrue(Deadline.isWholeMillis(Driver.FOREVER), "so nobody needs nanoseconds for it");
    }

    @Test
    void a_wait_is_cut_at_a_day() {
        for (long nanos : new long[] {DAY, DAY + 1, 25 * DAY, Long.MAX_VALUE - 1}) {
            assertEquals(DAY, Deadline.nanos(nanos));
            assertEquals(DAY / 1_000, Deadline.micros(nanos));
            assertEquals(DAY / 1_000_000, Deadline.millis(nanos));
        }
        assertEquals(DAY - 1, Deadline.nanos(DAY - 1));
    }

    @Test
    void whole_milliseconds_are_distinguished_from_others() {
        assertTrue(Deadline.isWholeMillis(0));
        assertTrue(Deadline.isWholeMillis(1_000_000));
        assertTrue(Deadline.isWholeMillis(DAY));
        assertTrue(Deadline.isWholeMillis(DAY + 1), "cut at a day, which is exact");
        assertFalse(Deadline.isWholeMillis(1));
        assertFalse(Deadline.isWholeMillis(999_999));
        assertFalse(Deadline.isWholeMillis(1_000_001));
    }

    @Test
    void what_is_left_is_never_negative_and_reaches_zero_at_the_deadline() {
        for (long now : CLOCKS) {
            for (long timeout : new long[] {1, 1_000, DAY, 1_000 * DAY}) {
                long deadline = Deadline.after(now, timeout);
                assertEquals(timeout, Deadline.remaining(now, deadline));
                assertEquals(1, Deadline.remaining(now + timeout - 1, deadline));
                assertEquals(0, Deadline.remaining(now + timeout, deadline));
                assertEquals(0, Deadline.remaining(now + timeout + DAY, deadline));
            }
        }
    }

    @Test
    void the_clock_may_wrap_around() {
        for (long now : CLOCKS) {
            long deadline = Deadline.after(now, Long.MAX_VALUE - 1);
            assertEquals(Long.MAX_VALUE - 1, Deadline.remaining(now, deadline));
            assertEquals(Long.MAX_VALUE - 1 - DAY, Deadline.remaining(now + DAY, deadline));
        }
    }
}
