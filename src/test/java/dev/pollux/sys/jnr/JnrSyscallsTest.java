package dev.pollux.sys.jnr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.sys.Layout;
import dev.pollux.sys.Platform;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the binding does on a system that lacks some functions: here, on Linux, they are looked for
 * under names that libc does not have.
 */
class JnrSyscallsTest {
    private static final String NOWHERE = "pollux_no_such_function";

    private final ByteBuffer two = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    private final ByteBuffer memory = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());

    @BeforeEach
    void these_are_tricks_on_linux() {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "not Linux");
    }

    /** The column of this machine, some functions gone. */
    private static Syscalls without(String... functions) {
        Map<String, String> symbols = new HashMap<>();
        for (String function : functions) {
            symbols.put(function, NOWHERE);
        }
        Platform here = Platform.current();
        String column =
                Platform.names().stream()
                        .filter(
                                name ->
                                        new Platform(name, Map.of())
                                                .constants()
                                                .equals(here.constants()))
                        .findFirst()
                        .orElseThrow();
        return new JnrSyscalls(new Platform(column, symbols));
    }

    @Test
    void without_pipe2_a_pipe_is_marked_afterwards() throws IOException {
        Syscalls sys = without("pipe2");
        assertEquals(0, sys.pipe(sys.address(two)));
        for (int fd : new int[] {two.getInt(0), two.getInt(4)}) {
            assertEquals(02000000 | 04000, flags(fd) & (02000000 | 04000));
        }
        assertEquals(1, sys.write(two.getInt(4), memory, 0, 1), "the writing end is the second");
        closeBoth(sys);
    }

    @Test
    void a_pair_that_cannot_be_made_says_why() {
        Syscalls sys = without("pipe2");
        assertEquals(-sys.errno().number("EFAULT"), sys.pipe(8), "an address that is not ours");
    }

    @Test
    void where_a_socket_pair_has_no_flags_it_is_marked_afterwards() throws IOException {
        Syscalls sys = macosOnLinux();
        assertEquals(0, sys.socketpair(sys.address(two)));
        for (int fd : new int[] {two.getInt(0), two.getInt(4)}) {
            assertEquals(02000000, flags(fd) & 02000000, "close-on-exec");
        }
        closeBoth(sys);
    }

    @Test
    void what_a_system_has_not_is_enosys_and_no_exception() {
        Syscalls sys = macosOnLinux();
        int enosys = -sys.errno().ENOSYS;
        assertEquals(-78, enosys, "macOS's own number");
        long at = sys.address(memory);
        assertEquals(enosys, sys.eventfd());
        assertEquals(enosys, sys.epollCreate());
        assertEquals(enosys, sys.epollReplace(0, 1));
        assertEquals(enosys, sys.epollCtl(0, 1, 0, 0, 0));
        assertEquals(enosys, sys.epollWait(0, at, 1, 0, null));
        assertEquals(enosys, sys.epollPwait2(0, at, 1, 0, null));
        assertEquals(enosys, sys.ppoll(at, 0, 0));
        assertNotEquals(0, sys.layout().keventSize);
        assertEquals(0, sys.layout().kqueueIsEmulated);
    }

    /** The column of macOS; its kqueue would be getpid and getppid. */
    private static Syscalls macosOnLinux() {
        return new JnrSyscalls(
                new Platform(
                        "macos",
                        Map.of(
                                "kqueue", "getpid", "kevent", "getppid", "pipe2", NOWHERE, "ppoll",
                                NOWHERE)));
    }

    @Test
    void without_epoll_pwait2_the_rest_of_epoll_serves() {
        Syscalls sys = without("epoll_pwait2");
        int epfd = sys.epollCreate();
        assertTrue(epfd > 2, "epfd=" + epfd);
        long at = sys.address(memory);
        assertEquals(-sys.errno().ENOSYS, sys.epollPwait2(epfd, at, 1, 0, null));
        assertEquals(0, sys.epollWait(epfd, at, 1, 0, null));
        assertEquals(0, sys.close(epfd));
    }

    @Test
    void without_fstat_that_of_old_glibc_says_the_same() {
        Syscalls old;
        try {
            old = without("fstat");
        } catch (UnsatisfiedLinkError e) {
            assumeTrue(false, e.getMessage()); // musl
            return;
        }
        Syscalls sys = without();
        assertEquals(0, sys.socketpair(sys.address(two)));
        for (int fd : new int[] {0, two.getInt(0), two.getInt(4)}) {
            assertEquals(0, sys.fileStatus(fd, sys.address(memory)));
            long[] status = {memory.getLong(0), memory.getLong(8), memory.getLong(16)};
            assertEquals(0, old.fileStatus(fd, old.address(memory)));
            long[] same = {memory.getLong(0), memory.getLong(8), memory.getLong(16)};
            assertArrayEquals(status, same);
            assertNotEquals(0, status[1], "the inode");
        }
        closeBoth(sys);
        assertEquals(-old.errno().EBADF, old.fileStatus(two.getInt(0), old.address(memory)));
    }

    @Test
    void without_kqueue_its_layout_is_empty() {
        Syscalls sys = without();
        assumeTrue(sys.layout(Layout.KQUEUE) == 0, "libkqueue is there");
        assertEquals(-sys.errno().ENOSYS, sys.kqueue());
        assertEquals(-sys.errno().ENOSYS, sys.keventChange(0, 0, 0, 0));
        assertEquals(-sys.errno().ENOSYS, sys.keventWait(0, 0, 0, 0));
        for (int i = Layout.KQUEUE; i < Layout.POLL; i++) {
            assertEquals(0, sys.layout(i), "constant " + i);
        }
        assertNotEquals(0, sys.layout(Layout.POLL));
    }

    @Test
    void what_no_system_lacks_is_named_when_it_does() {
        var symbols = Map.of("kqueue", "getpid", "kevent", NOWHERE);
        var e =
                assertThrows(
                        UnsatisfiedLinkError.class,
                        () -> new JnrSyscalls(new Platform("freebsd", symbols)));
        assertEquals("libc has no " + NOWHERE, e.getMessage());
        var gone =
                new Platform("linux", Map.of("strerror", NOWHERE, "select", NOWHERE + "_either"));
        e = assertThrows(UnsatisfiedLinkError.class, () -> new JnrSyscalls(gone));
        assertEquals("libc has no " + NOWHERE + ", " + NOWHERE + "_either", e.getMessage());
    }

    private void closeBoth(Syscalls sys) {
        assertEquals(0, sys.close(two.getInt(0)));
        assertEquals(0, sys.close(two.getInt(4)));
    }

    private static int flags(int fd) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd))) {
            if (line.startsWith("flags:")) {
                return Integer.parseInt(line.substring(6).strip(), 8);
            }
        }
        throw new AssertionError("no flags of " + fd);
    }
}
