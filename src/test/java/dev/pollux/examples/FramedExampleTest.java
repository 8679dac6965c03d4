package dev.pollux.examples;

import static dev.pollux.examples.Examples.available;
import static dev.pollux.examples.Examples.hasEdge;
import static dev.pollux.examples.Examples.run;
import static dev.pollux.examples.Examples.sending;
import static dev.pollux.support.Program.LIMIT_MILLIS;
import static dev.pollux.support.Program.spawn;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.Trigger;
import dev.pollux.examples.Examples.Server;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** FramedServer, under LEVEL and where there is one under EDGE. */
@Tag("long")
class FramedExampleTest {
    private static final int LIMIT = 65_536;

    /** One for each pair and trigger, used by all tests one after another. */
    private static final Map<String, Server> SERVERS = new HashMap<>();

    private static List<Server> servers(Pair pair) throws Exception {
        var servers = new ArrayList<Server>();
        for (Trigger trigger : triggers(pair)) {
            String name = pair + "/" + trigger;
            if (!SERVERS.containsKey(name)) {
                SERVERS.put(name, start(pair, trigger));
            }
            Server server = SERVERS.get(name);
            assertTrue(server.process.isAlive(), server.said());
            servers.add(server);
        }
        return servers;
    }

    private static List<Trigger> triggers(Pair pair) {
        return hasEdge(pair) ? List.of(Trigger.LEVEL, Trigger.EDGE) : List.of(Trigger.LEVEL);
    }

    private static Server start(Pair pair, Trigger trigger, String... options) throws Exception {
        var all = new ArrayList<>(List.of("--trigger", trigger.name().toLowerCase(Locale.ROOT)));
        all.addAll(List.of(options));
        return new Server("FramedServer", pair, 1000, all.toArray(String[]::new));
    }

    @AfterAll
    static void end() throws Exception {
        try {
            for (Server server : SERVERS.values()) {
                server.stop();
            }
        } finally {
            Examples.endServers();
        }
    }

    // ---- requests in whatever pieces

    @EveryBackend
    void a_body_comes_back_reversed(Pair pair) throws Exception {
        for (Server server : servers(pair)) {
            try (Socket socket = server.connect()) {
                socket.getOutputStream().write("00003abc".getBytes(UTF_8));
                assertEquals("00003cba", new String(socket.getInputStream().readNBytes(8), UTF_8));
            }
            server.expectNoConnections();
        }
    }

    @EveryBackend
    void one_byte_at_a_time_will_do(Pair pair) throws Exception {
        byte[] requests = requests(new Random(1), 30, 20);
        for (Server server : servers(pair)) {
            try (Socket socket = server.connect()) { // without delay: a segment each
                var sender = sending(socket, requests, 1, true);
                assertArrayEquals(replies(requests), socket.getInputStream().readAllBytes());
                sender.get();
            }
        }
    }

    @EveryBackend
    void many_requests_in_one_piece_are_all_answered(Pair pair) throws Exception {
        byte[] requests = requests(new Random(2), 2000, 10);
        for (Server server : servers(pair)) {
            try (Socket socket = server.connect()) {
                var sender = sending(socket, requests, requests.length, true);
                assertArrayEquals(replies(requests), socket.getInputStream().readAllBytes());
                sender.get();
            }
        }
    }

    @EveryBackend
    void random_requests_in_random_pieces_are_all_answered(Pair pair) throws Exception {
        for (Server server : servers(pair)) {
            var clients = new ArrayList<FutureTask<Void>>();
            for (int seed = 0; seed < 12; seed++) {
                var random = new Random(seed);
                int longest = List.of(3, 100, 3000, LIMIT).get(seed % 4);
                clients.add(
                        spawn(
                                () -> {
                                    talkInRandomPieces(server, random, longest);
                                    return null;
                                }));
            }
            for (var client : clients) {
                client.get();
            }
            server.expectNoConnections();
        }
    }

