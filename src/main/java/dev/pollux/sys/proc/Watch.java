package dev.pollux.sys.proc;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One registration of an epoll instance, a {@code tfd} line of its fdinfo ({@code man 5
 * proc_pid_fdinfo}). The bits are those of {@code <sys/epoll.h>}, the same on every processor.
 *
 * @param fd the number that it was registered by, in the process that registered it
 * @param events as the kernel keeps them: after a one-shot event the interest is gone
 * @param data what the kernel gives back with an event
 * @param inode of the file that is watched; -1 where the kernel does not tell
 * @param device of its file system, in the kernel's own numbering; -1 where it does not tell
 */
public record Watch(int fd, int events, long data, long inode, long device) {
    private static final Pattern LINE =
            Pattern.compile(
                    "tfd:\\s*(\\d+)\\s+events:\\s*([0-9a-f]+)\\s+data:\\s*([0-9a-f]+)"
                            + "(?:\\s+pos:\\S+\\s+ino:([0-9a-f]+)\\s+sdev:([0-9a-f]+))?\\s*");

    private static final int IN = 0x001;
    private static final int PRI = 0x002;
    private static final int OUT = 0x004;
    private static final int ALWAYS = 0x018; // EPOLLERR, EPOLLHUP
    private static final int RDHUP = 0x2000;
    private static final int NAMED = IN | PRI | OUT | ALWAYS | RDHUP;
    private static final int EXCLUSIVE = 1 << 28;
    private static final int WAKEUP = 1 << 29;
    private static final int ONESHOT = 1 << 30;
    private static final int EDGE = 1 << 31;
    private static final int FLAGS = EXCLUSIVE | WAKEUP | ONESHOT | EDGE;

    /** The registrations in the text of an epoll's fdinfo, in the kernel's order. */
    static List<Watch> parse(String fdinfo) {
        var watches = new ArrayList<Watch>();
        for (String line : (Iterable<String>) fdinfo.lines()::iterator) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                watches.add(
                        new Watch(
                                Integer.parseInt(matcher.group(1)),
                                Integer.parseUnsignedInt(matcher.group(2), 16),
                                Long.parseUnsignedLong(matcher.group(3), 16),
                                matcher.group(4) == null
                                        ? -1
                                        : Long.parseUnsignedLong(matcher.group(4), 16),
                                matcher.group(5) == null
                                        ? -1
                                        : Long.parseUnsignedLong(matcher.group(5), 16)));
            }
        }
        return watches;
    }

    /** What it waits for; empty: errors and hang-ups alone, or nothing if it is not armed. */
    public List<String> interest() {
        var names = new ArrayList<String>();
        name(names, IN, "read");
        name(names, OUT, "write");
        name(names, PRI, "priority");
        name(names, RDHUP, "peer's close");
        int others = events & ~NAMED & ~FLAGS;
        if (others != 0) {
            names.add("0x" + Integer.toHexString(others));
        }
        return names;
    }

    /** How it is reported: level or edge, and more. */
    public List<String> trigger() {
        var names = new ArrayList<String>();
        names.add((events & EDGE) != 0 ? "edge" : "level");
        name(names, ONESHOT, "oneshot");
        name(names, EXCLUSIVE, "exclusive");
        name(names, WAKEUP, "keeps the system awake");
        return names;
    }

    /** False: one-shot, and its event was delivered; silent until it is modified. */
    public boolean isArmed() {
        return (events & ~FLAGS) != 0;
    }

    /** Both, in words. */
    public String text() {
        String how = String.join(" ", trigger());
        if (!isArmed()) {
            return "nothing until re-armed, " + how;
        }
        List<String> interest = interest();
        return (interest.isEmpty() ? "errors and hang-ups alone" : String.join("+", interest))
                + ", "
                + how;
    }

    private void name(List<String> names, int bit, String name) {
        if ((events & bit) != 0) {
            names.add(name);
        }
    }
}
