package ftp;

/** How it went, for people and as the exit status of the client. */
enum Outcome {
    DONE(0),
    NO_CONNECTION(3), // 1 is a bug's, 2 a wrong command line's
    LOGIN_REFUSED(4),
    MISSING(5), // or not allowed
    BROKEN(6),
    LOCAL(7); // a file on this side

    final int status;

    Outcome(int status) {
        this.status = status;
    }
}
