package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.EveryBackend.Pair;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Starts the examples as their reader does, each in a JVM of its own and by the class path, and
 * talks to them.
 */
class ExamplesTest {
    private static final int LIMIT_MILLIS = 60_000;

    /** One server for each pair, used by all tests one after another. */
    private static final Map<Pair, Server> SERVERS = new HashMap<>();

    /** All that were started, so that none is left behind by a test that fails. */
    private static final List<Process> STARTED = new ArrayList<>();

    // ---- the server

    @EveryBackend
    void what_is_sent_comes_back_whatever_the_pieces(Pair pair) throws Exception {
        expectAllBack(server(pair));
    }

    private static void expectAllBack(Server server) throws Exception {
        for (int piece : new int[] {7, 1000, 64 * 1024, 300_000}) {
            try (Socket socket = server.connect()) {
                byte[] bytes = random(Math.min(piece * 1000, 2_000_000));
                var sender = sending(socket, bytes, piece, false);
                assertArrayEquals(bytes, socket.getInputStream().readNBytes(bytes.length));
                sender.get();
            }
        }
        server.expectNoConnections();
    }

    @EveryBackend
    void one_byte_at_a_time_is_answered_at_once(Pair pair) throws Exception {
        try (Socket socket = server(pair).connect()) {
            for (int i = 0; i < 200; i++) {
                pingPong(socket, i);
            }
        }
    }

    @EveryBackend
    void a_half_closed_connection_is_answered_to_the_end(Pair pair) throws Exception {
        expectAnswerToTheEnd(server(pair));
    }

    private static void expectAnswerToTheEnd(Server server) throws Exception {
        for (int size : new int[] {0, 1, 64 * 1024, 3_000_000}) {
            try (Socket socket = server.connect()) {
                byte[] bytes = random(size);
                var sender = sending(socket, bytes, 100_000, true);
                assertArrayEquals(bytes, socket.getInputStream().readAllBytes());
                sender.get();
            }
        }
        server.expectNoConnections();
    }

    /** The data and the end are told of by one event; a short read must not hide the end. */
    @EveryBackend
    void an_end_right_behind_the_data_is_seen(Pair pair) throws Exception {
        Server server = server(pair);
        for (int i = 0; i < 300; i++) {
            try (Socket socket = server.connect()) {
                socket.getOutputStream().write(new byte[] {1, 2, 3});
                socket.shutdownOutput();
                assertArrayEquals(new byte[] {1, 2, 3}, socket.getInputStream().readAllBytes());
            }
        }
        server.expectNoConnections();
    }

    /** A read stops at it; a short read does not mean then that there is no more. */
    @EveryBackend
    void urgent_data_holds_nothing_up(Pair pair) throws Exception {
        Server server = server(pair);
        byte[] half = random(1000);
        for (int i = 0; i < 200; i++) {
            try (Socket socket = server.connect()) {
                socket.getOutputStream().write(half);
                socket.sendUrgentData('!'); // not echoed: it is no part of the stream
                socket.getOutputStream().write(half);
                assertArrayEquals(half, socket.getInputStream().readNBytes(half.length));
                assertArrayEquals(half, socket.getInputStream().readNBytes(half.length));
            }
        }
        server.expectNoConnections();
    }

    @EveryBackend
    void a_reset_ends_one_connection_and_no_other(Pair pair) throws Exception {
        expectResetToEndOne(server(pair));
    }

    private static void expectResetToEndOne(Server server) throws Exception {
        try (Socket other = server.connect()) {
            for (int i = 0; i < 20; i++) {
                Socket socket = server.connect();
                socket.getOutputStream().write(random(50_000));
                if (i % 2 == 0) {
                    socket.getInputStream().read();
                }
                socket.setSoLinger(true, 0);
                socket.close();
                pingPong(other, i);
            }
            server.expectConnections(1);
            pingPong(other, 99);
        }
        server.expectNoConnections();
    }

