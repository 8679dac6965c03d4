package dev.pollux.kernel;

/** One knote of {@link Knotes}: a descriptor under one filter, with an epoll of its own. */
final class Knote {
    static final int READ = 0;
    static final int WRITE = 1;
    static final int EXCEPT = 2;
    static final int USER = 3;

    int index; // in the list of all
    int generation; // of that place
    int ident;
    int kind; // one of the above
    int epoll; // its own; of USER, an eventfd
    int flags; // as it was added
    int fflags; // what has happened, xnu
    int saved; // fflags as asked for
    long data; // as asked for
    long udata;
    boolean isSocket;
    boolean isStream;
    boolean isUnix; // a socket
    boolean isPipe;
    boolean isOnWriter; // of a pipe
    boolean isFifo; // a pipe that has a name, and the model a rule for those
    boolean isMute; // a filter for what the descriptor was not opened for
    boolean isDisabled;
    boolean isTriggered; // USER
    boolean isQuiet; // looked at when something changes, and not before
    boolean isQueued; // reported at level, and not looked at since
    boolean isInCircle; // of kqueues: it is never ready
    Knotes inner; // the kqueue that it watches, or null
    int seen; // how often that one's queue was empty when this was reported last

    /** As one that was never used, for this. */
    Knote reset(int number, int filter) {
        ident = number;
        kind = filter;
        fflags = 0;
        isSocket = isStream = isUnix = isPipe = isOnWriter = isFifo = isMute = false;
        isDisabled = isTriggered = isQuiet = isQueued = isInCircle = false;
        inner = null;
        return this;
    }
}
