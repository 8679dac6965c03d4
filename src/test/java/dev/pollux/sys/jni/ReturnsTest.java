package dev.pollux.sys.jni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The decision whether the return stack buffer is filled after a system call. */
class ReturnsTest {
    private static final int INTEL = 0;
    private static final long PAYS = times(1330, 1100); // 8 calls each, Zen 4 with Safe RET
    private static final long DOES_NOT_PAY = times(600, 690);

    /** What a machine would say; each timing is the next of those given, the last one again. */
    private static final class Machine implements Returns.Facts {
        private final int family;
        private final String remedy;
        private final long[] times;
        private int attempts;

        Machine(int family, String remedy, long... times) {
            this.family = family;
            this.remedy = remedy;
            this.times = times;
        }

        @Override
        public int family() {
            return family;
        }

        @Override
        public String remedy() {
            return remedy;
        }

        @Override
        public long times() {
            return times[Math.min(attempts++, times.length - 1)];
        }
    }

    private static long times(int plain, int filled) {
        return (long) filled << 32 | plain;
    }

    private static boolean fills(String wish, Machine machine) {
        return Returns.decide(wish, machine).fills();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Mitigation: Safe RET", "Vulnerable: Safe RET, no microcode"})
    void where_it_is_known_to_pay_nothing_is_timed(String remedy) {
        var machine = new Machine(Returns.AMD_ZEN_3_AND_4, remedy, DOES_NOT_PAY);
        Returns.Decision decision = Returns.decide("", machine);
        assertTrue(decision.fills());
        assertEquals("renewed: AMD family 25, the kernel says: " + remedy, decision.toString());
        assertEquals(0, machine.attempts);
    }

    @ParameterizedTest
    @CsvSource({
        "0, Not affected",
        "0, Mitigation: Safe RET",
        "23, Mitigation: Safe RET",
        "25, Mitigation: IBPB on VMEXIT only",
        "25, 'Vulnerable: Microcode, no safe RET'",
        "25, ",
        "26, Not affected"
    })
    void where_nothing_is_known_the_timing_tells(int family, String remedy) {
        assertTrue(fills("", new Machine(family, remedy, PAYS)));
        assertFalse(fills("", new Machine(family, remedy, DOES_NOT_PAY)));
    }

    @Test
    void attempts_go_on_while_they_disagree() {
        var agreeing = new Machine(INTEL, null, PAYS);
        assertTrue(fills("", agreeing));
        assertEquals(2, agreeing.attempts);
        var turnedOnce = new Machine(INTEL, null, DOES_NOT_PAY, PAYS, PAYS, PAYS);
        assertTrue(fills("", turnedOnce));
        assertEquals(4, turnedOnce.attempts);
        var turning = new Machine(INTEL, null, PAYS, DOES_NOT_PAY, PAYS, DOES_NOT_PAY, PAYS);
        assertTrue(fills("", turning));
        assertEquals(5, turning.attempts);
        assertFalse(fills("", new Machine(INTEL, null, PAYS, DOES_NOT_PAY)));
    }

    @Test
    void where_both_are_alike_the_cheaper_error_is_risked() {
        assertTrue(fills("", new Machine(INTEL, null, times(800, 800))));
        assertTrue(fills("", new Machine(INTEL, null, times(800, 820))));
        assertFalse(fills("", new Machine(INTEL, null, times(800, 850))));
    }

    @Test
    void the_property_overrides_what_is_known_and_timed() {
        var known = new Machine(Returns.AMD_ZEN_3_AND_4, Returns.SAFE_RET, DOES_NOT_PAY);
        assertFalse(fills("keep", known));
        assertEquals("kept: pollux.returns=keep says so", Returns.decide("keep", known).toString());
        assertEquals(0, known.attempts);
        assertFalse(fills("measure", known));
        assertTrue(known.attempts > 0);
        assertTrue(fills("renew", new Machine(INTEL, null, DOES_NOT_PAY)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "renew", "measure"})
    void a_shadow_stack_and_another_processor_are_respected_whatever_is_wished(String wish) {
        assertFalse(fills(wish, new Machine(-1, Returns.SAFE_RET, PAYS)));
    }

    // ---- in a process of its own

    @ParameterizedTest
    @CsvSource({
        "renew, renewed: pollux.returns=renew says so",
        "keep, kept: pollux.returns=keep says so",
        "measure, '(renewed|kept): timed \\d times, last \\d+ ns with and \\d+ ns without'",
        "'', '(renewed|kept): .+'"
    })
    void a_process_says_what_it_decided(String wish, String decision) throws IOException {
        requireJni();
        Child.Result result = process(wish).ok();
        if (!result.text().contains("kept: not possible here")) {
            result.expectLine(decision);
            return;
        }
        System.out.println("ReturnsTest: skipped: " + result.text());
        assumeTrue(false, "not possible here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jni", "jnr"})
    void another_value_is_refused(String binding) throws IOException {
        Child.Result result = child("always").property(Bindings.PROPERTY, binding).run(Says.class);
        assertTrue(result.status() != 0);
        String why = "pollux.returns=always is none of renew, keep, measure";
        assertTrue(result.text().contains(why), result.text());
    }

    @Test
    void where_all_goes_through_libc_it_is_kept() throws IOException {
        requireJni();
        child("renew").property(Bindings.LIBC, "true").run(Says.class).ok().expectLine("kept: .*");
    }

    private static void requireJni() {
        try {
            Bindings.open("jni");
        } catch (Bindings.Unavailable e) {
            assumeTrue(false, e.getMessage());
        }
    }

    private static Child child(String wish) {
        Child child = Child.here().withAllElse().property(Bindings.PROPERTY, "jni");
        return wish.isEmpty() ? child : child.property(Bindings.RETURNS, wish);
    }

    private static Child.Result process(String wish) throws IOException {
        return child(wish).run(Says.class);
    }

    /** Prints the decision, which a second binding does not change. */
    static final class Says {
        private Says() {}

        public static void main(String[] arguments) throws Exception {
            Syscalls sys = Bindings.current();
            System.out.println(sys.returns());
            if (!Bindings.open("jni").returns().equals(sys.returns())) {
                throw new IllegalStateException("decided twice");
            }
        }
    }
}
