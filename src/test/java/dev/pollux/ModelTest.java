package dev.pollux;

import dev.pollux.StrictReport.Kind;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.PlantsFaults;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Long random sequences of everything that can be done to a selector and to its descriptors, judged
 * by a simple model of the kernel, {@link Model}, that was written from the contract alone.
 *
 * <p>A failure prints the seed, and the shortest part of the sequence that still fails. {@code
 * -Dpollux.model.seed=S} begins with that seed, {@code -Dpollux.model.runs=N} tries so many.
 */
@PlantsFaults(Kind.CLOSED)
class ModelTest {
    private static final long SEED = Long.getLong("pollux.model.seed", 1);
    private static final int RUNS = Integer.getInteger("pollux.model.runs", 400);
    private static final int LENGTH = 120;

    @EveryBackend
    void every_poll_reports_what_the_model_says(Pair pair) throws IOException {
        Capability.NAMES_HANG_UPS.require();
        int before = Fds.openCount();
        for (long seed = SEED; seed < SEED + RUNS; seed++) {
            List<int[]> steps = steps(seed);
            String wrong = run(pair, seed, steps);
            if (wrong != null) {
                String shortest = run(pair, seed, shrink(pair, seed, steps));
                throw new AssertionError(
                        "-Dpollux.model.seed="
                                + seed
                                + " on "
                                + pair
                                + (shortest != null ? shortest : " not always" + wrong));
            }
        }
        Fds.assertOpenCount(before);
    }

    /** What to do and three numbers that choose with what: so each part is a sequence, too. */
    private static List<int[]> steps(long seed) {
        var random = new Random(seed * 0x9E3779B97F4A7C15L);
        var steps = new ArrayList<int[]>();
        for (int i = 0; i < LENGTH; i++) {
            int[] step = new int[4];
            for (int j = 0; j < step.length; j++) {
                step[j] = random.nextInt(1 << 20);
            }
            steps.add(step);
        }
        return steps;
    }

    /** Null, or what was done and what was wrong with it. */
    private static String run(Pair pair, long seed, List<int[]> steps) throws IOException {
        try (var model = new Model(pair, seed % 2 == 0)) {
            try {
                for (int[] step : steps) {
                    model.step(step);
                }
                model.end();
                return null;
            } catch (Model.Wrong | IOException | RuntimeException | AssertionError e) {
                return model.protocol() + "\n  " + e;
            }
        }
    }

    /** Leaves out what can be left out, in parts that become smaller. */
    private static List<int[]> shrink(Pair pair, long seed, List<int[]> steps) throws IOException {
        List<int[]> shortest = steps;
        for (int part = steps.size() / 2; part > 0; ) {
            boolean shorter = false;
            for (int at = 0; at + part <= shortest.size(); ) {
                var without = new ArrayList<>(shortest);
                without.subList(at, at + part).clear();
                if (run(pair, seed, without) != null) {
                    shortest = without;
                    shorter = true;
                } else {
                    at += part;
                }
            }
            if (!shorter) {
                part /= 2;
            }
        }
        return shortest;
    }
}
