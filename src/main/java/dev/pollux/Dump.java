package dev.pollux;

import dev.pollux.driver.Driver;
import dev.pollux.driver.Look;
import dev.pollux.sys.Syscalls;
import dev.pollux.sys.proc.Descriptor;
import dev.pollux.sys.proc.Descriptors;
import dev.pollux.sys.proc.Watch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a selector has and what the kernel says of it, in words: see {@link FdSelector#dump}. Takes
 * no lock: a thread that was stopped while it held one does not stop this.
 */
final class Dump {
    /** Of these a look takes nothing away, see {@link Look#mayTake}. */
    private static final Set<String> HARMLESS =
            Set.of(
                    "tcp",
                    "tcp6",
                    "udp",
                    "udp6",
                    "unix",
                    "raw",
                    "raw6",
                    "icmp",
                    "netlink",
                    "packet",
                    "socket",
                    "pipe",
                    "fifo",
                    "eventfd",
                    "timerfd",
                    "signalfd",
                    "inotify",
                    "pidfd",
                    "terminal");

    private final Backend backend;
    private final Driver driver;
    private final Registrar registrar;
    private final Syscalls sys;
    private final List<String[]> rows = new ArrayList<>();
    private Descriptors descriptors; // null: nothing can be read of them
    private Map<Long, Watch> watches; // what the kernel has, by token; null where it does not tell

    private Dump(Backend backend, Driver driver, Registrar registrar) {
        this.backend = backend;
        this.driver = driver;
        this.registrar = registrar;
        this.sys = driver.sys();
    }

    static String of(Backend backend, Driver driver, Registrar registrar, PollLoop loop) {
        String returns = driver.sys().returns().replaceFirst(":.*", "");
        String binding = driver.sys().binding() + ", return predictor " + returns;
        String head = "FdSelector[" + backend + "/" + binding + "], ";
        if (registrar.isClosed()) {
            return head + "closed";
        }
        List<FdKey> keys = registrar.glance();
        var dump = new Dump(backend, driver, registrar);
        dump.look(); // after the keys: one that is registered since is not missed
        keys.forEach(dump::add);
        dump.addOrphans();
        String text =
                head
                        + keys.size()
                        + " registered, "
                        + registrar.waits()
                        + " waits so far, "
                        + BusyPolling.describe(backend, driver)
                        + loop.describe()
                        + dump.table();
        // All that was asked reads, so that a number which was another's by then did no harm.
        return registrar.isClosed() ? head + "closed" : text;
    }

    private void look() {
        try {
            descriptors = Descriptors.ofThisProcess();
            if (backend == Backend.EPOLL || backend == Backend.URING) {
                var found = new HashMap<Long, Watch>();
                descriptors.watches(driver.fd()).forEach(watch -> found.put(watch.data(), watch));
                watches = found;
            }
        } catch (Descriptors.Unreadable | SecurityException e) {
            watches = null; // no /proc, or closed meanwhile: then with what is known here
        }
    }

    private void add(FdKey key) {
        Watch watch = watches == null ? null : watches.get(key.token);
        boolean missing = watches != null && watch == null;
        if (missing && !key.isValid()) {
            return; // unregistered meanwhile
        }
        boolean armed = watch == null ? !key.isDisarmed() : watch.isArmed();
        Descriptor target =
                descriptors == null
                        ? null
                        : watch == null ? descriptors.get(key.fd) : descriptors.target(watch);
        int sent = key.sent;
        var text = new StringBuilder(target == null ? "" : target.text());
        if (missing) {
            text.append("; the kernel has dropped it: what was registered is closed");
        }
        if (key.want() != sent) {
            text.append("; pending: from ").append(words(sent)).append(" to ");
            text.append(words(key.want()));
        } else if (key.pendingAt != 0) {
            text.append("; pending: re-arm");
        }
        rows.add(
                new String[] {
                    Integer.toString(key.fd),
                    words(sent) + (armed ? "" : ", not armed"),
                    reported(key),
                    now(key.fd, target),
                    text.toString()
                });
    }

    private static String words(int want) {
        return Interest.of(FdKey.interestBits(want)) + " " + Trigger.of(FdKey.triggerBits(want));
    }

    private String reported(FdKey key) {
        return key.firedAt == 0 ? "never reported" : "reported by wait " + key.firedAt;
    }

    private String now(int fd, Descriptor target) {
        if (Look.mayTake(sys) && (target == null || !HARMLESS.contains(target.kind()))) {
            return target == null || !target.kind().equals("closed") ? "not asked" : "not open";
        }
        int ready = Look.at(sys, fd);
        if (ready == Driver.GONE) {
            return "not open";
        }
        return ready < 0
                ? sys.errno().describe(-ready)
                : ready == 0 ? "not ready" : "ready: " + Ready.of(ready);
    }

    /** What the kernel watches for nobody: see {@link OrphanedRegistrations}. */
    private void addOrphans() {
        if (watches == null) {
            return;
        }
        for (Watch watch : watches.values()) {
            if (watch.data() != Driver.SIGNAL && registrar.find(watch.data()) == null) {
                rows.add(
                        new String[] {
                            Integer.toString(watch.fd()),
                            watch.text(),
                            "orphaned",
                            "not asked",
                            descriptors.target(watch).text()
                        });
            }
        }
    }

    /** Columns as wide as what is in them. */
    private String table() {
        var widths = new int[5];
        for (String[] row : rows) {
            for (int i = 0; i < row.length - 1; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        var table = new StringBuilder();
        for (String[] row : rows) {
            var line = new StringBuilder();
            line.append(" ".repeat(widths[0] - row[0].length())).append(row[0]);
            for (int i = 1; i < row.length; i++) {
                line.append("  ").append(row[i]);
                line.append(" ".repeat(Math.max(0, widths[i] - row[i].length())));
            }
            table.append("\n  ").append(line.toString().stripTrailing());
        }
        return table.toString();
    }
}
