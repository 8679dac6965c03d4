package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.StrictReport.Kind;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.PlantsFaults;
import dev.pollux.support.Poller;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;

/** The chapter "Registering": many in one step, all of them or none. */
class RegisteringManyContract {
    private static final int MANY = 70;

    private static int[] pipes(Fds fds, int count, List<int[]> pipes) throws IOException {
        int[] readers = new int[count];
        for (int i = 0; i < count; i++) {
            int[] pipe = fds.pipe();
            pipes.add(pipe);
            readers[i] = pipe[0];
        }
        return readers;
    }

    private static int[] with(int[] fds, int index, int fd) {
        int[] changed = fds.clone();
        changed[index] = fd;
        return changed;
    }

    private static <T extends Throwable> T refused(
            Class<T> type, FdSelector selector, int[] fds, int culprit) throws IOException {
        List<FdKey> before = selector.keys();
        T e =
                assertThrows(
                        type,
                        () -> selector.registerAll(fds, Interest.READ, Trigger.LEVEL, fd -> "no"));
        if (e instanceof PolluxException typed) {
            assertEquals(culprit, typed.fd());
            assertEquals("register", typed.operation());
        }
        assertEquals(new HashSet<>(before), new HashSet<>(selector.keys()));
        return e;
    }

    /** A few go one by one on every backend, many do not where the kernel takes them together. */
    @EveryBackend
    void each_is_registered_and_reported_with_its_attachment(FdSelector selector)
            throws IOException {
        for (int count : new int[] {0, 1, 7, 8, MANY, 300}) {
            try (var fds = new Fds()) {
                var pipes = new ArrayList<int[]>();
                int[] readers = pipes(fds, count, pipes);
                List<FdKey> keys =
                        selector.registerAll(
                                readers, Interest.READ, Trigger.LEVEL, fd -> "for " + fd);
                assertEquals(new HashSet<>(keys), new HashSet<>(selector.keys()));
                for (int i = 0; i < count; i++) {
                    FdKey key = keys.get(i);
                    assertEquals(readers[i], key.fd());
                    assertEquals("for " + readers[i], key.attachment());
                    assertEquals(Interest.READ, key.interest());
                    assertEquals(Trigger.LEVEL, key.trigger());
                    assertTrue(key.isValid());
                }
                assertEquals("TIMEOUT", Fds.pollNow(selector));
                for (int[] pipe : pipes) {
                    Fds.write(pipe[1], 1);
                }
                var seen = new HashSet<FdKey>();
                while (seen.size() < count) {
                    selector.poll(0, TimeUnit.SECONDS, (key, ready) -> seen.add(key));
                }
                assertEquals(new HashSet<>(keys), seen);
                for (FdKey key : keys) {
                    selector.unregister(key);
                }
                assertEquals("TIMEOUT", Fds.pollNow(selector));
            }
        }
    }

    @EveryBackend
    void each_trigger_is_kept(FdSelector selector) throws IOException {
        for (Trigger trigger : Trigger.values()) {
            try (var fds = new Fds()) {
                int[] readers = pipes(fds, 8, new ArrayList<>());
                if (!selector.supports(trigger)) {
                    assertThrows(
                            PolluxException.Unsupported.class,
                            () -> selector.registerAll(readers, Interest.READ, trigger, f -> null));
                    assertTrue(selector.keys().isEmpty());
                    continue;
                }
                for (FdKey key :
                        selector.registerAll(readers, Interest.READ, trigger, fd -> null)) {
                    assertEquals(trigger, key.trigger());
                    selector.unregister(key);
                }
            }
        }
    }

