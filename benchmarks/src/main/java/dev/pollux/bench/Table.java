package dev.pollux.bench;

import java.util.Arrays;
import java.util.Collections;

/** A table in Markdown: the first column holds words, the others figures. */
final class Table {
    /** What stands where there is no figure. */
    static final String BLANK = "";

    private final StringBuilder text = new StringBuilder();
    private final int columns;

    Table(String... headings) {
        columns = headings.length;
        row(headings);
        text.append("|---|")
                .append(String.join("", Collections.nCopies(columns - 1, "---:|")))
                .append('\n');
    }

    void row(String... cells) {
        if (cells.length != columns) {
            throw new IllegalArgumentException(columns + " columns, not " + Arrays.toString(cells));
        }
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
