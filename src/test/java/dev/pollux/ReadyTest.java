package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.pollux.driver.Driver;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReadyTest {
    @Test
    void there_are_64_values_and_each_exists_once() {
        Set<String> texts = new HashSet<>();
        for (int bits = 0; bits < 64; bits++) {
            assertSame(Ready.of(bits), Ready.of(bits));
            texts.add(Ready.of(bits).toString());
        }
        assertEquals(64, texts.size());
    }

    @Test
    void each_bit_is_one_predicate_and_one_name() {
        for (int bits = 0; bits < 64; bits++) {
            Ready ready = Ready.of(bits);
            var expected = new StringBuilder();
            expected.append(ready.isReadable() ? "|READ" : "");
            expected.append(ready.isWritable() ? "|WRITE" : "");
            expected.append(ready.isPriority() ? "|PRIORITY" : "");
            expected.append(ready.isReadClosed() ? "|READ_CLOSED" : "");
            expected.append(ready.isWriteClosed() ? "|WRITE_CLOSED" : "");
            expected.append(ready.isError() ? "|ERROR" : "");
            assertEquals(expected.toString(), bits == 0 ? "" : "|" + ready);
        }
        assertEquals("READ|READ_CLOSED", Ready.of(Ready.READ | Ready.READ_CLOSED).toString());
    }

    @Test
    void the_bits_are_those_of_the_drivers() {
        assertEquals(Driver.READ, Ready.READ);
        assertEquals(Driver.WRITE, Ready.WRITE);
        assertEquals(Driver.PRIORITY, Ready.PRIORITY);
        assertEquals(Driver.READ_CLOSED, Ready.READ_CLOSED);
        assertEquals(Driver.WRITE_CLOSED, Ready.WRITE_CLOSED);
        assertEquals(Driver.ERROR, Ready.ERROR);
        assertEquals(Driver.READ, Interest.READ.bits());
        assertEquals(Driver.WRITE, Interest.WRITE.bits());
        assertEquals(Driver.PRIORITY, Interest.PRIORITY.bits());
    }
}
