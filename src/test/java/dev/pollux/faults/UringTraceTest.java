package dev.pollux.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import dev.pollux.support.Program;
import dev.pollux.sys.Bindings;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How many system calls a ring saves, as strace sees them: what {@link
 * dev.pollux.contract.SyscallCountTest} counts in Java is what the library asks its binding for.
 */
class UringTraceTest {
    private static final int MANY = 64;

    /** With a question mark: not every processor has it. */
    private static final String TRACED =
            "trace=?epoll_wait,?epoll_pwait,?epoll_pwait2,epoll_ctl,io_uring_enter,read,write";

    /** Thread, call, the rest of the line; a call that is resumed is not counted again. */
    private static final Pattern LINE = Pattern.compile("(\\d+) +(\\w+)\\((.*)");

    @TempDir private Path directory;

    @BeforeEach
    void requireStrace() throws IOException {
        String reason = Backend.URING.unavailableBecause();
        assumeTrue(reason == null, reason);
        Program.assumeInstalled("strace");
        Path log = directory.resolve("try");
        Child.Result tried = Program.run("strace", "-f", "-e", TRACED, "-o", "" + log, "true");
        if (tried.status() != 0) {
            System.out.println("strace may not look at a process here: " + tried.text());
        }
        assumeTrue(tried.status() == 0, tried.text());
    }

    /** The calls between one mark and the next, by name. */
    private List<Map<String, Integer>> trace(Backend backend, int polls, boolean batch)
            throws IOException {
        Path log = directory.resolve("log");
        Child.example()
                .property(Bindings.PROPERTY, "jni")
                .property(Bindings.BATCH, batch)
                .before("strace", "-f", "-s", "16", "-e", TRACED, "-o", "" + log)
                .run(Traced.class, backend.name(), Integer.toString(polls))
                .ok();
        var sections = new ArrayList<Map<String, Integer>>();
        var threads = new HashMap<String, Map<String, Integer>>();
        for (String line : Files.readAllLines(log, StandardCharsets.ISO_8859_1)) {
            Matcher call = LINE.matcher(line);
            if (!call.matches()) {
                continue;
            }
            Map<String, Integer> section =
                    threads.computeIfAbsent(call.group(1), thread -> new TreeMap<>());
            if (call.group(2).equals("write") && call.group(3).startsWith("1, \"mark")) {
                sections.add(section);
                threads.put(call.group(1), new TreeMap<>());
            } else {
                String name = call.group(2).startsWith("epoll_p") ? "epoll_wait" : call.group(2);
                section.merge(name, 1, Integer::sum);
            }
        }
        assertEquals(4, sections.size(), "marks seen");
        return List.of(sections.get(1), sections.get(3));
    }

    private static int sum(Map<String, Integer> calls) {
        return calls.values().stream().mapToInt(Integer::intValue).sum();
    }

    @Test
    void a_million_looks_that_find_nothing_are_a_handful_of_calls_and_64_changes_one()
            throws IOException {
        List<Map<String, Integer>> calls = trace(Backend.URING, 1_000_000, true);
        System.out.println("a million looks: " + calls.get(0));
        System.out.println("64 changes and a poll: " + calls.get(1));
        assertTrue(sum(calls.get(0)) <= 5, () -> "a million looks: " + calls.get(0));
        assertTrue(sum(calls.get(1)) <= 2, () -> "64 changes and a poll: " + calls.get(1));
        assertEquals(1, calls.get(1).get("io_uring_enter"));
    }

    /** The control: without a ring each of them is a call, and strace sees it. */
    @Test
    void without_a_ring_each_is_a_call() throws IOException {
        List<Map<String, Integer>> calls = trace(Backend.EPOLL, 1000, false);
        assertEquals(Map.of("epoll_wait", 1000), calls.get(0));
        assertEquals(Map.of("epoll_ctl", MANY, "epoll_wait", 1), calls.get(1));
    }

    /** What is traced: polls that find nothing, then changes and a poll. */
    static final class Traced {
        public static void main(String[] args) throws IOException {
            int polls = Integer.parseInt(args[1]);
            var keys = new ArrayList<FdKey>();
            try (FdSelector selector = FdSelector.open(Backend.valueOf(args[0]))) {
                for (int i = 0; i < MANY; i++) {
                    int[] pipe = Fd.pipe();
                    keys.add(selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null));
                }
                look(selector, 10); // from the second in a row on they are looks at memory
                mark();
                look(selector, polls);
                mark();
                change(selector, keys, Interest.PRIORITY); // the ring for this is opened with it
                mark();
                change(selector, keys, Interest.READ);
                mark();
            }
        }

        private static void look(FdSelector selector, int times) throws IOException {
            for (int i = 0; i < times; i++) {
                PollResult result = selector.poll(0, TimeUnit.SECONDS, (key, ready) -> {});
                if (result != PollResult.TIMEOUT) {
                    throw new IllegalStateException("a poll ended with " + result);
                }
            }
        }

        private static void change(FdSelector selector, List<FdKey> keys, Interest interest)
                throws IOException {
            for (FdKey key : keys) {
                selector.modify(key, interest);
            }
            look(selector, 1);
        }

        /** One system call, by this thread. */
        private static void mark() throws IOException {
            new FileOutputStream(FileDescriptor.out)
                    .write("mark\n".getBytes(StandardCharsets.UTF_8));
        }
    }
}