    @EveryBackend
    void who_does_not_read_is_paused_loses_nothing_and_hinders_nobody(Pair pair) throws Exception {
        var server = new Server(pair, 1000); // its own, for what it counts
        int rounds = 5000;
        try (Socket other = server.connect();
                SocketChannel full = SocketChannel.open()) {
            full.setOption(StandardSocketOptions.SO_RCVBUF, 32 * 1024);
            full.connect(new InetSocketAddress("127.0.0.1", server.port));
            full.configureBlocking(false);
            // As much as goes in: while 100 rounds of another go by, it has not taken a byte more.
            byte[] pattern = random(64 * 1024);
            long swallowed = 0;
            for (int idle = 0; idle < 100 && swallowed < 200_000_000; ) {
                int at = (int) (swallowed % pattern.length);
                int n = full.write(ByteBuffer.wrap(pattern, at, pattern.length - at));
                swallowed += n;
                idle = n == 0 ? idle + 1 : 0;
                pingPong(other, idle);
            }
            assertTrue(swallowed < 200_000_000, "it keeps what it cannot send, without end");
            for (int i = 0; i < rounds; i++) {
                pingPong(other, i);
            }
            full.shutdownOutput();
            full.configureBlocking(true);
            InputStream in = full.socket().getInputStream();
            full.socket().setSoTimeout(LIMIT_MILLIS);
            for (long back = 0; back < swallowed; back += pattern.length) {
                int length = (int) Math.min(pattern.length, swallowed - back);
                byte[] expected = Arrays.copyOf(pattern, length);
                assertArrayEquals(expected, in.readNBytes(length), "from byte " + back);
            }
            assertEquals(-1, in.read());
            pingPong(other, 1);
        }
        server.expectNoConnections();
        server.stop();
        assertTrue(server.counted("pauses") > 0, server::said);
        assertTrue(server.counted("events") < 1.5 * rounds, "told of the paused one for ever");
    }

    @EveryBackend
    void a_firehose_starves_nobody(Pair pair) throws Exception {
        var server = new Server(pair, 1000); // its own, for what it counts
        long total = 0;
        try (Socket firehose = server.connect();
                Socket small = server.connect()) {
            var enough = new AtomicBoolean();
            var back = new AtomicLong();
            FutureTask<Long> sender =
                    spawn(
                            () -> {
                                byte[] water = new byte[1_000_000];
                                long sent = 0;
                                for (; !enough.get(); sent += water.length) {
                                    firehose.getOutputStream().write(water);
                                }
                                firehose.shutdownOutput();
                                return sent;
                            });
            FutureTask<Long> receiver =
                    spawn(
                            () -> {
                                byte[] sink = new byte[1_000_000];
                                for (int n; (n = firehose.getInputStream().read(sink)) >= 0; ) {
                                    back.addAndGet(n);
                                }
                                return back.get();
                            });
            for (int i = 0; i < 100 || back.get() < 50_000_000; i++) {
                total++;
                assertFalse(sender.isDone() || receiver.isDone(), "the firehose is dry");
                pingPong(small, i);
            }
            enough.set(true);
            assertEquals(sender.get(), receiver.get());
            total += sender.get();
        }
        server.expectNoConnections();
        server.stop(); // by SIGTERM, which it takes like Ctrl-C
        assertEquals(2, server.counted("connections"));
        assertEquals(total, server.counted("bytes in"));
        assertEquals(total, server.counted("bytes out"));
        assertTrue(server.counted("turns cut short") > 0, "never sent to the end of the line");
    }

    /** A server of its own: one whose classes are not loaded yet has the hardest time. */
    @EveryBackend
    void without_a_free_descriptor_the_rest_waits_and_is_served_later(Pair pair) throws Exception {
        var server = new Server(pair, 150);
        var sockets = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 200; i++) {
                Socket socket = server.connect(); // the kernel's doing, before it is accepted
                sockets.add(socket);
                socket.getOutputStream().write(i);
            }
            server.expectLine("cannot accept at the moment");
            try (Socket reset = sockets.remove(0)) {
                reset.setSoLinger(true, 0);
            }
            for (int i = 1; i < 200; i++) {
                try (Socket next = sockets.remove(0)) { // each that leaves makes room for one
                    assertEquals(i, next.getInputStream().read());
                    pingPong(next, i);
                }
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        server.expectNoConnections();
        server.stop();
    }

    @EveryBackend
    void it_talks_to_netcat(Pair pair) throws Exception {
        assumeInstalled("nc");
        boolean option = output(new ProcessBuilder("nc", "-h")).contains("-N") && !Host.MACOS;
        var nc = new ArrayList<>(List.of("nc", "127.0.0.1", "" + server(pair).port));
        if (option) {
            nc.add(1, "-N"); // OpenBSD's: says that it has sent all; Apple's does so anyway
        }
        Path input = Files.createTempFile("pollux", ".txt");
        try {
            Files.writeString(input, "a line\n".repeat(50_000));
            var netcat = new ProcessBuilder(nc).redirectInput(input.toFile());
            assertEquals(Files.readString(input), output(netcat));
        } finally {
            Files.delete(input);
        }
    }

