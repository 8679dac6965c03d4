package dev.pollux.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.remote.AgentLink.AgentLost;
import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import dev.pollux.support.Program;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent itself, compiled and started here. */
class AgentProgramTest {
    private static final Pattern PORT = Pattern.compile("127[.]0[.]0[.]1 port (\\d+) owns");
    private static final byte[] NOTHING = {};
    private static final int PATIENT = 60_000;
    private static final int THREADS = 24;

    @TempDir private static Path dir;
    private static String file;

    private Program agent;
    private int port;

    @BeforeAll
    static void compile() throws IOException {
        assumeTrue(!Host.VIRTUAL, "it is a process of its own, whatever threads ask it");
        Program.assumeInstalled("cc");
        Program.assumeInstalled("make");
        file = dir.resolve("agent").toString();
        Program.run("make", "-C", "native/agent", "AGENT=" + file, "CFLAGS=-Wall -Wextra -Werror")
                .ok();
    }

    @BeforeEach
    void start() throws Exception {
        agent = new Program(List.of(file, "-p", "0"));
        agent.expect("owns this machine's descriptors, as user ");
        var said = PORT.matcher(agent.said());
        assertTrue(said.find(), agent::said);
        port = Integer.parseInt(said.group(1));
    }

    @AfterEach
    void stop() {
        agent.kill();
        agent.close();
    }

    private AgentLink connect() {
        return new AgentLink("127.0.0.1:" + port, "", PATIENT);
    }

    private long processes() {
        return agent.process.children().count();
    }

    @Test
    void what_is_asked_is_done_there() throws Exception {
        try (var link = connect()) {
            Syscalls local = Bindings.current();
            Syscalls sys = new AgentSyscalls(link, local, DeviceNumbers.unknown());
            ByteBuffer memory = local.allocate(64);
            memory.order(ByteOrder.nativeOrder());
            assertEquals(0, sys.pipe(local.address(memory)));
            int reader = memory.getInt(0);
            int writer = memory.getInt(4);
            memory.putLong(0, 0x1122334455667788L);
            assertEquals(8, sys.write(writer, memory, 0, 8));
            assertEquals(8, sys.unread(reader));
            assertEquals(8, sys.read(reader, memory, 16, 20));
            assertEquals(0x1122334455667788L, memory.getLong(16));
            assertEquals(0, memory.getLong(24));
            assertEquals(-sys.errno().EAGAIN, sys.read(reader, memory, 0, 8));
            assertEquals(1, processes());
            local.free(memory);
        }
        Poller.await("the end of its process", () -> processes() == 0);
    }

    @Test
    void calls_that_wait_do_not_keep_others_from_being_made() throws Exception {
        try (var link = connect()) {
            var waiting = new ArrayList<Poller>();
            for (int i = 0; i < THREADS - 1; i++) {
                waiting.add(Poller.run(() -> link.call(AgentCall.poll, NOTHING, 0, 0, -1)));
            }
            for (Poller each : waiting) {
                Poller.await("its call", () -> link.isSent(each.thread()));
            }
            // One is left, which hears the end and says so when it is asked for more.
            AgentLost e =
                    assertThrows(
                            AgentLost.class,
                            () -> {
                                while (true) { // until the last one has begun
                                    link.call(AgentCall.close, NOTHING, 0, -1);
                                }
                            });
            assertTrue(e.getMessage().contains("no thread is left there"), e::getMessage);
        }
        Poller.await("the end of its process", () -> processes() == 0);
    }

    @Test
    void a_signal_ends_a_call_that_waits() throws Exception {
        try (var link = connect()) {
            var waiting = Poller.run(() -> link.call(AgentCall.poll, NOTHING, 0, 0, -1).result());
            Poller.await("its call", () -> link.waits(waiting.thread()));
            Poller.await(
                    "its end",
                    () -> {
                        link.call(AgentCall.signalOthers, NOTHING, 0);
                        return waiting.isDone();
                    });
            assertEquals(-link.constant("EINTR"), waiting.result());
        }
    }

    @Test
    void each_connection_has_descriptors_of_its_own() throws Exception {
        try (var one = connect();
                var other = connect()) {
            long fd = one.call(AgentCall.dup, NOTHING, 0, 2).result();
            assertTrue(fd > 0);
            assertEquals(
                    -other.constant("EBADF"), other.call(AgentCall.close, NOTHING, 0, fd).result());
            assertEquals(2, processes());
        }
        Poller.await("the end of its processes", () -> processes() == 0);
    }

    @Test
    void files_of_tests_are_removed_in_the_end() throws Exception {
        Path made;
        try (var link = connect()) {
            var answer = link.call(AgentCall.temporary, NOTHING, 64);
            made = Path.of(new String(answer.bytes(), StandardCharsets.UTF_8));
            byte[] fifo = (made + "/fifo").getBytes(StandardCharsets.UTF_8);
            assertEquals(0, link.call(AgentCall.mkfifo, fifo, 0, 0600).result());
            assertTrue(made.resolve("fifo").toFile().exists());
        }
        Poller.await("the end of " + made, () -> !made.toFile().exists());
    }

    @Test
    void what_is_no_request_ends_the_conversation() throws Exception {
        byte[][] bad = {
            "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
            {0, 0, 0, 1, 0},
            {-1, -1, -1, -1, 0},
            ByteBuffer.allocate(56).putInt(52).putInt(1).putInt(0).putInt(-1).array(), // room
        };
        for (byte[] bytes : bad) {
            try (var socket = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
                byte[] name = "pollux-agent 1".getBytes(StandardCharsets.US_ASCII);
                assertArrayEquals(name, socket.getInputStream().readNBytes(name.length));
                socket.getOutputStream().write(bytes);
                socket.getOutputStream().flush();
                Poller.await("the end of its process", () -> processes() == 0);
            }
        }
        for (String said : agent.said().lines().skip(1).toList()) {
            assertTrue(said.startsWith("agent: ") && said.endsWith("is this the suite?"), said);
        }
        try (var link = connect()) { // and the next one is served
            assertEquals(0, link.call(AgentCall.ping, NOTHING, 0).result());
        }
    }

    @Test
    void a_call_that_there_is_not_is_an_error() throws Exception {
        try (var link = connect()) {
            assertEquals(-link.constant("ENOSYS"), link.callNumber(9999).result());
        }
    }

    @Test
    void one_that_is_killed_is_said_to_have_died() throws Exception {
        try (var link = connect()) {
            var waiting = Poller.run(() -> link.call(AgentCall.poll, NOTHING, 0, 0, -1));
            Poller.await("its call", () -> link.waits(waiting.thread()));
            agent.process.children().forEach(ProcessHandle::destroyForcibly);
            AssertionError e = assertThrows(AssertionError.class, waiting::result);
            assertTrue(e.getCause().getMessage().contains("or has died"), e.getCause()::getMessage);
        }
    }

    @Test
    void an_address_that_is_none() throws Exception {
        var refused = Program.run(file, "-a", "everywhere").expect(1);
        assertTrue(refused.text().contains("-a wants an IPv4 address"), refused::text);
        Program.run(file, "-x").expect(1);
    }
}
