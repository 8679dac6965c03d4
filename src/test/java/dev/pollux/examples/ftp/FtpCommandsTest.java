package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What each command answers, by the letter of RFC 959, 2389, 2428 and 3659. */
@Tag("long")
class FtpCommandsTest {
    private static final byte[] OLD = "the old file".getBytes(StandardCharsets.US_ASCII);
    private static final Instant THEN = Instant.parse("2001-02-03T04:05:06.789Z");

    @Test
    void names_are_asked_for_made_and_changed() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann()) {
            Path file = server.file("file", OLD);
            Files.setLastModifiedTime(file, FileTime.from(THEN));
            assertEquals("257 \"/\"", talk.ask(257, "PWD"));
            talk.ask(257, "MKD sub");
            talk.ask(550, "MKD sub");
            talk.ask(250, "CWD sub");
            assertEquals("257 \"/sub\"", talk.ask(257, "pwd"));
            talk.ask(550, "CWD sub");
            talk.ask(550, "CWD ../file");
            assertEquals("213 12", talk.ask(213, "SIZE ../file"));
            assertEquals("213 20010203040506", talk.ask(213, "MDTM /file"));
            talk.ask(250, "CDUP");
            talk.ask(350, "RNFR file");
            talk.ask(250, "RNTO sub/other");
            talk.ask(503, "RNTO again");
            talk.ask(550, "RNFR file");
            talk.ask(550, "RMD sub"); // is not empty
            talk.ask(550, "DELE sub");
            talk.ask(550, "RMD sub/other");
            talk.ask(250, "DELE sub/other");
            talk.ask(550, "DELE sub/other");
            talk.ask(250, "RMD sub");
            server.expectTree();
        }
    }

    @Test
    void the_verbs_of_old_clients_are_those_of_today() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann()) {
            talk.ask(257, "XMKD sub");
            talk.ask(250, "xcwd sub");
            assertEquals("257 \"/sub\"", talk.ask(257, "XPWD"));
            talk.ask(250, "XCUP");
            talk.ask(250, "XRMD sub");
            talk.ask(501, "XCWD");
            server.expectTree();
        }
    }

    @Test
    void a_wildcard_names_what_it_matches_as_it_can_be_asked_for() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann()) {
            talk.ask(257, "MKD sub");
            for (String name :
                    List.of("a.txt", "b.txt", "c.bin", ".txt", "sub/d.txt", "sub/e*e", "sub/eve")) {
                server.file(name, OLD);
            }
            assertEquals(List.of("a.txt", "b.txt"), sorted(talk.list("NLST *.txt")));
            assertEquals(List.of(".txt"), sorted(talk.list("NLST .*")));
            assertEquals(List.of("a.txt", "b.txt", "c.bin", "sub"), sorted(talk.list("NLST *")));
            assertEquals(List.of("sub/d.txt"), sorted(talk.list("NLST sub/*.txt")));
            assertEquals(List.of("/sub/d.txt"), sorted(talk.list("NLST -a /sub/?.t?t")));
            assertEquals(List.of("e*e"), sorted(talk.list("NLST sub/e*e")), "a file's own name");
            assertEquals(2, talk.list("LIST *.txt").lines().count());
            assertEquals("", talk.list("NLST *.none"));
            talk.ask(250, "CWD sub");
            assertEquals(List.of("../../a.txt"), sorted(talk.list("NLST ../../a*")));
            talk.epsv();
            talk.ask(550, "NLST ../none/*");
        }
    }

    private static List<String> sorted(String lines) {
        return lines.lines().sorted().toList();
    }

    @Test
    void listings_have_their_three_forms() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann();
                Talk guest = server.talk().login("guest", FtpProcess.PASSWORD)) {
            Path file = server.file("file", OLD);
            Files.setLastModifiedTime(file, FileTime.from(THEN));
            assertEquals(
                    "-rw-r--r-- 1 ftp ftp           12 Feb 03  2001 file\r\n", talk.list("LIST"));
            assertEquals(talk.list("LIST"), talk.list("LIST file"));
            assertEquals("file\r\n", talk.list("NLST /"));
            String facts = "type=file;size=12;modify=20010203040506;perm=";
            assertEquals(facts + "adfrw; file\r\n", talk.list("MLSD"));
            assertEquals(facts + "r; file\r\n", guest.list("MLSD"));
            talk.send("MLST file");
            assertEquals("250-facts", talk.line());
            assertEquals(" " + facts + "adfrw; /file", talk.line());
            talk.expect(250);
            assertEquals("200 MLST OPTS size;", talk.ask(200, "OPTS MLST unknown;SIZE;"));
            assertEquals("size=12; file\r\n", talk.list("MLSD"));
            talk.epsv();
            talk.ask(550, "MLSD file"); // is no directory
            Files.delete(file);
            assertEquals("", talk.list("LIST"));
        }
    }

    @Test
    void files_go_both_ways_whole_and_in_part() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann()) {
            talk.put("STOR empty", new byte[0]);
            assertArrayEquals(new byte[0], talk.get("RETR empty"));
            talk.put("STOR file", OLD);
            talk.put("APPE file", "!".getBytes());
            talk.put("APPE fresh", "!".getBytes()); // makes it
            talk.ask(350, "REST 4");
            assertEquals("old file!", new String(talk.get("RETR file")));
            assertEquals("the old file!", new String(talk.get("RETR file"))); // counted once
            talk.ask(350, "REST 13");
            assertArrayEquals(new byte[0], talk.get("RETR file"));
            talk.ask(350, "REST 4");
            talk.put("STOR file", "new file".getBytes());
            assertEquals("the new file", Files.readString(server.root.resolve("file")));
            talk.ask(350, "REST 4");
            talk.list("LIST"); // which has no use for it, and takes it
            talk.put("STOR file", "all".getBytes());
            assertEquals("all", Files.readString(server.root.resolve("file")));
            talk.ask(425, "RETR file"); // each needs a data connection of its own
            server.expectTree("empty", "file", "fresh");
        }
    }

    @Test
    void the_server_lists_what_it_can() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best(), "--active", "--anonymous");
                Talk talk = server.talk()) {
            talk.expect(220);
            talk.ask(530, "PWD");
            talk.send("FEAT"); // RFC 2389: a blank before each
            var features = new ArrayList<String>();
            assertEquals("211-features", talk.line());
            for (String line; (line = talk.line()).startsWith(" "); ) {
                features.add(line.strip());
            }
            for (String feature : List.of("UTF8", "EPSV", "EPRT", "SIZE", "MDTM", "REST STREAM")) {
                assertTrue(features.contains(feature), () -> feature + " in " + features);
            }
            assertTrue(features.contains("MLST type*;size*;modify*;perm*;"), features::toString);
            talk.ask(331, "USER anonymous");
            talk.ask(230, "PASS who@where");
            talk.ask(503, "USER ann");
            for (String command : List.of("STOR x", "DELE x", "MKD x", "RNFR x", "APPE x")) {
                talk.ask(550, command);
            }
            talk.ask(215, "SYST");
            talk.ask(200, "NOOP");
            talk.ask(200, "TYPE I");
            talk.ask(200, "TYPE A");
            talk.ask(200, "MODE S");
            talk.ask(504, "MODE B");
            talk.ask(200, "STRU F");
            talk.ask(504, "STRU R");
            talk.ask(200, "OPTS UTF8 ON");
            talk.ask(211, "STAT");
            talk.ask(214, "HELP");
            assertTrue(talk.ask(227, "PASV").matches(".*\\(127,0,0,1,\\d+,\\d+\\)"));
            talk.ask(522, "EPSV 2");
            talk.ask(229, "EPSV 1");
            talk.ask(221, "QUIT");
            talk.expectEnd();
        }
    }

    /** It is answered when the transfer has ended, as RFC 959 wants. */
    @Test
    void quit_lets_a_transfer_end() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann()) {
            try (Socket data = talk.data()) {
                talk.ask(150, "STOR file");
                talk.send("QUIT");
                talk.socket.shutdownOutput(); // and the client says no more
                data.getOutputStream().write(OLD);
                assertFalse(talk.isAnswered(), "it does not wait");
            }
            talk.expect(226);
            talk.expect(221);
            talk.expectEnd();
            server.expectTree("file");
        }
    }
}
