package dev.pollux.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import dev.pollux.support.Host;
import dev.pollux.sys.proc.Descriptors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is listed of the epolls of this process and of others, and of those that are not there. */
class FdsTest {
    private static final long SELF = ProcessHandle.current().pid();
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** What one run printed. */
    private record Run(int status, String out, String err) {
        Run expect(String regex) {
            assertTrue(
                    out.lines().anyMatch(line -> line.strip().matches(regex)),
                    () -> "no line like: " + regex + "\n" + out + err);
            return this;
        }
    }

    @TempDir Path directory;

    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void onLinux() {
        Host.requireLinux("epoll and /proc");
    }

    @AfterEach
    void end() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    private static Run fds(Object... arguments) {
        var words = new ArrayList<>(List.of("fds"));
        Arrays.stream(arguments).map(Object::toString).forEach(words::add);
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status = Main.run(words, new PrintStream(out), new PrintStream(err));
        return new Run(status, out.toString(), err.toString());
    }

    // ---- this process

    @Test
    void every_trigger_and_interest_of_ours_is_named() throws IOException {
        requireEpoll();
        int[] pipe = Fd.pipe();
        int[] fired = Fd.pipe();
        int[] shared = Fd.pipe();
        int[] edge = Fd.pipe();
        int[] pair = Fd.socketpair();
        try (FdSelector selector = FdSelector.open(Backend.EPOLL);
                FdSelector inner = FdSelector.open(Backend.EPOLL)) {
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            selector.register(fired[1], Interest.WRITE, Trigger.ONESHOT, null);
            selector.register(shared[0], Interest.READ, Trigger.EDGE_EXCLUSIVE, null);
            selector.register(edge[0], Interest.READ, Trigger.EDGE, null);
            Interest all = Interest.READ.plus(Interest.WRITE).plus(Interest.PRIORITY);
            selector.register(pair[0], all, Trigger.ONESHOT, null);
            selector.register(inner.fd(), Interest.READ, Trigger.LEVEL, null);
            selector.poll(0, TimeUnit.SECONDS, (key, ready) -> {});
            fds(SELF)
                    .expect("epoll " + selector.fd() + ", 7 registered")
                    .expect(
                            pipe[0]
                                    + "  read\\+peer's close, level +pipe, reading end, here also .*")
                    .expect(
                            fired[1]
                                    + "  nothing until re-armed, level oneshot +pipe, writing end.*")
                    .expect(shared[0] + "  read, edge exclusive +pipe, reading end.*")
                    .expect(edge[0] + "  read\\+peer's close, edge +pipe, reading end.*")
                    .expect(pair[0] + "  nothing until re-armed, level oneshot +unix stream, .*")
                    .expect("\\d+  read, edge +eventfd, count 0")
                    .expect(inner.fd() + "  read\\+peer's close, level +epoll, 1 registered");
        } finally {
            for (int[] both : List.of(pipe, fired, shared, edge, pair)) {
                Fd.close(both[0]);
                Fd.close(both[1]);
            }
        }
    }

    @Test
    void json_says_the_same() throws IOException {
        requireEpoll();
        int[] pipe = Fd.pipe();
        try (FdSelector selector = FdSelector.open(Backend.EPOLL)) {
            selector.register(pipe[0], Interest.READ, Trigger.EDGE, null);
            Run run = fds(SELF, "--json");
            assertEquals(0, run.status);
            var json = new JSONObject(run.out);
            assertEquals(SELF, json.getLong("pid"));
            var found = new ArrayList<String>();
            for (Object each : json.getJSONArray("epolls")) {
                var epoll = (JSONObject) each;
                for (Object one : epoll.getJSONArray("registrations")) {
                    var registration = (JSONObject) one;
                    if (epoll.getInt("fd") == selector.fd()
                            && registration.getInt("fd") == pipe[0]) {
                        assertTrue(registration.getBoolean("armed"));
                        JSONObject target = registration.getJSONObject("target");
                        assertEquals("reading end", target.getString("end"));
                        found.add(registration.getJSONArray("trigger").join(" "));
                    }
                }
            }
            assertEquals(List.of("\"edge\""), found, run.out);
        } finally {
            Fd.close(pipe[0]);
            Fd.close(pipe[1]);
        }
    }

