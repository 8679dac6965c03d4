package dev.pollux.sys.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A change of a registration that the kernel has refused. */
@Name("dev.pollux.RefusedChange")
@Label("Refused Change")
@Category("Pollux")
@Description("A change of a registration that the kernel has refused")
@StackTrace
public final class RefusedChangeEvent extends Event {
    @Label("Descriptor")
    public int fd;

    @Label("Interest")
    public String interest;

    @Label("Trigger")
    public String trigger;

    @Label("Why")
    public String why;
}