    @EveryBackend
    void it_talks_to_a_shell(Pair pair) throws Exception {
        assumeInstalled("bash");
        String script =
                "exec 3<>/dev/tcp/127.0.0.1/%d; echo 'a line' >&3; read -r line <&3; echo \"$line\"";
        String line = script.formatted(server(pair).port);
        assertEquals("a line\n", output(new ProcessBuilder("bash", "-c", line)));
    }

    /** The server on the channels of java.nio keeps the same rules. */
    @EveryBackend
    void the_server_on_java_nio_answers_as_well(Pair pair) throws Exception {
        assumeTrue(hasEdge(pair), pair + ": it has no EDGE");
        var server = new Server("NioEdgeEchoServer", pair, 1000);
        expectAllBack(server);
        expectAnswerToTheEnd(server);
        expectResetToEndOne(server);
        server.stop();
    }

    /** Who cannot be accepted at the moment waits, and the server with him, without spinning. */
    @EveryBackend
    void the_server_on_java_nio_outlasts_the_want_of_descriptors(Pair pair) throws Exception {
        assumeTrue(hasEdge(pair), pair + ": it has no EDGE");
        var server = new Server("NioEdgeEchoServer", pair, 100);
        var sockets = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 150; i++) {
                sockets.add(server.connect());
            }
            server.expectLine("cannot accept at the moment");
            while (!sockets.isEmpty()) {
                try (Socket next = sockets.remove(0)) {
                    pingPong(next, sockets.size());
                }
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        server.expectNoConnections();
        server.stop();
    }

    private static boolean hasEdge(Pair pair) {
        return pair.backend() == Backend.EPOLL || pair.backend() == Backend.KQUEUE;
    }

    @EveryBackend
    void it_says_how_it_listens(Pair pair) throws Exception {
        boolean edge = hasEdge(pair);
        String how =
                edge
                        ? pair.backend() + ", EDGE)"
                        : pair.backend() + ", LEVEL: this backend has no EDGE)";
        assertTrue(server(pair).first.endsWith(how), server(pair).first);
    }

    // ---- the demonstration

    @EveryBackend
    void the_demonstration_gets_every_byte_back(Pair pair) throws Exception {
        Run demo = run(pair, "EdgeEchoDemo", "--connections", "40", "--bytes", "65536");
        assertEquals(0, demo.status, demo.out);
        // Who takes the error away makes an end of the reset.
        String resets = Capability.KEEPS_PENDING_ERRORS.isThere() ? "2" : "[0-2]";
        demo.expectLine("connections +40  40 at once, " + resets + " reset");
        demo.expectLine("bytes lost +0  CRC32C of each connection agrees");
        demo.expectLine("polls +[1-9].*");
        demo.expectLine("reads +[1-9].* an event");
        demo.expectLine("EAGAINs met +[0-9,]+  [0-9]+ reading, [0-9]+ writing");
        demo.expectLine("Every byte came back: .*");
        assertTrue(demo.out.contains("100%"), demo.out);
    }

    /** The control: it can fail. Under LEVEL the same mistake would be none. */
    @Test
    void the_demonstration_shows_what_reading_once_loses_under_edge() throws Exception {
        Pair edge = available(Backend.EPOLL, Backend.KQUEUE);
        Run demo = run(edge, "EdgeEchoDemo", "--connections", "30", "--drain", "once");
        assertEquals(1, demo.status, demo.out);
        demo.expectLine("bytes lost +[1-9][0-9,]*  [0-9]+ connections incomplete or damaged");
        demo.expectLine("Not every byte came back.*");
    }

    @Test
    void the_demonstration_comes_to_an_end() throws Exception {
        Pair any = available(Backend.values());
        // Slow readers alone take longer than that.
        Run demo = run(any, "EdgeEchoDemo", "--connections", "20", "--deadline", "1");
        assertEquals(2, demo.status, demo.out);
        demo.expectLine("Not over after 1 s: giving up.");
    }

    @Test
    void the_demonstration_says_how_to_get_enough_descriptors() throws Exception {
        Pair any = available(Backend.values());
        List<String> demo = limited(150, java(any, "EdgeEchoDemo"));
        Run run = run(demo);
        assertEquals(2, run.status, run.out);
        run.expectLine("Raise it: +ulimit -n 1100");
        run.expectLine("or take less: make demo ARGS='--connections 25'");
    }

    @Test
    void the_demonstration_refuses_nonsense() throws Exception {
        Pair any = available(Backend.values());
        assertEquals(2, run(any, "EdgeEchoDemo", "--connections", "0").status);
        assertEquals(2, run(any, "EdgeEchoDemo", "--drain", "now").status);
    }

    // ---- edge against level

