import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http3.Http3;
import io.netty.handler.codec.http3.Http3FrameToHttpObjectCodec;
import io.netty.handler.codec.http3.Http3ServerConnectionHandler;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;

/** Netty's HTTP/3, for a client to ask: it runs in the test's JVM, on the JDK's own provider. */
final class Http3Server {
    private static final String PASSWORD = "secret";
    private static final String ALIAS = "localhost";

    private final EventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final KeyStore keys;
    private Channel bound;

    /** With a fresh key; its certificate is left in this directory for the client. */
    Http3Server(Path directory) throws Exception {
        Path file = directory.resolve("http3.p12");
        Files.deleteIfExists(file);
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                ALIAS,
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=" + ALIAS,
                                "-ext",
                                "san=dns:localhost,ip:127.0.0.1",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                PASSWORD)
                        .redirectErrorStream(true)
                        .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        if (keytool.waitFor() != 0) {
            throw new AssertionError(said);
        }
        keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        Files.write(certificate(directory), keys.getCertificate(ALIAS).getEncoded());
    }

    static Path certificate(Path directory) {
        return directory.resolve("http3.der");
    }

    /** The port that it listens on. */
    int start() throws Exception {
        QuicSslContext ssl =
                QuicSslContextBuilder.forServer(
                                (PrivateKey) keys.getKey(ALIAS, PASSWORD.toCharArray()),
                                null,
                                (X509Certificate) keys.getCertificate(ALIAS))
                        .applicationProtocols(Http3.supportedApplicationProtocols())
                        .build();
        bound =
                new Bootstrap()
                        .group(loops)
                        .channel(NioDatagramChannel.class)
                        .handler(
                                Http3.newQuicServerCodecBuilder()
                                        .sslContext(ssl)
                                        .maxIdleTimeout(60, TimeUnit.SECONDS)
                                        .initialMaxData(10 * Bodies.MB)
                                        .initialMaxStreamDataBidirectionalLocal(Bodies.MB)
                                        .initialMaxStreamDataBidirectionalRemote(Bodies.MB)
                                        .initialMaxStreamsBidirectional(1000)
                                        .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                                        .handler(new Connections())
                                        .build())
                        .bind(InetAddress.getLoopbackAddress(), 0)
                        .sync()
                        .channel();
        return ((InetSocketAddress) bound.localAddress()).getPort();
    }

    void stop() throws InterruptedException {
        bound.close().sync();
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    private static final class Connections extends ChannelInitializer<QuicChannel> {
        @Override
        protected void initChannel(QuicChannel channel) {
            channel.pipeline().addLast(new Http3ServerConnectionHandler(new Streams()));
        }
    }

    private static final class Streams extends ChannelInitializer<QuicStreamChannel> {
        @Override
        protected void initChannel(QuicStreamChannel stream) {
            stream.pipeline()
                    .addLast(new Http3FrameToHttpObjectCodec(true))
                    .addLast(new HttpObjectAggregator(4 * Bodies.MB))
                    .addLast(new Answers());
        }
    }

    private static final class Answers extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            context.writeAndFlush(NettyServer.answer(request));
        }
    }
}
