package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.support.Child.Result;
import dev.pollux.support.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our own client against our own server, and against one that lies. */
@Tag("long")
class FtpClientTest {
    private static final byte[] BIG = FtpProcess.random(3_000_001);
    private static final byte[] SMALL = FtpProcess.random(1000);

    // ---- our own

    @ParameterizedTest
    @EnumSource(Backend.class)
    void our_client_puts_lists_and_gets(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend)) {
            var names = new ArrayList<String>(List.of("put"));
            for (int i = 0; i < 6; i++) {
                byte[] bytes = FtpProcess.random(400_000 * i);
                names.add(Files.write(server.directory.resolve("file" + i), bytes).toString());
            }
            client(backend, server, names)
                    .expect(0)
                    .expectLine("file5 100% \\[=+\\] 2000/2000 KB .*");
            client(backend, server, List.of("ls"))
                    .expect(0)
                    .expectLine("-rw-r--r-- .* 2000000 .* file5");
            client(backend, server, List.of("ls", "--names")).expect(0).expectLine("file0");
            Path to = Files.createDirectory(server.directory.resolve("to"));
            var gets = new ArrayList<>(List.of("get", "--to", to.toString()));
            for (int i = 0; i < 6; i++) {
                gets.add("/file" + i);
            }
            client(backend, server, gets).expect(0);
            for (int i = 0; i < 6; i++) {
                assertArrayEquals(
                        FtpProcess.random(400_000 * i), Files.readAllBytes(to.resolve("file" + i)));
            }
            assertEquals(6, to.toFile().list().length);
        }
    }

    @Test
    void our_client_resumes_both_ways() throws Exception {
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.start(backend)) {
            String to = server.directory.toString();
            server.file("file", BIG);
            Files.write(server.directory.resolve("file.part"), Arrays.copyOf(BIG, 2_999_999));
            client(backend, server, List.of("get", "--resume", "--to", to, "file"))
                    .expect(0)
                    .expectLine("file 100% .*");
            assertArrayEquals(BIG, Files.readAllBytes(server.directory.resolve("file")));
            server.file("file", Arrays.copyOf(BIG, 100));
            client(backend, server, List.of("put", "--resume", to + "/file")).expect(0);
            assertArrayEquals(BIG, Files.readAllBytes(server.root.resolve("file")));
            client(backend, server, List.of("put", "--resume", to + "/file"))
                    .expect(0)
                    .expectLine(".*file: was there already");
            server.stop();
            long moved = 2 + BIG.length - 100; // and what its progress says
            assertTrue(server.said().contains("downloads"), server::said);
            assertTrue(server.said().contains(String.format("%,d bytes", moved - 2)), server::said);
            server.expectTree("file");
        }
    }

    /** Half of an old version and half of a new one are no file. */
    @Test
    void our_client_does_not_go_on_with_what_has_changed_since() throws Exception {
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.start(backend, "--keep-partial")) {
            String to = server.directory.toString();
            byte[] old = new byte[BIG.length];
            Path partial =
                    Files.write(server.directory.resolve("file.part"), Arrays.copyOf(old, 9));
            Files.setLastModifiedTime(partial, FileTime.from(Instant.now().minusSeconds(3600)));
            server.file("file", BIG);
            client(backend, server, List.of("get", "--resume", "--to", to, "file")).expect(0);
            assertArrayEquals(BIG, Files.readAllBytes(server.directory.resolve("file")));
            for (String there : List.of("file", "file.part")) {
                for (int length : List.of(9, BIG.length)) {
                    Files.deleteIfExists(server.root.resolve("file"));
                    Path other = server.file(there, Arrays.copyOf(old, length));
                    Files.setLastModifiedTime(
                            other, FileTime.from(Instant.now().minusSeconds(3600)));
                    client(backend, server, List.of("put", "--resume", to + "/file")).expect(0);
                    assertArrayEquals(BIG, Files.readAllBytes(server.root.resolve("file")));
                }
            }
        }
    }

    /** The server breaks it off, and keeps what it has; the client goes on with that. */
    @Test
    void our_client_goes_on_with_what_the_server_has_kept() throws Exception {
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.start(backend, "--keep-partial")) {
            Path local = Files.write(server.directory.resolve("file"), BIG);
            try (Talk talk = server.ann()) {
                talk.ask(200, "ALLO " + BIG.length);
                try (Socket data = talk.data()) {
                    talk.ask(150, "STOR file");
                    data.getOutputStream().write(BIG, 0, 1_000_000);
                }
                assertTrue(talk.expect(426).endsWith("kept as file.part"));
            }
            server.expectTree("file.part");
            client(backend, server, List.of("put", "--resume", local.toString())).expect(0);
            server.expectTree("file");
            assertArrayEquals(BIG, Files.readAllBytes(server.root.resolve("file")));
        }
    }

    @Test
    void our_client_says_by_its_exit_status_what_went_wrong() throws Exception {
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.start(backend)) {
            Path local = Files.write(server.directory.resolve("local"), SMALL);
            String to = server.directory.toString();
            server.file("file", SMALL);
            client(backend, server, List.of("get")).expect(2);
            client(backend, server, List.of("fetch", "file")).expect(2);
            client(backend, server, List.of("get", "--port", "0", "file")).expect(2);
            client(backend, server, List.of("get", "a\nb")).expect(2);
            client(backend, server, List.of("get", "a/file", "b/file"))
                    .expect(2)
                    .expectLine("two files would be called file");
            client(backend, server, List.of("get", "--host", "no host", "file"))
                    .expect(3)
                    .expectLine("no such host: no host");
            client(backend, server, List.of("get", "--port", "" + FtpProcess.freePort(), "file"))
                    .expect(3)
                    .expectLine("file: .*Connection refused");
            client(backend, server, List.of("ls", "--user", "nobody"))
                    .expect(4)
                    .expectLine("ls: nobody: 530 .*");
            client(backend, server, List.of("get", "--to", to, "nothing", "file"))
                    .expect(5)
                    .expectLine("nothing: 550 no such file or directory");
            assertArrayEquals(SMALL, Files.readAllBytes(server.directory.resolve("file")));
            client(backend, server, List.of("put", "--user", "guest", local.toString())).expect(5);
            client(backend, server, List.of("get", "--to", to + "/none", "file")).expect(7);
            client(backend, server, List.of("put", to + "/none")).expect(7);
            assertFalse(Files.exists(server.directory.resolve("nothing.part")));
        }
    }

    /** A server that closes in the middle: what came is kept as NAME.part, and is no NAME. */
    @Test
    void our_client_does_not_take_half_a_file_for_a_whole_one() throws Exception {
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.start(backend);
                var control = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                var data = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            var lying =
                    new Thread(
                            () -> {
                                try {
                                    lie(control, data);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
            lying.setDaemon(true);
            lying.start();
            String port = "" + control.getLocalPort();
            String to = server.directory.toString();
            client(backend, server, List.of("get", "--port", port, "--to", to, "file"))
                    .expect(6)
                    .expectLine("file: 500 of 1000 bytes");
            assertEquals(500, Files.size(server.directory.resolve("file.part")));
            assertFalse(Files.exists(server.directory.resolve("file")));
        }
    }

    /**
     * Answers in several lines, says that 1000 bytes are there, sends 500, says that it was all.
     */
    private static void lie(ServerSocket control, ServerSocket data) throws IOException {
        try (Socket client = control.accept()) {
            var in = new BufferedReader(new InputStreamReader(client.getInputStream()));
            client.getOutputStream().write("220-hello\r\n 220 not yet\r\n220 now\r\n".getBytes());
            for (String line; (line = in.readLine()) != null; ) {
                String answer =
                        switch (line.split(" ")[0]) {
                            case "USER" -> "331 password";
                            case "PASS" -> "230-in\r\n230 in";
                            case "SIZE" -> "213 1000";
                            case "EPSV" -> "500 never heard of";
                            case "PASV" ->
                                    "227 (9,9,9,9,"
                                            + data.getLocalPort() / 256
                                            + ","
                                            + data.getLocalPort() % 256
                                            + ")";
                            case "RETR" -> "150 here";
                            default -> "200 well";
                        };
                client.getOutputStream().write((answer + "\r\n").getBytes());
                if (line.startsWith("RETR")) {
                    try (Socket sending = data.accept()) {
                        sending.getOutputStream().write(Arrays.copyOf(SMALL, 500));
                    }
                    client.getOutputStream().write("226 all\r\n".getBytes());
                }
            }
        }
    }

    /** Of the whole file the server can tell whether it has it; of the rest it cannot. */
    @Test
    void our_client_announces_all_of_a_file_that_it_resumes() throws Exception {
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.prepare(backend);
                var control = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Path local = Files.write(server.directory.resolve("file"), SMALL);
            var asked =
                    Program.spawn(
                            () -> {
                                var lines = new ArrayList<String>();
                                try (Socket client = control.accept()) {
                                    refuse(client, lines);
                                }
                                return lines;
                            });
            String port = "" + control.getLocalPort();
            client(backend, server, List.of("put", "--resume", "--port", port, local.toString()))
                    .expect(6)
                    .expectLine(".*file: cannot resume: 502 no");
            assertTrue(asked.get().contains("ALLO 1000"), () -> "not announced");
        }
    }

    /** It has 900 bytes of the file, and knows no REST. */
    private static void refuse(Socket client, List<String> lines) throws IOException {
        var in = new BufferedReader(new InputStreamReader(client.getInputStream()));
        client.getOutputStream().write("220 hello\r\n".getBytes());
        for (String line; (line = in.readLine()) != null; ) {
            lines.add(line);
            String answer =
                    switch (line.split(" ")[0]) {
                        case "SIZE" -> "213 900";
                        case "REST", "MDTM" -> "502 no";
                        default -> "230 well";
                    };
            client.getOutputStream().write((answer + "\r\n").getBytes());
        }
    }

    @Test
    void our_client_over_ipv6() throws Exception {
        FtpPrograms.assumeIpv6();
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.start(backend, "--bind", "::1")) {
            server.file("file", BIG);
            String to = server.directory.toString();
            String port = "" + server.port6();
            client(
                            backend,
                            server,
                            List.of("get", "--host", "::1", "--port", port, "--to", to, "file"))
                    .expect(0);
            assertArrayEquals(BIG, Files.readAllBytes(server.directory.resolve("file")));
        }
    }

    /** As ann, by the environment, unless the arguments say otherwise. */
    private static Result client(Backend backend, FtpProcess server, List<String> arguments)
            throws Exception {
        List<String> command = FtpPrograms.java(backend, "ftp.FtpClient");
        command.addAll(arguments);
        var builder = new ProcessBuilder(command);
        builder.environment().put("FTP_PORT", "" + server.port());
        builder.environment().put("FTP_USER", "ann");
        builder.environment().put("FTP_PASSWORD", FtpProcess.PASSWORD);
        return FtpPrograms.run(builder, "");
    }

    // ---- the server by itself

    @Test
    void the_server_refuses_nonsense_and_says_how_it_listens() throws Exception {
        Backend backend = FtpPrograms.best();
        try (var server = FtpProcess.start(backend, "--anonymous")) {
            String edge = backend == Backend.EPOLL || backend == Backend.KQUEUE ? "EDGE" : "LEVEL";
            assertTrue(
                    server.said().contains("(" + backend + ", data connections " + edge),
                    server::said);
            String root = server.root.toString();
            String used = "" + server.port();
            assertEquals(2, run(backend, "--root", root).status()); // nobody could log in
            assertEquals(2, run(backend, "--anonymous", "70000").status());
            assertEquals(2, run(backend, "--anonymous", "--passive-ports", "9-8").status());
            assertEquals(2, run(backend, "--colour", "blue").status());
            run(backend, "--anonymous", "--root", root, used).expect(1);
            run(backend, "--anonymous", "--root", root + "/none", "0").expect(1);
            run(backend, "--users", root + "/none", "--root", root, "0").expect(1);
            run(backend, "--anonymous", "--bind", "no host", "--root", root, "0")
                    .expect(1)
                    .expectLine("no such address: no host");
            for (String hash : List.of("plain text", "$2a$99$" + "x".repeat(53))) {
                Files.writeString(server.directory.resolve("bad"), "ann:" + hash + "\n");
                run(backend, "--users", server.directory + "/bad", "--root", root, "0")
                        .expect(1)
                        .expectLine("user file: .*ann");
            }
        }
    }

    private static Result run(Backend backend, String... arguments) throws Exception {
        return FtpPrograms.run(FtpPrograms.java(backend, "ftp.FtpServer", arguments));
    }
}
