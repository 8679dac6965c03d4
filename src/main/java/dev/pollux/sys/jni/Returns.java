package dev.pollux.sys.jni;

import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Decides whether the processor's return stack buffer is filled again after a system call, see
 * {@code native/returns.h}: once in a process, for its whole life.
 *
 * <p>Where that is known to pay, it is done. Elsewhere a timing tells, and the errors are weighed:
 * filling costs some 10 ns a call where it does not pay, not filling 170 ns where it does.
 */
final class Returns {
    /** What is known of this process, or can be found out. */
    interface Facts {
        /** {@link #AMD_ZEN_3_AND_4} or another family of AMD's; 0: another maker; -errno: never. */
        int family();

        /** What the kernel does about spec_rstack_overflow, in its words; null: not known. */
        String remedy();

        /**
         * The shortest of many stretches of a few calls, in nanoseconds, and with the buffer filled
         * in the upper half.
         */
        long times();
    }

    /** What was decided, and why. */
    record Decision(boolean fills, String why) {
        @Override
        public String toString() {
            return (fills ? "renewed" : "kept") + ": " + why;
        }
    }

    static final int AMD_ZEN_3_AND_4 = 0x19;

    /** How the kernel returns with it: what spoils the buffer. */
    static final String SAFE_RET = "Safe RET";

    /** A timing is believed when so many attempts more say one than say the other. */
    private static final int LEAD = 2;

    private static final int MOST_ATTEMPTS = 5;

    private static final Path REMEDY =
            Path.of("/sys/devices/system/cpu/vulnerabilities/spec_rstack_overflow");

    private static Decision decided; // guarded by the class

    private Returns() {}

    /** The decision of this process; at first it is made, and told to the native code. */
    static synchronized Decision decide(JniSyscalls sys, String wish) {
        if (decided == null) {
            decided = decide(wish, of(sys));
            sys.fillReturns(decided.fills);
        }
        return decided;
    }

    private static Facts of(JniSyscalls sys) {
        return new Facts() {
            @Override
            public int family() {
                return sys.returnsFamily();
            }

            @Override
            public String remedy() {
                try (InputStream in = Files.newInputStream(REMEDY)) {
                    return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
                } catch (IOException | SecurityException e) {
                    return null; // an older kernel, another system, no /sys: the timing tells
                }
            }

            @Override
            public long times() {
                return sys.returnsTimes();
            }
        };
    }

    /**
     * @param wish {@link Bindings#RENEW}, {@link Bindings#KEEP}, {@link Bindings#MEASURE}, or empty
     */
    static Decision decide(String wish, Facts facts) {
        int family = facts.family();
        if (family < 0) {
            return new Decision(false, "not possible here");
        }
        switch (wish) {
            case Bindings.RENEW:
            case Bindings.KEEP:
                return new Decision(
                        wish.equals(Bindings.RENEW), Bindings.RETURNS + "=" + wish + " says so");
            case Bindings.MEASURE:
                return measure(facts);
            default:
                String remedy = facts.remedy();
                boolean known =
                        family == AMD_ZEN_3_AND_4 && remedy != null && remedy.contains(SAFE_RET);
                return known
                        ? new Decision(
                                true, "AMD family " + family + ", the kernel says: " + remedy)
                        : measure(facts);
        }
    }

    private static Decision measure(Facts facts) {
        long times;
        int forFilling = 0;
        int attempts = 0;
        do {
            times = facts.times();
            forFilling += pays(times) ? 1 : -1;
            attempts++;
        } while (Math.abs(forFilling) < LEAD && attempts < MOST_ATTEMPTS);
        return new Decision(
                forFilling > 0,
                "timed "
                        + attempts
                        + " times, last "
                        + filled(times)
                        + " ns with and "
                        + plain(times)
                        + " ns without");
    }

    /** Where they are alike it does: that error is the cheaper one. */
    private static boolean pays(long times) {
        return filled(times) - plain(times) <= plain(times) / 32;
    }

    private static int plain(long times) {
        return (int) times;
    }

    private static int filled(long times) {
        return (int) (times >>> 32);
    }
}
