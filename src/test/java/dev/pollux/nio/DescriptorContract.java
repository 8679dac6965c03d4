package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Child;
import dev.pollux.support.Fds;
import dev.pollux.support.Poller;
import dev.pollux.sys.jdk.JdkChannels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jnr.constants.platform.RLIMIT;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import jnr.posix.RLimit;

/** Descriptors: none is left, few are enough, all numbers will do. */
class DescriptorContract {
    private static final POSIX POSIX = POSIXFactory.getPOSIX();

    @EveryProvider
    void a_thousand_channels_that_come_and_go_leave_nothing(Selector selector, Peers peers)
            throws IOException {
        int before = Fds.openCount();
        for (int i = 0; i < 1_000; i++) {
            SelectableChannel channel = fresh(peers.provider(), i);
            channel.configureBlocking(false);
            channel.register(selector, i % 5 == 0 ? 0 : channel.validOps());
            if (i % 3 != 0) {
                selector.selectNow();
                selector.selectedKeys().clear();
            }
            channel.close();
            if (i % 7 == 0) {
                selector.selectNow(key -> {});
            }
        }
        selector.selectNow();
        assertTrue(selector.keys().isEmpty());
        Fds.assertOpenCount(before);
    }

    private static SelectableChannel fresh(SelectorProvider provider, int i) throws IOException {
        switch (i % 4) {
            case 0:
                return provider.openSocketChannel();
            case 1:
                return provider.openServerSocketChannel().bind(Peers.loopback());
            case 2:
                return provider.openDatagramChannel();
            default:
                Pipe pipe = provider.openPipe();
                Pipe.SinkChannel sink = pipe.sink();
                sink.close();
                return pipe.source();
        }
    }

    @EveryProvider
    void a_thousand_connections_served_in_one_loop_leave_nothing(Selector selector, Peers peers)
            throws IOException {
        ServerSocketChannel server = peers.server();
        server.register(selector, OP_ACCEPT);
        int before = Fds.openCount();
        int[] served = {0};
        for (int i = 0; i < 1_000; i++) {
            SocketChannel client = peers.provider().openSocketChannel();
            client.connect(server.getLocalAddress()); // blocks: the kernel accepts by itself
            Peers.send(client, 10);
            client.shutdownOutput();
            var patience = new Patience();
            while (served[0] == i) {
                patience.check();
                selector.select(key -> serve(key, selector, served), Peers.LIMIT);
            }
            ByteBuffer echo = ByteBuffer.allocate(20);
            while (client.read(echo) >= 0) {
                continue;
            }
            assertEquals(10, echo.position());
            client.close();
        }
        selector.selectNow();
        assertEquals(1, selector.keys().size());
        Fds.assertOpenCount(before);
    }

