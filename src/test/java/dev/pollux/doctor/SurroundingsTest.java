package dev.pollux.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts and control groups, as other systems than this one have them. */
class SurroundingsTest {
    @TempDir Path system;

    @Test
    void the_last_mount_on_the_longest_way_to_a_path_counts() {
        Mounts mounts =
                Mounts.parse(
                        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
                                + "28 27 0:24 / /tmp rw,exec shared:7 - tmpfs tmpfs rw\n"
                                + "29 28 0:25 / /tmp rw,nosuid,noexec - tmpfs tmpfs rw\n"
                                + "30 29 0:26 / /tmp/a\\040b rw master:1 - tmpfs tmpfs rw\n"
                                + "cut off\n");
        assertEquals(List.of("rw", "relatime"), mounts.options(Path.of("/var/tmp")));
        assertEquals(List.of("rw", "nosuid", "noexec"), mounts.options(Path.of("/tmp/x")));
        assertEquals(List.of("rw"), mounts.options(Path.of("/tmp/a b/c")));
        assertEquals(List.of("rw", "relatime"), mounts.options(Path.of("/tmpfs")));
    }

    @Test
    void limits_of_version_2_are_the_tightest_on_the_way() throws IOException {
        file("mountinfo", "30 23 0:26 / " + system + "/cg rw - cgroup2 cgroup rw\n");
        file("cgroup", "0::/pod/container\n");
        file("cg/pod/memory.max", "536870912\n");
        file("cg/pod/container/memory.max", "1073741824\n");
        file("cg/pod/container/cpu.max", "150000 100000\n");
        file("cg/pod/container/pids.max", "max\n");
        assertEquals(
                Map.of("cgroup memory", "536870912 bytes", "cgroup processors", "1.5"), limits());
    }

    @Test
    void limits_of_version_1_are_in_a_tree_for_each_controller() throws IOException {
        file(
                "mountinfo",
                "30 23 0:26 / %s/memory rw - cgroup cgroup rw,memory\n".formatted(system)
                        + "31 23 0:27 / %s/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                                .formatted(system)
                        + "32 23 0:28 / %s/pids rw - cgroup cgroup rw,pids\n".formatted(system));
        file("cgroup", "4:memory:/a\n3:cpu,cpuacct:/a\n2:pids:/\n1:name=systemd:/a\n");
        file("memory/a/memory.limit_in_bytes", "9223372036854771712\n");
        file("cpu/a/cpu.cfs_quota_us", "-1\n");
        file("cpu/a/cpu.cfs_period_us", "100000\n");
        file("pids/pids.max", "4096\n");
        assertEquals(Map.of("cgroup processes", "4096"), limits());
    }

    @Test
    void a_container_sees_its_own_group_as_the_root() throws IOException {
        file("mountinfo", "30 23 0:26 /docker/1 " + system + "/cg rw - cgroup2 cgroup rw\n");
        file("cgroup", "0::/docker/1\n");
        file("cg/memory.max", "1000000\n");
        assertEquals(Map.of("cgroup memory", "1000000 bytes"), limits());
        file("cgroup", "0::/../elsewhere\n");
        assertEquals(Map.of("cgroup memory", "1000000 bytes"), limits());
    }

    @Test
    void no_limit_is_said_and_no_proc_as_well() throws IOException {
        file("mountinfo", "");
        file("cgroup", "0::/\n");
        assertEquals(Map.of("cgroup", "no limit"), limits());
        Object unknown = new ControlGroup(system.resolve("none")).limits().get("cgroup");
        assertEquals(true, unknown.toString().startsWith("not known: "), unknown.toString());
    }

    private Map<String, Object> limits() {
        return new ControlGroup(system).limits();
    }

    private void file(String name, String text) throws IOException {
        Path file = system.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
