package dev.pollux.examples;

import static dev.pollux.examples.Examples.available;
import static dev.pollux.examples.Examples.hasEdge;
import static dev.pollux.examples.Examples.java;
import static dev.pollux.examples.Examples.random;
import static dev.pollux.examples.Examples.run;
import static dev.pollux.examples.Examples.sending;
import static dev.pollux.support.Program.LIMIT_MILLIS;
import static dev.pollux.support.Program.assumeInstalled;
import static dev.pollux.support.Program.limited;
import static dev.pollux.support.Program.spawn;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.examples.Examples.Server;
import dev.pollux.support.Capability;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import java.io.IOException;
import java.io.InputStream;
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
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The edge-triggered echo servers, and what goes with them. */
@Tag("long")
class ExamplesTest {
    /** One server for each pair, used by all tests one after another. */
    private static final Map<Pair, Server> SERVERS = new HashMap<>();

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

    /** The data and the end are reported by one event; a short read must not hide the end. */
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
        var server = new Server("EdgeEchoServer", pair, 1000); // its own, for what it counts
        int rounds = 2000;
        int before = 0;
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
                before++;
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
        double most = 1.5 * (before + rounds);
        assertTrue(server.counted("events") < most, "the paused one is reported for ever");
    }

    @EveryBackend
    void a_firehose_starves_nobody(Pair pair) throws Exception {
        var server = new Server("EdgeEchoServer", pair, 1000); // its own, for what it counts
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
        var server = new Server("EdgeEchoServer", pair, 150);
        var sockets = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 200; i++) {
                Socket socket = server.connect(); // the kernel's doing, before it is accepted
                sockets.add(socket);
                socket.getOutputStream().write(i);
            }
            server.expect("cannot accept at the moment");
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
        boolean option = Program.run("nc", "-h").text().contains("-N") && !Host.MACOS;
        var nc = new ArrayList<>(List.of("nc", "127.0.0.1", "" + server(pair).port));
        if (option) {
            nc.add(1, "-N"); // OpenBSD's: says that it has sent all; Apple's does so anyway
        }
        Path input = Files.createTempFile("pollux", ".txt");
        try {
            Files.writeString(input, "a line\n".repeat(50_000));
            var netcat = new ProcessBuilder(nc).redirectInput(input.toFile());
            assertEquals(Files.readString(input), Program.run(netcat, "").text());
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
        assertEquals("a line\n", Program.run("bash", "-c", line).text());
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
            server.expect("cannot accept at the moment");
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
        Result demo = run(pair, "EdgeEchoDemo", "--connections", "40", "--bytes", "65536");
        assertEquals(0, demo.status(), demo.text());
        // Who takes the error away makes an end of the reset.
        String resets = Capability.KEEPS_PENDING_ERRORS.isThere() ? "2" : "[0-2]";
        demo.expectLine("connections +40  40 at once, " + resets + " reset");
        demo.expectLine("bytes lost +0  CRC32C of each connection agrees");
        demo.expectLine("polls +[1-9].*");
        demo.expectLine("reads +[1-9].* an event");
        demo.expectLine("EAGAINs met +[0-9,]+  [0-9]+ reading, [0-9]+ writing");
        demo.expectLine("Every byte came back: .*");
        assertTrue(demo.text().contains("100%"), demo.text());
    }

    /** The control: it can fail. Under LEVEL the same mistake would be none. */
    @Test
    void the_demonstration_shows_what_reading_once_loses_under_edge() throws Exception {
        Pair edge = available(Backend.EPOLL, Backend.KQUEUE);
        Result demo = run(edge, "EdgeEchoDemo", "--connections", "30", "--drain", "once");
        assertEquals(1, demo.status(), demo.text());
        demo.expectLine("bytes lost +[1-9][0-9,]*  [0-9]+ connections incomplete or damaged");
        demo.expectLine("Not every byte came back.*");
    }

    @Test
    void the_demonstration_comes_to_an_end() throws Exception {
        Pair any = available(Backend.values());
        // Slow readers alone take longer than that.
        Result demo = run(any, "EdgeEchoDemo", "--connections", "20", "--deadline", "1");
        assertEquals(2, demo.status(), demo.text());
        demo.expectLine("Not over after 1 s: giving up.");
    }

    @Test
    void the_demonstration_says_how_to_get_enough_descriptors() throws Exception {
        Pair any = available(Backend.values());
        List<String> demo = limited(150, java(any, "EdgeEchoDemo"));
        Result run = Program.run(demo);
        assertEquals(2, run.status(), run.text());
        run.expectLine("Raise it: +ulimit -n 1100");
        run.expectLine("or take less: make demo ARGS='--connections 25'");
    }

    @Test
    void the_demonstration_refuses_nonsense() throws Exception {
        Pair any = available(Backend.values());
        assertEquals(2, run(any, "EdgeEchoDemo", "--connections", "0").status());
        assertEquals(2, run(any, "EdgeEchoDemo", "--drain", "now").status());
    }

    // ---- edge against level

    @EveryBackend
    void edge_against_level_shows_what_is_left_behind(Pair pair) throws Exception {
        Result run = run(pair, "EdgeAndLevel");
        assertEquals(0, run.status(), run.text());
        if (hasEdge(pair)) {
            run.expectLine("LEVEL +EDGE +EDGE +ONESHOT");
            run.expectLine("poll 1 +READ abcd +READ abcd +READ abcd efgh EAGAIN +READ abcd");
            run.expectLine("poll 2 +READ efgh +[.]  4 unread +[.] +READ efgh");
            run.expectLine("reported +3 +2 +2 +3");
            run.expectLine("reads +3 +2 +5 +3");
            run.expectLine("bytes read +12 +8 +12 +12");
            run.expectLine("left behind +0 +4 .* +0 +0");
        } else {
            run.expectLine("LEVEL +ONESHOT");
            run.expectLine("reported +3 +3");
            run.expectLine("left behind +0 +0");
        }
        run.text().lines().forEach(line -> assertTrue(line.length() < 100, line));
        assertTrue(run.text().chars().allMatch(c -> c < 128), run.text());
    }

    /** What is counted; how long it took is the machine's affair. */
    @Test
    void when_edge_pays_counts_the_calls_of_each_way() throws Exception {
        Result run = run(available(Backend.EPOLL, Backend.KQUEUE), "WhenEdgePays");
        assertEquals(0, run.status(), run.text());
        String each = ".* [|] [0-9.]+ [|] [0-9.]+ [|] [0-9.]+ [|] ";
        assertEquals(
                3,
                run.text()
                        .lines()
                        .filter(l -> l.matches("[|] LEVEL: one read" + each + ".*"))
                        .count());
        run.expectLine(
                "[|] LEVEL: one read" + each + "[1-9].*"); // it modifies where a reply is stuck
        assertEquals(
                6,
                run.text()
                        .lines()
                        .filter(l -> l.matches("[|] EDGE: " + each + "0[.]00 .*"))
                        .count());
        Result none = run(available(Backend.POLL, Backend.SELECT), "WhenEdgePays");
        assertEquals(0, none.status(), none.text());
        none.expectLine(".* has no EDGE: there is nothing to compare");
    }

    private static Server server(Pair pair) throws Exception {
        Server server = SERVERS.get(pair);
        if (server == null) {
            server = new Server("EdgeEchoServer", pair, 1000);
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
            Examples.endServers();
        }
    }

    private static void pingPong(Socket socket, int i) throws IOException {
        socket.getOutputStream().write(i);
        assertEquals(i & 0xff, socket.getInputStream().read());
    }
}
