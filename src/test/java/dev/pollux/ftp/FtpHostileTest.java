package dev.pollux.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.Host;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that mean harm, or die: the server goes on, and nothing is left of them. */
class FtpHostileTest {
    private static final byte[] OLD = "the old file".getBytes(StandardCharsets.US_ASCII);

    // ---- the control connection

    @ParameterizedTest
    @EnumSource(Backend.class)
    void garbage_and_endless_lines_cost_one_connection(Backend backend) throws Exception {
        Started.assume(backend);
        try (var server = FtpProcess.start(backend)) {
            try (Talk other = server.ann()) {
                for (int i = 0; i < 10; i++) {
                    stuff(server, FtpProcess.random(100_000 + i)).close();
                    other.ask(200, "NOOP");
                }
                try (Talk endless = server.talk()) {
                    endless.expect(220);
                    FutureTask<Void> sender =
                            spawn(
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
        Started.assume(backend);
        try (var server = FtpProcess.start(backend);
                Talk other = server.ann()) {
            byte[] commands = "NOOP\r\n".repeat(10_000).getBytes();
            long sent = 0;
            try (SocketChannel full = stuffable(server)) {
                for (int idle = 0; idle < 50 && sent < 100_000_000; ) {
                    int at = (int) (sent % commands.length);
                    int n = full.write(ByteBuffer.wrap(commands, at, commands.length - at));
                    sent += n;
                    idle = n == 0 ? idle + 1 : 0;
                    other.ask(200, "NOOP");
                }
                assertTrue(sent < 100_000_000, "it takes commands without end");
                assertTrue(sent > 60_000, "a thousand commands are nothing");
                full.shutdownOutput();
                full.configureBlocking(true);
                full.socket().setSoTimeout(Started.LIMIT_MILLIS);
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

    @Test
    void telnet_between_the_bytes_and_urgent_abort_are_survived() throws Exception {
        try (var server = FtpProcess.start(Started.best())) {
            sparse(server, "big", 1L << 30);
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
        try (var server = FtpProcess.prepare(Started.best())) {
            Path users = server.directory.resolve("users");
            // Half a second of computing, or more: not by the thread of the selector.
            List<String> add =
                    Started.java(
                            Started.best(),
                            "ftp.FtpServer",
                            "adduser",
                            "--users",
                            users.toString(),
                            "--cost",
                            "13",
                            "dear");
            Started.run(new ProcessBuilder(add), "dear password\n").expect(0);
            server.begin(0);
            try (Talk guessing = server.talk();
                    Talk other = server.ann()) {
                guessing.expect(220);
                guessing.ask(331, "USER ann");
                guessing.ask(530, "PASS guess");
                // Whether there is such a user does not matter: it takes as long.
                for (String name : List.of("nobody", "dear")) {
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
                FtpProcess.start(Started.best(), "--max-connections", "4", "--max-per-user", "2")) {
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
                FtpProcess.start(Started.best(), "--idle-time", "1", "--login-time", "1")) {
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
        Started.assume(backend);
        try (var server = FtpProcess.prepare(backend)) {
            server.begin(80);
            server.file("file", OLD);
            var sockets = new ArrayList<Talk>();
            try {
                for (int i = 0; i < 100; i++) {
                    sockets.add(server.talk()); // the kernel's doing, before it is accepted
                }
                Started.until(
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

    // ---- data connections

    @ParameterizedTest
    @EnumSource(Backend.class)
    void half_open_data_connections_end_in_time(Backend backend) throws Exception {
        Started.assume(backend);
        try (var server = FtpProcess.start(backend, "--data-time", "1", "--active")) {
            sparse(server, "big", 1L << 30);
            server.file("file", OLD);
            try (Talk talk = server.ann()) {
                talk.ask(227, "PASV");
                talk.send("RETR big"); // and never connects
                talk.expect(425);
                try (Socket data = talk.data()) {
                    talk.ask(150, "RETR big"); // never reads
                    talk.expect(426);
                    assertTrue(data.isConnected());
                }
                try (Socket data = talk.data()) {
                    talk.ask(150, "STOR file"); // never sends
                    talk.expect(426);
                    assertTrue(data.isConnected());
                }
                talk.ask(425, "RETR file"); // without a word before
                talk.epsv();
                try (Talk other = server.ann()) {
                    talk.epsv(); // takes the place of the one before
                    assertArrayEquals(OLD, other.get("RETR file"));
                }
                assertArrayEquals(OLD, talk.get("RETR file"));
            }
            server.expectTree("big", "file");
        }
    }

    @Test
    void a_data_connection_from_another_address_is_refused() throws Exception {
        Host.requireLinux("127.0.0.2 is an address without further ado");
        try (var server = FtpProcess.start(Started.best())) {
            server.file("file", OLD);
            try (Talk talk = server.ann()) {
                int port = talk.epsv();
                for (int i = 0; i < 3; i++) {
                    try (Socket stranger = Talk.dataFrom("127.0.0.2", port)) {
                        assertEquals(-1, readOrEnd(stranger), "it talks to a stranger");
                    }
                }
                try (Socket own = Talk.dataFrom("127.0.0.1", port)) {
                    talk.ask(150, "RETR file");
                    assertArrayEquals(OLD, own.getInputStream().readAllBytes());
                    talk.expect(226);
                }
            }
            server.stop();
            assertEquals(3, server.counted("hijacks refused"));
        }
    }

    @Test
    void active_connections_go_to_the_client_alone() throws Exception {
        try (var server = FtpProcess.start(Started.best());
                Talk talk = server.ann()) {
            talk.ask(502, "PORT 127,0,0,1,100,0");
            talk.ask(502, "EPRT |1|127.0.0.1|25600|");
        }
        try (var server = FtpProcess.start(Started.best(), "--active");
                Talk talk = server.ann();
                var listening = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            server.file("file", OLD);
            talk.ask(501, "PORT 127,0,0,2,100,0");
            talk.ask(501, "PORT 8,8,8,8,100,0");
            talk.ask(501, "PORT 127,0,0,1,0,25");
            talk.ask(501, "PORT 127,0,0,1,3,255");
            talk.ask(501, "PORT 127,0,0,1,999,255");
            talk.ask(501, "PORT 300,0,0,1,100,0");
            talk.ask(501, "PORT localhost");
            talk.ask(501, "EPRT |1|127.0.0.1|1023|");
            talk.ask(501, "EPRT |1|localhost|5000|");
            talk.ask(501, "EPRT |2|::1|5000|");
            talk.ask(425, "RETR file");
            int port = listening.getLocalPort();
            talk.ask(200, "PORT 127,0,0,1," + port / 256 + "," + port % 256);
            talk.send("RETR file");
            try (Socket data = listening.accept()) {
                talk.expect(150);
                assertArrayEquals(OLD, data.getInputStream().readAllBytes());
                talk.expect(226);
            }
            int closed =
                    talk.epsv(); // a port of the server's own, which EPRT closes: nobody is there
            talk.ask(200, "EPRT |1|127.0.0.1|" + closed + "|");
            talk.send("RETR file");
            talk.expect(425);
            talk.ask(200, "EPSV ALL");
            talk.ask(501, "PORT 127,0,0,1,100,0");
        }
    }

    // ---- killed in the middle

    /** However it dies: the old file stays, nothing else does, no descriptor either. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void a_broken_upload_replaces_nothing_and_leaves_nothing(Backend backend) throws Exception {
        Started.assume(backend);
        Host.requireLinux("descriptors are counted in /proc");
        try (var server = FtpProcess.start(backend)) {
            server.file("file", OLD);
            uploadAndBreak(server, 0); // what is opened once only has been, after that
            int before = server.descriptors();
            for (int how = 0; how < 4; how++) {
                uploadAndBreak(server, how);
                server.expectTree("file");
                assertArrayEquals(OLD, Files.readAllBytes(server.root.resolve("file")));
            }
            server.expectDescriptors(before);
            try (Talk talk = server.ann()) { // the control: otherwise it does replace
                talk.put("STOR file", FtpProcess.random(100_000));
                talk.ask(200, "ALLO 100");
                talk.put("STOR other", FtpProcess.random(100)); // no less than was announced
            }
            server.expectTree("file", "other");
            assertEquals(100_000, Files.size(server.root.resolve("file")));
        }
    }

    private static void uploadAndBreak(FtpProcess server, int how) throws Exception {
        Talk talk = server.ann();
        talk.ask(200, "ALLO 1000000");
        Socket data = talk.data();
        talk.ask(150, (how % 2 == 0 ? "STOR" : "APPE") + " file");
        data.getOutputStream().write(FtpProcess.random(300_000));
        Started.until(() -> hasUpload(server, 300_000), "that it has what was sent");
        switch (how) {
            case 0 -> { // reset
                data.setSoLinger(true, 0);
                data.close();
                talk.expect(426);
            }
            case 1 -> { // less than announced
                data.close();
                talk.expect(426);
            }
            case 2 -> talk.reset(); // the control connection is gone
            default -> { // as the kernel closes for a process that was killed: no reset at all
                talk.close();
                data.close();
            }
        }
        talk.close();
        data.close();
    }

    /** Nothing was announced, so only the end of the control connection gives it away. */
    @Test
    void a_client_that_is_killed_ends_its_upload_with_it() throws Exception {
        Started.assumeInstalled("curl");
        try (var server = FtpProcess.start(Started.best())) {
            server.file("file", OLD);
            Path big = server.directory.resolve("big");
            Files.write(big, FtpProcess.random(20_000_000));
            for (int i = 0; i < 5; i++) {
                Process curl =
                        new ProcessBuilder(
                                        "curl",
                                        "-s",
                                        "--limit-rate",
                                        "1M",
                                        "-T",
                                        big.toString(),
                                        server.url("ann") + "file")
                                .start();
                Started.until(() -> hasUpload(server, 1), "that the upload runs");
                curl.destroyForcibly().waitFor();
                server.expectTree("file");
                assertArrayEquals(OLD, Files.readAllBytes(server.root.resolve("file")));
            }
            server.stop();
            assertEquals(5, server.counted("broken transfers"));
        }
    }

    @Test
    void what_a_killed_server_leaves_is_removed_when_it_starts() throws Exception {
        try (var server = FtpProcess.prepare(Started.best())) {
            Path sub = Files.createDirectory(server.root.resolve("sub"));
            Files.write(sub.resolve(".ftp-upload-0123456789abcdef"), OLD);
            server.file("file", OLD);
            server.begin(0);
            assertEquals(List.of("file", "sub"), server.tree());
        }
    }

    /** Until it is complete, a file has its old content, and nobody sees the new one. */
    @Test
    void an_upload_is_seen_when_it_is_complete() throws Exception {
        for (String options : List.of("", "--fsync")) {
            String[] all = options.isEmpty() ? new String[0] : new String[] {options};
            try (var server = FtpProcess.start(Started.best(), all)) {
                server.file("file", OLD);
                byte[] fresh = FtpProcess.random(200_000);
                try (Talk talk = server.ann();
                        Talk other = server.ann()) {
                    try (Socket data = talk.data()) {
                        talk.ask(150, "STOR file");
                        data.getOutputStream().write(fresh);
                        Started.until(() -> hasUpload(server, fresh.length), "that it has all");
                        assertArrayEquals(OLD, other.get("RETR file"));
                        assertEquals("file\r\n", other.list("NLST"));
                        String hidden = server.tree().get(0);
                        other.ask(550, "SIZE " + hidden);
                        other.ask(550, "DELE " + hidden);
                        other.ask(550, "RNFR " + hidden);
                        other.epsv();
                        other.ask(550, "RETR " + hidden);
                        other.epsv();
                        other.ask(550, "STOR .ftp-upload-mine");
                    }
                    talk.expect(226);
                    assertArrayEquals(fresh, other.get("RETR file"));
                }
                assertEquals(List.of("file"), server.tree());
            }
        }
    }

    private static boolean hasUpload(FtpProcess server, long size) {
        try {
            for (String name : server.tree()) {
                if (name.startsWith(".ftp-upload-")) {
                    return Files.size(server.root.resolve(name)) >= size;
                }
            }
            return false;
        } catch (IOException e) {
            return false; // has gone meanwhile
        }
    }

    // ---- names

    @Test
    void nobody_leaves_the_root() throws Exception {
        try (var server = FtpProcess.prepare(Started.best())) {
            Files.write(server.outside.resolve("secret"), OLD);
            Files.createDirectory(server.root.resolve("sub"));
            server.file("file", OLD);
            Path root = server.root;
            Files.createSymbolicLink(root.resolve("out"), server.outside);
            Files.createSymbolicLink(root.resolve("up"), Path.of("../outside/secret"));
            Files.createSymbolicLink(root.resolve("in"), Path.of("sub"));
            server.begin(0);
            List<String> before = server.tree();
            try (Talk talk = server.ann()) {
                for (String name :
                        List.of(
                                "../outside/secret",
                                "/../outside/secret",
                                "sub/../../outside/secret",
                                server.outside + "/secret",
                                "//outside/secret",
                                "out/secret",
                                "/out/../out/secret",
                                "in/../../outside/secret",
                                "up")) {
                    talk.ask(550, "SIZE " + name);
                    talk.ask(550, "MDTM " + name);
                    talk.ask(550, "MLST " + name);
                    for (String verb : List.of("RETR ", "LIST ", "NLST ", "MLSD ")) {
                        talk.epsv();
                        talk.ask(550, verb + name);
                    }
                }
                for (String name : List.of("out/new", "../outside/new", server.outside + "/new")) {
                    talk.epsv();
                    talk.ask(550, "STOR " + name);
                    talk.epsv();
                    talk.ask(550, "APPE " + name);
                    talk.ask(550, "MKD " + name);
                    talk.ask(350, "RNFR file");
                    talk.ask(550, "RNTO " + name);
                }
                for (String name : List.of("out/secret", "../outside/secret")) {
                    talk.ask(550, "DELE " + name);
                    talk.ask(550, "RNFR " + name);
                    talk.ask(550, "RMD " + name);
                }
                talk.epsv();
                talk.ask(550, "APPE up"); // would go on with the file behind the link
                talk.ask(550, "CWD out");
                talk.ask(550, "RMD out");
                talk.ask(550, "RMD /");
                talk.ask(550, "DELE sub");
                talk.epsv();
                talk.ask(550, "STOR sub");
                talk.ask(250, "CWD ..");
                talk.ask(250, "CDUP");
                assertEquals("257 \"/\"", talk.ask(257, "PWD"));
                talk.ask(250, "CWD in");
                talk.put("STOR inside", OLD);
                talk.ask(250, "CWD /sub");
                assertEquals("213 " + OLD.length, talk.ask(213, "SIZE ../in/../sub/./inside"));
                talk.ask(250, "DELE inside");
                assertEquals(before, server.tree());
                assertEquals(List.of("secret"), List.of(server.outside.toFile().list()));
                talk.put("STOR /up", "new".getBytes()); // takes the link's place
                assertTrue(Files.isRegularFile(root.resolve("up")));
                talk.ask(250, "DELE /out"); // the link
                assertArrayEquals(OLD, Files.readAllBytes(server.outside.resolve("secret")));
            }
            try (Talk guest = server.talk().login("guest", FtpProcess.PASSWORD)) {
                guest.epsv();
                for (String command :
                        List.of("STOR x", "APPE x", "DELE file", "MKD x", "RMD sub", "RNFR file")) {
                    guest.ask(550, command);
                }
                assertArrayEquals(OLD, guest.get("RETR file"));
            }
        }
    }

    @Test
    void strange_names_and_numbers_are_refused_or_harmless() throws Exception {
        try (var server = FtpProcess.prepare(Started.best())) {
            server.file("line\nbreak", OLD);
            server.file("\u00e4 quote \" and blanks", OLD);
            Files.createDirectory(server.root.resolve("sub"));
            server.begin(0);
            try (Talk talk = server.ann()) {
                assertEquals(3, talk.list("LIST").lines().count());
                assertEquals(3, talk.list("LIST -la").lines().count());
                assertTrue(talk.list("NLST").contains("line?break\r\n"));
                assertTrue(talk.list("MLSD").contains("; \u00e4 quote \" and blanks\r\n"));
                talk.ask(501, "MKD a\rb");
                talk.ask(501, "MKD a\u0000b");
                talk.ask(501, "MKD \u001b[2J");
                talk.sendRaw(new byte[] {'M', 'K', 'D', ' ', (byte) 0xC3, '\r', '\n'});
                talk.expect(501); // no UTF-8
                talk.ask(501, "REST 99999999999999999999");
                talk.ask(501, "REST -1");
                talk.ask(350, "REST 999999999999999999");
                talk.epsv();
                talk.ask(550, "RETR \u00e4 quote \" and blanks");
                talk.ask(350, "REST 999999999999999999");
                talk.epsv();
                talk.ask(550, "STOR \u00e4 quote \" and blanks");
                talk.ask(350, "REST 10");
                talk.epsv();
                talk.ask(550, "STOR fresh"); // after ten bytes of nothing
                talk.epsv();
                talk.ask(550, "RETR sub");
                talk.ask(550, "SIZE sub");
                talk.ask(503, "RNTO x");
                talk.ask(501, "RETR");
                talk.ask(500, "SITE EXEC /bin/sh");
                talk.ask(504, "TYPE E");
                talk.ask(200, "TYPE A");
                talk.ask(257, "MKD a \"b\"");
                talk.ask(250, "CWD a \"b\"");
                assertEquals("257 \"/a \"\"b\"\"\"", talk.ask(257, "PWD"));
            }
        }
    }

    // ---- tools

    private static SocketChannel stuffable(FtpProcess server) throws IOException {
        var channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", server.port()));
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

    private static void sparse(FtpProcess server, String name, long size) throws IOException {
        try (var file = new java.io.RandomAccessFile(server.root.resolve(name).toFile(), "rw")) {
            file.setLength(size);
        }
    }

    private static int readOrEnd(Socket socket) {
        try {
            return socket.getInputStream().read();
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError(e);
        } catch (IOException e) {
            return -1; // a reset
        }
    }

    private static void assertFails(FutureTask<Void> task, String otherwise) throws Exception {
        try {
            task.get();
        } catch (java.util.concurrent.ExecutionException e) {
            return;
        }
        assertFalse(true, otherwise);
    }

    private static <T> FutureTask<T> spawn(Callable<T> job) {
        var task = new FutureTask<>(job);
        var thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        return task;
    }
}
