package dev.pollux.bench;

/** Something that is measured once a round, for all contenders by turns. */
interface Row {
    /** What is done, for people, and for the pattern of {@code --only}. */
    String text();

    /** How many turns a round has. */
    int turns();

    /** Measures one round. */
    void round(Runnable afterEachTurn) throws Exception;

    /** Whether there are figures, of at least one round. */
    boolean isMeasured();
}
