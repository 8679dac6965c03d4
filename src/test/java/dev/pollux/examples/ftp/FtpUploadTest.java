package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.Backend;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A file is the old one or the new one, whatever becomes of its client, or of the server. */
@Tag("long")
class FtpUploadTest {
    private static final byte[] OLD = "the old file".getBytes(StandardCharsets.US_ASCII);

    // ---- killed in the middle

    /** However it dies: the old file stays, nothing else does, no descriptor either. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void a_broken_upload_replaces_nothing_and_leaves_nothing(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
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
        Program.until(() -> hasUpload(server, 300_000), "that it has what was sent");
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

    /** Some clients announce the whole file, others what is still to come; more is no harm. */
    @Test
    void a_resumed_upload_that_is_shorter_than_announced_replaces_nothing() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann()) {
            server.file("file", OLD);
            for (String begin : List.of("REST 12\r\nSTOR file", "APPE file")) {
                talk.ask(200, "ALLO 15");
                try (Socket data = talk.data()) {
                    talk.send(begin);
                    if (begin.startsWith("REST")) {
                        talk.expect(350);
                    }
                    talk.expect(150);
                    data.getOutputStream().write('1');
                }
                talk.expect(426);
            }
            server.expectTree("file");
            assertArrayEquals(OLD, Files.readAllBytes(server.root.resolve("file")));
            talk.ask(200, "ALLO 15");
            talk.ask(350, "REST 12");
            talk.put("STOR file", "123".getBytes());
            talk.ask(200, "ALLO 3");
            talk.put("APPE file", "456".getBytes());
            assertEquals("the old file123456", Files.readString(server.root.resolve("file")));
        }
    }

    /** Nothing was announced, so only the end of the control connection gives it away. */
    @Test
    void a_client_that_is_killed_ends_its_upload_with_it() throws Exception {
        Program.assumeInstalled("curl");
        try (var server = FtpProcess.start(FtpPrograms.best())) {
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
                Program.until(() -> hasUpload(server, 1), "that the upload runs");
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
        try (var server = FtpProcess.prepare(FtpPrograms.best())) {
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
            try (var server = FtpProcess.start(FtpPrograms.best(), all)) {
                server.file("file", OLD);
                byte[] fresh = FtpProcess.random(200_000);
                try (Talk talk = server.ann();
                        Talk other = server.ann()) {
                    try (Socket data = talk.data()) {
                        talk.ask(150, "STOR file");
                        data.getOutputStream().write(fresh);
                        Program.until(() -> hasUpload(server, fresh.length), "that it has all");
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
}
