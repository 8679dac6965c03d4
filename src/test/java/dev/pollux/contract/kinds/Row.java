package dev.pollux.contract.kinds;

import dev.pollux.Interest;

/**
 * A row of a table of the page: what happens to a descriptor, and what is reported of it to whom.
 */
record Row(
        String happens, String interest, String flags, String select, String quiet, String edge) {
    /** Of hang-ups and errors, which are reported whatever was asked for. */
    static final String ANY = "any";

    /** What a report that is not repeated, though nothing was done, is ended by. */
    static final String REPORT = "the report";

    static final String NOTHING = "nothing";
    static final String AGAIN = "again";
    static final String NOT_AGAIN = "not again";
    static final String ONCE = "once";

    /** Of a line of the page. */
    static Row of(String line) {
        String[] cells = line.strip().replaceAll("^\\||\\|$", "").split("\\|", -1);
        if (cells.length != 6) {
            throw new AssertionError("not six cells: " + line);
        }
        return new Row(
                cells[0].strip(),
                cells[1].strip(),
                cells[2].strip(),
                cells[3].strip(),
                cells[4].strip(),
                cells[5].strip());
    }

    /** What to ask for, to have reported all that the row says. */
    Interest asked() {
        if (interest.equals(ANY)) {
            return Interest.READ.plus(Interest.WRITE).plus(Interest.PRIORITY);
        }
        Interest sum = null;
        for (String name : interest.split(" ")) {
            sum = sum == null ? named(name) : sum.plus(named(name));
        }
        return sum;
    }

    private static Interest named(String name) {
        return switch (name) {
            case "READ" -> Interest.READ;
            case "WRITE" -> Interest.WRITE;
            case "PRIORITY" -> Interest.PRIORITY;
            default -> throw new AssertionError("no interest: " + name);
        };
    }

    /** Whether it is reported to who asks for this alone. */
    boolean isHeardBy(Interest one) {
        return interest.equals(ANY) || interest.contains(one.toString());
    }

    /** As on the page. */
    @Override
    public String toString() {
        return "| " + String.join(" | ", happens, interest, flags, select, quiet, edge) + " |";
    }
}
