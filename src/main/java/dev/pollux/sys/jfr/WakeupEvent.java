package dev.pollux.sys.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One call of {@code wakeup}. As there may be a million a second, it has to be asked for. */
@Name("dev.pollux.Wakeup")
@Label("Wakeup")
@Category("Pollux")
@Description("A call of FdSelector.wakeup, by the thread of this event")
@Enabled(false)
@StackTrace
public final class WakeupEvent extends Event {
    @Label("Pending")
    @Description("Whether one was pending, so that this one cost no system call")
    public boolean pending;
}
