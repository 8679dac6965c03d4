package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Data connections that nobody uses, that go elsewhere, or that take all they can. */
@Tag("long")
class FtpDataTest {
    private static final byte[] OLD = "the old file".getBytes(StandardCharsets.US_ASCII);

    // ---- data connections

    @ParameterizedTest
    @EnumSource(Backend.class)
    void half_open_data_connections_end_in_time(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend, "--data-time", "1", "--active")) {
            server.sparse("big", 1L << 30);
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
            server.stop();
            assertTrue(server.said().contains(" 0 lent"), server::said); // of the buffers
        }
    }

    @ParameterizedTest
    @EnumSource(Backend.class)
    void who_is_killed_in_a_download_leaves_nothing(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        Host.requireLinux("descriptors are counted in /proc");
        try (var server = FtpProcess.start(backend)) {
            server.sparse("big", 1L << 30);
            downloadAndBreak(server, 0); // what is opened once only has been, after that
            Program.until(() -> server.said().contains("big: 426"), "that it has ended");
            int before = server.descriptors();
            for (int how = 0; how < 3; how++) {
                downloadAndBreak(server, how);
            }
            server.expectDescriptors(before);
            server.stop();
            assertEquals(4, server.counted("broken transfers"));
            assertTrue(server.said().contains(" 0 lent"), server::said);
        }
    }

    private static void downloadAndBreak(FtpProcess server, int how) throws Exception {
        Talk talk = server.ann();
        Socket data = talk.data();
        talk.ask(150, "RETR big");
        data.getInputStream().readNBytes(1_000_000);
        if (how == 0) { // as the kernel closes for a process that was killed
            talk.close();
        } else if (how == 1) {
            talk.reset();
        }
        data.close();
        if (how == 2) { // the data connection alone
            talk.expect(426);
        }
        talk.close();
    }

    /** It has room for fifteen buffers; each who does not read needs one. */
    @Test
    void without_a_free_buffer_downloads_are_refused_and_nothing_else() throws Exception {
        try (var server =
                FtpProcess.prepare(FtpPrograms.best()).java("-XX:MaxDirectMemorySize=1m")) {
            server.sparse("big", 1L << 30);
            server.begin(0);
            var stalled = new ArrayList<Socket>();
            var talks = new ArrayList<Talk>();
            try (Talk other = server.talk().login("guest", FtpProcess.PASSWORD)) {
                for (int i = 0; i < 18; i++) {
                    talks.add(server.ann());
                    stalled.add(talks.get(i).data());
                    talks.get(i).ask(150, "RETR big");
                }
                Program.until(
                        () -> server.said().contains("no buffer is free"), "that it has none");
                other.ask(200, "NOOP");
                try (Talk writing = server.ann()) {
                    writing.put("STOR file", FtpProcess.random(300_000));
                }
                for (Socket socket : stalled) {
                    socket.close();
                }
                for (Talk talk : talks) {
                    talk.expect(426);
                }
                assertEquals(300_000, other.get("RETR file").length);
            } finally {
                for (Socket socket : stalled) {
                    socket.close();
                }
                for (Talk talk : talks) {
                    talk.close();
                }
            }
        }
    }

    /** Whatever has come before it waits, be it commands or the end of the session. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void a_data_connection_may_come_after_the_command(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend);
                Talk talk = server.ann()) {
            server.file("file", OLD);
            int port = talk.epsv();
            talk.send("RETR file\r\nNOOP\r\nQUIT"); // the others wait for it
            try (Socket data = Talk.dataFrom("127.0.0.1", port)) {
                assertArrayEquals(OLD, data.getInputStream().readAllBytes());
            }
            talk.expect(150);
            talk.expect(226);
            talk.expect(200);
            talk.expect(221);
            talk.expectEnd();
        }
    }

    @Test
    void a_data_connection_from_another_address_is_refused() throws Exception {
        Host.requireLinux("127.0.0.2 is an address without further ado");
        try (var server = FtpProcess.start(FtpPrograms.best())) {
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
    void a_range_of_ports_is_kept_to() throws Exception {
        int port = FtpProcess.freePort();
        String range = port + "-" + port;
        try (var server = FtpProcess.start(FtpPrograms.best(), "--passive-ports", range)) {
            server.file("file", OLD);
            try (Talk talk = server.ann();
                    Talk other = server.ann()) {
                assertEquals(port, talk.epsv());
                other.ask(425, "EPSV"); // until the one port is free again
                assertEquals(port, talk.epsv());
                assertArrayEquals(OLD, talk.get("RETR file"));
                assertArrayEquals(OLD, other.get("RETR file"));
            }
        }
    }

    @Test
    void active_connections_go_to_the_client_alone() throws Exception {
        try (var server = FtpProcess.start(FtpPrograms.best());
                Talk talk = server.ann()) {
            talk.ask(502, "PORT 127,0,0,1,100,0");
            talk.ask(502, "EPRT |1|127.0.0.1|25600|");
        }
        try (var server = FtpProcess.start(FtpPrograms.best(), "--active");
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

    /** One that reads as fast as it can: the others have their turn between its turns. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void a_fast_transfer_starves_nobody(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend)) {
            server.sparse("endless", 1L << 43);
            server.file("file", OLD);
            try (Talk talk = server.ann();
                    Socket firehose = talk.data();
                    Talk other = server.ann()) {
                talk.ask(150, "RETR endless");
                FutureTask<Void> reader = reading(firehose);
                for (int i = 0; i < 100; i++) {
                    other.ask(200, "NOOP");
                    assertArrayEquals(OLD, other.get("RETR file"));
                }
                assertFalse(reader.isDone(), "the firehose is dry");
                talk.send("ABOR");
                talk.expect(426);
                talk.expect(226);
            }
        }
    }

    private static FutureTask<Void> reading(Socket socket) {
        byte[] sink = new byte[1_000_000];
        return Program.spawn(
                () -> {
                    while (socket.getInputStream().read(sink) >= 0) {}
                    return null;
                });
    }

    private static int readOrEnd(Socket socket) {
        try {
            return socket.getInputStream().read();
        } catch (SocketTimeoutException e) {
            throw new AssertionError(e);
        } catch (IOException e) {
            return -1; // a reset
        }
    }
}
