package dev.pollux;

/**
 * What a selector has done since {@link FdSelector#startCounting}: one moment of it. Two of them,
 * some time apart, give rates.
 *
 * <pre>{@code
 * selector.startCounting(false);
 * // ... later, in any thread
 * Counters counters = selector.counters();
 * System.out.println(counters.events() + " events in " + counters.waits() + " waits");
 * }</pre>
 *
 * @param polls calls of {@code poll}
 * @param waits system calls that waited, or looked: a poll makes one, or more after an early end
 * @param emptyWaits those that found nothing: the time was over, a wakeup, an interrupt. Many,
 *     while nobody wakes and no time-out is short, mean that something spins
 * @param events events that the kernel reported
 * @param largestBatch how many events the largest wait reported
 * @param wakeups calls of {@code wakeup}
 * @param coalescedWakeups those that came while one was pending, and cost no system call
 * @param pendingChanges calls of {@code modify} that were left for the next wait
 * @param sentChanges changes of registrations that were sent together with a wait
 * @param cancelledChanges registrations whose pending changes had cancelled out by then
 * @param waitedNanos time in those system calls; 0 unless times are measured
 * @param handlerNanos time in handlers; 0 unless times are measured
 * @param registrations how many there are
 */
public record Counters(
        long polls,
        long waits,
        long emptyWaits,
        long events,
        long largestBatch,
        long wakeups,
        long coalescedWakeups,
        long pendingChanges,
        long sentChanges,
        long cancelledChanges,
        long waitedNanos,
        long handlerNanos,
        int registrations) {}
