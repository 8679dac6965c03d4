package dev.pollux.contract.kinds;

import dev.pollux.support.Fds;

/** A descriptor in a situation: what makes it ready, again, and quiet. */
final class Thing {
    /** Something that is done. */
    @FunctionalInterface
    interface Act {
        void act() throws Exception;
    }

    /** Makes one; its descriptors are closed with the others. */
    @FunctionalInterface
    interface Making {
        Thing make(Fds fds) throws Exception;
    }

    final int fd;
    Act happens; // null: it is so from the beginning
    Act again; // null: it happens once
    String quietAfter; // null: nothing makes it quiet
    Act quieten;
    boolean isSeenAtOnce;

    private Thing(int fd) {
        this.fd = fd;
    }

    static Thing of(int fd) {
        return new Thing(fd);
    }

    /** What can happen any number of times. */
    Thing happens(Act act) {
        happens = act;
        again = act;
        return this;
    }

    Thing happensOnce(Act act) {
        happens = act;
        return this;
    }

    Thing again(Act act) {
        again = act;
        return this;
    }

    /** What ends the report, under its name on the page. */
    Thing quiet(String name, Act act) {
        quietAfter = name;
        quieten = act;
        return this;
    }

    /** What happens needs no waiting for, and a second look would eat it. */
    Thing seenAtOnce() {
        isSeenAtOnce = true;
        return this;
    }
}
