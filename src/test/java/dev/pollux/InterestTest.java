package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Modifier;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class InterestTest {
    private static final List<Interest> SINGLE =
            List.of(Interest.READ, Interest.WRITE, Interest.PRIORITY);

    @Test
    void there_are_seven_values_and_each_exists_once() {
        Set<Interest> values = new HashSet<>(SINGLE);
        for (int i = 0; i < 2; i++) {
            for (Interest one : Set.copyOf(values)) {
                for (Interest other : Set.copyOf(values)) {
                    values.add(one.plus(other));
                    assertSame(one.plus(other), other.plus(one));
                    assertSame(one, one.plus(one));
                }
            }
        }
        assertEquals(7, values.size()); // by identity: there is no equals
    }

    @Test
    void no_empty_and_no_unknown_interest_can_be_made() {
        for (var constructor : Interest.class.getDeclaredConstructors()) {
            assertTrue(Modifier.isPrivate(constructor.getModifiers()));
        }
        for (Interest one : SINGLE) {
            var e = assertThrows(IllegalArgumentException.class, () -> one.minus(one));
            assertTrue(e.getMessage().contains("unregister"), e::getMessage);
        }
        Interest both = Interest.READ.plus(Interest.WRITE);
        assertThrows(IllegalArgumentException.class, () -> Interest.READ.minus(both));
    }

    @Test
    void minus_takes_away_what_is_there() {
        Interest both = Interest.READ.plus(Interest.WRITE);
        assertSame(Interest.READ, both.minus(Interest.WRITE));
        assertSame(both, both.minus(Interest.PRIORITY));
        assertSame(Interest.PRIORITY, both.plus(Interest.PRIORITY).minus(both));
    }

    @Test
    void it_says_what_it_is_made_of() {
        Interest both = Interest.READ.plus(Interest.PRIORITY);
        assertTrue(both.isRead());
        assertFalse(both.isWrite());
        assertTrue(both.isPriority());
        assertTrue(Interest.WRITE.isWrite());
        assertFalse(Interest.WRITE.isRead());
        assertFalse(Interest.WRITE.isPriority());
        assertEquals("READ|PRIORITY", both.toString());
        assertEquals("READ|WRITE", Interest.WRITE.plus(Interest.READ).toString());
    }
}
