package dev.pollux.sys.proc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines of the tables in {@code /proc/PID/net}, as kernels write them. */
class SocketsTest {
    private static final String LOOPBACK = address("0100007F");
    private static final String LOOPBACK_6 = address("00000000 00000000 00000000 01000000");
    private static final String MAPPED = address("00000000 00000000 FFFF0000 0100007F");
    private static final String REST = " 00:00000000 00000000     0        0 ";

    @TempDir Path process;

    @BeforeEach
    void directory() throws IOException {
        Files.createDirectory(process.resolve("net"));
    }

    @Test
    void tcp_has_both_ends_and_what_is_unread() throws IOException {
        table(
                "tcp",
                " 0: " + LOOPBACK + ":1F90 00000000:0000 0A 00000000:00000003" + REST + "11 1",
                " 1: "
                        + LOOPBACK
                        + ":1F90 "
                        + LOOPBACK
                        + ":C001 01 00000007:00000005"
                        + REST
                        + "12",
                " 2: "
                        + LOOPBACK
                        + ":1F90 "
                        + LOOPBACK
                        + ":C002 08 00000000:00000001"
                        + REST
                        + "13",
                " 3: "
                        + LOOPBACK
                        + ":1F90 "
                        + LOOPBACK
                        + ":C003 06 00000000:00000000"
                        + REST
                        + "0");
        expect(11, "tcp 127.0.0.1:8080, listening, 3 waiting to be accepted");
        expect(
                12,
                "tcp 127.0.0.1:8080 <-> 127.0.0.1:49153, established, 5 bytes unread, 7 bytes not"
                        + " yet acknowledged");
        expect(13, "tcp 127.0.0.1:8080 <-> 127.0.0.1:49154, closed by the peer");
        assertNull(Sockets.read(process).get(99));
    }

    @Test
    void ipv6_is_in_brackets_and_ipv4_in_it_as_ipv4() throws IOException {
        table(
                "tcp6",
                " 0: " + LOOPBACK_6 + ":1F90 " + LOOPBACK_6 + ":C001 01 0:0" + REST + "21",
                " 1: " + MAPPED + ":1F90 " + MAPPED + ":C001 01 0:0" + REST + "22");
        expect(21, "tcp6 [0:0:0:0:0:0:0:1]:8080 <-> [0:0:0:0:0:0:0:1]:49153, established");
        expect(22, "tcp6 127.0.0.1:8080 <-> 127.0.0.1:49153, established");
    }

    @Test
    void udp_has_no_state() throws IOException {
        table(
                "udp",
                " 0: " + LOOPBACK + ":0035 00000000:0000 07 00000000:00000000" + REST + "31 2",
                " 1: "
                        + LOOPBACK
                        + ":0036 "
                        + LOOPBACK
                        + ":C001 01 00000000:00000300"
                        + REST
                        + "32");
        expect(31, "udp 127.0.0.1:53");
        expect(32, "udp 127.0.0.1:54 <-> 127.0.0.1:49153, datagrams unread");
    }

    @Test
    void unix_has_its_path_if_any() throws IOException {
        table(
                "unix",
                "00000000a2035084: 00000002 00000000 00010000 0001 01 41 /run/a b.sock",
                "00000000a2035084: 00000003 00000000 00000000 0001 03 42",
                "00000000a2035084: 00000002 00000000 00000000 0002 01 43 @abstract",
                "00000000a2035084: 00000002 00000000 00000000 0005 01 44 /run/\u001b[2J");
        expect(41, "unix stream /run/a b.sock, listening");
        expect(42, "unix stream, no name, connected");
        expect(43, "unix datagram @abstract");
        expect(44, "unix seqpacket /run/?[2J");
    }

    /** The name of an abstract socket may hold one. */
    @Test
    void a_line_break_in_a_name_ends_nothing() throws IOException {
        table(
                "unix",
                "00000000a2035084: 00000002 00000000 00000000 0002 01 45 @two",
                "words that are no line of the kernel's",
                "00000000a2035084: 00000002 00000000 00000000 0001 01 45 /another",
                "00000000a2035084: 00000003 00000000 00000000 0001 03 46");
        expect(45, "unix datagram @two");
        expect(46, "unix stream, no name, connected");
    }

    @Test
    void lines_that_are_cut_off_are_passed_over() throws IOException {
        table("tcp", " 0: " + LOOPBACK + ":1F90 0000", "");
        table("unix", "00000000a2035084: 0000");
        table("netlink", "x");
        assertNull(Sockets.read(process).get(0));
    }

    private void table(String name, String... lines) throws IOException {
        Files.writeString(
                process.resolve("net").resolve(name), "head\n" + String.join("\n", lines) + "\n");
    }

    private void expect(long inode, String text) {
        assertEquals(text, Sockets.read(process).get(inode).text());
    }

    /** Words as a little-endian kernel prints them, brought into this machine's order. */
    private static String address(String words) {
        var text = new StringBuilder();
        for (String word : words.split(" ")) {
            int value = Integer.parseUnsignedInt(word, 16);
            boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
            text.append(String.format("%08X", little ? value : Integer.reverseBytes(value)));
        }
        return text.toString();
    }
}
