package dev.pollux.doctor;

import dev.pollux.doctor.Mounts.Mount;
import dev.pollux.sys.proc.ProcText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the control groups of this process, of either version, let it have: {@code man 7 cgroups}.
 */
final class ControlGroup {
    private static final long NO_LIMIT = 1L << 60; // version 1 writes a number near 2^63

    private final Path proc;

    ControlGroup() {
        this(Path.of("/proc/self"));
    }

    ControlGroup(Path proc) {
        this.proc = proc;
    }

    /** The tightest of each kind, by name. */
    Map<String, Object> limits() {
        var limits = new LinkedHashMap<String, Object>();
        try {
            Mounts mounts = Mounts.parse(ProcText.read(proc.resolve("mountinfo")));
            for (String line : ProcText.read(proc.resolve("cgroup")).split("\n")) {
                String[] field = line.split(":", 3); // number, controllers, path
                if (field.length == 3) {
                    add(limits, mounts.all(), List.of(field[1].split(",")), Path.of(field[2]));
                }
            }
        } catch (IOException | InvalidPathException e) { // a name that the locale cannot say
            limits.put("cgroup", "not known: " + e);
        }
        if (limits.isEmpty()) {
            limits.put("cgroup", "no limit");
        }
        return limits;
    }

    private static void add(
            Map<String, Object> limits, List<Mount> mounts, List<String> controllers, Path group) {
        boolean second = controllers.equals(List.of(""));
        for (Mount mount : mounts) {
            boolean here =
                    second
                            ? mount.type().equals("cgroup2")
                            : mount.type().equals("cgroup")
                                    && mount.inside().stream().anyMatch(controllers::contains);
            if (!here) {
                continue;
            }
            // In a container the mount shows a part of the tree, and may show it as the whole.
            Path below =
                    group.startsWith(mount.root()) ? mount.root().relativize(group) : Path.of("");
            Path last = mount.point().resolve(below);
            for (Path at = last; at != null && at.startsWith(mount.point()); at = at.getParent()) {
                put(limits, "cgroup memory", number(at, "memory.max"), " bytes");
                put(limits, "cgroup memory", number(at, "memory.limit_in_bytes"), " bytes");
                put(limits, "cgroup processes", number(at, "pids.max"), "");
                put(limits, "cgroup processors", share(at), "");
            }
        }
    }

    private static void put(Map<String, Object> limits, String name, double value, String unit) {
        if (value >= NO_LIMIT) {
            return;
        }
        String text = value == Math.rint(value) ? Long.toString((long) value) : "" + value;
        Object old = limits.get(name);
        if (old == null || value < Double.parseDouble(old.toString().split(" ")[0])) {
            limits.put(name, text + unit);
        }
    }

    private static double number(Path group, String file) {
        String text = ProcText.firstLine(group.resolve(file));
        return text == null || text.equals("max") || text.isEmpty()
                ? NO_LIMIT
                : Double.parseDouble(text);
    }

    /** Quota by period: {@code cpu.max} holds both. */
    private static double share(Path group) {
        String both = ProcText.firstLine(group.resolve("cpu.max"));
        if (both != null) {
            String[] field = both.split(" ");
            return field.length < 2 || field[0].equals("max")
                    ? NO_LIMIT
                    : Double.parseDouble(field[0]) / Double.parseDouble(field[1]);
        }
        if (!Files.exists(group.resolve("cpu.cfs_quota_us"))) {
            return NO_LIMIT;
        }
        double quota = number(group, "cpu.cfs_quota_us");
        return quota <= 0 ? NO_LIMIT : quota / number(group, "cpu.cfs_period_us");
    }
}
