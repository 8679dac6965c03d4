package dev.pollux.examples;

import static dev.pollux.support.Program.assumeInstalled;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipes: each against the program or the kernel that it is about. */
@Tag("long")
class RecipesTest {
    @TempDir Path directory;

    // ---- child processes

    @EveryBackend
    void fifty_children_talk_to_one_thread(Pair pair) throws Exception {
        Result run = run(pair, "Children");
        run.expectLine("50 children, 200 descriptors");
        run.expectLine("lines: 5000 to them, 5000 from standard output, 5000 from standard error");
        run.expectLine("ended: 50 by pidfd, 50 with their status");
        run.expectLine("threads: ([0-9]+) with 1 child, \\1 with 50");
        expectIdle(run, 150);
    }

    /** Four times what their pipes hold, so that all of them are full meanwhile. */
    @EveryBackend
    void children_get_more_than_their_pipes_hold(Pair pair) throws Exception {
        Result run = run(pair, "Children", "2", "20000");
        run.expectLine("lines: 40000 to them, 40000 .* output, 40000 .* error");
        run.expectLine("ended: 2 by pidfd, 2 with their status");
    }

    // ---- serial lines

    @EveryBackend
    void a_hundred_serial_lines_take_every_byte(Pair pair) throws Exception {
        Result run = run(pair, "SerialLines");
        run.expectLine("100 lines, 10000 frames there and back, unchanged");
        expectIdle(run, 200);
    }

    /** One question of each is left without an answer. */
    @EveryBackend
    void serial_lines_are_talked_to_as_if_reads_blocked(Pair pair) throws Exception {
        Result run = run(pair, "SerialDialog");
        run.expectLine("TEMP\\? 0 -> TEMP=20.0");
        run.expectLine("TEMP\\? 7 -> \\(no answer within 20 ms\\)");
        run.expectLine("50 lines: 950 questions answered, 50 not in time");
        boolean virtual = Runtime.version().feature() >= Host.FIRST_VIRTUAL;
        run.expectLine(virtual ? "on virtual threads" : "on platform threads: before JDK 21");
    }

    @EveryBackend
    void a_serial_line_that_is_named_is_shown_until_it_hangs_up(Pair pair) throws Exception {
        assumeInstalled("socat");
        Path line = directory.resolve("line");
        try (var device = new Program(List.of("socat", "pty,link=" + line, "stdio"))) {
            Program.until(() -> Files.exists(line), "the line");
            try (var shown = started(pair, "SerialLines", line.toString())) {
                shown.expect("raw, waiting");
                String settings = Program.run("stty", "-a", "-F", line.toString()).text();
                assertTrue(settings.contains("speed 115200 baud"), settings);
                assertTrue(settings.matches("(?s).*-icanon.*-echo .*"), settings);
                device.type("one");
                shown.expect("one");
                device.type("two");
                shown.expect("two");
                device.endInput();
                Result all = shown.result().ok();
                all.expectLine(".*: hung up");
            }
        }
    }

    // ---- changes of files

    @EveryBackend
    void each_change_in_a_directory_is_shown(Pair pair) throws Exception {
        Result run = run(pair, "FileChanges");
        List<String> events =
                run.text()
                        .lines()
                        .filter(l -> l.matches("[A-Z_]+ .*"))
                        .map(l -> l.replaceAll(" /\\S+", ""))
                        .toList();
        assertEquals(
                List.of(
                        "CREATE a",
                        "MODIFY a",
                        "CLOSE_WRITE a",
                        "MOVED_FROM a",
                        "MOVED_TO b",
                        "DELETE b",
                        "DELETE_SELF "),
                events);
        run.expectLine("nothing left to watch");
        expectIdle(run, 1);
    }

    @EveryBackend
    void directories_that_are_named_are_watched_until_all_are_gone(Pair pair) throws Exception {
        Path one = Files.createDirectory(directory.resolve("one"));
        Path two = Files.createDirectory(directory.resolve("two"));
        try (var shown = started(pair, "FileChanges", one.toString(), two.toString())) {
            shown.expect("watching " + two);
            Files.createFile(two.resolve("file"));
            shown.expect("CREATE " + two + " file");
            Files.delete(one);
            shown.expect("DELETE_SELF " + one);
            Files.delete(two.resolve("file"));
            Files.delete(two);
            shown.result().ok().expectLine("nothing left to watch");
        }
    }

