package dev.pollux.bench.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** On Netty, with one event loop for all channels. */
final class NettyServer implements Server {
    static {
        // It would take SLF4J, which is here for another's sake and has nothing to write to.
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    }

    private final Channel listener;
    private final Thread thread;

    /** Why {@link #epoll} does not work here; null if it does. */
    static String epollUnavailableBecause() {
        Throwable cause = Epoll.unavailabilityCause();
        return cause == null ? null : "Netty's epoll does not load: " + cause;
    }

    /** On its NIO transport. */
    static NettyServer nio(SelectorProvider provider, Supplier<Protocol> protocols)
            throws InterruptedException, ExecutionException {
        return new NettyServer(
                NioIoHandler.newFactory(provider),
                () -> new NioServerSocketChannel(provider),
                protocols);
    }

    /** On its own epoll. */
    static NettyServer epoll(Supplier<Protocol> protocols)
            throws InterruptedException, ExecutionException {
        return new NettyServer(
                EpollIoHandler.newFactory(), EpollServerSocketChannel::new, protocols);
    }

    private NettyServer(
            IoHandlerFactory handlers,
            Supplier<? extends ServerChannel> listeners,
            Supplier<Protocol> protocols)
            throws InterruptedException, ExecutionException {
        var loop = new MultiThreadIoEventLoopGroup(1, handlers);
        thread = loop.submit(Thread::currentThread).get();
        listener =
                new ServerBootstrap()
                        .group(loop)
                        .channelFactory(listeners::get)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel peer) {
                                        peer.pipeline().addLast(new Answer(protocols.get()));
                                    }
                                })
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sync()
                        .channel();
    }

    /** What was received goes back as it is, without a copy, if that is the answer. */
    private static final class Answer extends ChannelInboundHandlerAdapter {
        private final Protocol protocol;

        Answer(Protocol protocol) {
            this.protocol = protocol;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var received = (ByteBuf) message;
            ByteBuffer bytes =
                    received.internalNioBuffer(received.readerIndex(), received.readableBytes());
            ByteBuffer answer = protocol.answer(bytes);
            if (answer == bytes) {
                context.write(received, context.voidPromise());
                return;
            }
            received.release();
            if (answer.hasRemaining()) {
                context.write(Unpooled.wrappedBuffer(answer), context.voidPromise());
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // the peer is gone
        }
    }

    @Override
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public Thread thread() {
        return thread;
    }
}