    /** Accepts, or echoes and closes. */
    private static void serve(SelectionKey key, Selector selector, int[] served) {
        try {
            if (key.isAcceptable()) {
                SocketChannel accepted = ((ServerSocketChannel) key.channel()).accept();
                accepted.configureBlocking(false);
                accepted.register(selector, OP_READ);
                return;
            }
            var channel = (SocketChannel) key.channel();
            ByteBuffer bytes = ByteBuffer.allocate(64);
            if (channel.read(bytes) < 0) {
                channel.close();
                served[0]++;
            } else {
                channel.write(bytes.flip());
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @EveryProvider
    void a_thousand_selectors_leave_nothing(SelectorProvider provider) throws IOException {
        int before = Fds.openCount();
        for (int i = 0; i < 1_000; i++) {
            Selector selector = provider.openSelector();
            if (i % 2 == 0) {
                selector.wakeup();
            }
            if (i % 3 == 0) {
                selector.selectNow();
            }
            selector.close();
        }
        Fds.assertOpenCount(before);
    }

    @EveryProvider
    void a_channel_that_is_closed_before_any_selection_leaves_nothing(
            Selector selector, Peers peers) throws IOException {
        int before = Fds.openCount();
        for (int i = 0; i < 100; i++) {
            SocketChannel channel = peers.provider().openSocketChannel();
            channel.configureBlocking(false);
            channel.register(selector, OP_READ);
            channel.close();
        }
        selector.selectNow();
        Fds.assertOpenCount(before);
    }

    @EveryProvider
    void numbers_beyond_1024_are_like_others(Selector selector, Peers peers) throws IOException {
        List<DatagramChannel> many = new ArrayList<>();
        for (int i = 0; i < 1_100; i++) {
            many.add(peers.keep(peers.provider().openDatagramChannel()));
        }
        Pipe low = peers.pipe();
        many.get(0).register(selector, 0);
        Peers.Link link = peers.tcp();
        SelectionKey key = link.here().register(selector, OP_READ);
        SelectionKey sink = low.sink().register(selector, OP_WRITE);
        assertEquals(1, selector.select());
        assertEquals(Set.of(sink), selector.selectedKeys());
        Peers.send(link.there(), 1);
        sink.interestOps(0);
        assertEquals(1, selector.select(Peers.LIMIT));
        assertEquals(Set.of(sink, key), selector.selectedKeys());
        link.here().close();
        selector.selectNow();
        assertEquals(Set.of(sink), selector.selectedKeys());
    }

    @EveryProvider
    void without_a_descriptor_opening_fails_leaves_nothing_and_works_again(
            SelectorProvider provider, Peers peers) throws Exception {
        loadAllClasses(); // which takes descriptors
        Selector older = peers.selector();
        Pipe.SourceChannel source = peers.readable();
        int before = Fds.openCount();
        int resource = RLIMIT.RLIMIT_NOFILE.intValue();
        RLimit limit = POSIX.getrlimit(resource);
        Deque<Integer> taken = new ArrayDeque<>();
        taken.push(POSIX.dup(0));
        List<Throwable> refusals = new ArrayList<>();
        int selected = 0;
        Selector opened = null;
        assertEquals(0, POSIX.setrlimit(resource, taken.peek() + 16, limit.rlimMax()));
        try {
            for (int fd; (fd = POSIX.dup(0)) >= 0; ) {
                taken.push(fd);
            }
            source.register(older, OP_READ); // needs none
            selected = older.selectNow();
            while (opened == null && taken.size() > 1) {
                try {
                    opened = provider.openSelector();
                } catch (IOException | RuntimeException | Error e) {
                    refusals.add(e);
                    POSIX.close(taken.pop()); // one more may be opened
                }
            }
        } finally {
            assertEquals(0, POSIX.setrlimit(resource, limit.rlimCur(), limit.rlimMax()));
            taken.forEach(POSIX::close);
        }
        assertEquals(1, selected);
        assertFalse(refusals.isEmpty());
        for (Throwable refusal : refusals) {
            assertTrue(refusal instanceof IOException, refusal.toString());
        }
        assertEquals(0, opened.selectNow());
        opened.close();
        Fds.assertOpenCount(before);
    }

    /** Stands at a channel's number for a while: /dev/null, which nobody can wait for. */
    private static final class Impostor implements AutoCloseable {
        private final int fd;
        private final int original;

        Impostor(Pipe.SourceChannel channel) {
            fd = JdkChannels.descriptor(channel);
            original = POSIX.dup(fd);
            int file = POSIX.open("/dev/null", 0, 0);
            POSIX.dup2(file, fd);
            POSIX.close(file);
        }

        void leave() {
            POSIX.dup2(original, fd);
        }

        @Override
        public void close() {
            leave();
            POSIX.close(original);
        }
    }

    /** One whom the kernel refuses hinders no other, and is not forgotten; a line is logged. */
    @EveryProvider
    void a_channel_that_was_refused_is_tried_again_until_it_is_taken(
            Subject subject, Selector selector, Peers peers) throws Exception {
        subject.jdkDeviates("what the kernel refuses is forgotten");
        Pipe.SourceChannel refused = peers.readable();
        Pipe.SourceChannel other = peers.readable();
        try (var impostor = new Impostor(refused)) {
            SelectionKey key = refused.register(selector, OP_READ);
            SelectionKey beside = other.register(selector, OP_READ);
            for (int i = 0; i < 3; i++) {
                selector.selectNow();
                assertEquals(Set.of(beside), Peers.taken(selector), "the others go on");
            }
            beside.interestOps(0);
            assertEquals(0, selector.select(1)); // whether it waits for long or not
            impostor.leave();
            selector.selectNow();
            assertEquals(Set.of(key), Peers.taken(selector));
        }
    }

    /** Also by a selection that waits for ever already. */
    @EveryProvider
    void a_selection_that_waits_tries_again_a_channel_that_was_refused(
            Subject subject, Selector selector, Peers peers) throws Exception {
        subject.jdkDeviates("what the kernel refuses is forgotten");
        Pipe.SourceChannel refused = peers.readable();
        try (var impostor = new Impostor(refused)) {
            SelectionKey key = refused.register(selector, OP_READ);
            assertEquals(0, selector.selectNow());
            Poller waiting = Poller.run(() -> selector.select()).awaitBlocked();
            impostor.leave();
            assertEquals(1, waiting.result());
            assertEquals(Set.of(key), Peers.taken(selector));
        }
    }

    /** All of this library's. */
    private static void loadAllClasses() throws Exception {
        Path root = Child.classes();
        try (Stream<Path> files = Files.walk(root.resolve("dev"))) {
            for (Path file : files.collect(Collectors.toList())) {
                String name = root.relativize(file).toString();
                if (name.endsWith(".class")) {
                    String type = name.substring(0, name.length() - 6).replace('/', '.');
                    Class.forName(type, false, DescriptorContract.class.getClassLoader());
                }
            }
        }
        assertThrows(IOException.class, () -> Files.newByteChannel(root.resolve("there is none")));
    }
}
