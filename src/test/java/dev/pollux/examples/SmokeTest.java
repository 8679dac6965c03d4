package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.examples.Examples.Server;
import dev.pollux.support.Child;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each program once, on the best backend there is. What they do beside that, and on the others, is
 * in the classes with the tag "long".
 */
class SmokeTest {
    @TempDir Path directory;

    @AfterAll
    static void end() {
        Examples.endServers();
    }

    /** A program that is not listed has no test yet. */
    @ParameterizedTest
    @MethodSource("dev.pollux.examples.ExampleHeadersTest#names")
    void it_runs(String program) throws Exception {
        Pair pair = Examples.available(Backend.values());
        switch (program) {
            case "EdgeEchoServer" -> expectAnswer(server(pair, program), "abc", "abc");
            case "NioEdgeEchoServer" -> {
                assumeTrue(Examples.hasEdge(pair), pair + ": it has no EDGE");
                expectAnswer(server(pair, program), "abc", "abc");
            }
            case "MultiCoreEcho" ->
                    expectAnswer(server(pair, program, "--way", "shared"), "abc", "abc");
            case "CallbackEcho", "ReplyQueueServer" ->
                    expectAnswer(server(pair, program), "abc", "ABC");
            case "FramedServer" -> {
                String trigger = Examples.hasEdge(pair) ? "edge" : "level";
                Server server = server(pair, program, "--trigger", trigger);
                expectAnswer(server, "00003abc", "00003cba");
            }
            case "EdgeEchoDemo" ->
                    run(pair, program, "--connections", "10", "--bytes", "4096")
                            .expectLine("Every byte came back: .*");
            case "CountersToMicrometer" -> {
                Result meters = run(pair, program);
                meters.expectLine("pollux[.]polls.*'main'.* count=2[.]0");
                meters.expectLine("pollux[.]waits[.]empty.* count=[1-9][.]0");
                meters.expectLine("pollux[.]wakeups.* count=1[.]0");
                meters.expectLine("pollux[.]registrations.* value=0[.]0");
            }
            case "EdgeAndLevel" -> run(pair, program).expectLine("LEVEL .*");
            case "WhenEdgePays" -> {
                try (var measuring = started(pair, program)) { // for many seconds
                    String none = "has no EDGE: there is nothing to compare";
                    measuring.expect(Examples.hasEdge(pair) ? "| LEVEL: one read" : none);
                }
            }
            case "timeline.Timeline" ->
                    run(pair, program, directory.toString())
                            .expectLine(".*many.json: [0-9]+ runs, [0-9]+ system calls");
            case "models.IoModels" ->
                    Child.here()
                            .withProperties()
                            .withJnr()
                            .withAllElse()
                            .run(program, "--models=THREADS", "--connections=3", "--seconds=0.1")
                            .ok()
                            .expectLine("[|] thread per connection .*");
            case "chat.ChatServer" -> {
                Server server = server(pair, program);
                expectLine(server, "[*] you are guest-1\\b.*");
            }
            case "chat.ChatClient" -> {
                Server server = server(pair, "chat.ChatServer");
                try (var client = started(pair, program, "" + server.port)) {
                    client.expect("* you are guest-1");
                    client.type("/join");
                    client.expect("* you are in lobby");
                    client.endInput();
                    client.result().ok();
                }
                server.stop();
            }
            case "ftp.FtpServer" -> expectLine(ftp(pair), "220 .*");
            case "ftp.FtpClient" -> {
                Files.writeString(directory.resolve("file"), "abc");
                Server server = ftp(pair);
                var ls = new ProcessBuilder(Examples.java(pair, program, "ls"));
                ls.environment().put("FTP_PORT", "" + server.port);
                Program.run(ls, "").ok().expectLine(".* 3 .* file");
                server.stop();
            }
            case "ftp.FtpLoad" ->
                    run(pair, program, "--clients", "3", "--bytes", "10000")
                            .expectLine("files +[0-9,]+  0 failed");
            case "recipes.Children" ->
                    run(pair, program, "2", "3").expectLine("ended: 2 by pidfd, 2 .*|skipped: .*");
            case "recipes.SerialDialog" ->
                    run(pair, program).expectLine("50 lines: .*|skipped: .*");
            case "recipes.SerialLines",
                    "recipes.FileChanges",
                    "recipes.Timer",
                    "recipes.EventFd",
                    "recipes.MessageQueue",
                    "recipes.ZeroMq",
                    "recipes.LinkChanges",
                    "recipes.Tunnel",
                    "recipes.Can",
                    "recipes.Sctp" ->
                    run(pair, program).expectLine(Examples.IDLE + " .*|skipped: .*");
            case "recipes.Gpio" ->
                    run(pair, program, "/dev/no-such-chip").expectLine("skipped: .*");
            case "recipes.MemoryPressure" -> // there may be some
                    Examples.run(pair, program)
                            .expectLine("idle: 0 .*|skipped: .*|.*not idle: .* PRIORITY");
            default -> fail("no run for it");
        }
    }

    private static Result run(Pair pair, String program, String... arguments) throws IOException {
        return Examples.run(pair, program, arguments).ok();
    }

    private static Program started(Pair pair, String program, String... arguments)
            throws IOException {
        return new Program(Examples.java(pair, program, arguments));
    }

    private static Server server(Pair pair, String program, String... options) throws Exception {
        return new Server(program, pair, 1000, options);
    }

    private Server ftp(Pair pair) throws Exception {
        assumeTrue(
                List.of("jni", "ffm").contains(pair.binding()),
                "jnr does not know the descriptors of channels");
        return server(pair, "ftp.FtpServer", "--anonymous", "--root", directory.toString());
    }

    private static void expectAnswer(Server server, String request, String answer)
            throws IOException {
        try (Socket socket = server.connect()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            byte[] bytes = socket.getInputStream().readNBytes(answer.length());
            assertEquals(answer, new String(bytes, StandardCharsets.UTF_8));
        }
        server.stop();
    }

    private static void expectLine(Server server, String regex) throws IOException {
        try (Socket socket = server.connect()) {
            String line =
                    new BufferedReader(
                                    new InputStreamReader(
                                            socket.getInputStream(), StandardCharsets.UTF_8))
                            .readLine();
            new Result(0, line).expectLine(regex);
        }
        server.stop();
    }
}
