package dev.pollux.sys.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/** One call of a handler. */
@Name("dev.pollux.Dispatch")
@Label("Dispatch")
@Category("Pollux")
@Description("A call of a handler, which holds the loop for as long")
@Threshold("20 ms")
@StackTrace
public final class DispatchEvent extends Event {
    @Label("Descriptor")
    public int fd;

    @Label("Interest")
    public String interest;

    @Label("Trigger")
    public String trigger;

    @Label("Ready")
    public String ready;

    @Label("Attachment")
    @Description("The class of the key's attachment")
    public Class<?> attachment;

    /** For this one object, which is written again and again. */
    public EventTimer timer() {
        return new EventTimer(this);
    }
}
