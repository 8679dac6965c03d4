package dev.pollux.bench.edge;

/**
 * System calls by kind.
 *
 * @param polls waits for events
 * @param reads of sockets, those that found nothing included
 * @param writes to sockets
 * @param changes of interest; each travels with a poll, and is a system call of the kernel's
 */
public record Calls(long polls, long reads, long writes, long changes) {
    Calls minus(Calls before) {
        return new Calls(
                polls - before.polls,
                reads - before.reads,
                writes - before.writes,
                changes - before.changes);
    }
}
