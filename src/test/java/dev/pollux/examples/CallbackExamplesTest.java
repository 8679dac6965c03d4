package dev.pollux.examples;

import static dev.pollux.examples.Examples.available;
import static dev.pollux.examples.Examples.random;
import static dev.pollux.examples.Examples.run;
import static dev.pollux.examples.Examples.sending;
import static dev.pollux.support.Program.LIMIT_MILLIS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.examples.Examples.Server;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Program;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The two callback loops: CallbackEcho and ReplyQueueServer. */
@Tag("long")
class CallbackExamplesTest {
    private static final List<String> BOTH = List.of("CallbackEcho", "ReplyQueueServer");
    private static final int ROUNDS = 2000;

    private static int rounds; // with the server of a test

    @AfterAll
    static void end() {
        Examples.endServers();
    }

    // ---- what both do

    @EveryBackend
    void what_is_sent_comes_back_in_capitals(Pair pair) throws Exception {
        for (String example : BOTH) {
            var server = new Server(example, pair, 1000);
            for (int piece : new int[] {1, 1000, 300_000}) {
                for (boolean closing : new boolean[] {true, false}) {
                    try (Socket socket = server.connect()) {
                        byte[] bytes = random(Math.min(piece * 1000, 2_000_000));
                        var sender = sending(socket, bytes, piece, closing);
                        InputStream in = socket.getInputStream();
                        byte[] back = closing ? in.readAllBytes() : in.readNBytes(bytes.length);
                        assertArrayEquals(capitals(bytes), back);
                        sender.get();
                    }
                }
            }
            server.expectNoConnections();
            server.stop();
        }
    }

    @EveryBackend
    void a_reset_ends_one_connection_and_no_other(Pair pair) throws Exception {
        for (String example : BOTH) {
            var server = new Server(example, pair, 1000);
            try (Socket other = server.connect()) {
                for (int i = 0; i < 20; i++) {
                    Socket socket = server.connect();
                    socket.getOutputStream().write(random(50_000));
                    if (i % 2 == 0) {
                        socket.getInputStream().read();
                    }
                    socket.setSoLinger(true, 0);
                    socket.close();
                    pingPong(other);
                }
                server.expectConnections(1);
                pingPong(other);
            }
            server.expectNoConnections();
            server.stop();
        }
    }

    /** Nor does a paused one make work: it is not reported before the peer reads. */
    @EveryBackend
    void who_does_not_read_is_paused_loses_nothing_and_hinders_nobody(Pair pair) throws Exception {
        for (String example : BOTH) {
            var server = new Server(example, pair, 1000);
            rounds = 0;
            try (Socket other = server.connect();
                    SocketChannel full = slow(server)) {
                byte[] pattern = random(64 * 1024);
                long swallowed = fill(full, pattern, other);
                for (int i = 0; i < ROUNDS; i++) {
                    pingPong(other);
                }
                full.shutdownOutput();
                expectBack(full, pattern, swallowed);
                assertEquals(-1, full.socket().getInputStream().read());
            }
            server.expectNoConnections();
            server.stop();
            if (example.equals("ReplyQueueServer")) {
                assertTrue(server.counted("pauses") > 0, server::said);
                assertTrue(server.counted("longest queue") <= (64 + 16) * 1024, server::said);
                assertTrue(server.counted("polls") < 1.5 * rounds, server::said);
            }
        }
    }