    private static void talkInRandomPieces(Server server, Random random, int longest)
            throws Exception {
        byte[] requests = requests(random, 1 + 2_000_000 / (longest + 2000), longest);
        try (Socket socket = server.connect()) {
            FutureTask<Void> sender =
                    spawn(
                            () -> {
                                OutputStream out = socket.getOutputStream();
                                for (int at = 0, n; at < requests.length; at += n) {
                                    int most = random.nextBoolean() ? 10 : 40_000;
                                    n = Math.min(1 + random.nextInt(most), requests.length - at);
                                    out.write(requests, at, n);
                                }
                                socket.shutdownOutput();
                                return null;
                            });
            assertArrayEquals(replies(requests), socket.getInputStream().readAllBytes());
            sender.get();
        }
    }

    // ---- what is not a request

    /** What is malformed, and what the log says of it. */
    private static final Map<String, String> MALFORMED =
            Map.ofEntries(
                    Map.entry("abcde", "\"a\": five digits"),
                    Map.entry("0000a", "\"0000a\": five digits"),
                    Map.entry("-0001x", "\"-\": five digits"),
                    Map.entry("+0001x", "\"+\": five digits"),
                    Map.entry(" 0001x", "\" \": five digits"),
                    Map.entry("1.5e3x", "\"1.\": five digits"),
                    Map.entry("00\n", "\"00\\x0a\": five digits"),
                    Map.entry("\0\0\0\0\0", "\"\\x00\": five digits"),
                    Map.entry("0\u00b2", "\"0\\xb2\": five digits"),
                    Map.entry("GET / HTTP/1.1\r\n\r\n", "\"G\": five digits"),
                    Map.entry("00000", "\"00000\": a body has at least one"),
                    Map.entry("65537", "\"65537\": a body has at most 65536"),
                    Map.entry("99999", "\"99999\": a body has at most 65536"));

    @EveryBackend
    void a_malformed_header_ends_the_connection_and_is_logged(Pair pair) throws Exception {
        for (Server server : servers(pair)) {
            try (Socket other = server.connect()) {
                for (var malformed : MALFORMED.entrySet()) {
                    expectRefused(server, malformed.getKey(), false);
                    server.expect(malformed.getValue());
                    pingPong(other);
                }
            }
            server.expectNoConnections();
        }
    }

    @EveryBackend
    void an_end_in_the_middle_is_logged(Pair pair) throws Exception {
        for (Server server : servers(pair)) {
            expectRefused(server, "000", true);
            server.expect("the end came in the middle of a header");
            expectRefused(server, "00003", true);
            expectRefused(server, "00003ab", true);
            server.expect("the end came in the middle of a body");
            server.expectNoConnections();
        }
    }

    /** What came before is answered, what comes after is not. */
    private static void expectRefused(Server server, String malformed, boolean ending)
            throws IOException {
        try (Socket socket = server.connect()) {
            String rest = ending ? "" : "00003xyz";
            String all = "00003abc00002de" + malformed + rest;
            socket.getOutputStream().write(all.getBytes(ISO_8859_1));
            if (ending) {
                socket.shutdownOutput();
            }
            String back = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            assertEquals("00003cba00002ed", back, malformed);
        }
    }

    @EveryBackend
    void a_reset_ends_one_connection_and_no_other(Pair pair) throws Exception {
        byte[] requests = requests(new Random(3), 40, 5000);
        for (Server server : servers(pair)) {
            try (Socket other = server.connect()) {
                var random = new Random(4);
                for (int i = 0; i < 50; i++) {
                    Socket socket = server.connect();
                    int sent = 5005 + random.nextInt(requests.length - 5005); // one at least
                    socket.getOutputStream().write(requests, 0, sent);
                    if (i % 2 == 0) {
                        socket.getInputStream().readNBytes(random.nextInt(10));
                    }
                    socket.setSoLinger(true, 0);
                    socket.close();
                    pingPong(other);
                }
                server.expectConnections(1);
                pingPong(other);
            }
            server.expectNoConnections();
        }
    }

    // ---- who asks too much

