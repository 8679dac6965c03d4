package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Names that lead out, or that nobody would choose. */
@Tag("long")
class FtpJailTest {
    private static final byte[] OLD = "the old file".getBytes(StandardCharsets.US_ASCII);

    // ---- names

    @Test
    void nobody_leaves_the_root() throws Exception {
        try (var server = FtpProcess.prepare(FtpPrograms.best())) {
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
        try (var server = FtpProcess.prepare(FtpPrograms.best())) {
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
}
