package dev.pollux.bench;

import java.io.IOException;
import java.util.List;

/** One of the questions that the benchmarks answer. */
interface Chapter {
    /** One word, by which it is asked for on the command line. */
    String name();

    /** What is measured in each round. */
    List<? extends Row> rows();

    /** How often. */
    default int rounds(boolean full) {
        return full ? 9 : 3;
    }

    /**
     * Puts what came out into words, tables and charts; rows that were left out, or failed, are
     * blank.
     */
    void report(Report report) throws IOException;
}
