package dev.pollux.sys.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;

/** One call of {@code poll}: waiting, and what the handlers take. */
@Name("dev.pollux.Poll")
@Label("Poll")
@Category("Pollux")
@Description("A call of FdSelector.poll: the wait, and the handlers")
@Threshold("20 ms")
@StackTrace
public final class PollEvent extends Event {
    @Label("Backend")
    public String backend;

    @Label("Time-out")
    @Timespan
    public long timeout;

    @Label("Waited")
    @Description("Time in the kernel, to the millisecond unless the threshold is 0")
    @Timespan
    public long waited;

    @Label("Events")
    @Description("What the kernel reported")
    public int events;

    @Label("Changes")
    @Description("Changes of registrations that were sent together with the wait")
    public long changes;

    @Label("Ended By")
    @Description("EVENTS, TIMEOUT, WAKEUP or INTERRUPT, or what was thrown")
    public String endedBy;

    /** For this one object, which is written again and again. */
    public EventTimer timer() {
        return new EventTimer(this);
    }
}
