package dev.pollux.contract.kinds;

import static dev.pollux.contract.kinds.StreamsContract.watch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Files of /proc, of sysfs and of cgroups that report a change. */
@LocalOnly("kinds are made by Linux's own calls, which an agent does not know")
class KernelFilesContract {
    private static final String MOUNTS = "/proc/thread-self/mountinfo";
    private static final String HOSTNAME = "/proc/sys/kernel/hostname";

    @TempDir Path dir;

    // ---- mountinfo

    @EveryBackend
    void mountinfo(Pair pair, TestInfo test) throws Exception {
        Apart.run(
                Kernel.CLONE_NEWNS,
                () -> {
                    Kernel.mount("none", dir.toString(), "tmpfs", 0);
                    try {
                        Kind.check(pair, test, this::mounts);
                    } finally {
                        Kernel.unmount(dir.toString());
                    }
                });
    }

    private void mounts(Kind kind) throws Exception {
        kind.row(
                "something is mounted or unmounted",
                fds ->
                        Thing.of(fds.keep(openMounts()))
                                .happens(this::mountAndUnmount)
                                .seenAtOnce());
        alwaysReadable(kind, KernelFilesContract::openMounts, this::mountAndUnmount);
        eaten(kind, KernelFilesContract::openMounts, this::mountAndUnmount);
    }

    private static int openMounts() throws IOException {
        return Kernel.open(MOUNTS, Kernel.O_RDONLY);
    }

    private void mountAndUnmount() throws IOException {
        Kernel.mount("none", dir.toString(), "tmpfs", 0);
        Kernel.unmount(dir.toString());
    }

    private interface Opening {
        int open() throws Exception;
    }

    /** Interest in READ finds it ready, whatever happens. */
    private static void alwaysReadable(Kind kind, Opening opening, Thing.Act change)
            throws Exception {
        kind.fact(
                "Ask for PRIORITY alone: READ is always ready, and without PRIORITY a change reads"
                        + " as ERROR.",
                () -> {
                    try (var fds = new Fds();
                            FdSelector selector = kind.pair.open();
                            FdSelector other = kind.pair.open()) {
                        int fd = fds.keep(opening.open());
                        watch(selector, fd, Interest.READ);
                        assertEquals("READ", Trial.now(selector));
                        assertEquals("READ", Trial.now(selector));
                        change.act();
                        boolean select = kind.pair.backend() == Backend.SELECT;
                        assertEquals(select ? "READ" : "READ ERROR", Trial.now(selector));
                        watch(other, fds.keep(opening.open()), Interest.PRIORITY);
                        assertEquals("", Trial.now(other));
                        change.act();
                        assertEquals("PRIORITY", Trial.now(other));
                    }
                });
    }

    /** What the kernel says to whoever looks first. */
    private static void eaten(Kind kind, Opening opening, Thing.Act change) throws Exception {
        kind.factOfEpoll(
                "A change before register or modify is eaten by it: EPOLL_CTL_ADD and EPOLL_CTL_MOD"
                        + " look, and the wait then finds nothing. After either, read the file.",
                () -> {
                    try (var fds = new Fds();
                            FdSelector selector = kind.pair.open()) {
                        int fd = fds.keep(opening.open());
                        change.act();
                        FdKey key = selector.register(fd, Interest.PRIORITY, Trigger.ONESHOT, null);
                        assertEquals("", Trial.now(selector));
                        change.act();
                        assertEquals("PRIORITY", Trial.now(selector));
                        change.act();
                        selector.modify(key, Interest.PRIORITY); // arms it, and looks
                        assertEquals("", Trial.now(selector));
                        change.act();
                        assertEquals("PRIORITY", Trial.now(selector));
                    }
                });
    }

    @EveryBackend
    void hostname(Pair pair, TestInfo test) throws Exception {
        Apart.run(
                Kernel.CLONE_NEWUTS,
                () ->
                        Kind.check(
                                pair,
                                test,
                                kind -> {
                                    kind.row(
                                            "the host's name is set",
                                            fds ->
                                                    Thing.of(fds.keep(openHostname()))
                                                            .happens(KernelFilesContract::setName)
                                                            .seenAtOnce());
                                    alwaysReadable(
                                            kind,
                                            KernelFilesContract::openHostname,
                                            KernelFilesContract::setName);
                                }));
    }

