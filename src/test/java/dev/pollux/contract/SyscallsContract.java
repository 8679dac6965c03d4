package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The system-call contract: all bindings that work here give the same answers. */
@LocalOnly("it compares the bindings of this process")
class SyscallsContract {
    private static final int NO_FD = 1_000_000; // beyond what a process may open

    private static final List<Syscalls> ALL = new ArrayList<>();

    @BeforeAll
    static void open() {
        ALL.clear();
        for (String binding : Bindings.NAMES) {
            try {
                ALL.add(Bindings.open(binding));
                assertEquals(binding, ALL.get(ALL.size() - 1).binding());
            } catch (Bindings.Unavailable e) {
                System.out.println("SyscallsContract: without " + binding + ": " + e.getMessage());
            }
        }
    }

    @BeforeEach
    void there_is_something_to_compare() {
        assumeTrue(ALL.size() > 1, "there is but one binding here");
    }

    /** Those beside the first, with which they are compared. */
    private static List<Syscalls> others() {
        return ALL.subList(1, ALL.size());
    }

    @Test
    void layouts_and_constants_are_the_same() {
        for (int i = 0; i < Layout.COUNT; i++) {
            if (i >= Layout.KQUEUE && i < Layout.POLL && !allHaveKqueue()) {
                continue; // on Linux a library makes it, which may serve some of them
            }
            for (Syscalls sys : others()) {
                assertEquals(
                        ALL.get(0).layout(i), sys.layout(i), sys.binding() + ", constant " + i);
            }
        }
        for (Syscalls sys : ALL) {
            int einval = sys.errno().EINVAL;
            assertEquals(-einval, sys.layout(-1), sys.binding());
            assertEquals(-einval, sys.layout(Layout.COUNT), sys.binding());
            assertTrue(sys.layout().pollfdSize >= 8, sys.binding());
        }
    }

    private static boolean allHaveKqueue() {
        return ALL.stream().allMatch(sys -> sys.layout().keventSize != 0);
    }

    @Test
    void error_numbers_names_and_texts_are_the_same() {
        for (int i = 0; i < Errno.NAMES.size(); i++) {
            String name = Errno.NAMES.get(i);
            int number = ALL.get(0).errorNumber(i);
            assertTrue(number > 0, name);
            for (Syscalls sys : ALL) {
                assertEquals(number, sys.errorNumber(i), name);
                assertEquals(number, sys.errno().number(name), name);
            }
        }
        for (int error = 0; error < 140; error++) {
            for (Syscalls sys : others()) {
                assertEquals(ALL.get(0).errno().describe(error), sys.errno().describe(error));
            }
        }
        for (Syscalls sys : ALL) {
            int einval = sys.errno().EINVAL;
            assertEquals(-einval, sys.errorNumber(-1), sys.binding());
            assertEquals(-einval, sys.errorNumber(Errno.NAMES.size()), sys.binding());
            String text = sys.errno().describe(sys.errno().EBADF);
            assertTrue(text.startsWith("EBADF ") && text.length() > 8, text);
        }
        assertNotEquals(
                ALL.get(0).errno().describe(ALL.get(0).errno().EBADF),
                ALL.get(0).errno().describe(ALL.get(0).errno().EPERM));
    }

    @Test
    void error_texts_are_cut_at_the_capacity() {
        for (Syscalls sys : ALL) {
            ByteBuffer text = ByteBuffer.allocateDirect(16);
            text.put(4, (byte) 99);
            assertEquals(4, sys.errorText(sys.errno().EBADF, sys.address(text), 4));
            assertEquals(99, text.get(4), sys.binding());
        }
    }

    @Test
    void allocated_memory_is_zero_and_where_its_address_says() {
        for (Syscalls sys : ALL) {
            for (int size : new int[] {1, 8, 10_000}) {
                for (int round = 0; round < 100; round++) {
                    ByteBuffer memory = sys.allocate(size);
                    assertEquals(size, memory.capacity(), sys.binding());
                    assertEquals(0, sys.address(memory) % 8, "for an atomic access");
                    for (int i = 0; i < size; i += 7) {
                        assertEquals(0, memory.get(i), sys.binding());
                        memory.put(i, (byte) 1);
                    }
                    sys.free(memory);
                }
            }
        }
    }

