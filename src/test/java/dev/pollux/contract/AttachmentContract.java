package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** What is attached to a registration may change while it stands. */
class AttachmentContract {
    @EveryBackend
    void attach_returns_what_was_attached_before_and_changes_nothing_else(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.ONESHOT, "first");
            assertEquals("first", key.attach("second"));
            assertEquals("second", key.attachment());
            Fds.write(pipe[1], 1);
            assertEquals(pipe[0] + " READ", Fds.pollNow(selector));
            assertEquals("second", key.attach(null));
            assertEquals("TIMEOUT", Fds.pollNow(selector), "not re-armed");
            assertNull(key.attach("third"));
            selector.modify(key, Interest.WRITE, Trigger.LEVEL);
            assertEquals("third", key.attachment());
            selector.unregister(key);
            assertEquals("third", key.attach("of a key that is not valid"));
            assertFalse(key.isValid());
        }
    }

    /** As a protocol that is upgraded: the state that is attached is what handles the event. */
    @EveryBackend
    void the_next_event_finds_the_state_that_a_handler_has_attached(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            var said = new ArrayList<String>();
            ReadyHandler encrypted = (key, ready) -> said.add("encrypted");
            ReadyHandler plain =
                    (key, ready) -> {
                        said.add("plain");
                        key.attach(encrypted);
                    };
            selector.register(pipe[0], Interest.READ, Trigger.LEVEL, plain);
            Fds.write(pipe[1], 1);
            for (int i = 0; i < 3; i++) {
                selector.poll(
                        (key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready));
            }
            assertEquals(List.of("plain", "encrypted", "encrypted"), said);
        }
    }

    @EveryBackend
    void later_events_of_the_same_batch_find_what_a_handler_has_attached(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            var keys = new ArrayList<FdKey>();
            for (int i = 0; i < 3; i++) {
                int fd = fds.socketpair()[0];
                keys.add(selector.register(fd, Interest.WRITE, Trigger.LEVEL, "old"));
            }
            var found = new ArrayList<Object>();
            selector.poll(
                    0,
                    TimeUnit.SECONDS,
                    (key, ready) -> {
                        found.add(key.attachment());
                        keys.forEach(each -> each.attach("new"));
                    });
            assertEquals(List.of("old", "new", "new"), found);
        }
    }

    @EveryBackend
    void a_poll_that_waits_finds_what_another_thread_has_attached_before_the_event(
            FdSelector selector) throws Exception {
        try (var fds = new Fds()) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var found = new AtomicReference<Object>();
            Poller poll = Poller.poll(selector, (k, ready) -> found.set(k.attachment()));
            poll.awaitBlocked();
            key.attach("attached meanwhile");
            Fds.write(pipe[1], 1);
            assertEquals(PollResult.EVENTS, poll.result());
            assertEquals("attached meanwhile", found.get());
        }
    }

    @EveryBackend
    void of_several_threads_each_gets_what_another_one_has_attached(FdSelector selector)
            throws Exception {
        int threads = 4;
        int rounds = 1000;
        try (var fds = new Fds()) {
            FdKey key = selector.register(fds.pipe()[0], Interest.READ, Trigger.LEVEL, -1);
            var replaced = new ConcurrentLinkedQueue<Object>();
            var attaching = new ArrayList<Poller>();
            for (int t = 0; t < threads; t++) {
                int first = t * rounds;
                attaching.add(
                        Poller.run(
                                () -> {
                                    for (int i = first; i < first + rounds; i++) {
                                        replaced.add(key.attach(i));
                                    }
                                    return null;
                                }));
            }
            for (Poller one : attaching) {
                one.result();
            }
            replaced.add(key.attachment());
            assertEquals(threads * rounds + 1, replaced.stream().distinct().count());
            assertEquals(threads * rounds + 1, replaced.size());
        }
    }

    /** Otherwise its number would be closed, and the channel's own close would hit another. */
    @LocalOnly("channels of java.nio are this process's")
    @EveryBackend
    void a_channel_that_was_attached_when_its_number_was_registered_is_what_is_closed(
            FdSelector selector, Pair pair) throws IOException {
        assumeFalse(pair.sys().binding().equals("jnr"), pair + " cannot look into a channel");
        Pipe pipe = Pipe.open();
        try (var source = pipe.source();
                var sink = pipe.sink()) {
            source.configureBlocking(false);
            int fd = pair.sys().channelDescriptor(source);
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, source);
            assertSame(source, key.attach("the next state"));
            selector.unregisterAndClose(key);
            assertFalse(source.isOpen());
            assertTrue(sink.isOpen());
        }
    }
}