    @EveryBackend
    void none_is_registered_if_one_is_refused(FdSelector selector, @TempDir Path dir)
            throws IOException {
        try (var fds = new Fds()) {
            int[] readers = pipes(fds, MANY, new ArrayList<>());
            FdKey first = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, "first");
            int directory = fds.keep(Libc.openToRead(dir));
            int closed = fds.pipe()[0];
            fds.close(closed); // last: its number is free
            for (int at : new int[] {0, 5, MANY - 1}) {
                refused(
                        PolluxException.BadDescriptor.class,
                        selector,
                        with(readers, at, closed),
                        closed);
                refused(
                        PolluxException.NotPollable.class,
                        selector,
                        with(readers, at, directory),
                        directory);
                refused(
                        PolluxException.AlreadyRegistered.class,
                        selector,
                        with(readers, at, first.fd()),
                        first.fd());
            }
            assertTrue(first.isValid());
            assertEquals("TIMEOUT", Fds.pollNow(selector));
            selector.registerAll(readers, Interest.READ, Trigger.LEVEL, fd -> null);
            assertEquals(MANY + 1, selector.keys().size());
        }
    }

    @EveryBackend
    void wrong_arguments_register_nothing(FdSelector selector) throws IOException {
        try (var fds = new Fds()) {
            int[] readers = pipes(fds, 9, new ArrayList<>());
            refused(IllegalArgumentException.class, selector, with(readers, 3, -1), -1);
            var twice =
                    refused(
                            IllegalArgumentException.class,
                            selector,
                            with(readers, 3, readers[8]),
                            readers[8]);
            assertTrue(twice.getMessage().contains(readers[8] + " is in the list twice"));
            for (int wrong = 0; wrong < 4; wrong++) {
                int[] list = wrong == 0 ? null : readers;
                Interest interest = wrong == 1 ? null : Interest.READ;
                Trigger trigger = wrong == 2 ? null : Trigger.LEVEL;
                var attachments =
                        wrong == 3 ? null : (java.util.function.IntFunction<Object>) fd -> null;
                assertThrows(
                        NullPointerException.class,
                        () -> selector.registerAll(list, interest, trigger, attachments));
            }
            assertThrows(
                    NumberFormatException.class,
                    () ->
                            selector.registerAll(
                                    readers,
                                    Interest.READ,
                                    Trigger.LEVEL,
                                    fd -> Integer.valueOf("no")));
            assertTrue(selector.keys().isEmpty());
            selector.close();
            assertThrows(
                    PolluxException.Closed.class,
                    () -> selector.registerAll(readers, Interest.READ, Trigger.LEVEL, fd -> null));
        }
    }

    @PlantsFaults(Kind.CLOSED)
    @EveryBackend
    void reused_numbers_are_the_new_owners(FdSelector selector) throws IOException {
        Capability.REPLACES_REUSED_PIPES.require();
        try (var fds = new Fds()) {
            int[] readers = pipes(fds, MANY, new ArrayList<>());
            List<FdKey> old =
                    selector.registerAll(readers, Interest.READ, Trigger.LEVEL, fd -> "old");
            var pipes = new ArrayList<int[]>();
            for (int reader : readers) {
                int[] pipe = fds.pipe();
                pipes.add(pipe);
                fds.reuse(reader, pipe[0]);
            }
            List<FdKey> keys =
                    selector.registerAll(readers, Interest.READ, Trigger.LEVEL, fd -> "new");
            for (FdKey key : old) {
                assertFalse(key.isValid());
            }
            assertEquals(new HashSet<>(keys), new HashSet<>(selector.keys()));
            Fds.write(pipes.get(3)[1], 1);
            assertEquals(readers[3] + " READ", Fds.pollNow(selector));
        }
    }

    /** The places of ended registrations are taken, and those of the dropped ones become free. */
    @PlantsFaults(Kind.CLOSED)
    @EveryBackend
    void reused_numbers_take_no_place_of_one_another(FdSelector selector) throws IOException {
        Capability.REPLACES_REUSED_PIPES.require();
        try (var fds = new Fds()) {
            int[] readers = pipes(fds, 3, new ArrayList<>());
            selector.registerAll(readers, Interest.READ, Trigger.LEVEL, fd -> "old");
            int[] later = pipes(fds, 6, new ArrayList<>());
            for (FdKey key :
                    selector.registerAll(later, Interest.READ, Trigger.LEVEL, fd -> "ended")) {
                selector.unregister(key);
            }
            var pipes = new ArrayList<int[]>();
            for (int reader : readers) {
                int[] pipe = fds.pipe();
                pipes.add(pipe);
                fds.reuse(reader, pipe[0]);
            }
            List<FdKey> keys =
                    selector.registerAll(readers, Interest.READ, Trigger.LEVEL, fd -> "new");
            for (int fd : later) {
                selector.register(fd, Interest.READ, Trigger.LEVEL, "later");
            }
            assertEquals(9, selector.keys().size());
            for (int[] pipe : pipes) {
                Fds.write(pipe[1], 1);
            }
            var seen = new HashSet<FdKey>();
            for (int polls = 0; polls < 3 && seen.size() < 3; polls++) {
                selector.poll(0, TimeUnit.SECONDS, (key, ready) -> seen.add(key));
            }
            assertEquals(new HashSet<>(keys), seen);
        }
    }

    @EveryBackend
    void many_take_effect_on_the_very_poll_that_blocks(FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] writers = new int[MANY];
            for (int i = 0; i < MANY; i++) {
                writers[i] = fds.socketpair()[0];
            }
            var seen = new HashSet<Integer>();
            Poller poller =
                    Poller.run(
                            () -> {
                                while (seen.size() < MANY) {
                                    selector.poll((key, ready) -> seen.add(key.fd()));
                                }
                                return null;
                            });
            poller.awaitBlocked();
            selector.registerAll(writers, Interest.WRITE, Trigger.ONESHOT, fd -> null);
            poller.result();
            assertEquals(MANY, seen.size());
        }
    }

    /** 64 with one wait, one of them closed: it alone is reported as gone. */
    @PlantsFaults(Kind.CLOSED)
    @EveryBackend
    void of_many_pending_changes_the_refused_ones_alone_are_reported(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] ends = new int[MANY];
            for (int i = 0; i < MANY; i++) {
                ends[i] = fds.socketpair()[0];
            }
            List<FdKey> keys =
                    selector.registerAll(ends, Reported.idle(selector), Trigger.LEVEL, fd -> null);
            for (FdKey key : keys) {
                selector.modify(key, Interest.WRITE);
            }
            fds.close(ends[5]);
            fds.close(ends[MANY - 1]);
            var gone = new HashSet<Integer>();
            var seen = new HashSet<Integer>();
            while (seen.size() < MANY) {
                selector.poll(
                        0,
                        TimeUnit.SECONDS,
                        (key, ready) -> {
                            seen.add(key.fd());
                            if (ready.isError()) {
                                gone.add(key.fd());
                            }
                        });
            }
            assertEquals(Set.of(ends[5], ends[MANY - 1]), gone);
            for (FdKey key : keys) {
                assertEquals(!gone.contains(key.fd()), key.isValid());
            }
        }
    }
}