    // ---- events of others

    @EveryBackend
    void timers_lose_no_expiration(Pair pair) throws Exception {
        Result run = run(pair, "Timer");
        assertTrue(number(run, "every 20 ms: expired ([0-9]+) times.*") >= 25, run.text());
        assertTrue(number(run, "every 50 ms: expired ([0-9]+) times.*") >= 10, run.text());
        expectIdle(run, 3);
    }

    @EveryBackend
    void an_eventfd_that_the_kernel_adds_to_is_reported(Pair pair) throws Exception {
        Result run = run(pair, "EventFd");
        run.expectLine("64 reads done, 64 right");
        run.expectLine("reports: [1-9][0-9]*");
        expectIdle(run, 1);
    }

    @EveryBackend
    void messages_come_in_the_order_of_their_priorities(Pair pair) throws Exception {
        Result run = run(pair, "MessageQueue");
        assertEquals(List.of("3: now", "2: soon", "1: end"), run.lines("priority "));
        expectIdle(run, 1);
    }

    @EveryBackend
    void a_message_of_another_program_is_received(Pair pair) throws Exception {
        assumeInstalled("python3");
        run(pair, "MessageQueue"); // or it is skipped
        String name = "/pollux-" + ProcessHandle.current().pid();
        try (var receiver = started(pair, "MessageQueue", name)) {
            receiver.expect("waiting");
            send(name, "hello", 7);
            receiver.expect("priority 7: hello");
            send(name, "end", 0);
            receiver.result().ok();
        }
    }

    private static void send(String queue, String text, int priority) throws IOException {
        String program =
                """
                import ctypes, sys
                c = ctypes.CDLL(None)
                queue = c.mq_open(sys.argv[1].encode(), 1)
                text = sys.argv[2].encode()
                sys.exit(c.mq_send(queue, text, len(text), int(sys.argv[3])))
                """;
        Program.run("python3", "-c", program, queue, text, "" + priority).ok();
    }

    @EveryBackend
    void zeromq_loses_no_message(Pair pair) throws Exception {
        Result run = run(pair, "ZeroMq");
        run.expectLine("10 sockets, 10000 messages received");
        run.expectLine("reports: [1-9][0-9]*");
        expectIdle(run, 10);
    }

    @EveryBackend
    void interfaces_go_up_and_down(Pair pair) throws Exception {
        assumeInstalled("ip");
        Result run = run(pair, "LinkChanges");
        assertEquals(List.of("up", "down", "up"), run.lines("lo: "));
        if (Files.exists(Path.of("/dev/net/tun"))) {
            assertEquals(List.of("down", "up", "gone"), last(run.lines("pollux0: ")));
        }
        expectIdle(run, 1);
    }

    /** Without a step that not every kernel shows, down just before the end. */
    private static List<String> last(List<String> states) {
        return List.of(states.get(0), states.get(1), states.get(states.size() - 1));
    }

    @EveryBackend
    void interfaces_of_the_namespace_it_is_in_are_watched(Pair pair) throws Exception {
        assumeInstalled("ip");
        assumeInstalled("nsenter");
        assumeTrue(Program.run("unshare", "-n", "true").status() == 0, "no namespace of our own");
        var command = new ArrayList<>(List.of("unshare", "-n"));
        command.addAll(Examples.java(pair, "recipes.LinkChanges", "here"));
        try (var watching = new Program(command)) {
            watching.expect("waiting");
            for (String state : List.of("up", "down")) {
                String pid = "" + watching.process.pid();
                Program.run("nsenter", "-t", pid, "-n", "ip", "link", "set", "lo", state).ok();
                watching.expect("lo: " + state);
            }
        }
    }

    // ---- the kernel's files, and devices

