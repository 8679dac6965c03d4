package dev.pollux.doctor;

import dev.pollux.sys.proc.ProcText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The file systems that this process sees: {@code man 5 proc_pid_mountinfo}. */
final class Mounts {
    /** One line of it. */
    record Mount(Path root, Path point, List<String> options, String type, List<String> inside) {}

    private final List<Mount> mounts = new ArrayList<>();

    static Mounts read() throws IOException {
        return parse(ProcText.read(Path.of("/proc/self/mountinfo")));
    }

    /** Lines are {@code id parent device root point options [tags] - type source more}. */
    static Mounts parse(String text) {
        var mounts = new Mounts();
        for (String line : (Iterable<String>) text.lines()::iterator) {
            int dash = line.indexOf(" - ");
            String[] before = line.split(" ");
            if (dash < 0 || before.length < 6) {
                continue;
            }
            String[] after = line.substring(dash + 3).split(" ");
            mounts.mounts.add(
                    new Mount(
                            Path.of(plain(before[3])),
                            Path.of(plain(before[4])),
                            List.of(before[5].split(",")),
                            after[0],
                            List.of(after[after.length - 1].split(","))));
        }
        return mounts;
    }

    /** Spaces and the like are written as three octal digits. */
    private static String plain(String path) {
        return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    }

    /**
     * Those of the file system that a real path is on; the last mount on a point is the one seen.
     */
    List<String> options(Path real) {
        Mount found = null;
        for (Mount mount : mounts) {
            if (real.startsWith(mount.point)
                    && (found == null
                            || mount.point.getNameCount() >= found.point.getNameCount())) {
                found = mount;
            }
        }
        return found == null ? List.of() : found.options;
    }

    List<Mount> all() {
        return mounts;
    }
}
