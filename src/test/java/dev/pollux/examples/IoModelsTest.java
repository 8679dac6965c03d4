package dev.pollux.examples;

import static dev.pollux.support.Program.LIMIT_MILLIS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.ChannelFd;
import dev.pollux.support.Child;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The five I/O models, each as a server that is talked to, and the program that compares them. */
@Tag("long")
class IoModelsTest {
    private static final String PROGRAM = "models.IoModels";

    /** The models of the program, with the first column of their rows. */
    enum Of {
        THREADS("thread per connection"),
        BUSY("busy polling"),
        SELECT("select"),
        POLL("poll"),
        EPOLL_LEVEL("epoll LEVEL"),
        EPOLL_EDGE("epoll EDGE"),
        SIGNAL("signal-driven (SIGIO)"),
        ASYNC("asynchronous channels"),
        VIRTUAL("virtual threads");

        final String title;

        Of(String title) {
            this.title = title;
        }

        /** Why the program must leave it out here; null if it must not. */
        String missing() {
            return switch (this) {
                case THREADS, BUSY, ASYNC -> null;
                case SELECT -> missing(Backend.SELECT);
                case POLL -> missing(Backend.POLL);
                case EPOLL_LEVEL, EPOLL_EDGE -> missing(Backend.EPOLL);
                case SIGNAL -> Host.LINUX ? noDescriptor() : "it is for Linux";
                case VIRTUAL -> {
                    int jdk = Runtime.version().feature();
                    yield jdk < 21 ? "JDK " + jdk + " has no virtual threads" : noDescriptor();
                }
            };
        }

        private static String missing(Backend backend) {
            return backend.isAvailable() ? noDescriptor() : backend.unavailableBecause();
        }

        private static String noDescriptor() {
            try (var channel = ServerSocketChannel.open()) {
                return ChannelFd.of(channel) >= 0 ? null : "";
            } catch (IOException e) {
                return e.getMessage();
            }
        }
    }

    // ---- each model echoes

    @ParameterizedTest
    @EnumSource
    void what_is_sent_comes_back_on_its_own_connection(Of model) throws Exception {
        Server server = server(model);
        var sockets = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 20; i++) {
                sockets.add(server.connect());
            }
            for (int size : new int[] {1, 64, 5000}) { // one is more than a buffer
                for (int i = 0; i < sockets.size(); i++) {
                    sockets.get(i).getOutputStream().write(random(i, size));
                }
                for (int i = 0; i < sockets.size(); i++) {
                    byte[] back = sockets.get(i).getInputStream().readNBytes(size);
                    assertArrayEquals(random(i, size), back);
                }
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        pingPong(server);
    }

    @ParameterizedTest
    @EnumSource
    void after_a_half_close_all_comes_back_and_then_the_end(Of model) throws Exception {
        Server server = server(model);
        for (int size : new int[] {0, 1, 64, 4096, 100_000}) {
            try (Socket socket = server.connect()) {
                var sender = sending(socket, random(1, size));
                assertArrayEquals(random(1, size), socket.getInputStream().readAllBytes());
                sender.get();
            }
        }
        pingPong(server);
    }