    @EveryBackend
    void without_a_free_descriptor_the_rest_waits_and_is_served_later(Pair pair) throws Exception {
        for (String example : BOTH) {
            var server = new Server(example, pair, 100);
            var sockets = new ArrayList<Socket>();
            try {
                for (int i = 0; i < 150; i++) {
                    sockets.add(server.connect()); // the kernel's doing, before it is accepted
                }
                server.expect("cannot accept at the moment");
                while (!sockets.isEmpty()) {
                    try (Socket next = sockets.remove(0)) { // each that leaves makes room for one
                        pingPong(next);
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
    }

    /** Without a connection that could leave and make room, nothing would ever change. */
    @Test
    void who_can_never_accept_again_says_why_and_ends() throws Exception {
        Program.assumeInstalled("prlimit");
        Pair any = available(Backend.values());
        for (String example : BOTH) {
            var server = new Server(example, any, 1000);
            try (Socket first = server.connect()) {
                pingPong(first); // accepted, so the classes are loaded
            }
            server.expectNoConnections();
            String pid = "" + server.process.pid();
            assertEquals("", Program.run("prlimit", "--nofile=3", "--pid", pid).text());
            try (Socket waiting = server.connect()) {
                assertTrue(waiting.isConnected()); // the kernel's doing
                server.expect("oo many open files");
                assertTrue(server.process.waitFor(LIMIT_MILLIS, MILLISECONDS), server::said);
                assertEquals(1, server.process.exitValue(), server::said);
                assertThrows(IOException.class, server::connect);
            }
        }
    }

    @Test
    void bad_arguments_and_a_taken_port_are_said_in_one_line() throws Exception {
        Pair any = available(Backend.values());
        for (String example : BOTH) {
            Result nonsense = run(any, example, "seven");
            assertEquals(2, nonsense.status(), nonsense.text());
            nonsense.expectLine("Invalid value for positional parameter .*'seven' is not an int.*");
            try (var taken = new ServerSocket(0)) {
                Result second = run(any, example, "" + taken.getLocalPort());
                assertEquals(1, second.status(), second.text());
                assertEquals(1, second.text().lines().count(), second.text());
                second.expectLine(".*[Aa]ddress already in use.*");
            }
            for (Pair pair : Pair.all()) { // each binding has sockets of its own
                if (pair.backend() == any.backend() && pair.unavailableBecause() == null) {
                    Result beyond = run(pair, example, "70000");
                    assertEquals(1, beyond.status(), beyond.text());
                    beyond.expectLine("port out of range: ?70000");
                }
            }
        }
    }

    // ---- the queue of replies

    /** One that was silent from the start, and one that has had a queue and has emptied it. */
    @EveryBackend
    void an_idle_connection_causes_no_polls(Pair pair) throws Exception {
        Server server = withIdleConnections(pair);
        assertTrue(server.counted("changes") > 0, server::said); // asked for WRITE
        assertTrue(server.counted("events") < 1.5 * rounds, server::said);
        assertTrue(server.counted("polls") < 1.5 * rounds, server::said);
    }

    /** The control. */
    @EveryBackend
    void asking_for_write_all_the_time_causes_polls_without_end(Pair pair) throws Exception {
        Server server = withIdleConnections(pair, "--always-write");
        assertTrue(server.counted("events") > 2 * rounds, server::said);
    }

    private static Server withIdleConnections(Pair pair, String... options) throws Exception {
        var server = new Server("ReplyQueueServer", pair, 1000, options);
        rounds = 0;
        try (Socket silent = server.connect();
                SocketChannel quiet = slow(server);
                Socket busy = server.connect()) {
            byte[] pattern = random(64 * 1024);
            expectBack(quiet, pattern, fill(quiet, pattern, busy));
            for (int i = 0; i < ROUNDS; i++) {
                pingPong(busy);
            }
            assertEquals(0, silent.getInputStream().available());
        }
        server.expectNoConnections();
        server.stop();
        return server;
    }

    // ---- what clients do

    /** A connection that takes little before it is read. */
    private static SocketChannel slow(Server server) throws IOException {
        SocketChannel slow = SocketChannel.open();
        slow.setOption(StandardSocketOptions.SO_RCVBUF, 32 * 1024);
        slow.connect(new InetSocketAddress("127.0.0.1", server.port));
        return slow;
    }

    /**
     * Sends the pattern again and again, as much of it as goes in: while 100 rounds of another go
     * by, not a byte more was taken.
     */
    private static long fill(SocketChannel full, byte[] pattern, Socket other) throws IOException {
        full.configureBlocking(false);
        long swallowed = 0;
        for (int idle = 0; idle < 100 && swallowed < 200_000_000; ) {
            int at = (int) (swallowed % pattern.length);
            int n = full.write(ByteBuffer.wrap(pattern, at, pattern.length - at));
            swallowed += n;
            idle = n == 0 ? idle + 1 : 0;
            pingPong(other);
        }
        assertTrue(swallowed < 200_000_000, "it keeps what it cannot send, without end");
        full.configureBlocking(true);
        return swallowed;
    }

    private static void expectBack(SocketChannel full, byte[] pattern, long count)
            throws IOException {
        byte[] expected = capitals(pattern);
        full.socket().setSoTimeout(Program.LIMIT_MILLIS);
        InputStream in = full.socket().getInputStream();
        for (long at = 0; at < count; at += pattern.length) {
            int length = (int) Math.min(pattern.length, count - at);
            byte[] back = in.readNBytes(length);
            assertArrayEquals(Arrays.copyOf(expected, length), back, "from byte " + at);
        }
    }

    private static void pingPong(Socket socket) throws IOException {
        rounds++;
        socket.getOutputStream().write('a');
        assertEquals('A', socket.getInputStream().read());
    }

    private static byte[] capitals(byte[] bytes) {
        byte[] capitals = bytes.clone();
        for (int i = 0; i < capitals.length; i++) {
            if (capitals[i] >= 'a' && capitals[i] <= 'z') {
                capitals[i] -= 32;
            }
        }
        return capitals;
    }
}
