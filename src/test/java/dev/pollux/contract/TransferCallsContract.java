package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The system calls that move bytes by another way than read and write, and those that begin and end
 * a connection: all bindings that work here give the same answers.
 */
@LocalOnly("it compares the bindings of this process")
class TransferCallsContract {
    private static final int NO_FD = 1_000_000;
    private static final int MSG_OOB = 1; // everywhere, as the next
    private static final int MSG_PEEK = 2;
    private static final int MSG_ERRQUEUE = 0x2000; // of Linux

    private static final List<Syscalls> ALL = new ArrayList<>();

    @TempDir Path directory;

    /** Outside the heap, filled with dots. */
    private final ByteBuffer memory = ByteBuffer.allocateDirect(256).order(ByteOrder.nativeOrder());

    @BeforeAll
    static void open() {
        ALL.clear();
        for (String binding : Bindings.NAMES) {
            try {
                ALL.add(Bindings.open(binding));
            } catch (Bindings.Unavailable e) {
                System.out.println("TransferCalls: without " + binding + ": " + e.getMessage());
            }
        }
    }

    @BeforeEach
    void there_is_a_binding() {
        assumeTrue(!ALL.isEmpty(), "there is no binding here");
    }

    private void fill(String text) {
        for (int i = 0; i < memory.capacity(); i++) {
            memory.put(i, (byte) '.');
        }
        memory.put(0, text.getBytes(StandardCharsets.US_ASCII));
    }

    private String text(int from, int to) {
        byte[] bytes = new byte[to - from];
        memory.get(from, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    /** What calls that are about a descriptor say when it is not open. */
    @Test
    void a_descriptor_that_is_not_open_is_called_so() {
        for (Syscalls sys : ALL) {
            long at = sys.address(memory);
            int linux = Host.LINUX ? -sys.errno().EBADF : -sys.errno().ENOSYS;
            int[] answers = {
                sys.readv(NO_FD, at, 0),
                sys.writev(NO_FD, at, 0),
                sys.pread(NO_FD, memory, 0, 1, 0),
                sys.recv(NO_FD, memory, 0, 1, 0),
                sys.send(NO_FD, memory, 0, 1, 0),
                sys.accept(NO_FD),
                sys.connect(NO_FD, at, 4, 1, 0),
                sys.connect(NO_FD, at, 16, 1, 0),
                sys.connectUnix(NO_FD, at, 1),
                sys.socketError(NO_FD),
                sys.isListening(NO_FD),
                sys.setCloseOnExec(NO_FD),
                sys.shutdown(NO_FD, Syscalls.SHUT_WRITING)
            };
            int[] expected = new int[answers.length];
            Arrays.fill(expected, -sys.errno().EBADF);
            assertArrayEquals(expected, answers, sys.binding());
            assertEquals(linux, sys.sendfile(NO_FD, NO_FD, 0, 1), sys.binding());
            assertEquals(linux, sys.splice(NO_FD, NO_FD, 1), sys.binding());
            assertEquals(linux, sys.pipeCapacity(NO_FD, 4096), sys.binding());
        }
    }

    @Test
    void several_buffers_are_one_call() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            for (Syscalls sys : ALL) {
                fill("abcdef");
                long at = sys.address(memory);
                list(at, 2, at + 50, 0, at + 3, 3);
                assertEquals(5, sys.writev(pipe[1], at + 128, 3), sys.binding());
                list(at + 10, 1, at + 12, 3, at + 16, 4);
                assertEquals(5, sys.readv(pipe[0], at + 128, 3), sys.binding());
                assertEquals("a.bde.f...", text(10, 20), sys.binding());
                list(at, 1);
                assertEquals(-sys.errno().EAGAIN, sys.readv(pipe[0], at + 128, 1), sys.binding());
            }
        }
    }

    private void list(long... pairs) {
        for (int i = 0; i < pairs.length; i++) {
            memory.putLong(128 + 8 * i, pairs[i]);
        }
    }

