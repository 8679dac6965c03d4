package dev.pollux.support;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.kernel.BsdKqueue;
import dev.pollux.remote.Remote;
import java.util.function.Predicate;

/**
 * What not every pair can do, by name. A test that needs it is skipped on the others, with the
 * reason. Most stand for differences between a kernel's kqueue and libkqueue's.
 */
public enum Capability {
    PRIORITY("its kqueue has no filter for out-of-band data", pair -> supportsPriority(pair)),
    PRIORITY_HEARS_HANG_UPS(
            "OpenBSD's filter for out-of-band data does not report the end",
            pair -> supportsPriority(pair) && !reportsUrgentDataAlone(pair)),
    FORGETS_WHAT_WAS_CLOSED("libkqueue keeps the knote of a descriptor that was closed"),
    KEEPS_PENDING_ERRORS("libkqueue takes SO_ERROR away when it reports a socket"),
    RELEASES_AT_ONCE("libkqueue closes its descriptors later, by a thread of its own"),
    KNOWS_ITS_DESCRIPTORS(
            "libkqueue, and a model, have descriptors of their own beside the kqueue",
            pair -> !isEmulated(pair) && !isModel(pair)),
    REPORTS_AS_LINUX(
            "a BSD kernel says otherwise of sockets that are half open or not connected, and has"
                    + " other files",
            pair -> Host.LINUX && (pair.backend() != Backend.KQUEUE || isEmulated(pair))),
    NAMES_HANG_UPS(
            "which hang-ups poll calls by which name is Linux's own",
            pair -> Host.LINUX || pair.backend() != Backend.POLL),
    FIFOS_WITHOUT_A_READER(
            "nobody has seen what its FIFOs say without a reader",
            pair ->
                    Remote.system().equals("freebsd")
                            || Host.LINUX && (pair.backend() != Backend.KQUEUE || isEmulated(pair))
                            || isModel(pair) && ((BsdKqueue) pair.sys()).model.keepsFifos()),
    PIPES_GO_ONE_WAY(
            "the reading end of a pipe of FreeBSD and OpenBSD can be written to, and is writable",
            pair -> !Remote.system().matches("freebsd|openbsd")),
    WATCHES_FIFO_WRITERS(
            "NetBSD before 10 asks a FIFO's reading side whether its writing end is writable",
            pair -> pair.backend() != Backend.KQUEUE || !isNetBsd() || hasUserEvents(pair)),
    KEEPS_FIFO_ENDS(
            "NetBSD reports a FIFO's end until a read has returned it once", pair -> !isNetBsd()),
    TERMINALS_END(
            "NetBSD's filters of terminals do not look at their end",
            pair -> pair.backend() != Backend.KQUEUE || !isNetBsd()),
    MANY_COPIES(
            "a model watches by epolls in epolls, which Linux allows 500 times for a file",
            pair -> !isModel(pair)),
    DISTINGUISHES_PIPES(
            "its pipes have neither device nor inode, by which a look compares them",
            pair ->
                    isModel(pair)
                            ? !((BsdKqueue) pair.sys()).model.hidesPipes()
                            : !Remote.system().matches("openbsd|netbsd")),
    REPLACES_REUSED_PIPES(
            "poll and select know a number's next file by device and inode, which its pipes do not"
                    + " have",
            pair -> pair.backend() == Backend.KQUEUE || !Remote.system().matches("openbsd|netbsd")),
    IN_A_CHILD("a model lives in this JVM alone", pair -> !isModel(pair)),
    NESTS("libkqueue's kqueue descriptor cannot be watched"),
    LONG_LISTS("libkqueue reports 512 events in a call at most"),
    ALLOCATES_NOTHING_TO_MODIFY(
            "with libkqueue, or a model on jnr, each modify asks for the file's inode",
            pair -> !isEmulated(pair) && !(isModel(pair) && pair.sys().binding().equals("jnr"))),
    ALLOCATES_NOTHING_OBSERVED(
            "the JDK's 40 bytes for a call by java.lang.foreign go when the JIT inlines it, which"
                    + " it does not in all that is around an observed poll",
            pair -> !pair.sys().binding().equals("ffm"));

    private final String otherwise;
    private final Predicate<EveryBackend.Pair> has;

    Capability(String otherwise) {
        this(otherwise, pair -> !isEmulated(pair));
    }

    Capability(String otherwise, Predicate<EveryBackend.Pair> has) {
        this.otherwise = otherwise;
        this.has = has;
    }

    /** Whether the pair that is tested now has it. */
    public boolean isThere() {
        return isThere(EveryBackend.Support.current());
    }

    public boolean isThere(EveryBackend.Pair pair) {
        return has.test(pair);
    }

    /** Whether every pair that is there has it. */
    public boolean isEverywhere() {
        return EveryBackend.Provider.PAIRS.stream()
                .allMatch(pair -> pair.unavailableBecause() != null || has.test(pair));
    }

    /** Skips the test where the pair that is tested now does not have it. */
    public void require() {
        var pair = EveryBackend.Support.current();
        assumeTrue(isThere(pair), () -> pair + ": " + name() + ": " + otherwise);
    }

    private static boolean isEmulated(EveryBackend.Pair pair) {
        return pair.backend() == Backend.KQUEUE && pair.sys().layout().kqueueIsEmulated != 0;
    }

    private static boolean isModel(EveryBackend.Pair pair) {
        return pair.sys() instanceof BsdKqueue;
    }

    private static boolean reportsUrgentDataAlone(EveryBackend.Pair pair) {
        return isModel(pair)
                ? ((BsdKqueue) pair.sys()).model.reportsUrgentDataAlone()
                : pair.backend() == Backend.KQUEUE && Remote.system().equals("openbsd");
    }

    private static boolean isNetBsd() {
        return Remote.system().equals("netbsd");
    }

    private static boolean hasUserEvents(EveryBackend.Pair pair) {
        return pair.sys().layout().EVFILT_USER != 0;
    }

    private static boolean supportsPriority(EveryBackend.Pair pair) {
        return pair.backend() != Backend.KQUEUE || pair.sys().layout().EVFILT_EXCEPT != 0;
    }
}