    /** More than the kernel keeps: the server has to wait until it may write. */
    @ParameterizedTest
    @EnumSource
    void who_reads_late_loses_nothing_and_hinders_nobody(Of model) throws Exception {
        Server server = server(model);
        byte[] bytes = random(2, 16_000_000);
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(16 * 1024);
            server.connect(socket);
            var sender = sending(socket, bytes);
            for (int i = 0; i < 50; i++) {
                pingPong(server);
            }
            assertFalse(sender.isDone(), "it keeps what it cannot send, without end");
            assertArrayEquals(bytes, socket.getInputStream().readAllBytes());
            sender.get();
        }
        pingPong(server);
    }

    @ParameterizedTest
    @EnumSource
    void a_reset_ends_one_connection_and_no_other(Of model) throws Exception {
        Server server = server(model);
        try (Socket other = server.connect()) {
            for (int i = 0; i < 10; i++) {
                Socket socket = server.connect();
                socket.getOutputStream().write(random(3, 5000));
                if (i % 2 == 0) {
                    assertTrue(socket.getInputStream().read() >= 0);
                }
                socket.setSoLinger(true, 0);
                socket.close();
                pingPong(other, i);
            }
        }
        pingPong(server);
        assertTrue(server.process.isAlive());
    }

    // ---- the program

    @Test
    void the_table_has_a_row_for_each_model_and_a_reason_for_each_left_out(@TempDir Path directory)
            throws Exception {
        Path chart = directory.resolve("made").resolve("chart.png");
        String out =
                run("--seconds", "0.1", "--connections", "1,30", "--chart", "" + chart).ok().text();
        for (Of model : Of.values()) {
            List<String[]> rows = rows(out, model);
            if (model.missing() != null) {
                System.out.println("IoModelsTest: no " + model + ": " + model.missing());
                assertEquals(List.of(), rows, out);
                assertTrue(out.contains("left out: " + model + " "), out);
                continue;
            }
            assertEquals(2, rows.size(), out);
            for (String[] row : rows) {
                assertEquals(8, row.length, out);
                for (int column = 3; column < 7; column++) { // CPU, latencies, CPU of waiting
                    assertTrue(number(row[column]) >= 0, out);
                }
            }
        }
        assertTrue(out.contains("While 30 connections are silent, a second costs "), out);
        assertTrue(out.contains("From 1 to 30 connections its CPU time grows by "), out);
        expectChart(out, chart);
        expectThreads(out);
        expectCalls(out);
    }

    private static void expectChart(String out, Path chart) throws IOException {
        var no = out.lines().filter(line -> line.startsWith("No chart: ")).findAny();
        if (no.isPresent()) {
            assertTrue(no.get().toLowerCase(Locale.ROOT).contains("font"), out);
            System.out.println("IoModelsTest: " + no.get());
            return;
        }
        byte[] png = Files.readAllBytes(chart);
        assertArrayEquals(new byte[] {(byte) 0x89, 'P', 'N', 'G'}, Arrays.copyOf(png, 4));
    }

    private static void expectThreads(String out) {
        if (out.contains("there is no /proc here")) {
            System.out.println("IoModelsTest: no /proc here, so no threads are counted");
            return;
        }
        assertTrue(number(rows(out, Of.THREADS).get(1)[1]) >= 30, out);
        assertTrue(number(rows(out, Of.BUSY).get(1)[1]) < 30, out);
        for (Of model : Of.values()) {
            for (String[] row : rows(out, model)) {
                assertTrue(number(row[1]) >= 1, out);
            }
        }
    }

    private static void expectCalls(String out) {
        if (uncounted(out) != null) {
            System.out.println("IoModelsTest: " + uncounted(out));
            return;
        }
        for (Of model : Of.values()) {
            for (String[] row : rows(out, model)) {
                assertTrue(
                        number(row[2]) > 0.5, out); // in and out; some slip by as strace attaches
            }
        }
        if (Of.SIGNAL.missing() == null) { // the signal does not say which: all are tried
            double all = number(rows(out, Of.SIGNAL).get(1)[2]);
            assertTrue(all > number(rows(out, Of.EPOLL_LEVEL).get(1)[2]), out);
        }
    }

    @Test
    void who_polls_in_a_loop_calls_the_system_while_nothing_comes() throws Exception {
        assumeAvailable(Of.EPOLL_LEVEL);
        String out =
                run("--models", "busy,epoll_level", "--seconds", "0.2", "--connections", "5")
                        .ok()
                        .text();
        assumeTrue(uncounted(out) == null, () -> uncounted(out));
        double busy = number(rows(out, Of.BUSY).get(0)[7]);
        double epoll = number(rows(out, Of.EPOLL_LEVEL).get(0)[7]);
        assertTrue(busy > 10 * epoll, out);
    }

    @Test
    void without_strace_the_columns_are_empty_and_it_says_why(@TempDir Path directory)
            throws Exception {
        for (String program : List.of("sh", "test")) { // all that it needs of other programs
            Path file = directory.resolve(program);
            Files.writeString(file, "#!/bin/sh\nexec /bin/" + program + " \"$@\"\n");
            assertTrue(file.toFile().setExecutable(true));
        }
        var env = new String[] {"env", "PATH=" + directory};
        String[] arguments = {"--models", "THREADS", "--seconds", "0.1", "--connections", "3"};
        String out = child().before(env).run(PROGRAM, arguments).ok().text();
        String[] row = rows(out, Of.THREADS).get(0);
        assertEquals("", row[2], out);
        assertEquals("", row[7], out);
        assertNotNull(uncounted(out), out);
    }

    @Test
    void nonsense_is_refused() throws Exception {
        for (String wrong :
                List.of(
                        "--connections=0",
                        "--connections=",
                        "--in-flight=0",
                        "--seconds=0",
                        "--seconds=NaN",
                        "--models=FASTEST",
                        "--chart=/proc/chart.png",
                        "--chart=chart.svg",
                        "--deadline=0")) {
            Child.Result result = run(wrong);
            assertEquals(2, result.status(), result.text());
            assertTrue(result.text().lines().findFirst().isPresent(), wrong);
            assertFalse(result.text().contains("\tat "), result.text());
        }
    }

    @Test
    void it_comes_to_an_end() throws Exception {
        Child.Result result = run("--models", "THREADS", "--seconds", "5", "--deadline", "1");
        assertEquals(2, result.status(), result.text());
        assertTrue(result.text().contains("Not over after 1 s: giving up."), result.text());
    }

    /** Killed without a word: it cannot end them itself. */
    @Test
    void its_servers_end_with_it() throws Exception {
        String[] arguments = {"--models", "BUSY", "--seconds", "30"};
        try (var program = new Program(child().command(PROGRAM, arguments))) {
            ProcessHandle handle = program.process.toHandle();
            var servers = new ArrayList<ProcessHandle>();
            Program.until(
                    () -> {
                        handle.children()
                                .filter(child -> child.info().command().orElse("").endsWith("java"))
                                .forEach(servers::add);
                        return !servers.isEmpty() || !program.process.isAlive();
                    },
                    "that it has a server");
            assertTrue(program.process.isAlive(), program::said);
            program.kill();
            servers.get(0).onExit().get(LIMIT_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    // ---- how they are started

    private static Child child() {
        return Child.here().withProperties().withJnr().withAllElse();
    }

    private static Child.Result run(String... arguments) throws IOException {
        return child().run(PROGRAM, arguments);
    }

    /** The rows of this model, by cells; one for each number of connections. */
    private static List<String[]> rows(String out, Of model) {
        return out.lines()
                .filter(line -> line.startsWith("| " + model.title + " |"))
                .map(line -> line.substring(2, line.length() - 2).split(" \\| ?", -1))
                .toList();
    }

    private static double number(String cell) {
        return Double.parseDouble(cell.replace("> ", "").replace(",", ""));
    }

    private static void assumeAvailable(Of model) {
        assumeTrue(model.missing() == null, model + ": " + model.missing());
    }

    /** Why system calls were not counted; null if they were. */
    private static String uncounted(String out) {
        return out.lines()
                .filter(line -> line.startsWith("System calls are left out"))
                .findAny()
                .orElse(null);
    }

    /** One server for each model, used by all tests one after another. */
    private static final Map<Of, Server> SERVERS = new HashMap<>();

    private static Server server(Of model) throws Exception {
        assumeAvailable(model);
        Server server = SERVERS.get(model);
        if (server == null) {
            server = new Server(model);
            SERVERS.put(model, server);
        }
        return server;
    }

    @AfterAll
    static void stop() throws Exception {
        try {
            for (Server server : SERVERS.values()) {
                server.stop();
            }
        } finally {
            SERVERS.values().forEach(Program::kill);
        }
    }

    /** A running server. */
    private static final class Server extends Program {
        final int port;

        Server(Of model) throws Exception {
            super(child().option("-Xcheck:jni").command(PROGRAM, "--serve", model.name()));
            until(() -> said().lines().count() == 2 || !process.isAlive(), "that it listens");
            assertTrue(process.isAlive(), this::said);
            port = Integer.parseInt(said().lines().toList().get(1)); // after its threads
        }

        Socket connect() throws IOException {
            var socket = new Socket();
            connect(socket);
            return socket;
        }

        void connect(Socket socket) throws IOException {
            socket.connect(new InetSocketAddress("127.0.0.1", port));
            socket.setSoTimeout(LIMIT_MILLIS);
            socket.setTcpNoDelay(true);
        }

        /** Ends with its input; must have said nothing more, of errors or misuse of JNI. */
        @Override
        public Child.Result stop() {
            try {
                endInput();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Child.Result result = result().ok();
            assertEquals(2, result.text().lines().count(), result.text());
            return result;
        }
    }

    // ---- what clients do

    private static byte[] random(int seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void pingPong(Server server) throws IOException {
        try (Socket socket = server.connect()) {
            pingPong(socket, 7);
        }
    }

    private static void pingPong(Socket socket, int b) throws IOException {
        socket.getOutputStream().write(b);
        assertEquals(b, socket.getInputStream().read());
    }

    /** Sends all, then says so; beside the one who reads. */
    private static FutureTask<Void> sending(Socket socket, byte[] bytes) {
        var task =
                new FutureTask<Void>(
                        () -> {
                            socket.getOutputStream().write(bytes);
                            socket.shutdownOutput();
                            return null;
                        });
        var thread = new Thread(task, "sender");
        thread.setDaemon(true);
        thread.start();
        return task;
    }
}
