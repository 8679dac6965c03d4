package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Child.Result;
import dev.pollux.support.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Examples on a socket that their parent has opened, bound and had listen, as systemd does. */
@Tag("long")
class InheritedTest {
    /** Passes a listening socket as descriptor 3, says its port, and becomes the program. */
    private static final String PASSING =
            """
            import os, socket, sys
            s = socket.socket()
            s.bind(("127.0.0.1", 0))
            s.listen(16)
            print("listening on", s.getsockname()[1], flush=True)
            os.dup2(s.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="here")
            os.execvp(sys.argv[1], sys.argv[1:])
            """;

    private static final List<Program> STARTED = new ArrayList<>();

    @AfterAll
    static void end() {
        STARTED.forEach(Program::kill);
    }

    private static Program passing(List<String> command) throws IOException {
        try {
            assumeTrue(Program.run("python3", "-c", "").status() == 0, "python3 does not work");
        } catch (IOException e) {
            assumeTrue(false, "there is no python3 to pass a socket");
        }
        var all = new ArrayList<>(List.of("python3", "-c", PASSING));
        all.addAll(command);
        var program = new Program(all);
        STARTED.add(program);
        return program;
    }

    private static int port(Program program) throws Exception {
        String first = program.expect("listening on ");
        return Integer.parseInt(first.replaceAll(".*listening on ([0-9]+).*", "$1"));
    }

    @Test
    void the_echo_server_serves_on_it() throws Exception {
        var pair = Examples.available(Backend.values());
        Program server = passing(Examples.java(pair, "EdgeEchoServer", "--inherit"));
        int port = port(server);
        try (var socket = new Socket("127.0.0.1", port)) { // before it has started: it waits there
            socket.getOutputStream().write("inherited".getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            byte[] back = socket.getInputStream().readAllBytes();
            assertEquals("inherited", new String(back, StandardCharsets.UTF_8));
        }
        server.expect("port " + port + " (");
        server.stop();
    }

    @Test
    void the_ftp_server_serves_on_it(@TempDir Path root) throws Exception {
        var pair = Examples.available(Backend.values());
        assumeTrue(!pair.binding().equals("jnr"), "the FTP server needs to look into channels");
        Program server =
                passing(
                        Examples.java(
                                pair,
                                "ftp.FtpServer",
                                "--inherit",
                                "--anonymous",
                                "--root",
                                root.toString()));
        int port = port(server);
        try (var socket = new Socket("127.0.0.1", port)) {
            var lines =
                    new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertTrue(lines.readLine().startsWith("220"));
            socket.getOutputStream().write("QUIT\r\n".getBytes(StandardCharsets.UTF_8));
            assertTrue(lines.readLine().startsWith("221"));
        }
        server.stop();
    }

    @Test
    void without_a_socket_they_say_what_is_missing() throws Exception {
        var pair = Examples.available(Backend.values());
        Result echo = Examples.run(pair, "EdgeEchoServer", "--inherit");
        assertTrue(echo.status() != 0 && echo.text().contains("LISTEN_FDS"), echo.text());
        Result ftp = Examples.run(pair, "ftp.FtpServer", "--inherit", "--anonymous");
        assertTrue(ftp.status() != 0 && ftp.text().contains("LISTEN_FDS"), ftp.text());
    }
}
