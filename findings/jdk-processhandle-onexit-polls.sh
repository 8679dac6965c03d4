#!/bin/sh
# ProcessHandle.onExit() of a process that is not a child of the JVM is a thread that sleeps and looks: first after 0.3 s, then
# each time 30 ms later than before, up to 5 s. So it is late by as much, and it takes a dead process for alive until its
# parent has waited for it: onExit() does not complete and isAlive() is true for a zombie, where a pidfd reports the end at
# once. Of a child the same call waits in the kernel.
#
# Why: ProcessHandleImpl.completion starts a thread ("process reaper") for each process, which calls waitid; for what is no
# child, it goes round a loop of Thread.sleep and isAlive0, and that reads the start time in /proc/PID/stat, which a zombie
# still has. The documentation speaks of neither, and no release up to 28 uses a pidfd.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18. The output was, on all:
#   a child: its thread waits in the kernel
#   not a child: its thread sleeps and looks
#   the parent waits for it: the last of five is found more than 0.1 s after its end: true
#   the parent does not: it is a zombie: true, after 1 s isAlive true, onExit done false
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/OnExit.java" <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

class OnExit {
    private static final List<Process> CHILDREN = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        try {
            ProcessHandle child = start("exec sleep 300").toHandle();
            child.onExit();
            System.out.println("a child: its thread " + thread(child.pid()));
            ProcessHandle other = grandchild("wait");
            other.onExit();
            System.out.println("not a child: its thread " + thread(other.pid()));
            late();
            zombie();
        } finally {
            for (Process process : CHILDREN) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        }
    }

    private static void late() throws Exception {
        List<ProcessHandle> processes = new ArrayList<>();
        List<CompletableFuture<Long>> found = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ProcessHandle process = grandchild("wait");
            processes.add(process);
            found.add(process.onExit().thenApply(ended -> System.nanoTime()));
            Thread.sleep(80); // so that not all of them look at the same moment
        }
        for (ProcessHandle process : processes) {
            process.destroyForcibly();
        }
        while (processes.stream().anyMatch(ProcessHandle::isAlive)) {
            Thread.onSpinWait();
        }
        long ended = System.nanoTime();
        long last = 0;
        for (CompletableFuture<Long> each : found) {
            last = Math.max(last, each.get() - ended);
        }
        System.out.println("the parent waits for it: the last of five is found more than 0.1 s after its end: "
                + (last > TimeUnit.MILLISECONDS.toNanos(100)));
    }

    private static void zombie() throws Exception {
        ProcessHandle process = grandchild("exec sleep 300"); // sleep knows of no child and waits for none
        Path parent = Path.of("/proc", Long.toString(process.parent().orElseThrow().pid()), "comm");
        while (!Files.readString(parent).startsWith("sleep")) {
            Thread.onSpinWait();
        }
        CompletableFuture<ProcessHandle> exit = process.onExit();
        process.destroyForcibly();
        Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
        while (!Files.readString(stat).contains(") Z ")) {
            Thread.onSpinWait();
        }
        Thread.sleep(1000);
        System.out.println("the parent does not: it is a zombie: true, after 1 s isAlive " + process.isAlive()
                + ", onExit done " + exit.isDone());
    }

    private static Process start(String script) throws Exception {
        CHILDREN.add(new ProcessBuilder("sh", "-c", script).start());
        return CHILDREN.get(CHILDREN.size() - 1);
    }

    private static ProcessHandle grandchild(String parent) throws Exception {
        Process child = start("sleep 300 >/dev/null & echo $!; " + parent);
        return ProcessHandle.of(Long.parseLong(child.inputReader().readLine())).orElseThrow();
    }

    /** Whether the thread that waits for the process is ever seen to sleep, in 1 s. */
    private static String thread(long pid) throws Exception {
        String seen = "is not there";
        for (int i = 0; i < 50; i++) {
            for (Map.Entry<Thread, StackTraceElement[]> each : Thread.getAllStackTraces().entrySet()) {
                if (each.getKey().getName().equals("process reaper (pid " + pid + ")")) {
                    for (StackTraceElement frame : each.getValue()) {
                        if (frame.getMethodName().equals("sleep")) {
                            return "sleeps and looks";
                        } else if (frame.getMethodName().equals("waitForProcessExit0")) {
                            seen = "waits in the kernel";
                        }
                    }
                }
            }
            Thread.sleep(20);
        }
        return seen;
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
"${JAVA:-java}" "$directory/OnExit.java" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
a child: its thread waits in the kernel
not a child: its thread sleeps and looks
the parent waits for it: the last of five is found more than 0.1 s after its end: true
the parent does not: it is a zombie: true, after 1 s isAlive true, onExit done false
EXPECTED