    @Test
    void a_file_is_read_and_sent_from_a_place_in_it() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "0123456789");
        try (var fds = new Fds()) {
            int fd = fds.keep(Libc.open(file.toString()));
            int[] pair = fds.socketpair();
            for (Syscalls sys : ALL) {
                fill("");
                assertEquals(3, sys.pread(fd, memory, 2, 3, 4), sys.binding());
                assertEquals("..456.", text(0, 6), sys.binding());
                assertEquals(0, sys.pread(fd, memory, 2, 3, 10), sys.binding());
                int sent = sys.sendfile(pair[0], fd, 7, 100);
                if (Host.LINUX) {
                    assertEquals(3, sent, sys.binding());
                    assertEquals(3, sys.read(pair[1], memory, 0, 10), sys.binding());
                    assertEquals("789", text(0, 3), sys.binding());
                    assertEquals(0, sys.sendfile(pair[0], fd, 10, 100), sys.binding());
                } else {
                    assertEquals(-sys.errno().ENOSYS, sent, sys.binding());
                }
                assertEquals(1, sys.read(fd, memory, 0, 1), sys.binding());
            }
            assertEquals("0123456789".charAt(ALL.size() - 1), (char) memory.get(0));
        }
    }

    @Test
    void bytes_are_spliced_through_a_pipe() throws IOException {
        Host.requireLinux("splice");
        try (var fds = new Fds()) {
            int[] from = fds.socketpair();
            int[] to = fds.socketpair();
            int[] pipe = fds.pipe();
            for (Syscalls sys : ALL) {
                assertEquals(131_072, sys.pipeCapacity(pipe[1], 100_000), sys.binding());
                assertEquals(-sys.errno().EAGAIN, sys.splice(from[0], pipe[1], 100), sys.binding());
                fill("hello");
                sys.write(from[1], memory, 0, 5);
                assertEquals(5, sys.splice(from[0], pipe[1], 100), sys.binding());
                assertEquals(3, sys.splice(pipe[0], to[0], 3), sys.binding());
                assertEquals(2, sys.splice(pipe[0], to[0], 3), sys.binding());
                assertEquals(5, sys.read(to[1], memory, 10, 10), sys.binding());
                assertEquals("hello", text(10, 15), sys.binding());
                assertEquals(-sys.errno().EINVAL, sys.splice(from[0], to[0], 3), sys.binding());
            }
        }
    }

    @Test
    void messages_have_flags_and_an_end() throws IOException {
        for (Syscalls sys : ALL) {
            try (var fds = new Fds()) {
                int[] tcp = fds.connected(Libc.Socket.TCP_V4);
                fill("0123456789");
                assertEquals(-sys.errno().EAGAIN, sys.recv(tcp[0], memory, 0, 9, 0), sys.binding());
                assertEquals(3, sys.send(tcp[1], memory, 2, 3, 0), sys.binding());
                while (sys.unread(tcp[0]) < 3) {
                    Thread.onSpinWait(); // loopback delivers in its own time
                }
                assertEquals(3, sys.recv(tcp[0], memory, 6, 4, MSG_PEEK), sys.binding());
                assertEquals(3, sys.recv(tcp[0], memory, 0, 9, 0), sys.binding());
                assertEquals("2343452349", text(0, 10), sys.binding());
                assertEquals(1, sys.send(tcp[1], memory, 1, 1, MSG_OOB), sys.binding());
                assertEquals(0, sys.shutdown(tcp[1], Syscalls.SHUT_WRITING), sys.binding());
                int rc;
                do {
                    rc = sys.recv(tcp[0], memory, 0, 1, MSG_OOB);
                } while (rc < 0);
                assertEquals(1, rc, sys.binding());
                if (Host.LINUX) {
                    rc = sys.recv(tcp[0], memory, 0, 1, MSG_ERRQUEUE);
                    assertEquals(-sys.errno().EAGAIN, rc, sys.binding());
                }
                do {
                    rc = sys.recv(tcp[0], memory, 0, 9, 0);
                } while (rc == -sys.errno().EAGAIN);
                assertEquals(0, rc, sys.binding());
            }
        }
    }

    @Test
    void connections_begin_by_either_kind_of_address() throws IOException {
        for (Syscalls sys : ALL) {
            for (Libc.Socket kind : List.of(Libc.Socket.TCP_V4, Libc.Socket.TCP_V6)) {
                try (var fds = new Fds()) {
                    boolean isV6 = kind == Libc.Socket.TCP_V6;
                    var family = isV6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
                    try (var listener = ServerSocketChannel.open(family)) {
                        listener.bind(new InetSocketAddress(isV6 ? "::1" : "127.0.0.1", 0));
                        var bound = (InetSocketAddress) listener.getLocalAddress();
                        int client = fds.keep(kind.open());
                        assertEquals(0, sys.isListening(client), sys.binding());
                        memory.put(0, bound.getAddress().getAddress());
                        int length = isV6 ? 16 : 4;
                        long at = sys.address(memory);
                        int rc = sys.connect(client, at, length, bound.getPort(), 0);
                        assertTrue(rc == 0 || rc == -sys.errno().EINPROGRESS, sys.binding() + rc);
                        listener.accept().close();
                        assertEquals(0, sys.socketError(client), sys.binding());
                        rc = sys.connect(fds.keep(kind.open()), at, length == 4 ? 16 : 4, 1, 0);
                        assertTrue(rc < 0, "of the other family, or nobody listens");
                    }
                }
            }
        }
    }

    @Test
    void connections_begin_by_a_path() throws IOException {
        Path path = directory.resolve("s");
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        try (var fds = new Fds();
                var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(path));
            memory.put(0, name);
            for (Syscalls sys : ALL) {
                int client = fds.keep(Libc.Socket.UNIX.open());
                long at = sys.address(memory);
                assertEquals(0, sys.connectUnix(client, at, name.length), sys.binding());
                listener.accept().close();
                assertEquals(-sys.errno().EINVAL, sys.connectUnix(client, at, 108), sys.binding());
                int other = fds.keep(Libc.Socket.UNIX.open());
                assertTrue(sys.connectUnix(other, at, name.length - 1) < 0, sys.binding());
            }
        }
    }

    @Test
    void what_is_accepted_and_opened_is_close_on_exec_and_non_blocking() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "text");
        byte[] name = (file + "\0").getBytes(StandardCharsets.UTF_8);
        for (Syscalls sys : ALL) {
            try (var fds = new Fds()) {
                int listener = fds.keep(Libc.Socket.TCP_V4.listen());
                assertEquals(-sys.errno().EAGAIN, sys.accept(listener), sys.binding());
                Libc.Socket.TCP_V4.connect(fds.keep(Libc.Socket.TCP_V4.open()), listener);
                memory.put(0, name);
                int[] made = {
                    sys.accept(listener), sys.open(sys.address(memory), Syscalls.TO_READ)
                };
                for (int fd : made) {
                    assertTrue(fd >= 0, sys.binding() + " " + fd);
                    fds.keep(fd);
                    assertTrue(Libc.isCloseOnExec(fd), sys.binding());
                    assertTrue(Libc.isNonBlocking(fd), sys.binding());
                }
                assertEquals(-sys.errno().EBADF, sys.write(made[1], memory, 0, 1), sys.binding());
                memory.put(1, (byte) '!');
                int rc = sys.open(sys.address(memory), Syscalls.TO_READ);
                assertEquals(-sys.errno().ENOENT, rc, sys.binding());
            }
        }
    }
}
