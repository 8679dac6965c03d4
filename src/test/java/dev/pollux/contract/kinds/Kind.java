package dev.pollux.contract.kinds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Reported;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.TestInfo;
import org.opentest4j.TestAbortedException;

/**
 * One kind of descriptor on one pair, compared with its section of the page: every row and every
 * sentence there is tried, and nothing is tried that is not there.
 */
final class Kind {
    /** What is to be tried. */
    @FunctionalInterface
    interface Trials {
        void of(Kind kind) throws Exception;
    }

    final EveryBackend.Pair pair;
    private final Page.Section section;
    private final List<String> tried = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private final List<AssertionError> failures = new ArrayList<>(); // of sentences
    private TestAbortedException skipped; // a part, the last one

    private Kind(EveryBackend.Pair pair, Page.Section section) {
        this.pair = pair;
        this.section = section;
    }

    /** The section is the one that the test's method is named after. */
    static void check(EveryBackend.Pair pair, TestInfo test, Trials trials) throws Exception {
        Kernel.requireLinux();
        assumeTrue(
                pair.backend() != Backend.KQUEUE,
                () -> pair + ": the page of kinds is about epoll, poll and select");
        String name = test.getTestMethod().orElseThrow().getName();
        Page.Section section =
                Page.sections().getOrDefault(name, new Page.Section(List.of(), List.of()));
        var kind = new Kind(pair, section);
        trials.of(kind);
        for (Row row : section.rows()) {
            if (!kind.tried.contains(row.happens())) {
                kind.wrong.add("not tried: " + row);
            }
        }
        for (String sentence : section.sentences()) {
            if (!kind.tried.contains(sentence)) {
                kind.wrong.add("not tried: " + sentence);
            }
        }
        if (!kind.wrong.isEmpty()) {
            String wrong = String.join("\n", kind.wrong);
            var failure = new AssertionError(pair + ": " + Page.FILE + ", " + name + ":\n" + wrong);
            kind.failures.forEach(failure::addSuppressed);
            throw failure;
        }
        if (kind.skipped != null) {
            throw kind.skipped;
        }
    }

    /** Compares a row of the page, named by its first cell, with what is seen. */
    void row(String happens, Thing.Making making) throws Exception {
        Row stated = stated(happens);
        var trial = new Trial(pair, making, stated);
        compare(stated, trial.observe());
    }

    /** What the page says of this; when it says nothing, what makes a trial see the most. */
    Row stated(String happens) {
        tried.add(happens);
        for (Row row : section.rows()) {
            if (row.happens().equals(happens)) {
                return row;
            }
        }
        return new Row(happens, Row.ANY, "?", "?", "?", "?");
    }

    void compare(Row stated, Row seen) {
        if (!seen.equals(stated)) {
            wrong.add("stated " + stated + "\n  seen " + seen);
        }
    }

    /** A sentence of the page, and what shows that it is so. */
    void fact(String sentence, Thing.Act proof) throws Exception {
        tried.add(sentence);
        if (!section.sentences().contains(sentence)) {
            wrong.add("the page does not say: " + sentence);
        }
        try {
            proof.act();
        } catch (AssertionError e) {
            wrong.add("not so: " + sentence + "\n  " + e.getMessage());
            failures.add(e);
        } catch (TestAbortedException e) {
            System.out.println("skipped: " + sentence + " " + e.getMessage());
            skipped = e;
        }
    }

    /** As {@link #fact}; it is about epoll alone. */
    void factOfEpoll(String sentence, Thing.Act proof) throws Exception {
        fact(sentence, Reported.isEpoll(pair.backend()) ? proof : () -> {});
    }

    /** Fails unless the tests' methods and the page's sections have the same names. */
    static void compareNames(Iterable<String> methods) {
        var names = new TreeSet<String>();
        methods.forEach(names::add);
        assertEquals(
                String.join("\n", names),
                String.join("\n", new TreeSet<>(Page.sections().keySet())));
    }
}
