package dev.pollux.contract;

import dev.pollux.FdSelector;
import dev.pollux.Internals;
import dev.pollux.support.Child;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Poller;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The main class of a {@link Child}: on each pair a thread polls for two seconds; while all of them
 * are in the kernel the process is stopped, until those are over, and then goes on. Prints for each
 * how long its poll took in milliseconds.
 */
final class StoppedProcess {
    static final String WAITED = "waited: ";
    static final long STOP_MILLIS = 2_500;

    /** With the time-out begun again with what was left of it this takes 4500. */
    static final long TOO_LONG_MILLIS = 4_000;

    private static final long[] TIMEOUTS = {2_000_000_000, 2_000_000_001};

    private StoppedProcess() {}

    public static void main(String[] arguments) throws Exception {
        var pollers = new ArrayList<Poller>();
        var selectors = new ArrayList<FdSelector>();
        for (EveryBackend.Pair pair : EveryBackend.Pair.all()) {
            if (pair.unavailableBecause() != null) {
                continue;
            }
            for (long timeout : TIMEOUTS) {
                var calls = new Intercepted(pair);
                FdSelector selector = Internals.open(pair.backend(), calls.sys);
                selectors.add(selector);
                pollers.add(Poller.run(() -> WAITED + pair + " " + poll(selector, timeout)));
                Poller.await("a wait", () -> calls.waiting() == 1);
            }
        }
        String pid = Long.toString(ProcessHandle.current().pid());
        String stop = "kill -STOP " + pid + "; sleep 2.6; kill -CONT " + pid;
        Process shell = new ProcessBuilder(List.of("sh", "-c", stop)).inheritIO().start();
        for (Poller poller : pollers) {
            System.out.println(poller.result());
        }
        if (shell.waitFor() != 0) {
            throw new AssertionError("sh: " + shell.exitValue());
        }
        selectors.forEach(FdSelector::close);
    }

    private static long poll(FdSelector selector, long timeout) throws Exception {
        long start = System.nanoTime();
        selector.poll(timeout, TimeUnit.NANOSECONDS, Poller.UNEXPECTED);
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }
}
