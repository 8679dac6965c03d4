package dev.pollux.sys.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;

/** One selection of {@code java.nio} on Pollux. */
@Name("dev.pollux.Select")
@Label("Select")
@Category("Pollux")
@Description("A selection of a java.nio selector on Pollux")
@Threshold("20 ms")
@StackTrace
public final class SelectEvent extends Event {
    @Label("Time-out")
    @Timespan
    public long timeout;

    @Label("Keys")
    @Description("Keys that are registered")
    public int keys;

    @Label("Selected")
    @Description("What the selection returned")
    public int selected;

    @Label("Ended By")
    @Description("EVENTS, TIMEOUT, WAKEUP, INTERRUPT or an exception")
    public String endedBy;

    /** For this one object, which is written again and again. */
    public EventTimer timer() {
        return new EventTimer(this);
    }
}
