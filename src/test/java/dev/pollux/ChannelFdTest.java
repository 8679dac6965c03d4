package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Fds;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On the binding of this process; {@code -Dpollux.binding} chooses another. */
class ChannelFdTest {
    private static boolean canLook() throws Bindings.Unavailable {
        return !Bindings.current().binding().equals("jnr");
    }

    @Test
    void every_channel_of_the_jdk_has_a_descriptor_or_the_binding_says_that_it_cannot_look()
            throws Exception {
        Pipe pipe = Pipe.open();
        var fds = new HashSet<Integer>();
        try (var socket = SocketChannel.open();
                var server = ServerSocketChannel.open();
                var datagram = DatagramChannel.open();
                var source = pipe.source();
                var sink = pipe.sink()) {
            for (SelectableChannel channel : List.of(socket, server, datagram, source, sink)) {
                if (canLook()) {
                    int fd = ChannelFd.of(channel);
                    fds.add(fd);
                    boolean isPipe = channel == source || channel == sink;
                    assertEquals(isPipe, Fds.isPipe(fd), channel::toString);
                    assertEquals(!isPipe, Fds.isSocket(fd), channel::toString);
                } else {
                    var e =
                            assertThrows(
                                    PolluxException.Unsupported.class, () -> ChannelFd.of(channel));
                    assertEquals("ChannelFd.of", e.operation());
                    assertTrue(e.getMessage().contains("jnr binding cannot"), e::getMessage);
                    assertTrue(e.getMessage().contains("make native"), e::getMessage);
                }
            }
        }
        assertEquals(canLook() ? 5 : 0, fds.size());
    }

    @Test
    void the_mode_of_the_channel_is_the_mode_of_the_descriptor() throws Exception {
        if (!canLook()) {
            return; // held above
        }
        Pipe pipe = Pipe.open();
        try (var source = pipe.source();
                var sink = pipe.sink()) {
            source.configureBlocking(false);
            sink.write(java.nio.ByteBuffer.allocate(3));
            assertEquals(3, Fds.drain(ChannelFd.of(source)));
        }
    }

    @Test
    void a_closed_channel_has_none() throws IOException {
        var channel = SocketChannel.open();
        channel.close();
        assertThrows(ClosedChannelException.class, () -> ChannelFd.of(channel));
    }

    @Test
    void null_is_refused() {
        assertThrows(NullPointerException.class, () -> ChannelFd.of(null));
    }

    /** Of another provider's make. */
    private static final class ForeignChannel extends SelectableChannel {
        @Override
        public SelectorProvider provider() {
            return null;
        }

        @Override
        public int validOps() {
            return 0;
        }

        @Override
        public boolean isRegistered() {
            return false;
        }

        @Override
        public SelectionKey keyFor(Selector selector) {
            return null;
        }

        @Override
        public SelectionKey register(Selector selector, int ops, Object attachment) {
            return null;
        }

        @Override
        public SelectableChannel configureBlocking(boolean block) {
            return this;
        }

        @Override
        public boolean isBlocking() {
            return false;
        }

        @Override
        public Object blockingLock() {
            return this;
        }

        @Override
        protected void implCloseChannel() {}
    }

    @Test
    void a_channel_of_another_make_is_unsupported_by_name() throws Exception {
        try (var channel = new ForeignChannel()) {
            var e = assertThrows(PolluxException.Unsupported.class, () -> ChannelFd.of(channel));
            assertTrue(e.getMessage().contains(ForeignChannel.class.getName()), e::getMessage);
        }
    }
}