    @EveryBackend
    void who_does_not_read_is_paused_loses_nothing_and_hinders_nobody(Pair pair) throws Exception {
        int rounds = 2000;
        byte[] pattern = requests(new Random(5), 10, 50_000);
        for (Trigger trigger : triggers(pair)) {
            Server server = start(pair, trigger);
            int before = 0;
            long swallowed = 0;
            try (Socket other = server.connect();
                    SocketChannel full = SocketChannel.open()) {
                full.setOption(StandardSocketOptions.SO_RCVBUF, 32 * 1024);
                full.connect(new InetSocketAddress("127.0.0.1", server.port));
                full.configureBlocking(false);
                // As much as goes in: while 100 rounds of another go by, it takes not a byte more.
                for (int idle = 0; idle < 100 && swallowed < 200_000_000; ) {
                    int at = (int) (swallowed % pattern.length);
                    int n = full.write(ByteBuffer.wrap(pattern, at, pattern.length - at));
                    swallowed += n;
                    idle = n == 0 ? idle + 1 : 0;
                    pingPong(other);
                    before++;
                }
                assertTrue(swallowed < 200_000_000, "it keeps what it cannot send, without end");
                for (int i = 0; i < rounds; i++) {
                    pingPong(other);
                }
                // The rest of the last request, while reading.
                full.configureBlocking(true);
                full.socket().setSoTimeout(LIMIT_MILLIS);
                int at = (int) (swallowed % pattern.length);
                FutureTask<Integer> sender =
                        spawn(() -> full.write(ByteBuffer.wrap(pattern, at, pattern.length - at)));
                byte[] expected = replies(pattern);
                InputStream in = full.socket().getInputStream();
                for (long i = 0; i <= swallowed / pattern.length; i++) {
                    assertArrayEquals(expected, in.readNBytes(expected.length), "reply " + i);
                }
                assertEquals(pattern.length - at, sender.get());
                full.shutdownOutput();
                assertEquals(-1, in.read());
            }
            server.expectNoConnections();
            server.stop();
            assertTrue(server.counted("pauses") > 0, server::said);
            double most = 1.5 * (before + rounds);
            assertTrue(server.counted("events") < most, server::said);
            assertTrue(server.counted("polls") < most, server::said);
        }
    }

    @EveryBackend
    void a_firehose_starves_nobody(Pair pair) throws Exception {
        byte[] water = requests(new Random(6), 100, 10_000);
        for (Trigger trigger : triggers(pair)) {
            Server server = start(pair, trigger);
            try (Socket firehose = server.connect();
                    Socket small = server.connect()) {
                var enough = new AtomicBoolean();
                FutureTask<Integer> sender =
                        spawn(
                                () -> {
                                    int times = 0;
                                    for (; !enough.get(); times++) {
                                        firehose.getOutputStream().write(water);
                                    }
                                    firehose.shutdownOutput();
                                    return times;
                                });
                byte[] back = replies(water);
                FutureTask<Integer> receiver =
                        spawn(
                                () -> {
                                    int times = 0;
                                    InputStream in = firehose.getInputStream();
                                    for (byte[] next;
                                            (next = in.readNBytes(back.length)).length > 0;
                                            times++) {
                                        assertArrayEquals(back, next);
                                    }
                                    return times;
                                });
                for (int i = 0; i < 1000; i++) {
                    assertTrue(!sender.isDone() && !receiver.isDone(), "the firehose is dry");
                    pingPong(small);
                }
                enough.set(true);
                assertEquals(sender.get(), receiver.get());
            }
            server.expectNoConnections();
            server.stop();
            assertTrue(server.counted("turns cut short") > 0, server::said);
        }
    }

    // ---- options

    @Test
    void the_reply_has_a_length_of_its_own() throws Exception {
        Server upper = start(available(Backend.values()), Trigger.LEVEL, "--process", "upper");
        assertEquals("00008STRASSE!", said(upper, "00008stra\u00dfe!"));
        assertEquals("00001A", said(upper, "00001a00002\u00ff"), "nothing for what is not UTF-8");
        upper.expect("the request cannot be processed: it is not UTF-8");
        upper.stop();
    }

