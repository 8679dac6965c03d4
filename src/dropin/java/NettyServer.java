import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.Version;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Netty, with its transport on java.nio. */
final class NettyServer implements Program {
    private final EventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(3, NioIoHandler.newFactory());
    private Channel listening;

    private final boolean inherit;

    private NettyServer(boolean inherit) {
        this.inherit = inherit;
    }

    public static void main(String[] args) throws Exception {
        Program.run(new NettyServer(Inherited.isAsked(args)));
    }

    @Override
    public String version() {
        return Version.identify().get("netty-codec-http").artifactVersion();
    }

    @Override
    public int start() throws Exception {
        var bootstrap = new ServerBootstrap().group(loops).childHandler(new Pipeline());
        if (inherit) {
            var inherited = Inherited.channel();
            bootstrap.channelFactory(() -> new NioServerSocketChannel(inherited));
            listening = bootstrap.register().sync().channel(); // it is bound
        } else {
            bootstrap.channel(NioServerSocketChannel.class);
            listening = bootstrap.bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
        }
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    @Override
    public void stop() throws Exception {
        listening.close().sync();
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    private static final class Pipeline extends ChannelInitializer<SocketChannel> {
        @Override
        protected void initChannel(SocketChannel channel) {
            channel.pipeline()
                    .addLast(new IdleStateHandler(0, 0, ServerTest.IDLE_SECONDS))
                    .addLast(new HttpServerCodec())
                    .addLast(new HttpObjectAggregator(2 * Bodies.MORE_THAN_FITS))
                    .addLast(new Answers());
        }
    }

    /** What is asked for, or else what was sent. */
    static FullHttpResponse answer(FullHttpRequest request) {
        byte[] served = Bodies.under(request.uri());
        ByteBuf body = served == null ? request.content().retain() : Unpooled.wrappedBuffer(served);
        var response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        return response;
    }

    private static final class Answers extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            FullHttpResponse response = answer(request);
            boolean keepAlive = HttpUtil.isKeepAlive(request);
            // HTTP/1.0 keeps a connection only if told so.
            HttpUtil.setKeepAlive(response.headers(), request.protocolVersion(), keepAlive);
            ChannelFuture written = context.writeAndFlush(response);
            if (!keepAlive) {
                written.addListener(ChannelFutureListener.CLOSE);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof IdleStateEvent) {
                context.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // reset by the peer
            if (!(cause instanceof java.io.IOException)) {
                cause.printStackTrace();
            }
        }
    }
}
