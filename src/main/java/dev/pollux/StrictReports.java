package dev.pollux;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Where what strict mode finds goes: the log, and a listener. Holds no selector. Any thread's. */
final class StrictReports {
    final StrictMode mode;

    /** What is registered. */
    final Set<Watched> registered = ConcurrentHashMap.newKeySet();

    private final System.Logger log = System.getLogger(FdSelector.class.getName());

    StrictReports(StrictMode mode) {
        this.mode = mode;
        StrictReport.Kind.values(); // loaded now: later there may be no descriptor left
        log.isLoggable(System.Logger.Level.WARNING);
    }

    /** Once for each registration. */
    void report(StrictReport.Kind kind, FdKey key, String message) {
        Watched watched = key.watched;
        if (watched.names(kind)) {
            send(new StrictReport(kind, key, key.fd, key + " " + message, watched.registered));
        }
    }

    /** By the cleaner: nobody has closed the selector, nor unregistered what it had. */
    void unreachable(String name, Throwable opened) {
        tell(
                new StrictReport(
                        StrictReport.Kind.UNREACHABLE,
                        null,
                        -1,
                        name + " became unreachable without having been closed",
                        opened)); // logged by the cleaner already
        for (Watched each : registered) {
            send(
                    new StrictReport(
                            StrictReport.Kind.UNREACHABLE,
                            null,
                            each.fd,
                            "the registration of fd "
                                    + each.fd
                                    + " became unreachable with its selector; it will never be"
                                    + " reported: unregister it, or keep and close the selector",
                            each.registered));
        }
    }

    private void send(StrictReport report) {
        log.log(
                System.Logger.Level.WARNING,
                "strict: " + report.kind() + ": " + report.message(),
                report.registered());
        tell(report);
    }

    /** Whatever it throws: the loop goes on. */
    private void tell(StrictReport report) {
        try {
            mode.listener().accept(report);
        } catch (Throwable e) {
            log.log(
                    System.Logger.Level.WARNING,
                    "strict: the listener threw at " + report.kind() + ", and is called again",
                    e);
        }
    }
}
