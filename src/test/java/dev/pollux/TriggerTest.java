package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.pollux.driver.Driver;
import org.junit.jupiter.api.Test;

class TriggerTest {
    @Test
    void the_bits_are_those_of_the_drivers() {
        assertEquals(0, Trigger.LEVEL.bits());
        assertEquals(Driver.EDGE, Trigger.EDGE.bits());
        assertEquals(Driver.ONESHOT, Trigger.ONESHOT.bits());
        assertEquals(Driver.EXCLUSIVE, Trigger.LEVEL_EXCLUSIVE.bits());
        assertEquals(Driver.EDGE | Driver.EXCLUSIVE, Trigger.EDGE_EXCLUSIVE.bits());
    }

    @Test
    void each_trigger_is_found_by_its_bits() {
        for (Trigger trigger : Trigger.values()) {
            assertSame(trigger, Trigger.of(trigger.bits()));
        }
    }
}