    @EveryBackend
    void edge_against_level_shows_what_is_left_behind(Pair pair) throws Exception {
        Run run = run(pair, "EdgeAndLevel");
        assertEquals(0, run.status, run.out);
        if (hasEdge(pair)) {
            run.expectLine("LEVEL +EDGE +EDGE +ONESHOT");
            run.expectLine("poll 1 +READ abcd +READ abcd +READ abcd efgh EAGAIN +READ abcd");
            run.expectLine("poll 2 +READ efgh +[.]  4 unread +[.] +READ efgh");
            run.expectLine("was told +3 +2 +2 +3");
            run.expectLine("reads +3 +2 +5 +3");
            run.expectLine("bytes read +12 +8 +12 +12");
            run.expectLine("left behind +0 +4 .* +0 +0");
        } else {
            run.expectLine("LEVEL +ONESHOT");
            run.expectLine("was told +3 +3");
            run.expectLine("left behind +0 +0");
        }
        run.out.lines().forEach(line -> assertTrue(line.length() < 100, line));
        assertTrue(run.out.chars().allMatch(c -> c < 128), run.out);
    }

    // ---- how they are started

    /** Some pair that can be used here, with one of these backends; skips if there is none. */
    private static Pair available(Backend... backends) {
        List<Pair> pairs = new ArrayList<>(Pair.all());
        pairs.removeIf(p -> !List.of(backends).contains(p.backend()));
        List<Pair> here = pairs.stream().filter(p -> p.unavailableBecause() == null).toList();
        assumeTrue(!here.isEmpty(), "none available of " + pairs);
        return here.get(0);
    }

    private static List<String> java(Pair pair, String example, String... arguments)
            throws IOException {
        assumeTrue(Capability.IN_A_CHILD.isThere(pair), () -> pair + ": a model is in this JVM");
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xcheck:jni"));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-Dpollux.binding=" + pair.binding());
        command.add("-Dpollux.backend=" + pair.backend());
        for (String library : List.of("pollux.library.path", "pollux.kqueue.library")) {
            if (System.getProperty(library) != null) {
                command.add("-D" + library + "=" + System.getProperty(library));
            }
        }
        String libraries = Files.readString(Path.of("target", "classpath.txt")).strip();
        command.addAll(List.of("-cp", "target/test-classes:target/classes:" + libraries, example));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The same with this limit of open descriptors. */
    private static List<String> limited(int descriptors, List<String> command) {
        var limited = new ArrayList<>(List.of("sh", "-c"));
        limited.addAll(List.of("ulimit -n " + descriptors + " && exec \"$@\"", "sh"));
        limited.addAll(command);
        return limited;
    }

    /** What it printed, and its exit status. */
    private record Run(int status, String out) {
        /** A line of which this is all but the margin. */
        void expectLine(String regex) {
            assertTrue(
                    out.lines().anyMatch(line -> line.strip().matches(regex)),
                    () -> "no line like: " + regex + "\n" + out);
        }
    }

    private static Run run(Pair pair, String example, String... arguments) throws Exception {
        return run(java(pair, example, arguments));
    }

