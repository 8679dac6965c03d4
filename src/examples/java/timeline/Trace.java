/* What one run did, see Timeline; not an example of its own. */
package timeline;

import dev.pollux.Backend;
import dev.pollux.Counters;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes down each call and what it brought, and counts; docs/traces/README.md says how it is
 * written. What it counts is held against the selector's own counters.
 */
final class Trace {
    private final FdSelector selector;
    private final Counters before;
    private final List<String> steps = new ArrayList<>();
    private final StringBuilder step = new StringBuilder();
    private long arrived;
    private long polls;
    private long reports;
    private long reads;
    private long writes;
    private long modifies;
    private long read;
    private long written;

    /** Of a selector that counts. */
    Trace(FdSelector selector) {
        this.selector = selector;
        before = selector.counters();
    }

    /** Inside a handler it is a part of the poll, else a step of its own. */
    void arrives(int connection, int bytes, boolean inHandler) {
        arrived += bytes;
        event("a" + connection + ":" + bytes);
        if (!inHandler) {
            endStep();
        }
    }

    /** It has returned, and its handlers have been taken down; how many reports there were. */
    long polled() {
        long found = step.chars().filter(c -> c == 'e').count();
        polls++;
        reports += found;
        step.insert(0, "p" + found + (found > 0 ? " " : ""));
        endStep();
        return found;
    }

    void reported(int connection, Ready ready) {
        String what = (ready.isReadable() ? "R" : "") + (ready.isWritable() ? "W" : "");
        event("e" + connection + ":" + what);
    }

    void read(int connection, int bytes) {
        reads++;
        read += bytes;
        event("r" + connection + ":" + bytes);
    }

    void wrote(int connection, int bytes) {
        writes++;
        written += bytes;
        event("w" + connection + ":" + bytes);
    }

    void modified(int connection, Interest interest) {
        modifies++;
        event("m" + connection + ":" + (interest.equals(Interest.READ) ? "R" : "RW"));
    }

    /** The peer has read that much of what was written. */
    void taken(int connection, int bytes) {
        event("t" + connection + ":" + bytes);
        endStep();
    }

    private void event(String text) {
        step.append(step.isEmpty() ? "" : " ").append(text);
    }

    private void endStep() {
        steps.add(step.toString());
        step.setLength(0);
    }

    List<String> steps() {
        return steps;
    }

    /** In the order in which they are written. */
    Map<String, Long> counts() {
        var counts = new LinkedHashMap<String, Long>();
        counts.put("polls", polls);
        counts.put("reports", reports);
        counts.put("reads", reads);
        counts.put("writes", writes);
        counts.put("modifies", modifies);
        counts.put("calls", polls + reads + writes + modifies);
        counts.put("arrived", arrived);
        counts.put("read", read);
        counts.put("unread", arrived - read);
        counts.put("written", written);
        return counts;
    }

    /** The run is over. One event may be two in kqueue: only epoll can be asked for the same. */
    void compareWithCounters() {
        Counters after = selector.counters();
        List<Long> counted =
                List.of(
                        after.polls() - before.polls(),
                        after.waits() - before.waits(),
                        after.events() - before.events(),
                        after.pendingChanges() - before.pendingChanges());
        List<Long> traced = List.of(polls, polls, reports, modifies);
        long unsent = after.pendingChanges() - after.sentChanges(); // the last goes with what comes
        if (selector.backend() == Backend.EPOLL && (!counted.equals(traced) || unsent > 1)) {
            throw new IllegalStateException(
                    "polls, waits, events, changes: the selector counts "
                            + counted
                            + ", the trace has "
                            + traced);
        }
    }
}
