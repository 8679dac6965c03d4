package dev.pollux.bench.echo;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/** On Netty's NIO transport, with one event loop for all channels. */
final class NettyEchoServer implements EchoServer {
    private static final int BACKLOG = 1024;

    private final Channel listener;
    private final Thread thread;
    private final AtomicLong echoed = new AtomicLong(); // written by the event loop alone

    NettyEchoServer(SelectorProvider provider) throws InterruptedException, ExecutionException {
        var loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory(provider));
        thread = loop.submit(Thread::currentThread).get();
        listener =
                new ServerBootstrap()
                        .group(loop)
                        .channelFactory(() -> new NioServerSocketChannel(provider))
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel peer) {
                                        peer.pipeline().addLast(new Echo());
                                    }
                                })
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sync()
                        .channel();
    }

    private final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            long sent = ((ByteBuf) message).readableBytes();
            context.write(message, context.voidPromise());
            echoed.lazySet(echoed.get() + sent);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    @Override
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public long echoed() {
        return echoed.get();
    }

    @Override
    public Thread thread() {
        return thread;
    }
}