    /** Every one of these letters gets longer. */
    @Test
    void a_reply_too_long_for_its_prefix_ends_the_connection() throws Exception {
        Pair any = available(Backend.values());
        Server upper = start(any, Trigger.LEVEL, "--process", "upper", "--limit", "99999");
        assertEquals("", said(upper, "99998" + "\u0149".repeat(49_999)));
        upper.expect("a reply of 149997 bytes has no header");
        upper.stop();
    }

    @Test
    void it_echoes_up_to_the_limit() throws Exception {
        Pair any = available(Backend.values());
        Server echo = start(any, Trigger.LEVEL, "--process", "echo", "--limit", "3");
        assertEquals("00003abc", said(echo, "00003abc00004abcd"));
        echo.expect("malformed header \"00004\": a body has at most 3 bytes");
        echo.stop();
    }

    /** In Persian a number has other digits. */
    @Test
    void the_length_is_in_ascii_whatever_the_language() throws Exception {
        List<String> command = Examples.java(available(Backend.values()), "FramedServer", "0");
        command.addAll(1, List.of("-Duser.language=fa", "-Duser.country=IR"));
        var server = new Server(command);
        assertEquals("00003cba", said(server, "00003abc"));
        server.stop();
    }

    @EveryBackend
    void it_says_what_it_does(Pair pair) throws Exception {
        for (Server server : servers(pair)) {
            assertTrue(server.first.startsWith("framed reverse on 127.0.0.1 port"), server.first);
            assertTrue(server.first.contains(pair.backend().toString()), server.first);
        }
        if (!hasEdge(pair)) {
            Result refused = run(pair, "FramedServer", "0", "--trigger", "edge");
            assertEquals(1, refused.status(), refused.text());
            refused.expectLine(pair.backend() + " has no EDGE: say --trigger level");
        }
    }

    @Test
    void bad_options_are_refused() throws Exception {
        Pair any = available(Backend.values());
        for (String option :
                List.of("--limit=0", "--limit=100000", "--trigger=oneshot", "--process=sort")) {
            Result run = run(any, "FramedServer", "0", option);
            assertEquals(2, run.status(), run.text());
            assertTrue(run.text().contains(option.split("=")[0]), run.text());
        }
    }

    // ---- what clients do

    /** What comes back until the end. */
    private static String said(Server server, String requests) throws Exception {
        try (Socket socket = server.connect()) {
            byte[] bytes = requests.getBytes(UTF_8);
            if (requests.contains("\u00ff")) { // in Latin-1, which is not UTF-8
                bytes = requests.getBytes(ISO_8859_1);
                bytes = Arrays.copyOf(bytes, bytes.length + 1);
            }
            var sender = sending(socket, bytes, bytes.length, true);
            String back = new String(socket.getInputStream().readAllBytes(), UTF_8);
            sender.get();
            return back;
        }
    }

    private static void pingPong(Socket socket) throws IOException {
        socket.getOutputStream().write("00002ab".getBytes(UTF_8));
        assertEquals("00002ba", new String(socket.getInputStream().readNBytes(7), UTF_8));
    }

    /** Requests with random bodies of up to {@code longest} bytes. */
    private static byte[] requests(Random random, int count, int longest) {
        var requests = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            byte[] body = new byte[random.nextInt(8) == 0 ? longest : 1 + random.nextInt(longest)];
            random.nextBytes(body);
            requests.writeBytes(String.format(Locale.ROOT, "%05d", body.length).getBytes(UTF_8));
            requests.writeBytes(body);
        }
        return requests.toByteArray();
    }

    /** Each of the requests with its body reversed. */
    private static byte[] replies(byte[] requests) {
        byte[] replies = requests.clone();
        for (int at = 0; at < requests.length; ) {
            int length = Integer.parseInt(new String(requests, at, 5, UTF_8));
            at += 5;
            for (int i = 0; i < length; i++) {
                replies[at + i] = requests[at + length - 1 - i];
            }
            at += length;
        }
        return replies;
    }
}
