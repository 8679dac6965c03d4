package dev.pollux.bench;

import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * What a fork has decided of the return predictor when it loaded the library, which holds for its
 * life: 1 if it is renewed, 0 if it is kept. JMH makes one in the fork.
 */
public final class ReturnsProfiler implements InternalProfiler {
    static final String RENEWED = "returns.renewed";

    private double renewed = -1; // not known yet

    @Override
    public String getDescription() {
        return "whether the return predictor is renewed";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        // the first iteration is one that warms up: asked after it, nothing that counts is
        // disturbed
    }

    @Override
    public Collection<ScalarResult> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        if (renewed < 0) {
            renewed = isRenewed() ? 1 : 0;
        }
        return List.of(new ScalarResult(RENEWED, renewed, "", AggregationPolicy.MAX));
    }

    /** As a closed selector says: it looks at nothing else any more. */
    private static boolean isRenewed() {
        try {
            FdSelector selector = DefaultSelector.open();
            selector.close();
            return selector.dump().contains("return predictor renewed");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
