package dev.pollux.examples;

import static dev.pollux.examples.Examples.java;
import static dev.pollux.support.Program.LIMIT_MILLIS;
import static dev.pollux.support.Program.assumeInstalled;
import static dev.pollux.support.Program.limited;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chats: the server and its clients as processes, and clients who do not keep to the rules. */
@Tag("long")
class ChatExampleTest {
    private static final String MANY = "x".repeat(1000);

    @TempDir Path directory;

    private final List<Socket> sockets = new ArrayList<>();
    private final List<Program> programs = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        for (Program program : programs) {
            program.close();
            assertFalse(program.said().contains("Exception"), program.said());
        }
    }

    // ---- the operator

    @EveryBackend
    void the_operator_answers_chooses_and_ends(Pair pair) throws Exception {
        var server = new Server(pair);
        Visitor first = server.visitor();
        Visitor second = server.visitor();
        second.say("/nick bob");
        second.expect("is now bob");
        first.say("is anybody here?");
        server.expect("#1 guest-1: is anybody here?");
        server.type("@2 hello 2");
        server.type("hello all");
        assertEquals("<operator> hello 2", second.line());
        assertEquals("<operator to all> hello all", second.line());
        assertEquals("<operator to all> hello all", first.line()); // and nothing before
        server.type("/list");
        server.expect("* #2 bob");
        server.expect("* 2 clients");
        server.type("@7 hello");
        server.expect("no client number '7'");
        server.type("/kick 1 too loud");
        assertEquals("* you are kicked: too loud", first.line());
        assertNull(first.line());
        server.expect("- #1 guest-1");
        server.type("/nonsense");
        server.expect("/nonsense means nothing");
        server.type("/quit");
        assertEquals("* the chat is over", second.line());
        assertNull(second.line());
        server.result().expect(0);
    }

    @EveryBackend
    void without_an_operator_the_chat_goes_on(Pair pair) throws Exception {
        var server = new Server(pair);
        Visitor visitor = server.visitor();
        server.type("the last word"); // and the end right behind it
        server.endInput();
        assertEquals("<operator to all> the last word", visitor.line());
        server.expect("no operator any more");
        visitor.say("hello?");
        assertEquals("* there is no operator; try /join", visitor.line());
        server.visitor();
        server.expect("+ #2 guest-2");
    }

    /** Regular files and /dev/null cannot be polled: they are read in turns with the sockets. */
    @EveryBackend
    void the_operator_may_be_a_file(Pair pair) throws Exception {
        var nobody = new Server(pair, new File("/dev/null"));
        nobody.expect("no operator any more");
        Visitor visitor = nobody.visitor();
        visitor.say("/who");
        assertEquals("* guest-1 (you)", visitor.line());

        Path script = directory.resolve("operator.txt");
        Files.writeString(script, "/nonsense\n".repeat(5000) + "/list\n/quit"); // no end of line
        var scripted = new Server(pair, script.toFile());
        scripted.expect("* 0 clients");
        scripted.result().expect(0);
    }

    // ---- clients

    @Test
    void clients_talk_in_rooms() throws Exception {
        var server = new Server(available());
        Visitor alice = server.visitor("alice");
        Visitor bob = server.visitor("bob");
        Visitor carol = server.visitor("carol");
        alice.join("lobby");
        bob.join("lobby");
        alice.expect("* bob joins");
        carol.join("attic");
        alice.say("hello \u00fc\u20ac\ud83d\ude00");
        assertEquals("[lobby] alice: hello \u00fc\u20ac\ud83d\ude00", bob.line());
        bob.say("/who");
        assertEquals("* alice in lobby", bob.line());
        assertEquals("* bob in lobby (you)", bob.line());
        assertEquals("* carol in attic", bob.line());
        for (String name : List.of("ALICE", "operator", "guest-7", "a b", "a:", "", "\u001b")) {
            bob.say("/nick " + name);
            assertTrue(bob.line().matches("\\* (a nick is 1 to 16 .*|ALICE is here already)"));
        }
        bob.say("/op to you alone");
        server.expect("#2 bob: to you alone");
        bob.say("/leave");
        bob.expect("* you leave lobby");
        assertEquals("* bob leaves", alice.line());
        server.type("all");
        assertEquals("<operator to all> all", carol.line()); // and nothing of the others before
        bob.say("/quit");
        assertEquals("<operator to all> all", bob.line());
        assertEquals("* goodbye", bob.line());
        assertNull(bob.line());
    }

    @EveryBackend
    void the_client_watches_its_input_and_the_server(Pair pair) throws Exception {
        var server = new Server(pair);
        Visitor visitor = server.visitor("visitor");
        visitor.join("lobby");
        var client = started(java(pair, "chat.ChatClient", "" + server.port));
        client.expect("* you are guest-2");
        client.type("/join");
        client.expect("* you are in lobby");
        visitor.expect("* guest-2 joins");
        visitor.say("hello");
        client.expect("[lobby] visitor: hello");
        client.type("hello yourself");
        assertEquals("[lobby] guest-2: hello yourself", visitor.line());
        server.type("/kick 2");
        client.expect("* you are kicked");
        client.result().expect(0); // although its input has not ended
    }

    @EveryBackend
    void the_client_sends_a_file_and_waits_for_the_answers(Pair pair) throws Exception {
        var server = new Server(pair);
        Visitor visitor = server.visitor("visitor");
        visitor.join("lobby");
        Path script = directory.resolve("client.txt");
        var lines = new StringBuilder("/nick file\n/join\n");
        for (int i = 0; i < 5000; i++) {
            lines.append(i).append(' ').append(MANY).append('\n');
        }
        Files.writeString(script, lines + "/who"); // no end of line
        var client = started(java(pair, "chat.ChatClient", "" + server.port), script.toFile());
        visitor.expect("* file joins");
        for (int i = 0; i < 5000; i++) {
            assertEquals("[lobby] file: " + i + " " + MANY, visitor.line());
        }
        assertEquals("* file is gone", visitor.line());
        client.result().expect(0);
        client.expect("* file in lobby (you)");

        var silent =
                started(java(pair, "chat.ChatClient", "" + server.port), new File("/dev/null"));
        silent.result().expect(0);
        silent.expect("* you are guest-3");
    }

    @EveryBackend
    void who_has_sent_all_gets_all(Pair pair) throws Exception {
        var server = new Server(pair);
        Visitor visitor = server.visitor();
        visitor.say("/who\n/who\n/help\n/who");
        visitor.socket.shutdownOutput();
        assertEquals("* guest-1 (you)", visitor.line());
        assertEquals("* guest-1 (you)", visitor.line());
        assertTrue(visitor.line().startsWith("* /nick"));
        assertEquals("* guest-1 (you)", visitor.line());
        assertNull(visitor.line());
        server.expect("- #1 guest-1");
    }

    @EveryBackend
    void a_client_without_a_server_says_so(Pair pair) throws Exception {
        var server = new Server(pair);
        server.type("/quit");
        server.result().expect(0);
        var client = started(java(pair, "chat.ChatClient", "" + server.port));
        client.result().expect(1);
        client.expect("Connection refused");
        assertFalse(client.said().contains("Exception"), client.said());
    }

    // ---- clients who do not keep to the rules

    @EveryBackend
    void who_never_reads_is_dropped_and_stops_nobody(Pair pair) throws Exception {
        var server = new Server(pair, null, "--queue", "100");
        Visitor alice = server.visitor("alice");
        Visitor bob = server.visitor("bob");
        alice.join("lobby");
        bob.join("lobby");
        var deaf = new Socket();
        sockets.add(deaf);
        deaf.setReceiveBufferSize(16 * 1024);
        deaf.connect(new InetSocketAddress("127.0.0.1", server.port));
        deaf.getOutputStream().write("/nick deaf\n/join\n".getBytes(StandardCharsets.UTF_8));
        bob.expect("* deaf joins");
        int said = 0;
        while (!server.said().contains("#3 deaf is dropped: lags 100 lines behind")) {
            assertTrue(said < 5_000, "it keeps what nobody reads, without end");
            String line = said++ + " " + MANY;
            alice.say(line);
            assertEquals("[lobby] alice: " + line, bob.lineAfter("* deaf is gone"));
        }
        assertTrue(said > 100, "dropped too early: " + said);
        bob.say("and now?");
        alice.expect("[lobby] bob: and now?");
    }

    /** Meanwhile nothing is reported again and again that cannot be written, or could be. */
    @EveryBackend
    void who_reads_late_gets_all(Pair pair) throws Exception {
        var server = new Server(pair, null, "--queue", "5000");
        Visitor alice = server.visitor("alice");
        Visitor late = server.visitor("late");
        Visitor bob = server.visitor("bob");
        late.join("lobby");
        alice.join("lobby");
        bob.join("lobby");
        for (int i = 0; i < 5000; i++) { // five megabytes: more than the kernel keeps
            alice.say(i + MANY);
            assertEquals("[lobby] alice: " + i + MANY, bob.line());
        }
        server.type("/list");
        String polls = server.expect("* 3 clients, ").replaceAll("\\D+3\\D+(\\d+)\\D+", "$1");
        assertTrue(Integer.parseInt(polls) < 1.5 * 5000, () -> "it spins: polls " + polls);
        late.expect("* bob joins");
        for (int i = 0; i < 5000; i++) {
            assertEquals("[lobby] alice: " + i + MANY, late.line());
        }
        late.say("thank you");
        alice.expect("[lobby] late: thank you");
    }

    @EveryBackend
    void an_endless_line_ends_its_connection(Pair pair) throws Exception {
        var server = new Server(pair);
        Visitor other = server.visitor("other");
        other.join("lobby");
        Visitor longest = server.visitor("longest");
        longest.join("lobby");
        other.expect("* longest joins");
        longest.say("y".repeat(4096));
        assertEquals("[lobby] longest: " + "y".repeat(4096), other.line());
        byte[] endless = new byte[64 * 1024];
        Arrays.fill(endless, (byte) 'z');
        try {
            for (int i = 0; i < 10_000; i++) {
                longest.socket.getOutputStream().write(endless);
            }
            throw new AssertionError("it reads an endless line for ever");
        } catch (SocketException e) {
            server.expect("#2 longest is dropped: a line of more than 4096 bytes");
        }
        assertEquals("* longest is gone", other.line());
        other.say("/who");
        assertEquals("* other in lobby (you)", other.line());
    }

    @Test
    void no_control_character_reaches_another_terminal() throws Exception {
        var server = new Server(available());
        Visitor other = server.visitor("other");
        other.join("lobby");
        Visitor noisy = server.visitor("noisy");
        noisy.join("lobby");
        other.expect("* noisy joins");
        noisy.say("\u001b[31mred\u001b[0m \u001b]0;title\u0007bell\u0007 \u009b2Jc1\tand\b\r");
        assertEquals("[lobby] noisy: red bell c1 and", other.line());
        noisy.say("\u202etxet\u2066 \u001b\u001b[m[31m x");
        assertEquals("[lobby] noisy: txet [31m x", other.line());
        noisy.send(new byte[] {(byte) 0xff, (byte) 0xc3, '(', (byte) 0xed, (byte) 0xa0, '\n'});
        assertEquals("[lobby] noisy: \ufffd\ufffd(\ufffd", other.line());
        var random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] garbage = new byte[random.nextInt(4000)];
            random.nextBytes(garbage);
            noisy.send(garbage);
            noisy.say("\nend " + i);
            for (String line; !(line = other.line()).endsWith("end " + i); ) {
                assertTrue(line.codePoints().noneMatch(Character::isISOControl), line);
            }
        }
        server.type("/quit");
        server.result().expect(0);
        assertTrue(
                server.said().codePoints().allMatch(c -> c == '\n' || !Character.isISOControl(c)));
    }

    @EveryBackend
    void a_reset_ends_one_connection_and_no_other(Pair pair) throws Exception {
        var server = new Server(pair);
        Visitor other = server.visitor("other");
        other.join("lobby");
        for (int i = 2; i < 30; i++) {
            Visitor reset = server.visitor("reset");
            reset.join("lobby");
            other.expect("* reset joins");
            reset.send("half a li".getBytes(StandardCharsets.UTF_8));
            reset.socket.setSoLinger(true, 0);
            reset.socket.close();
            assertEquals("* reset is gone", other.line());
        }
        other.say("/who");
        assertEquals("* other in lobby (you)", other.line());
    }

    @Test
    void more_clients_than_allowed_are_refused() throws Exception {
        var server = new Server(available(), null, "--clients", "1");
        Visitor first = server.visitor();
        try (var second = new Socket("127.0.0.1", server.port)) {
            assertEquals(-1, second.getInputStream().read());
        }
        server.expect("refused one: 1 clients are connected");
        first.say("/quit");
        server.expect("- #1 guest-1");
        server.visitor();
    }

    /** Meanwhile those who wait are not reported again and again. */
    @EveryBackend
    void without_a_free_descriptor_the_rest_waits_and_is_served_later(Pair pair) throws Exception {
        int rounds = 1000;
        var server = new Server(pair, 100);
        var waiting = new ArrayList<Socket>();
        for (int i = 0; i < 150; i++) {
            var socket = new Socket("127.0.0.1", server.port); // the kernel's doing
            socket.setSoTimeout(LIMIT_MILLIS);
            sockets.add(socket);
            waiting.add(socket);
        }
        server.expect("cannot accept at the moment");
        for (int i = 0; i < rounds; i++) {
            server.type("@0 " + i);
        }
        server.type("/list");
        String list = server.expect(" polls until now");
        int polls = Integer.parseInt(list.replaceAll(".* (\\d+) polls.*", "$1"));
        assertTrue(polls < 1.5 * rounds, list);
        for (Socket next : waiting) { // each that leaves makes room for one
            assertEquals('*', next.getInputStream().read());
            next.close();
        }
        server.expect("- #150 guest-150");
        assertEquals(1, server.said().lines().filter(l -> l.contains("cannot accept")).count());
        server.type("/quit");
        server.result().expect(0);
    }

    @Test
    void netcat_is_a_client() throws Exception {
        assumeInstalled("nc");
        var server = new Server(available());
        var nc = started(List.of("nc", "127.0.0.1", "" + server.port));
        nc.expect("* you are guest-1");
        nc.type("hello");
        server.expect("#1 guest-1: hello");
        server.type("@1 hello nc");
        nc.expect("<operator> hello nc");
        server.type("/quit");
        nc.expect("* the chat is over");
    }

    @Test
    void nonsense_is_refused() throws Exception {
        Pair pair = available();
        Program.run(java(pair, "chat.ChatServer", "--nonsense")).expect(2);
        Program.run(java(pair, "chat.ChatServer", "--queue", "0")).expect(1);
        Program.run(java(pair, "chat.ChatClient", "port")).expect(2);
    }

    // ---- terminals

    /** The mode of a terminal is its open file's: what a program leaves there, the shell has. */
    @Test
    void the_terminal_is_never_made_non_blocking() throws Exception {
        Host.requireLinux("/proc tells the mode of a descriptor");
        assumeInstalled("script");
        Path server = program("server", java(available(), "chat.ChatServer", "0"));
        String commands =
                "sh " + server + "; grep flags /proc/self/fdinfo/0; read line; echo $line";
        var terminal = started(List.of("script", "-qec", commands, "/dev/null"));
        int port = port(terminal.expect("chat on 127.0.0.1 port "));
        var visitor = new Visitor(port);
        terminal.type("hello from a terminal");
        visitor.expect("<operator to all> hello from a terminal");
        terminal.type("/quit");
        String flags = terminal.expect("flags:").replaceAll("\\D", "");
        assertEquals(0, Integer.parseInt(flags, 8) & 04000, flags); // O_NONBLOCK
        terminal.type("read by the shell");
        terminal.result().expect(0);
        terminal.expect("read by the shell");
    }

    @Test
    void a_session_with_three_clients() throws Exception {
        assumeInstalled("tmux");
        assumeInstalled("bash");
        Pair pair = available();
        try (var tmux = new Tmux()) {
            tmux.open("operator", "alice", "bob", "carol");
            tmux.type("operator", "sh " + program("server", java(pair, "chat.ChatServer", "0")));
            int port = port(tmux.expect("operator", "chat on 127.0.0.1 port "));
            Path client = program("client", java(pair, "chat.ChatClient", "" + port));
            int number = 0;
            for (String name : List.of("alice", "bob", "carol")) {
                tmux.type(name, "sh " + client);
                tmux.expect(name, "* you are guest-" + ++number);
                tmux.type(name, "/nick " + name);
                tmux.expect(name, "is now " + name);
            }
            tmux.type("alice", "good morning");
            tmux.expect("operator", "#1 alice: good morning");
            tmux.type("operator", "@1 good morning, alice");
            tmux.expect("alice", "<operator> good morning, alice");
            for (String name : List.of("alice", "bob", "carol")) {
                tmux.type(name, "/join");
                tmux.expect(name, "* you are in lobby");
            }
            tmux.type("bob", "gr\u00fc\u00dfe");
            tmux.expect("alice", "[lobby] bob: gr\u00fc\u00dfe");
            tmux.expect("carol", "[lobby] bob: gr\u00fc\u00dfe");
            tmux.type("operator", "tea is ready");
            for (String name : List.of("alice", "bob", "carol")) {
                tmux.expect(name, "<operator to all> tea is ready");
            }
            tmux.type("operator", "/kick 3 bedtime");
            tmux.expect("carol", "* you are kicked: bedtime");
            tmux.expectShell("carol");
            tmux.keys("bob", "C-d"); // the end of his input: he leaves
            tmux.expectShell("bob");
            tmux.expect("alice", "* bob is gone");
            tmux.type("operator", "/list");
            tmux.expect("operator", "* 1 client");
            tmux.keys("operator", "C-z"); // to the shell and back
            tmux.expectShell("operator");
            tmux.type("alice", "/op are you there?");
            tmux.type("operator", "fg");
            tmux.expect("operator", "#1 alice: are you there?");
            tmux.type("operator", "/help");
            tmux.expect("operator", "* @NUMBER TEXT (to one client)");
            tmux.type("operator", "/quit");
            tmux.expect("alice", "* the chat is over");
            tmux.expectShell("alice");
            tmux.expectShell("operator");
        }
    }

    /** A terminal of its own for each name, with a shell in it. */
    private final class Tmux implements Closeable {
        private int shells;

        void open(String... names) throws IOException {
            for (String name : names) {
                var start = new ArrayList<>(List.of("-d", "-n", name));
                if (name.equals(names[0])) {
                    start.addAll(0, List.of("new-session", "-s", "chat", "-x", "80", "-y", "40"));
                } else {
                    start.addAll(0, List.of("new-window", "-t", "chat"));
                }
                start.add("PS1='$ ' exec bash --norc");
                run(start);
                expect(name, "$");
            }
        }

        private String run(List<String> arguments) throws IOException {
            String socket = directory.resolve("tmux").toString();
            var command = new ArrayList<>(List.of("tmux", "-u", "-S", socket, "-f", "/dev/null"));
            command.addAll(arguments);
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("LC_ALL", "C.UTF-8");
            Process process = builder.start();
            String out = new String(process.getInputStream().readAllBytes(), "UTF-8");
            assertEquals(0, process.onExit().join().exitValue(), out);
            return out;
        }

        void type(String window, String line) throws IOException {
            run(List.of("send-keys", "-t", "chat:" + window, "-l", line));
            keys(window, "Enter");
        }

        void keys(String window, String keys) throws IOException {
            run(List.of("send-keys", "-t", "chat:" + window, keys));
        }

        String screen(String window) throws IOException {
            return run(List.of("capture-pane", "-p", "-J", "-S", "-", "-t", "chat:" + window));
        }

        /** Waits until this is on the screen. */
        String expect(String window, String part) throws IOException {
            String screen = expect(window, s -> s.contains(part), part);
            return screen.lines().filter(line -> line.contains(part)).findFirst().orElseThrow();
        }

        private String expect(String window, Predicate<String> what, String name)
                throws IOException {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
            while (true) {
                String screen = screen(window);
                if (what.test(screen)) {
                    return screen;
                }
                assertTrue(System.nanoTime() < end, () -> "no '" + name + "' in:\n" + screen);
            }
        }

        /** Its prompt is the last of the screen; then it reads what is typed, and does it. */
        void expectShell(String window) throws IOException {
            expect(window, screen -> screen.strip().endsWith("\n$"), "prompt");
            shells++;
            type(window, "echo shell $((100 + " + shells + "))");
            expect(window, "shell " + (100 + shells));
        }

        @Override
        public void close() throws IOException {
            run(List.of("kill-server"));
        }
    }

    // ---- how they are started

    private static Pair available() {
        List<Pair> here =
                Pair.all().stream()
                        .filter(p -> p.unavailableBecause() == null)
                        .filter(Capability.IN_A_CHILD::isThere)
                        .toList();
        assumeTrue(!here.isEmpty(), "no backend is available to a child");
        return here.get(0);
    }

    /** A script that runs this, for a shell: a terminal breaks a line of this length. */
    private Path program(String name, List<String> command) throws IOException {
        Path script = directory.resolve(name);
        Files.writeString(script, "exec '" + String.join("' '", command) + "'\n");
        return script;
    }

    private static int port(String line) {
        return Integer.parseInt(line.replaceAll(".* port ([0-9]+) .*", "$1").strip());
    }

    private Program started(List<String> command) throws IOException {
        return started(command, null);
    }

    /** Without a file its input is a pipe. */
    private Program started(List<String> command, File input) throws IOException {
        var program = new Program(reading(command, input));
        programs.add(program);
        return program;
    }

    private static ProcessBuilder reading(List<String> command, File input) {
        var builder = new ProcessBuilder(command);
        return input == null ? builder : builder.redirectInput(input);
    }

    private final class Server extends Program {
        final int port;

        Server(Pair pair) throws Exception {
            this(pair, null);
        }

        Server(Pair pair, File input, String... options) throws Exception {
            super(reading(java(pair, "chat.ChatServer", with("0", options)), input));
            programs.add(this);
            String first = expect("chat on 127.0.0.1 port ");
            assertTrue(first.endsWith("(" + pair.backend() + ")"), first);
            port = port(first);
        }

        /** With this limit of open descriptors. */
        Server(Pair pair, int descriptors) throws Exception {
            super(limited(descriptors, java(pair, "chat.ChatServer", "0", "--clients", "1000")));
            programs.add(this);
            port = port(expect("chat on 127.0.0.1 port "));
        }

        Visitor visitor() throws IOException {
            return new Visitor(port);
        }

        Visitor visitor(String nick) throws IOException {
            Visitor visitor = visitor();
            visitor.say("/nick " + nick);
            visitor.expect("is now " + nick);
            return visitor;
        }
    }

    private static String[] with(String first, String... rest) {
        var all = new ArrayList<>(List.of(first));
        all.addAll(List.of(rest));
        return all.toArray(new String[0]);
    }

    /** A client of plain sockets. It takes what it is sent for UTF-8 to the letter. */
    private final class Visitor {
        final Socket socket;
        private final BufferedReader in;

        Visitor(int port) throws IOException {
            socket = Program.connect(port);
            sockets.add(socket);
            var strict =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT);
            in = new BufferedReader(new InputStreamReader(socket.getInputStream(), strict));
            expect("* you are guest-");
        }

        void send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        void say(String line) throws IOException {
            send((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        void join(String room) throws IOException {
            say("/join " + room);
            expect("* you are in " + room);
        }

        /** The next line; null if there will be none. */
        String line() throws IOException {
            return in.readLine();
        }

        /** The next line that is not this one. */
        String lineAfter(String news) throws IOException {
            String line = line();
            return news.equals(line) ? line() : line;
        }

        /** Reads on to a line with this in it. */
        void expect(String part) throws IOException {
            for (String line; (line = line()) != null; ) {
                if (line.contains(part)) {
                    return;
                }
            }
            throw new AssertionError("it ended without " + part);
        }
    }
}
