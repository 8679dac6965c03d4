import java.io.FileDescriptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.SelectorProvider;
import sun.nio.ch.Net;
import sun.nio.ch.SelChImpl;
import sun.nio.ch.SelectionKeyImpl;

/**
 * A channel that connects and is no SocketChannel, as the JDK's SCTP channels are, waits for its
 * connection and then for a byte. Prints how many selections each took.
 */
public final class OtherChannel extends AbstractSelectableChannel implements SelChImpl {
    private final SocketChannel inner = SocketChannel.open();
    private boolean connected;

    OtherChannel() throws IOException {
        super(SelectorProvider.provider());
    }

    @Override
    public int validOps() {
        return SelectionKey.OP_CONNECT | SelectionKey.OP_READ | SelectionKey.OP_WRITE;
    }

    @Override
    protected void implConfigureBlocking(boolean block) throws IOException {
        inner.configureBlocking(block);
    }

    @Override
    protected void implCloseSelectableChannel() {}

    @Override
    public FileDescriptor getFD() {
        return ((SelChImpl) inner).getFD();
    }

    @Override
    public int getFDVal() {
        return ((SelChImpl) inner).getFDVal();
    }

    @Override
    public boolean translateAndUpdateReadyOps(int events, SelectionKeyImpl key) {
        return translate(events, key, key.nioReadyOps());
    }

    @Override
    public boolean translateAndSetReadyOps(int events, SelectionKeyImpl key) {
        return translate(events, key, 0);
    }

    private boolean translate(int events, SelectionKeyImpl key, int ops) {
        int old = key.nioReadyOps();
        int interest = key.nioInterestOps();
        if ((events & Net.POLLIN) != 0) {
            ops |= interest & SelectionKey.OP_READ;
        }
        if ((events & Net.POLLOUT) != 0) {
            ops |= interest & (connected ? SelectionKey.OP_WRITE : SelectionKey.OP_CONNECT);
        }
        key.nioReadyOps(ops);
        return (ops & ~old) != 0;
    }

    @Override
    public int translateInterestOps(int ops) {
        int events = (ops & SelectionKey.OP_READ) != 0 ? Net.POLLIN : 0;
        return (ops & ~SelectionKey.OP_READ) != 0 ? events | Net.POLLOUT : events;
    }

    @Override
    public void kill() throws IOException {
        inner.close();
    }

    public static void main(String[] arguments) throws IOException {
        var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (var selector = Selector.open();
                var server = ServerSocketChannel.open().bind(loopback)) {
            System.out.println("selector: " + selector.getClass().getName());
            var channel = new OtherChannel();
            channel.configureBlocking(false);
            channel.inner.connect(server.getLocalAddress());
            SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
            System.out.println("connect: " + selectionsUntil(selector, key, SelectionKey.OP_CONNECT));
            while (!channel.inner.finishConnect()) {
                Thread.onSpinWait();
            }
            channel.connected = true;
            key.interestOps(SelectionKey.OP_READ);
            try (var peer = server.accept()) {
                peer.write(ByteBuffer.allocate(1));
                System.out.println("read: " + selectionsUntil(selector, key, SelectionKey.OP_READ));
            }
            channel.close();
            selector.selectNow();
            System.out.println("open after close: " + channel.inner.isOpen());
        }
    }

    private static int selectionsUntil(Selector selector, SelectionKey key, int ops)
            throws IOException {
        for (int selections = 1; selections <= 1000; selections++) {
            selector.select(10_000);
            if (selector.selectedKeys().remove(key) && key.readyOps() == ops) {
                return selections;
            }
        }
        return -1;
    }
}
