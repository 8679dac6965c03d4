package dev.pollux.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The same work done by several contenders by turns. Machines get faster and slower within minutes,
 * so figures of one round are compared with each other and with nothing else.
 *
 * @param <C> a contender
 * @param <T> what one turn of one contender tells
 */
final class SideBySide<C, T> implements Row {
    /** One turn. */
    interface Measurement<C, T> {
        T take(C contender) throws Exception;
    }

    private final String text;
    private final List<C> contenders;
    private final Measurement<C, T> measurement;
    private final List<Map<C, T>> rounds = new ArrayList<>();

    SideBySide(String text, List<C> contenders, Measurement<C, T> measurement) {
        this.text = text;
        this.contenders = List.copyOf(contenders);
        this.measurement = measurement;
    }

    @Override
    public String text() {
        return text;
    }

    @Override
    public int turns() {
        return contenders.size();
    }

    /**
     * Each contender once; every other round begins with the last, so that none is always first.
     */
    @Override
    public void round(Runnable afterEachTurn) throws Exception {
        var order = new ArrayList<>(contenders);
        if (rounds.size() % 2 == 1) {
            Collections.reverse(order);
        }
        var round = new HashMap<C, T>();
        for (C contender : order) {
            try {
                round.put(contender, measurement.take(contender));
            } catch (Exception e) {
                throw new IOException(contender + ": " + e, e);
            }
            afterEachTurn.run();
        }
        rounds.add(round);
    }

    @Override
    public boolean isMeasured() {
        return !rounds.isEmpty();
    }

    List<C> contenders() {
        return contenders;
    }

    List<T> turns(C contender) {
        return rounds.stream().map(round -> round.get(contender)).toList();
    }

    /** One figure over the rounds. */
    Series of(C contender, ToDoubleFunction<T> figure) {
        return new Series(rounds.stream().map(round -> round.get(contender)), figure);
    }

    /** The same figure of one contender divided by that of another in the same round. */
    Series ratio(C contender, C to, ToDoubleFunction<T> figure) {
        return new Series(
                rounds.stream(),
                round ->
                        figure.applyAsDouble(round.get(contender))
                                / figure.applyAsDouble(round.get(to)));
    }
}
