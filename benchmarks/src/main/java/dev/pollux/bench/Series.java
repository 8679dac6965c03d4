package dev.pollux.bench;

import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/** One figure from each round. */
final class Series {
    private final DescriptiveStatistics values;

    <T> Series(Stream<T> rounds, ToDoubleFunction<T> figure) {
        values = new DescriptiveStatistics(rounds.mapToDouble(figure).toArray());
    }

    double middle() {
        return values.getPercentile(50);
    }

    double least() {
        return values.getMin();
    }

    /** What so many of a hundred do not exceed. */
    double percentile(int percent) {
        return values.getPercentile(percent);
    }

    double greatest() {
        return values.getMax();
    }

    /** The median; a decimal only where the figure is small. */
    String median() {
        return text(middle());
    }

    /** The greatest, likewise: for what must not happen in any round. */
    String worst() {
        return text(greatest());
    }

    private static String text(double figure) {
        if (Double.isNaN(figure)) {
            return "?";
        }
        return String.format(Locale.ROOT, figure > 0 && figure < 9.95 ? "%.1f" : "%,.0f", figure);
    }

    /** The median, the least and the greatest. */
    String spread() {
        return String.format(Locale.ROOT, "%.2f [%.2f–%.2f]", middle(), least(), greatest());
    }
}