    /** More threads that run than there are processors, so that some wait. */
    @EveryBackend
    void pressure_is_reported(Pair pair) throws Exception {
        Result quiet = Examples.run(pair, "recipes.MemoryPressure");
        assumeTrue(quiet.lines("skipped: ").isEmpty(), quiet::text);
        assumeTrue(!quiet.text().contains("not idle"), "this machine is short of memory");
        expectIdle(quiet.ok(), 1);
        var over = new AtomicBoolean();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors() + 2; i++) {
            Program.spawn(() -> spin(over));
        }
        try {
            Result run = run(pair, "MemoryPressure", "cpu", "1");
            run.expectLine("pressure: some avg10=.* total=[1-9][0-9]*");
        } finally {
            over.set(true);
        }
    }

    private static Void spin(AtomicBoolean over) {
        while (!over.get()) {
            Thread.onSpinWait();
        }
        return null;
    }

    @EveryBackend
    void a_tunnel_answers_ping(Pair pair) throws Exception {
        assumeInstalled("ip");
        assumeInstalled("ping");
        Result run = run(pair, "Tunnel");
        run.expectLine("3 packets transmitted, 3 received, 0% packet loss.*");
        run.expectLine("answered: 3, ping ended with 0");
        expectIdle(run, 1);
    }

    @EveryBackend
    void frames_of_a_virtual_bus_are_received(Pair pair) throws Exception {
        Result run = run(pair, "Can");
        run.expectLine("100 frames sent, 100 received");
        expectIdle(run, 1);
    }

    @EveryBackend
    void associations_of_sctp_are_served(Pair pair) throws Exception {
        expectEcho(run(pair, "Sctp"));
    }

    /** All but the protocol. */
    @EveryBackend
    void the_recipe_for_sctp_serves_tcp_as_well(Pair pair) throws Exception {
        expectEcho(run(pair, "Sctp", "tcp"));
    }

    private static void expectEcho(Result run) {
        run.expectLine("20 associations, 2000 messages there and back");
        expectIdle(run, 41);
    }

    /** On a chip of gpio-sim, which whoever runs this has made. */
    @EveryBackend
    void edges_of_a_pin_are_reported(Pair pair) throws Exception {
        Path platform = Path.of("/sys/devices/platform/gpio-sim.0");
        assumeTrue(Files.isDirectory(platform), "there is no chip of gpio-sim");
        Path pull;
        try (var files = Files.walk(platform, 3)) {
            pull = files.filter(f -> f.endsWith("sim_gpio0/pull")).findFirst().orElseThrow();
        }
        String chip = "/dev/" + pull.getParent().getParent().getFileName();
        Files.writeString(pull, "pull-down");
        try (var watching = started(pair, "Gpio", chip, "0", "2")) {
            watching.expect("waiting");
            Files.writeString(pull, "pull-up");
            watching.expect("edge 1: rising");
            Files.writeString(pull, "pull-down");
            Result run = watching.result().ok();
            run.expectLine("edge 2: falling at [0-9]+ ns");
            expectIdle(run, 1);
        }
    }

    @Test
    void a_recipe_whose_device_is_missing_says_so() throws Exception {
        Pair any = Examples.available(Backend.values());
        Result run = Examples.run(any, "recipes.Gpio", "/dev/no-such-chip", "0").ok();
        run.expectLine("skipped: there is no /dev/no-such-chip|skipped: it is about .* Linux");
    }

    /** The control. */
    @Test
    void a_recipe_that_fails_is_no_success() throws Exception {
        Host.requireLinux("inotify");
        Pair any = Examples.available(Backend.values());
        Result run = Examples.run(any, "recipes.FileChanges", "/no/such/directory").expect(1);
        run.expectLine(".*inotify_add_watch.*ENOENT.*");
    }

    // ---- all of them

    private static Program started(Pair pair, String recipe, String... arguments)
            throws IOException {
        return new Program(Examples.java(pair, "recipes." + recipe, arguments));
    }

    /** Skips the test where the recipe was skipped, with its reason. */
    private static Result run(Pair pair, String recipe, String... arguments) throws IOException {
        Result run = Examples.run(pair, "recipes." + recipe, arguments).ok();
        List<String> skipped = run.lines("skipped: ");
        assumeTrue(skipped.isEmpty(), () -> recipe + ": " + skipped.get(0));
        return run;
    }

    private static long number(Result run, String regex) {
        run.expectLine(regex);
        String line = run.text().lines().filter(l -> l.matches(regex)).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll(regex, "$1"));
    }

    private static void expectIdle(Result run, int descriptors) {
        run.expectLine(Examples.IDLE + " in a second, " + descriptors + " descriptors, by .*");
        run.text()
                .lines()
                .filter(line -> line.startsWith("idle: "))
                .forEach(line -> assertTrue(line.matches(Examples.IDLE + " .*"), run.text()));
    }
}
