package dev.pollux.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.remote.AgentLink.AgentLost;
import dev.pollux.support.Poller;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Agents that die, lie or are none: each is found out, and said in one line. */
class AgentLinkTest {
    private static final byte[] NOTHING = {};
    private static final int PATIENT = 60_000;

    /** What an agent of the tests does once somebody has connected. */
    @FunctionalInterface
    private interface Behaviour {
        void toward(DataInputStream in, DataOutputStream out) throws IOException;
    }

    private ServerSocket server;
    private Poller serving;

    private String agent(Behaviour behaviour) throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket mine = server;
        serving =
                Poller.run(
                        () -> {
                            try (var connection = mine.accept()) {
                                behaviour.toward(
                                        new DataInputStream(connection.getInputStream()),
                                        new DataOutputStream(connection.getOutputStream()));
                            }
                            return null;
                        });
        return "127.0.0.1:" + server.getLocalPort();
    }

    @AfterEach
    void the_agent_has_ended() throws Exception {
        if (server != null) {
            server.close();
            serving.result();
        }
    }

    private static String greeting() {
        var text = new StringBuilder("pollux-agent 1\nsystem FreeBSD\nrelease 14\nmachine amd64\n");
        text.append("littleEndian 1\nlongSize 8\nthreads 24\n");
        for (String name : AgentSyscalls.CONSTANTS) {
            text.append(name).append(" 7\n");
        }
        for (AgentCall call : AgentCall.values()) {
            text.append("call:").append(call).append(' ').append(call.ordinal()).append('\n');
        }
        return text.append('\n').toString();
    }

    /** Says this, and waits until the other side has gone. */
    private static Behaviour says(String text) {
        return (in, out) -> {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            awaitEnd(in);
        };
    }

    private static void awaitEnd(DataInputStream in) throws IOException {
        try {
            in.readAllBytes();
        } catch (SocketException e) {
            assertTrue(e.getMessage().contains("reset"), e::toString); // gone, not all was read
        }
    }

    /** Greets as it should, reads a request of the suite's, and answers it with this. */
    private static Behaviour answers(int size, int sequence, long result, int bytes) {
        return (in, out) -> {
            out.write(greeting().getBytes(StandardCharsets.UTF_8));
            in.readFully(new byte[in.readInt()]);
            ByteBuffer answer = ByteBuffer.allocate(16 + bytes);
            answer.putInt(size).putInt(sequence).putLong(result);
            out.write(answer.array()); // at once: the other side goes when it has seen the size
            awaitEnd(in);
        };
    }

    private static void refused(String agent, String os, String why) {
        AgentLost e = assertThrows(AgentLost.class, () -> new AgentLink(agent, os, PATIENT));
        assertTrue(e.getMessage().startsWith("the agent at " + agent + ": "), e::getMessage);
        assertTrue(e.getMessage().contains(why), e::getMessage);
        assertFalse(e.getMessage().contains("\n"), e::getMessage);
    }

    /** The control of the ones below. */
    @Test
    void an_agent_that_answers_is_believed() throws IOException {
        try (var link = new AgentLink(agent(answers(12, 1, 5, 0)), "freebsd", PATIENT)) {
            assertEquals(5, link.call(AgentCall.close, NOTHING, 0, 3).result());
            assertEquals(7, link.constant("EPERM"));
            assertNull(link.lost());
        }
    }

    // ---- before anything is asked

    @Test
    void nobody_listens() throws IOException {
        int port;
        try (var closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        refused("127.0.0.1:" + port, "", "refused");
    }

    @Test
    void no_host_and_port() {
        refused("freebsd", "", "HOST:PORT");
        refused("localhost:many", "", "many");
    }

    @Test
    void another_server() throws IOException {
        refused(agent(says("SSH-2.0-OpenSSH_9.2\r\n")), "", "no agent: it says \"SSH-2.0");
    }

    @Test
    void a_server_that_talks_without_end() throws IOException {
        refused(agent(says("x".repeat(5000))), "", "no agent: it says \"xxx");
    }

    @Test
    void another_version() throws IOException {
        String later = greeting().replace("pollux-agent 1", "pollux-agent 2");
        refused(agent(says(later)), "", "speaks version 2, this suite 1: build it from this tree");
    }

    @Test
    void a_call_that_it_does_not_know() throws IOException {
        String less = greeting().replaceAll("call:epollWait .*\n", "");
        refused(agent(says(less)), "", "does not know [epollWait]");
    }

    @Test
    void a_constant_that_is_no_number() throws IOException {
        String text = greeting().replaceAll("call:pipe .*", "call:pipe of peace");
        refused(agent(says(text)), "", "call:pipe: of peace");
    }

    @Test
    void another_byte_order() throws IOException {
        String other = greeting().replace("littleEndian 1", "littleEndian 0");
        refused(agent(says(other)), "", "another byte order");
    }

    @Test
    void another_system() throws IOException {
        refused(
                agent(says(greeting())),
                "openbsd",
                "on freebsd, and the suite was meant for openbsd");
    }

    @Test
    void one_that_dies_in_its_greeting() throws IOException {
        refused(agent((in, out) -> out.writeBytes("pollux-agent 1\nsys")), "", "connection ended");
    }

    @Test
    void one_that_says_nothing() throws IOException {
        String agent = agent((in, out) -> in.readAllBytes());
        AgentLost e = assertThrows(AgentLost.class, () -> new AgentLink(agent, "", 50));
        assertTrue(e.getMessage().contains("said nothing for 50 ms"), e::getMessage);
    }

    // ---- while it is asked

    private static void lost(AgentLink link, String why) {
        for (int i = 0; i < 2; i++) { // and it stays so
            AgentLost e =
                    assertThrows(
                            AgentLost.class, () -> link.call(AgentCall.fileStatus, NOTHING, 32, 3));
            assertTrue(e.getMessage().contains(why), e::getMessage);
        }
        assertNotNull(link.lost());
    }

    @Test
    void more_bytes_than_there_is_room_for() throws IOException {
        try (var link = new AgentLink(agent(answers(12 + 33, 1, 0, 33)), "", PATIENT)) {
            lost(link, "it lies: fileStatus returned 0 with 33 bytes");
        }
    }

    @Test
    void a_size_that_is_none() throws IOException {
        try (var link = new AgentLink(agent(answers(-5, 1, 0, 0)), "", PATIENT)) {
            lost(link, "it lies: an answer of -5 bytes");
        }
    }

    @Test
    void a_result_that_is_none() throws IOException {
        try (var link = new AgentLink(agent(answers(12, 1, -5000, 0)), "", PATIENT)) {
            lost(link, "it lies: fileStatus returned -5000");
        }
    }

    @Test
    void an_answer_to_another_question() throws IOException {
        try (var link = new AgentLink(agent(answers(12, 99, 0, 0)), "", PATIENT)) {
            lost(link, "it lies: an answer that nobody has asked for");
        }
    }

    @Test
    void no_thread_left() throws IOException {
        try (var link = new AgentLink(agent(answers(12, 1, Long.MIN_VALUE, 0)), "", PATIENT)) {
            lost(link, "no thread is left there for fileStatus");
        }
    }

    @Test
    void fewer_bytes_than_the_call_gives() throws Exception {
        try (var link = new AgentLink(agent(answers(12 + 3, 1, 0, 3)), "", PATIENT)) {
            Syscalls local = Bindings.current();
            Syscalls sys = new AgentSyscalls(link, local, DeviceNumbers.unknown());
            ByteBuffer status = local.allocate(32);
            try {
                AgentLost e =
                        assertThrows(
                                AgentLost.class, () -> sys.fileStatus(3, local.address(status)));
                assertTrue(e.getMessage().contains("with 3 bytes, not 32"), e::getMessage);
            } finally {
                local.free(status);
            }
        }
    }

    @Test
    void more_events_than_were_asked_for() throws Exception {
        try (var link = new AgentLink(agent(answers(12 + 7, 1, 9, 7)), "", PATIENT)) {
            Syscalls sys = new AgentSyscalls(link, Bindings.current(), DeviceNumbers.unknown());
            AgentLost e = assertThrows(AgentLost.class, () -> sys.epollWait(3, 0, 1, -1, null));
            assertTrue(e.getMessage().contains("epollWait returned 9 of 1"), e::getMessage);
        }
    }

    @Test
    void one_that_dies_while_threads_wait() throws Exception {
        String agent =
                agent(
                        (in, out) -> {
                            out.write(greeting().getBytes(StandardCharsets.UTF_8));
                            in.readFully(new byte[in.readInt()]);
                            in.readFully(new byte[in.readInt()]);
                        });
        try (var link = new AgentLink(agent, "", PATIENT)) {
            Poller[] waits = new Poller[2];
            for (int i = 0; i < waits.length; i++) {
                waits[i] = Poller.run(() -> link.call(AgentCall.epollWait, NOTHING, 12, 3, 1, -1));
            }
            for (Poller wait : waits) {
                AgentLost e = assertThrows(AgentLost.class, () -> rethrown(wait));
                assertTrue(e.getMessage().contains("closed the connection"), e::getMessage);
            }
        }
    }

    private static Object rethrown(Poller poller) throws Exception {
        try {
            return poller.result();
        } catch (AssertionError e) {
            throw e.getCause() instanceof AgentLost lost ? lost : e;
        }
    }

    @Test
    void one_that_hangs_is_asked_whether_it_is_there() throws IOException {
        String agent =
                agent(
                        (in, out) -> {
                            out.write(greeting().getBytes(StandardCharsets.UTF_8));
                            in.readAllBytes();
                        });
        long start = System.nanoTime();
        try (var link = new AgentLink(agent, "", 2_000)) {
            lost(link, "does not answer for 2000 ms");
        }
        assertTrue(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) >= 2_000);
    }

    /** A call that waits for long is no reason to give up. */
    @Test
    void one_that_says_that_it_is_there_is_waited_for() throws Exception {
        String agent =
                agent(
                        (in, out) -> {
                            out.write(greeting().getBytes(StandardCharsets.UTF_8));
                            in.readFully(new byte[in.readInt()]);
                            for (int i = 0; i < 5; i++) { // beyond the limit, in silence
                                in.readFully(new byte[in.readInt()]);
                                out.write(new byte[] {0, 0, 0, 12, 0, 0, 0, 0});
                                out.writeLong(0);
                            }
                            out.write(new byte[] {0, 0, 0, 12, 0, 0, 0, 1});
                            out.writeLong(4);
                            in.readAllBytes();
                        });
        try (var link = new AgentLink(agent, "", 8_000)) {
            assertEquals(4, link.call(AgentCall.epollWait, NOTHING, 0, 3, 1, -1).result());
        }
    }
}