    private static int openHostname() throws IOException {
        return Kernel.open(HOSTNAME, Kernel.O_RDONLY);
    }

    private static void setName() throws IOException {
        Kernel.setHostname("pollux");
    }

    // ---- cgroups

    /** A cgroup of our own, in a mount of our own of their file system. */
    @EveryBackend
    void cgroup_events(Pair pair, TestInfo test) throws Exception {
        Apart.run(
                Kernel.CLONE_NEWNS,
                () -> {
                    Kernel.mount("none", dir.toString(), "cgroup2", 0);
                    try {
                        Kind.check(pair, test, this::cgroups);
                    } finally {
                        Kernel.unmount(dir.toString());
                    }
                });
    }

    private void cgroups(Kind kind) throws Exception {
        try (var group = new Cgroup(dir)) {
            kind.row(
                    "the first process comes, or the last goes",
                    fds -> {
                        int fd = fds.keep(Kernel.open(group.events(), Kernel.O_RDONLY));
                        Fds.drain(fd);
                        return Thing.of(fd)
                                .happens(group::comeAndGo)
                                .quiet("it is read again, from 0", () -> readFromStart(fd));
                    });
            kind.fact(
                    "A read that goes on where the last one ended does not end the report; one from"
                            + " 0 does (pread, or lseek before).",
                    () -> {
                        try (var fds = new Fds();
                                FdSelector selector = kind.pair.open()) {
                            int fd = fds.keep(Kernel.open(group.events(), Kernel.O_RDONLY));
                            Fds.drain(fd);
                            watch(selector, fd, Interest.PRIORITY);
                            group.comeAndGo();
                            assertEquals("PRIORITY", Trial.poll(selector, Trial.LIMIT_MILLIS));
                            Fds.drain(fd);
                            assertEquals("PRIORITY", Trial.now(selector));
                            readFromStart(fd);
                            assertEquals("", Trial.now(selector));
                        }
                    });
        }
        kind.fact(
                "That a cgroup is removed wakes no registration; one made afterwards, and a poll(2)"
                        + " or select(2) that begins, see PRIORITY.",
                () -> removed(kind));
    }

    private void removed(Kind kind) throws Exception {
        try (var fds = new Fds();
                FdSelector selector = kind.pair.open();
                FdSelector later = kind.pair.open()) {
            int fd;
            try (var group = new Cgroup(dir)) {
                fd = fds.keep(Kernel.open(group.events(), Kernel.O_RDONLY));
                Fds.drain(fd);
                watch(selector, fd, Interest.PRIORITY);
                assertEquals("", Trial.now(selector));
            }
            boolean scans = !Reported.isEpoll(kind.pair.backend());
            assertEquals(scans ? "PRIORITY" : "", Trial.now(selector));
            watch(later, fd, Interest.PRIORITY);
            assertEquals("PRIORITY", Trial.now(later));
        }
    }

    // ---- sysfs

    @EveryBackend
    void sysfs_attribute(Pair pair, TestInfo test) throws Exception {
        Apart.run(
                Kernel.CLONE_NEWNS,
                () -> {
                    try (var disk = new LoopDisk(dir)) {
                        Kind.check(
                                pair,
                                test,
                                kind ->
                                        kind.row(
                                                "the kernel notifies of a change (sysfs_notify)",
                                                fds -> attribute(fds, disk)));
                    }
                });
    }

    private static Thing attribute(Fds fds, LoopDisk disk) throws IOException {
        int fd = fds.keep(disk.openErrorsCount());
        Fds.drain(fd);
        return Thing.of(fd)
                .happens(disk::addError)
                .quiet("it is read again, from 0", () -> readFromStart(fd));
    }

    private static void readFromStart(int fd) throws IOException {
        Kernel.seekToStart(fd);
        assertTrue(Fd.read(fd, ByteBuffer.allocate(4096)) > 0);
    }
}
