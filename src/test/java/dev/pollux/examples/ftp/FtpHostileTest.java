package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.support.Program;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that mean harm on their control connection: it costs them that, and nobody else. */
@Tag("long")
class FtpHostileTest {
    private static final byte[] OLD = "the old file".getBytes(StandardCharsets.US_ASCII);

    // ---- the control connection

    @ParameterizedTest
    @EnumSource(Backend.class)
    void garbage_and_endless_lines_cost_one_connection(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend)) {
            try (Talk other = server.ann()) {
                for (int i = 0; i < 10; i++) {
                    stuff(server, FtpProcess.random(100_000 + i)).close();
                    other.ask(200, "NOOP");
                }
                try (Talk endless = server.talk()) {
                    endless.expect(220);
                    FutureTask<Void> sender =
                            Program.spawn(
                                    () -> {
                                        for (int i = 0; i < 100_000; i++) {
                                            endless.sendRaw("A".repeat(1000).getBytes());
                                        }
                                        return null;
                                    });
                    endless.expect(500);
                    endless.expectEnd();
                    assertFails(sender, "it has taken a hundred megabytes of a line");
                }
                other.ask(200, "NOOP");
            }
        }
    }

    /** Who does not read the answers is not read from: the server keeps a bounded number. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void who_sends_commands_and_reads_no_answer_is_paused_and_loses_none(Backend backend)
            throws Exception {
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend);
                Talk other = server.ann()) {
            byte[] commands = "NOOP\r\n".repeat(10_000).getBytes();
            long sent = 0;
            try (SocketChannel full = stuffable(server)) {
                for (int idle = 0; idle < 50 && sent < 10_000_000; ) {
                    int at = (int) (sent % commands.length);
                    int n = full.write(ByteBuffer.wrap(commands, at, commands.length - at));
                    sent += n;
                    idle = n == 0 ? idle + 1 : 0;
                    other.ask(200, "NOOP");
                }
                assertTrue(sent < 10_000_000, "it takes commands without end");
                assertTrue(sent > 60_000, "a thousand commands are nothing");
                full.shutdownOutput();
                full.configureBlocking(true);
                full.socket().setSoTimeout(Program.LIMIT_MILLIS);
                String all =
                        new String(
                                full.socket().getInputStream().readAllBytes(),
                                StandardCharsets.US_ASCII);
                assertEquals(
                        sent / 6,
                        all.lines().filter(line -> line.equals("200 done")).count(),
                        "answers");
            }
        }
    }

    /** Of each the server keeps a few lines, however many connections do so. */
    @Test
    void who_sends_lines_that_have_to_wait_does_not_fill_the_memory() throws Exception {
        int clients = 150; // at half a megabyte each
        try (var server = FtpProcess.prepare(FtpPrograms.best()).java("-Xmx32m")) {
            server.file("file", OLD);
            server.begin(0, "--max-per-user", "" + (clients + 1));
            byte[] line = new byte[4000];
            Arrays.fill(line, (byte) 0xF0); // each becomes a character of two bytes, U+FFFD
            line[line.length - 1] = '\n';
            var all = new ArrayList<Talk>();
            try (Talk other = server.ann()) {
                for (int i = 0; i < clients; i++) {
                    Talk talk = server.ann();
                    all.add(talk);
                    talk.socket.setSendBufferSize(16 * 1024);
                    talk.epsv();
                    talk.send("RETR file"); // waits for its data connection
                    Program.spawn(
                            () -> {
                                for (int k = 0; k < 65; k++) {
                                    talk.sendRaw(line);
                                }
                                return null;
                            });
                }
                for (int i = 0; i < 100; i++) {
                    other.ask(200, "NOOP");
                    assertArrayEquals(OLD, other.get("RETR file"));
                }
            } finally {
                for (Talk talk : all) {
                    talk.close();
                }
            }
            assertFalse(server.said().contains("no memory"), server::said);
        }
    }

    @Test
    void a_line_of_nothing_but_options_is_a_listing() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best())) {
            server.file("file", OLD);
            try (Talk talk = server.ann()) {
                assertEquals("file\r\n", talk.list("NLST " + "- ".repeat(2040)));
                assertEquals("file\r\n", talk.list("NLST -a -l file"));
                talk.epsv();
                talk.ask(501, "NLST -a\u0001");
            }
        }
    }

    /** Many stars cost no more than one: the loop is everybody's. */
    @Test
    void a_wildcard_of_many_stars_is_matched_at_once() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best())) {
            server.file("a".repeat(250), OLD);
            try (Talk talk = server.ann()) {
                assertEquals("", talk.list("NLST " + "*a".repeat(100) + "*b"));
                assertEquals("a".repeat(250) + "\r\n", talk.list("NLST " + "*a".repeat(100)));
                talk.epsv();
                talk.ask(550, "NLST " + "./".repeat(600) + "*");
            }
        }
    }

    /** One that is too long has its answer in its place, too. */
    @Test
    void answers_come_in_the_order_of_the_lines() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best(), "--max-line", "64");
                Talk talk = server.ann()) {
            talk.epsv();
            talk.send("LIST\r\nNOOP\r\n" + "A".repeat(100) + "\r\nPWD\r\nABOR");
            for (int code : List.of(425, 200, 500, 257, 226)) {
                talk.expect(code);
            }
        }
    }

    @Test
    void telnet_between_the_bytes_and_urgent_abort_are_survived() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best())) {
            server.sparse("big", 1L << 30);
            try (Talk talk = server.ann()) {
                byte iac = (byte) 255;
                talk.sendRaw((byte) 'N', (byte) 'O', iac, (byte) 241, (byte) 'O', (byte) 'P');
                talk.sendRaw(iac, (byte) 253, (byte) 31, (byte) '\r', (byte) '\n'); // DO 31
                talk.expect(200);
                for (byte b : "NOOP\r\n".getBytes()) {
                    talk.sendRaw(b);
                }
                talk.expect(200);
                try (Socket data = talk.data()) {
                    talk.ask(150, "RETR big");
                    data.getInputStream().readNBytes(1_000_000);
                    talk.sendRaw(iac, (byte) 244, iac); // IP
                    talk.socket.sendUrgentData(242); // DM
                    talk.send("ABOR");
                    talk.expect(426);
                    talk.expect(226);
                }
                talk.ask(226, "ABOR"); // nothing runs
                assertEquals("213 " + (1L << 30), talk.ask(213, "SIZE big"));
                talk.send("EPSV"); // and one that comes before there is a data connection
                talk.expect(229);
                talk.send("RETR big\r\nABOR");
                talk.expect(425);
                talk.expect(226);
            }
        }
    }

    @Test
    void passwords_are_not_for_guessing_and_hinder_nobody() throws Exception {
        try (var server = FtpProcess.prepare(FtpPrograms.best())) {
            Path users = server.directory.resolve("users");
            // Half a second of computing, or more: not by the thread of the selector.
            List<String> add =
                    FtpPrograms.java(
                            FtpPrograms.best(),
                            "ftp.FtpServer",
                            "adduser",
                            "--users",
                            users.toString(),
                            "--cost",
                            "13",
                            "dear");
            FtpPrograms.run(new ProcessBuilder(add), "dear password\n").expect(0);
            server.begin(0);
            try (Talk guessing = server.talk();
                    Talk other = server.ann()) {
                guessing.expect(220);
                // Whether there is such a user, and how cheap a hash, does not matter.
                for (String name : List.of("nobody", "dear", "ann")) {
                    guessing.ask(331, "USER " + name);
                    guessing.send("PASS guess");
                    for (int i = 0; i < 5; i++) {
                        other.ask(200, "NOOP");
                    }
                    assertFalse(guessing.isAnswered(), "all wait for a password");
                    guessing.expect(530);
                }
                guessing.expectEnd();
                other.ask(200, "NOOP");
            }
            server.talk().login("dear", "dear password").close();
            try (Talk talk = server.talk()) {
                talk.expect(220);
                talk.ask(503, "PASS before USER");
                talk.ask(530, "LIST");
                talk.ask(331, "USER ann");
                talk.ask(530, "PASS " + "x".repeat(3000)); // bcrypt takes 72 bytes
            }
            server.stop();
            assertEquals(2, server.counted("logins"), server::said); // ann and dear
        }
    }

    @Test
    void too_many_connections_are_turned_away() throws Exception {
        try (var server =
                FtpProcess.start(
                        FtpPrograms.best(), "--max-connections", "4", "--max-per-user", "2")) {
            try (Talk one = server.ann();
                    Talk two = server.ann();
                    Talk three = server.talk()) {
                three.expect(220);
                three.ask(331, "USER ann");
                three.ask(421, "PASS " + FtpProcess.PASSWORD);
                three.expectEnd();
                try (Talk guest = server.talk().login("guest", FtpProcess.PASSWORD);
                        Talk four = server.talk()) {
                    four.expect(220);
                    try (Talk five = server.talk()) {
                        five.expect(421);
                        five.expectEnd();
                    }
                    guest.ask(200, "NOOP");
                }
                one.ask(221, "QUIT");
                one.expectEnd();
                try (Talk again = server.ann()) {
                    again.ask(200, "NOOP");
                }
                two.ask(200, "NOOP");
            }
        }
    }

    @Test
    void who_is_idle_or_never_logs_in_has_to_go() throws Exception {
        try (var server =
                FtpProcess.start(FtpPrograms.best(), "--idle-time", "1", "--login-time", "1")) {
            try (Talk idle = server.ann();
                    Talk stranger = server.talk()) {
                stranger.expect(220);
                idle.expect(421);
                idle.expectEnd();
                stranger.expect(421);
                stranger.expectEnd();
            }
        }
    }

    /** They wait, and are served when there is room; it looks once a second, and does not spin. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void without_a_free_descriptor_it_neither_ends_nor_spins(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.prepare(backend)) {
            server.begin(80);
            server.file("file", OLD);
            var sockets = new ArrayList<Talk>();
            try {
                for (int i = 0; i < 100; i++) {
                    sockets.add(server.talk()); // the kernel's doing, before it is accepted
                }
                Program.until(
                        () -> server.said().contains("cannot accept at the moment"),
                        "that it has no descriptor");
                while (!sockets.isEmpty()) {
                    try (Talk next = sockets.remove(0)) { // each that leaves makes room
                        next.login("ann", FtpProcess.PASSWORD);
                        if (sockets.isEmpty()) {
                            assertArrayEquals(OLD, next.get("RETR file"));
                        }
                    }
                }
            } finally {
                for (Talk talk : sockets) {
                    talk.close();
                }
            }
            server.stop();
            assertTrue(server.counted("accept failures") < 1000, server::said);
        }
    }

    // ---- tools

    private static SocketChannel stuffable(FtpProcess server) throws IOException {
        var channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 32 * 1024);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 32 * 1024);
        channel.connect(new InetSocketAddress("127.0.0.1", server.port()));
        channel.configureBlocking(false);
        return channel;
    }

    /** Sends as much as goes in. */
    private static SocketChannel stuff(FtpProcess server, byte[] bytes) throws IOException {
        SocketChannel channel = stuffable(server);
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining() && channel.write(rest) > 0) {}
        return channel;
    }

    private static void assertFails(FutureTask<Void> task, String otherwise) throws Exception {
        try {
            task.get();
        } catch (ExecutionException e) {
            return;
        }
        assertFalse(true, otherwise);
    }
}
