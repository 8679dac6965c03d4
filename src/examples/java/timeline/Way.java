/* What a reader does for each report, see Timeline; not an example of its own. */
package timeline;

import dev.pollux.Trigger;

/** A trigger and a habit of reading. */
enum Way {
    LEVEL(Trigger.LEVEL, "one read for each report"),
    /** Among requests only: reading on is not the trigger's merit. */
    LEVEL_SHORT(Trigger.LEVEL, "reads until a short read"),
    EDGE_EAGAIN(Trigger.EDGE, "reads until EAGAIN"),
    EDGE_SHORT(Trigger.EDGE, "reads until a short read"),
    ONESHOT(Trigger.ONESHOT, "one read for each report, then modify"),
    EDGE_ONCE(Trigger.EDGE, "the classic mistake: one read for each report");

    final Trigger trigger;
    final String habit;

    Way(Trigger trigger, String habit) {
        this.trigger = trigger;
        this.habit = habit;
    }

    /**
     * @param bytes that the last read has brought; 0 is EAGAIN
     */
    boolean readsOn(int bytes, int buffer) {
        return switch (this) {
            case EDGE_EAGAIN -> bytes > 0;
            case EDGE_SHORT, LEVEL_SHORT -> bytes == buffer;
            case LEVEL, ONESHOT, EDGE_ONCE -> false;
        };
    }
}
