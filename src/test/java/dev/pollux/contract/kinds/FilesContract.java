package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** What reports of files: inotify, fanotify. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class FilesContract {
    private static final int IN_MODIFY = 2;
    private static final int FAN_CLOEXEC = 1;
    private static final int FAN_NONBLOCK = 2;
    private static final int FAN_CLASS_CONTENT = 4;
    private static final int FAN_MARK_ADD = 1;
    private static final long FAN_MODIFY = 2;
    private static final long FAN_OPEN_PERM = 0x10000;
    private static final int FAN_ALLOW = 1;
    private static final int AT_FDCWD = -100;

    @TempDir Path dir;

    private Path file(String name) throws IOException {
        Path file = dir.resolve(name);
        return Files.exists(file) ? file : Files.createFile(file);
    }

    private static void change(Path file) throws IOException {
        Files.write(file, new byte[1], StandardOpenOption.APPEND);
    }

    @EveryBackend
    void inotify(Pair pair, TestInfo test) throws Exception {
        Path first = file("first");
        Path second = file("second");
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a watched file changes",
                            fds -> {
                                int fd = inotify(fds, dir);
                                return Thing.of(fd)
                                        .happens(() -> change(first))
                                        .again(() -> change(second))
                                        .quiet("all events are read", () -> Fds.drain(fd));
                            });
                    kind.factOfEpoll(
                            "An event that equals the last one unread is merged with it, and is no"
                                    + " new edge: EDGE does not report it.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = inotify(fds, dir);
                                    selector.register(fd, Interest.READ, Trigger.EDGE, null);
                                    change(first);
                                    assertEquals("READ", Trial.now(selector));
                                    change(first);
                                    assertEquals("", Trial.now(selector));
                                    change(second);
                                    assertEquals("READ", Trial.now(selector));
                                    change(first);
                                    assertEquals("READ", Trial.now(selector));
                                }
                            });
                    kind.fact(
                            "A read into a buffer that the next event does not fit into fails"
                                    + " (EINVAL); LEVEL reports on.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = inotify(fds, dir);
                                    watch(selector, fd, Interest.READ);
                                    change(first);
                                    assertEquals("READ", Trial.now(selector));
                                    var e =
                                            assertThrows(
                                                    PolluxException.class,
                                                    () -> Fd.read(fd, ByteBuffer.allocate(16)));
                                    assertTrue(e.getMessage().contains("EINVAL"), e::getMessage);
                                    assertEquals("READ", Trial.now(selector));
                                }
                            });
                });
    }

    private static int inotify(Fds fds, Path path) throws IOException {
        int fd = fds.keep(Libc.inotify());
        int rc = Kernel.C.inotify_add_watch(fd, path.toString(), IN_MODIFY);
        Kernel.check("inotify_add_watch", rc);
        return fd;
    }

    @EveryBackend
    void fanotify(Pair pair, TestInfo test) throws Exception {
        Path first = file("first");
        Path second = file("second");
        Kind.check(
                pair,
                test,
                kind -> {
                    kind.row(
                            "a marked file changes",
                            fds -> {
                                int fd = fanotify(fds, first, FAN_MODIFY);
                                mark(fd, second, FAN_MODIFY);
                                return Thing.of(fd)
                                        .happens(() -> change(first))
                                        .again(() -> change(second))
                                        .quiet("all events are read", () -> readEvents(fd));
                            });
                    kind.row(
                            "somebody asks for a permission",
                            fds -> {
                                int fd = fanotify(fds, first, FAN_OPEN_PERM);
                                return Thing.of(fd)
                                        .happens(() -> Poller.run(() -> open(first)))
                                        .quiet("all events are read", () -> readEvents(fd));
                            });
                    kind.fact(
                            "Who asks for a permission waits until the answer is written, or the"
                                    + " descriptor closed.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = fanotify(fds, first, FAN_OPEN_PERM);
                                    watch(selector, fd, Interest.READ);
                                    Poller asking = Poller.run(() -> open(first));
                                    assertEquals("READ", Trial.poll(selector, Trial.LIMIT_MILLIS));
                                    answerAll(fd);
                                    asking.result();
                                    assertEquals("", Trial.now(selector));
                                }
                            });
                    kind.factOfEpoll(
                            "An event that equals any unread one, not the last alone as with"
                                    + " inotify, is merged with it, and is no new edge.",
                            () -> {
                                try (var fds = new Fds();
                                        FdSelector selector = pair.open()) {
                                    int fd = fanotify(fds, first, FAN_MODIFY);
                                    mark(fd, second, FAN_MODIFY);
                                    selector.register(fd, Interest.READ, Trigger.EDGE, null);
                                    change(first);
                                    assertEquals("READ", Trial.now(selector));
                                    change(second);
                                    assertEquals("READ", Trial.now(selector));
                                    change(first);
                                    assertEquals("", Trial.now(selector));
                                    readEvents(fd);
                                    change(first);
                                    assertEquals("READ", Trial.now(selector));
                                }
                            });
                });
    }

    private static Object open(Path file) throws IOException {
        Fd.close(Kernel.open(file.toString(), Kernel.O_RDONLY));
        return file;
    }

    private static int fanotify(Fds fds, Path file, long events) throws IOException {
        int fd = Kernel.C.fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK | FAN_CLASS_CONTENT, 0);
        fds.keep(Kernel.require("fanotify_init", fd));
        mark(fd, file, events);
        return fd;
    }

    private static void mark(int fd, Path file, long events) throws IOException {
        int rc = Kernel.C.fanotify_mark(fd, FAN_MARK_ADD, events, AT_FDCWD, file.toString());
        Kernel.require("fanotify_mark", rc);
    }

    /** struct fanotify_event_metadata, 24 bytes each, with a descriptor of the file. */
    private static void readEvents(int fd) throws IOException {
        ByteBuffer events = Kernel.bytes(4096);
        while (Fd.read(fd, events.clear()) > 0) {
            for (int at = 0; at < events.position(); at += events.getInt(at)) {
                Fd.close(events.getInt(at + 16));
            }
        }
    }

    private static void answerAll(int fd) throws IOException {
        ByteBuffer events = Kernel.bytes(4096);
        Fd.read(fd, events);
        for (int at = 0; at < events.position(); at += events.getInt(at)) {
            int file = events.getInt(at + 16);
            Fd.write(fd, Kernel.bytes(8).putInt(0, file).putInt(4, FAN_ALLOW));
            Fd.close(file);
        }
    }
}