    @Test
    void no_memory_is_null() {
        for (Syscalls sys : ALL) {
            assertEquals(null, sys.allocate(-1), sys.binding()); // as a size_t: nobody has so much
        }
    }

    @Test
    void every_call_names_the_same_error_for_a_descriptor_that_is_not_open() {
        ByteBuffer memory = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
        same("read", sys -> sys.read(NO_FD, memory, 0, 8), "EBADF");
        same("write", sys -> sys.write(NO_FD, memory, 0, 8), "EBADF");
        same("close", sys -> sys.close(NO_FD), "EBADF");
        same("setNonBlocking", sys -> sys.setNonBlocking(NO_FD, true), "EBADF");
        same("isNonBlocking", sys -> sys.isNonBlocking(NO_FD), "EBADF");
        same("unread", sys -> sys.unread(NO_FD), "EBADF");
        same("isOpen", sys -> sys.isOpen(NO_FD), "EBADF");
        same("socketType", sys -> sys.socketType(NO_FD), "EBADF");
        same("fileStatus", sys -> sys.fileStatus(NO_FD, sys.address(memory)), "EBADF");
        String epoll = hasEpoll() ? "EBADF" : "ENOSYS";
        same("epollReplace", sys -> sys.epollReplace(NO_FD, NO_FD + 1), epoll);
        same("epollCtl", sys -> sys.epollCtl(NO_FD, 1, 0, 1, 0), epoll);
        same("epollWait", sys -> sys.epollWait(NO_FD, sys.address(memory), 1, 0, null), epoll);
        same("epollPwait2", sys -> noEpollPwait2(sys, memory), epoll);
        same("select", sys -> select(sys, memory), "EBADF");
    }

    private static boolean hasEpoll() {
        return ALL.get(0).layout().epollEventSize != 0;
    }

    private static int noEpollPwait2(Syscalls sys, ByteBuffer memory) {
        int rc = sys.epollPwait2(NO_FD, sys.address(memory), 1, 0, null);
        return rc == -sys.errno().ENOSYS && hasEpoll()
                ? -sys.errno().EBADF
                : rc; // an old libc, an old kernel
    }

    /** Descriptor 900, which nobody has here, wanted for reading. */
    private static int select(Syscalls sys, ByteBuffer unused) {
        ByteBuffer sets = ByteBuffer.allocateDirect(3 * 128).order(ByteOrder.nativeOrder());
        sets.putLong(900 / 64 * 8, 1L << 900 % 64);
        long at = sys.address(sets);
        int rc = sys.select(901, at, at + 128, at + 256, 0);
        // Beyond the size of the process's table the kernel leaves the bits as they are.
        return rc >= 0 ? -sys.errno().EBADF : rc;
    }

    private static void same(String call, ToIntFunction<Syscalls> made, String error) {
        for (Syscalls sys : ALL) {
            int rc = made.applyAsInt(sys);
            assertEquals(-sys.errno().number(error), rc, call + " by " + sys.binding());
        }
    }