    private static Run run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        endAtLast(process);
        String out = new String(process.getInputStream().readAllBytes());
        expectNoMisuse(out);
        return new Run(process.waitFor(), out);
    }

    private static String output(ProcessBuilder builder) throws Exception {
        Process process = builder.redirectErrorStream(true).start();
        endAtLast(process);
        return new String(process.getInputStream().readAllBytes());
    }

    private static void endAtLast(Process process) {
        CompletableFuture.delayedExecutor(LIMIT_MILLIS, TimeUnit.MILLISECONDS)
                .execute(process::destroyForcibly);
    }

    /** Of -Xcheck:jni. */
    private static void expectNoMisuse(String out) {
        assertFalse(out.contains("in native method"), out);
    }

    private static void assumeInstalled(String program) {
        boolean installed =
                Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        if (!installed) {
            System.out.println(
                    "ExamplesTest: " + program + " is not installed, so it is not tried");
        }
        assumeTrue(installed, program + " is not installed");
    }

    /** A running server. */
    private static final class Server {
        final Process process;
        final String first;
        final int port;
        private final StringBuilder said = new StringBuilder(); // guarded by itself
        private final FutureTask<Void> listening;

        Server(Pair pair, int descriptors) throws Exception {
            this("EdgeEchoServer", pair, descriptors);
        }

        Server(String example, Pair pair, int descriptors) throws Exception {
            List<String> command = java(pair, example, "0");
            process =
                    new ProcessBuilder(limited(descriptors, command))
                            .redirectErrorStream(true)
                            .start();
            STARTED.add(process);
            listening = spawn(this::listen);
            first = expectLine("echo server on 127.0.0.1 port ");
            port = Integer.parseInt(first.replaceAll(".* port ([0-9]+) .*", "$1"));
        }

        private Void listen() throws IOException {
            BufferedReader out = process.inputReader();
            for (String line; (line = out.readLine()) != null; ) {
                synchronized (said) {
                    said.append(line).append('\n');
                    said.notifyAll();
                }
            }
            return null;
        }

        String said() {
            synchronized (said) {
                return said.toString();
            }
        }

        /** Waits until it has said a line with this in it. */
        String expectLine(String part) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
            synchronized (said) {
                while (!said.toString().contains(part)) {
                    assertTrue(process.isAlive() && System.nanoTime() < end, () -> said.toString());
                    said.wait(100);
                }
                return said.toString()
                        .lines()
                        .filter(line -> line.contains(part))
                        .findFirst()
                        .get();
            }
        }

        /** A number of its closing table. */
        long counted(String name) {
            String line = said().lines().filter(l -> l.strip().startsWith(name)).findFirst().get();
            return Long.parseLong(
                    line.strip().substring(name.length()).strip().split(" ")[0].replace(",", ""));
        }

        Socket connect() throws IOException {
            var socket = new Socket("127.0.0.1", port);
            socket.setSoTimeout(LIMIT_MILLIS);
            socket.setTcpNoDelay(true);
            return socket;
        }

        /** Sockets of its port that a process has open, but for the listening one. */
        private int connections() throws Exception {
            if (!Host.LINUX) {
                return connectionsOfNetstat();
            }
            int open = 0;
            for (String table : List.of("tcp", "tcp6")) {
                var lines = Files.readAllLines(Path.of("/proc/net", table));
                for (String line : lines.subList(1, lines.size())) {
                    String[] columns = line.strip().split(" +"); // man 5 proc
                    boolean ours = columns[1].endsWith(String.format(":%04X", port));
                    boolean listening = columns[3].equals("0A");
                    boolean orphan = columns[9].equals("0");
                    open += ours && !listening && !orphan ? 1 : 0;
                }
            }
            return open;
        }

        /** The same by the states in which a process has not closed its socket. */
        private int connectionsOfNetstat() throws Exception {
            String out = output(new ProcessBuilder("netstat", "-an", "-p", "tcp"));
            int open = 0;
            for (String line : out.lines().toList()) {
                String[] columns = line.strip().split(" +"); // protocol, queues, local, peer, state
                open +=
                        columns.length >= 6
                                        && columns[3].endsWith("." + port)
                                        && columns[5].matches("ESTABLISHED|CLOSE_WAIT")
                                ? 1
                                : 0;
            }
            return open;
        }

        void expectNoConnections() throws Exception {
            expectConnections(0);
        }

        /** Waits until it has as many connections open. */
        void expectConnections(int count) throws Exception {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
            while (connections() != count) {
                assertTrue(process.isAlive(), this::said);
                assertTrue(System.nanoTime() < end, () -> "not " + count + " connections");
                Thread.sleep(5);
            }
        }

        void stop() throws Exception {
            process.toHandle().destroy(); // leaves its output to be read
            assertTrue(process.waitFor(LIMIT_MILLIS, TimeUnit.MILLISECONDS));
            listening.get();
            expectNoMisuse(said());
            assertFalse(said().contains("Exception"), said());
        }
    }

    private static Server server(Pair pair) throws Exception {
        Server server = SERVERS.get(pair);
        if (server == null) {
            server = new Server(pair, 1000);
            SERVERS.put(pair, server);
        }
        assertTrue(server.process.isAlive(), server.said());
        return server;
    }

    @AfterAll
    static void stop() throws Exception {
        try {
            for (Server server : SERVERS.values()) {
                server.stop();
            }
        } finally {
            STARTED.forEach(Process::destroyForcibly);
        }
    }

    // ---- what clients do

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static void pingPong(Socket socket, int i) throws IOException {
        socket.getOutputStream().write(i);
        assertEquals(i & 0xff, socket.getInputStream().read());
    }

    /** Sends all in such pieces, by another thread, and then says so if {@code closing}. */
    private static FutureTask<Void> sending(
            Socket socket, byte[] bytes, int piece, boolean closing) {
        return spawn(
                () -> {
                    OutputStream out = socket.getOutputStream();
                    for (int at = 0; at < bytes.length; at += piece) {
                        out.write(bytes, at, Math.min(piece, bytes.length - at));
                    }
                    if (closing) {
                        socket.shutdownOutput();
                    }
                    return null;
                });
    }

    private static <T> FutureTask<T> spawn(Callable<T> job) {
        var task = new FutureTask<>(job);
        var thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        return task;
    }
}