    // ---- what goes on meanwhile

    @Test
    void an_epoll_that_is_closed_during_the_listing_is_a_line() throws IOException {
        requireEpoll();
        int epoll;
        Descriptors descriptors;
        try (FdSelector selector = FdSelector.open(Backend.EPOLL)) {
            epoll = selector.fd();
            descriptors = Descriptors.of(SELF);
        }
        List<String> trouble = new Listing(SELF, descriptors).trouble();
        assertTrue(
                trouble.contains("epoll " + epoll + " was closed during the listing"),
                trouble::toString);
    }

    @Test
    void a_descriptor_that_vanishes_during_the_listing_is_a_line() throws IOException {
        int[] pipe = Fd.pipe();
        Descriptors descriptors = Descriptors.of(SELF);
        assertTrue(descriptors.get(pipe[0]).text().startsWith("pipe, reading end"));
        Fd.close(pipe[0]);
        Fd.close(pipe[1]);
        String text = descriptors.get(pipe[0]).text();
        assertTrue(text.startsWith("closed during the listing; was pipe:["), text);
        assertEquals("closed", descriptors.get(1_000_000).text());
    }

    @Test
    void a_process_that_ends_during_the_listing_is_a_line() throws Exception {
        Process python = python("e = select.epoll(); print('ready', flush=True)");
        firstLine(python);
        Descriptors descriptors = Descriptors.of(python.pid());
        python.destroyForcibly().waitFor();
        List<String> trouble = new Listing(python.pid(), descriptors).trouble();
        assertEquals(List.of("process " + python.pid() + " has ended during the listing"), trouble);
        Run run = fds(python.pid());
        assertEquals(1, run.status);
        assertEquals(
                "fds: there is no process " + python.pid() + ", or not any longer",
                run.err.strip());
    }

    @Test
    void one_that_opens_and_closes_all_the_time_can_be_listed() throws Exception {
        Process python =
                python(
                        "print('ready', flush=True)\n"
                                + "while True:\n"
                                + "  e = select.epoll(); r, w = os.pipe(); e.register(r); e.register(w)\n"
                                + "  os.close(r); os.close(w); e.close()");
        firstLine(python);
        for (int i = 0; i < 50; i++) {
            Run run = fds(python.pid());
            assertTrue(run.status == 0 || run.err.contains("closed during the listing"), run.err);
            run.expect("process " + python.pid() + ": .*");
        }
    }

    // ---- what cannot be listed

    @Test
    void a_process_that_is_not_there_is_a_line() {
        Run run = fds(Integer.MAX_VALUE);
        assertEquals(1, run.status);
        assertEquals("fds: there is no process 2147483647, or not any longer", run.err.strip());
        assertEquals("", run.out);
    }

    @Test
    void a_process_that_has_ended_and_was_not_waited_for_is_a_line() throws Exception {
        Process python =
                python("pid = os.fork()\nif pid == 0: os._exit(0)\nprint(pid, flush=True)");
        String pid = firstLine(python);
        Path status = Path.of("/proc", pid, "status");
        until(() -> Files.readString(status).contains("State:\tZ"), "a zombie");
        Run run = fds(pid);
        assertEquals(1, run.status);
        assertEquals(
                "fds: process " + pid + " has ended; its parent has not asked for its status yet",
                run.err.strip());
    }

    @Test
    void a_process_of_another_user_is_a_line() throws Exception {
        int user = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        Child child = new Child(Child.classes());
        if (user == 0) {
            assumeInstalled("setpriv");
            child.before("setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all");
        }
        Child.Result run = child.run(Main.class, "fds", "1");
        assertEquals(1, run.status(), run.text());
        assertEquals(
                List.of(
                        "process 1 is not ours: its own user, or root with CAP_SYS_PTRACE, may list"
                                + " its descriptors"),
                run.lines("fds: "));
    }

    // ---- other programs