    @Test
    void arguments_that_the_kernel_refuses_are_refused_alike() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            ByteBuffer memory = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
            for (Syscalls sys : ALL) {
                String by = sys.binding();
                Errno errno = sys.errno();
                Layout layout = sys.layout();
                assertEquals(-errno.EAGAIN, sys.read(pipe[0], memory, 0, 8), by);
                assertEquals(-errno.EBADF, sys.write(pipe[0], memory, 0, 8), by);
                assertEquals(-errno.EBADF, sys.read(pipe[1], memory, 0, 8), by);
                assertEquals(-errno.EINVAL, sys.select(-1, 0, 0, 0, 0), by);
                if (!hasEpoll()) {
                    assertEquals(-errno.ENOSYS, sys.epollCreate(), by);
                    continue;
                }
                int epfd = sys.epollCreate();
                int add = layout.EPOLL_CTL_ADD;
                assertEquals(-errno.EINVAL, sys.epollCtl(epfd, add, epfd, 1, 0), by);
                assertEquals(-errno.EINVAL, sys.epollCtl(epfd, 77, pipe[0], 1, 0), by);
                assertEquals(-errno.EBADF, sys.epollCtl(epfd, add, NO_FD, 1, 0), by);
                assertEquals(0, sys.epollCtl(epfd, add, pipe[0], 1, 0), by);
                assertEquals(-errno.EEXIST, sys.epollCtl(epfd, add, pipe[0], 1, 0), by);
                int del = layout.EPOLL_CTL_DEL;
                assertEquals(0, sys.epollCtl(epfd, del, pipe[0], 0, 0), by);
                assertEquals(-errno.ENOENT, sys.epollCtl(epfd, del, pipe[0], 0, 0), by);
                long at = sys.address(memory);
                assertEquals(-errno.EINVAL, sys.epollWait(epfd, at, 0, 0, null), by);
                assertEquals(0, sys.close(epfd), by);
                assertEquals(-errno.EBADF, sys.close(epfd), by);
            }
        }
    }

    @Test
    void bytes_go_through_at_the_positions_that_were_said() throws IOException {
        for (Syscalls sys : ALL) {
            ByteBuffer two = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
            assertEquals(0, sys.pipe(sys.address(two)));
            ByteBuffer bytes = ByteBuffer.allocateDirect(16).putLong(0, 0x0102030405060708L);
            assertEquals(3, sys.write(two.getInt(4), bytes, 2, 3));
            assertEquals(3, sys.read(two.getInt(0), bytes, 8, 8));
            byte[] read = new byte[4];
            bytes.get(8, read);
            assertArrayEquals(new byte[] {3, 4, 5, 0}, read, sys.binding());
            assertEquals(0, bytes.position());
            sys.close(two.getInt(4));
            assertEquals(0, sys.read(two.getInt(0), bytes, 0, 8), "the end");
            sys.close(two.getInt(0));
        }
    }

    @Test
    void all_see_the_same_file_and_mode() throws IOException {
        try (var fds = new Fds()) {
            for (int fd : new int[] {fds.pipe()[0], fds.socketpair()[0], 0}) {
                var seen = new ArrayList<List<Long>>();
                for (Syscalls sys : ALL) {
                    ByteBuffer status =
                            ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
                    assertEquals(0, sys.fileStatus(fd, sys.address(status)));
                    seen.add(
                            List.of(
                                    status.getLong(0),
                                    status.getLong(8),
                                    status.getLong(16),
                                    status.getLong(24)));
                    assertEquals(0, sys.isOpen(fd));
                }
                assertEquals(1, Set.copyOf(seen).size(), seen.toString());
            }
        }
    }

    /** Which is open for {@code fcntl} and {@code fstat} alone. */
    @Test
    void none_takes_o_path_for_open() throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.keep(Libc.openAsPath(Path.of("/")));
            same("isOpen", sys -> sys.isOpen(fd), "EBADF");
        }
    }

    @Test
    void each_sees_what_another_has_done() throws IOException {
        assumeTrue(hasEpoll(), "there is no epoll here");
        for (Syscalls sys : ALL) {
            Syscalls other = ALL.get((ALL.indexOf(sys) + 1) % ALL.size());
            ByteBuffer two = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
            assertEquals(0, sys.socketpair(sys.address(two)));
            int fd = two.getInt(0);
            ByteBuffer events = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
            ByteBuffer one = ByteBuffer.allocateDirect(1);
            Layout layout = sys.layout();
            long token = 0x7edcba9876543210L;
            int epfd = sys.epollCreate();
            int edge = layout.EPOLLIN | layout.EPOLLET;
            assertEquals(0, sys.epollCtl(epfd, layout.EPOLL_CTL_ADD, fd, edge, token));
            assertEquals(0, other.epollWait(epfd, other.address(events), 4, 0, null));
            other.write(two.getInt(4), one, 0, 1);
            assertEquals(1, other.epollWait(epfd, other.address(events), 4, -1, null));
            assertEquals(layout.EPOLLIN, events.getInt(layout.epollEventEvents));
            assertEquals(token, events.getLong(layout.epollEventData));

            var memory = new NativeMemory(other);
            var changes = new EpollChanges(other, memory, 1);
            changes.reserve(2);
            changes.hold();
            changes.add(fd, layout.EPOLLOUT, token + 1);
            changes.add(NO_FD, layout.EPOLLOUT, 5);
            assertEquals(1, other.epollWait(epfd, other.address(events), 4, -1, changes));
            assertTrue(changes.tryHold(), "the lock was released");
            assertEquals(1, changes.failed());
            assertEquals(0, changes.rc(0));
            assertEquals(-sys.errno().EBADF, changes.rc(1));
            assertEquals(layout.EPOLLOUT, events.getInt(layout.epollEventEvents));
            assertEquals(token + 1, events.getLong(layout.epollEventData));
            for (int each : new int[] {epfd, fd, two.getInt(4)}) {
                assertEquals(0, other.close(each));
            }
            memory.close();
        }
    }

    @Test
    void a_refused_change_ends_the_wait_at_once() {
        assumeTrue(hasEpoll(), "there is no epoll here");
        for (Syscalls sys : ALL) {
            ByteBuffer events = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
            int epfd = sys.epollCreate();
            var memory = new NativeMemory(sys);
            var changes = new EpollChanges(sys, memory, 4);
            changes.hold();
            changes.add(NO_FD, sys.layout().EPOLLIN, 1);
            assertEquals(0, sys.epollWait(epfd, sys.address(events), 4, -1, changes));
            assertEquals(1, changes.failed());
            changes.clear();
            changes.hold();
            changes.add(NO_FD, sys.layout().EPOLLIN, 1);
            long hour = 3_600_000_000_000L;
            int rc = sys.epollPwait2(epfd, sys.address(events), 4, hour, changes);
            assertTrue(rc == 0 || rc == -sys.errno().ENOSYS, sys.binding() + " " + rc);
            assertEquals(1, changes.failed());
            assertEquals(0, sys.close(epfd));
            memory.close();
        }
    }

    @Test
    void blocking_mode_goes_on_and_off() throws IOException {
        try (var fds = new Fds()) {
            int fd = fds.pipe()[0];
            for (Syscalls sys : ALL) {
                assertTrue(flags(fd).isNonBlocking());
                assertEquals(1, sys.isNonBlocking(fd));
                assertEquals(0, sys.setNonBlocking(fd, false));
                assertEquals(0, sys.isNonBlocking(fd));
                assertTrue(!flags(fd).isNonBlocking(), sys.binding());
                assertEquals(0, sys.setNonBlocking(fd, false));
                assertEquals(0, sys.setNonBlocking(fd, true));
                assertTrue(flags(fd).isNonBlocking(), sys.binding());
            }
        }
    }

    @Test
    void what_is_unread_is_counted_where_the_kernel_counts_it() throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            int[] sockets = fds.socketpair();
            Fds.write(pipe[1], 3);
            Fds.write(sockets[1], 4);
            for (Syscalls sys : ALL) {
                assertEquals(3, sys.unread(pipe[0]), sys.binding());
                assertEquals(4, sys.unread(sockets[0]), sys.binding());
                assertEquals(0, sys.unread(sockets[1]), sys.binding());
            }
        }
    }

    @Test
    void all_but_jnr_can_look_into_a_channel() throws IOException {
        try (SocketChannel channel = SocketChannel.open()) {
            int fd = ALL.get(0).channelDescriptor(channel);
            for (Syscalls sys : ALL) {
                assertEquals(
                        sys.binding().equals("jnr") ? -sys.errno().ENOSYS : fd,
                        sys.channelDescriptor(channel),
                        sys.binding());
            }
        }
    }

    /** What the kernel says of a descriptor. */
    record Flags(boolean isNonBlocking, boolean isCloseOnExec) {}

    static Flags flags(int fd) throws IOException {
        return new Flags(Libc.isNonBlocking(fd), Libc.isCloseOnExec(fd));
    }
}
