package dev.pollux.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The same work done by several contenders by turns. Machines get faster and slower within minutes,
 * so figures of one round are compared with each other and with nothing else.
 *
 * @param <T> what one turn of one contender tells
 */
final class SideBySide<T> {
    /** One turn. */
    interface Measurement<T> {
        T take(Contender contender) throws Exception;
    }

    final String text;
    private final Measurement<T> measurement;
    private final List<Map<Contender, T>> rounds = new ArrayList<>();

    SideBySide(String text, Measurement<T> measurement) {
        this.text = text;
        this.measurement = measurement;
    }

    /**
     * Each contender once; every other round begins with the last, so that none is always first.
     */
    void round() throws Exception {
        var order = new ArrayList<>(List.of(Contender.values()));
        if (rounds.size() % 2 == 1) {
            Collections.reverse(order);
        }
        var round = new EnumMap<Contender, T>(Contender.class);
        for (Contender contender : order) {
            round.put(contender, measurement.take(contender));
        }
        rounds.add(round);
    }

    List<T> turns(Contender contender) {
        return rounds.stream().map(round -> round.get(contender)).toList();
    }

    /** One figure over the rounds. */
    Series of(Contender contender, ToDoubleFunction<T> figure) {
        return new Series(rounds.stream().map(round -> round.get(contender)), figure);
    }

    /** The same figure of Pollux divided by that of the JDK in the same round. */
    Series ratio(ToDoubleFunction<T> figure) {
        return new Series(
                rounds.stream(),
                round ->
                        figure.applyAsDouble(round.get(Contender.POLLUX))
                                / figure.applyAsDouble(round.get(Contender.JDK)));
    }
}