    @Test
    void python_s_selectors() throws Exception {
        Process python =
                python(
                        """
                        import asyncio
                        async def serve():
                            async def each(reader, writer):
                                print(port, client.getsockname()[1], flush=True)
                            server = await asyncio.start_server(each, "127.0.0.1", 0)
                            port = server.sockets[0].getsockname()[1]
                            client = socket.create_connection(("127.0.0.1", port))
                            await server.serve_forever()
                        asyncio.run(serve())""");
        String[] ports = firstLine(python).split(" ");
        String server = "127.0.0.1:" + ports[0];
        fds(python.pid())
                .expect("epoll \\d+, 3 registered")
                .expect("\\d+  read, level +tcp " + server + ", listening")
                .expect(
                        "\\d+  read, level +tcp "
                                + server
                                + " <-> 127.0.0.1:"
                                + ports[1]
                                + ", established")
                .expect("\\d+  read, level +unix stream, no name, connected");
    }

    @Test
    void python_s_epoll_with_what_was_closed_and_reused() throws Exception {
        Process python =
                python(
                        """
                        e = select.epoll()
                        gone, w = os.pipe(); kept = os.dup(gone); x = os.dup(w)
                        a, b = socket.socketpair(); e.register(a, select.EPOLLPRI)
                        e.register(gone, select.EPOLLIN); e.register(w, select.EPOLLOUT | select.EPOLLET)
                        os.close(gone); os.close(w)
                        s = socket.socket(); assert s.fileno() == gone
                        print(gone, kept, w, x, s.fileno(), a.fileno(), flush=True)""");
        String[] fd = firstLine(python).split(" ");
        Run run = fds(python.pid()).expect("epoll \\d+, 3 registered");
        String still = "; what is watched is open as " + fd[1] + ", " + fd[3];
        run.expect(fd[0] + "  read, level +another file than this number's now \\(.*\\)" + still);
        run.expect(fd[2] + "  write, edge +closed" + still);
        run.expect(fd[5] + "  priority, level +unix stream, no name, connected");
    }

    @Test
    void nginx_with_a_connection() throws Exception {
        assumeInstalled("nginx");
        Path socket = directory.resolve("nginx.sock");
        Path configuration = directory.resolve("nginx.conf");
        String temporary = "";
        for (String kind : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            temporary += kind + "_temp_path " + directory.resolve(kind) + "; ";
        }
        Files.writeString(
                configuration,
                """
                daemon off; master_process off; error_log stderr crit; pid %1$s/pid;
                events { use epoll; worker_connections 64; }
                http { access_log off; %2$s server { listen unix:%3$s; } }
                """
                        .formatted(directory, temporary, socket));
        Process nginx =
                start("nginx", "-e", "stderr", "-p", directory + "/", "-c", "" + configuration);
        until(() -> fds(nginx.pid()).out.contains(socket + ", listening"), "nginx listens");
        try (var client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.connect(UnixDomainSocketAddress.of(socket));
            client.write(ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes()));
            until(() -> fds(nginx.pid()).out.contains(socket + ", connected"), "it accepts");
            fds(nginx.pid())
                    .expect("process \\d+: nginx .*")
                    .expect(
                            "\\d+  read\\+peer's close, level +unix stream "
                                    + socket
                                    + ", listening")
                    .expect(
                            "\\d+  read\\+peer's close, edge +unix stream "
                                    + socket
                                    + ", connected");
        }
    }

    // ---- helpers

    private static void requireEpoll() {
        assumeTrue(Backend.EPOLL.isAvailable(), () -> Backend.EPOLL.unavailableBecause());
    }

    private Process python(String script) throws Exception {
        assumeInstalled("python3");
        String begin = "import os, select, socket, sys\n";
        return start("python3", "-c", begin + script + "\nsys.stdin.read()");
    }

    private Process start(String... command) throws IOException {
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        started.add(process);
        return process;
    }

    private static String firstLine(Process process) throws IOException {
        String line = process.inputReader().readLine();
        assertFalse(line == null, "it has ended");
        return line;
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void until(Condition condition, String what) throws Exception {
        long start = System.nanoTime();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() - start < LIMIT_NANOS, () -> "never: " + what);
            Thread.sleep(5);
        }
    }

    private static void assumeInstalled(String program) {
        boolean installed =
                Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, program)));
        if (!installed) {
            System.out.println("FdsTest: " + program + " is not installed, so it is not tried");
        }
        assumeTrue(installed, program + " is not installed");
    }
}
