package dev.pollux.doctor;

import dev.pollux.sys.proc.ProcText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the system, a container or seccomp allows, as {@code /proc} tells it. */
final class Surroundings {
    private static final Path PROC = Path.of("/proc");
    private static final Path KERNEL = PROC.resolve("sys");

    /** {@code man 7 capabilities}, by number. */
    private static final String[] CAPABILITIES = {
        "chown",
        "dac_override",
        "dac_read_search",
        "fowner",
        "fsetid",
        "kill",
        "setgid",
        "setuid",
        "setpcap",
        "linux_immutable",
        "net_bind_service",
        "net_broadcast",
        "net_admin",
        "net_raw",
        "ipc_lock",
        "ipc_owner",
        "sys_module",
        "sys_rawio",
        "sys_chroot",
        "sys_ptrace",
        "sys_pacct",
        "sys_admin",
        "sys_boot",
        "sys_nice",
        "sys_resource",
        "sys_time",
        "sys_tty_config",
        "mknod",
        "lease",
        "audit_write",
        "audit_control",
        "setfcap",
        "mac_override",
        "mac_admin",
        "syslog",
        "wake_alarm",
        "block_suspend",
        "audit_read",
        "perfmon",
        "bpf",
        "checkpoint_restore"
    };

    private final Report report;

    Surroundings(Report report) {
        this.report = report;
    }

    void examine() {
        String status;
        try {
            status = ProcText.read(PROC.resolve("self/status"));
        } catch (IOException e) {
            return; // not Linux: nothing of this is there
        }
        report.section("limits");
        descriptors();
        kernel("epoll watches", "fs/epoll/max_user_watches", "registrations of one user");
        kernel("open files", "fs/file-max", "of the whole system");
        report.section("allowed here");
        uring(ProcText.value(status, "Seccomp"));
        seccomp(ProcText.value(status, "Seccomp"));
        boolean none = "1".equals(ProcText.value(status, "NoNewPrivs"));
        report.fact("new privileges", !none, none ? "never (no_new_privs)" : "possible");
        capabilities(ProcText.value(status, "CapEff"));
        new ControlGroup().limits().forEach(report::fact);
        temporary();
    }

    private void descriptors() {
        try {
            for (String line : ProcText.read(PROC.resolve("self/limits")).split("\n")) {
                if (line.startsWith("Max open files")) {
                    String[] field =
                            line.substring("Max open files".length()).strip().split("\\s+");
                    var values = new LinkedHashMap<String, Object>();
                    values.put("soft", number(field[0]));
                    values.put("hard", number(field[1]));
                    report.fact(
                            "descriptors",
                            values,
                            field[0]
                                    + " (soft; the JVM raises it as far as it may), "
                                    + field[1]
                                    + " (hard)");
                }
            }
        } catch (IOException e) {
            report.fact("descriptors", null, "not known: " + e);
        }
    }

    private void kernel(String name, String file, String what) {
        String value = ProcText.firstLine(KERNEL.resolve(file));
        String key = file.replace('/', '.');
        report.fact(
                name,
                number(value),
                value == null ? key + " is not there" : value + " " + what + " (" + key + ")");
    }

    /** As a number where it is one: a limit may be {@code unlimited}. */
    private static Object number(String value) {
        return value != null && value.matches("\\d{1,18}") ? (Object) Long.valueOf(value) : value;
    }

    private void uring(String seccomp) {
        String file = "kernel/io_uring_disabled";
        String value = ProcText.firstLine(KERNEL.resolve(file));
        String text;
        if (value == null) {
            text = "nobody can forbid it: this kernel has no kernel.io_uring_disabled (before 6.6)";
        } else {
            text =
                    switch (value) {
                        case "0" -> "allowed to all";
                        case "1" -> "allowed to CAP_SYS_ADMIN and the group kernel.io_uring_group";
                        case "2" -> "forbidden to all";
                        default -> "";
                    };
            text += " (kernel.io_uring_disabled=" + value + ")";
        }
        if ("2".equals(seccomp)) {
            text += "; the seccomp filter may refuse it all the same, as Docker's does";
        }
        report.fact("io_uring", number(value), text);
    }

    private void seccomp(String mode) {
        String text =
                switch (String.valueOf(mode)) {
                    case "0" -> "no filter";
                    case "1" -> "strict: nothing but read and write";
                    case "2" -> "a filter: it may refuse system calls, with EPERM or ENOSYS";
                    default -> "not known: this kernel does not tell";
                };
        report.fact("seccomp", number(mode), text);
    }

    private void capabilities(String hex) {
        long bits = hex == null ? 0 : Long.parseUnsignedLong(hex, 16);
        var has = new ArrayList<String>();
        var lacks = new ArrayList<String>();
        for (int i = 0; i < CAPABILITIES.length; i++) {
            ((bits >>> i & 1) != 0 ? has : lacks).add(CAPABILITIES[i]);
        }
        String text =
                has.isEmpty()
                        ? "none"
                        : lacks.isEmpty()
                                ? "all"
                                : has.size() > lacks.size()
                                        ? "all but " + String.join(", ", lacks)
                                        : String.join(", ", has);
        report.fact("capabilities", has, text);
    }

    /** Where the library is unpacked. */
    private void temporary() {
        String directory =
                System.getProperty("pollux.tmpdir", System.getProperty("java.io.tmpdir"));
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("path", directory);
        try {
            List<String> options = Mounts.read().options(Path.of(directory).toRealPath());
            boolean noexec = options.contains("noexec");
            boolean writable = Files.isWritable(Path.of(directory));
            values.put("noexec", noexec);
            values.put("writable", writable);
            report.fact(
                    "temporary files",
                    values,
                    directory
                            + (writable ? "" : ", which cannot be written")
                            + (noexec
                                    ? ", mounted noexec: the library in the jar cannot be loaded from"
                                            + " there, -Dpollux.tmpdir= names another directory"
                                    : ", files there can be executed"));
        } catch (IOException | InvalidPathException e) {
            report.fact("temporary files", values, directory + ": " + e);
        }
    }
}
