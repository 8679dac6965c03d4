package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.ChannelFd;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.FaultySyscalls;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Unregistering and closing in one call. */
class ClosingContract {
    @EveryBackend
    void an_event_of_the_batch_does_not_reach_who_gets_the_number(FdSelector selector)
            throws IOException {
        try (var fds = new Fds()) {
            var keys = new ArrayList<FdKey>();
            var writers = new ArrayList<Integer>();
            for (int i = 0; i < 2; i++) {
                int[] pipe = Fd.pipe();
                writers.add(fds.keep(pipe[1]));
                Fds.write(pipe[1], 1);
                keys.add(selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null));
            }
            int[] idle = fds.pipe();
            var delivered = new ArrayList<FdKey>();
            selector.poll(
                    0,
                    TimeUnit.SECONDS,
                    (key, ready) -> {
                        delivered.add(key);
                        FdKey other = keys.get(keys.get(0) == key ? 1 : 0);
                        selector.unregisterAndClose(other);
                        assertFalse(other.isValid());
                        Libc.dup2(idle[0], fds.keep(other.fd())); // reused at once
                        selector.register(other.fd(), Interest.READ, Trigger.LEVEL, "new");
                    });
            assertEquals(1, delivered.size());
            fds.keep(delivered.get(0).fd());
        }
    }

    @EveryBackend
    void of_several_calls_one_closes_and_the_others_throw(FdSelector selector) throws Exception {
        for (int i = 0; i < 20; i++) {
            int[] pipe = Fd.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            var closed = new AtomicInteger();
            Poller.Body<Void> close =
                    () -> {
                        try {
                            selector.unregisterAndClose(key);
                            closed.incrementAndGet();
                        } catch (PolluxException.NotRegistered e) {
                            assertEquals(pipe[0], e.fd());
                        }
                        return null;
                    };
            for (Poller each : List.of(Poller.run(close), Poller.run(close))) {
                each.result();
            }
            assertEquals(1, closed.get());
            Fd.close(pipe[1]);
        }
    }

    @EveryBackend
    void what_was_refused_is_not_closed(Pair pair) throws IOException {
        try (var fds = new Fds();
                FdSelector other = pair.open()) {
            int[] pipe = fds.pipe();
            FdKey key;
            try (FdSelector selector = pair.open()) {
                key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                assertThrows(
                        PolluxException.NotRegistered.class, () -> other.unregisterAndClose(key));
                assertTrue(Libc.isOpen(pipe[0]));
            }
            assertThrows(
                    PolluxException.Closed.class, () -> key.selector().unregisterAndClose(key));
            assertTrue(Libc.isOpen(pipe[0]));
        }
    }

    @EveryBackend
    void an_error_of_close_is_typed_and_the_key_is_invalid(Pair pair) throws IOException {
        var sys = new FaultySyscalls(pair.sys());
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), sys)) {
            int[] pipe = fds.pipe();
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            sys.on("close", call -> -sys.errno().ENOSPC);
            var e = assertThrows(PolluxException.class, () -> selector.unregisterAndClose(key));
            sys.heal("close");
            assertEquals(pipe[0], e.fd());
            assertFalse(key.isValid());
        }
    }

    @EveryBackend
    void a_channel_is_closed_by_itself(Pair pair) throws IOException {
        assumeTrue(
                List.of("jni", "ffm").contains(pair.binding()),
                "jnr-ffi cannot look into a channel");
        try (FdSelector selector = pair.open()) {
            for (String how : List.of("by its channel", "by its number", "with others")) {
                Pipe pipe = Pipe.open();
                SelectableChannel source = pipe.source();
                source.configureBlocking(false);
                FdKey key = register(selector, source, how);
                pipe.sink().write(ByteBuffer.wrap(new byte[1]));
                assertEquals(key.fd() + " READ", Fds.pollNow(selector));
                selector.unregisterAndClose(key);
                assertFalse(source.isOpen(), how);
                assertFalse(key.isValid());
                pipe.sink().close();
            }
        }
    }

    private static FdKey register(FdSelector selector, SelectableChannel channel, String how)
            throws IOException {
        Interest interest = Interest.READ;
        Trigger trigger = Trigger.LEVEL;
        int fd = ChannelFd.of(channel);
        return switch (how) {
            case "by its channel" ->
                    ChannelFd.register(selector, channel, interest, trigger, "anything");
            case "by its number" -> selector.register(fd, interest, trigger, channel);
            default -> selector.registerAll(new int[] {fd}, interest, trigger, n -> channel).get(0);
        };
    }
}
