#!/bin/sh
# Netty's epoll and io_uring transports hand out data that nobody has asked for, when the peer shuts down writing or resets:
# with AUTO_READ off and no Channel.read(), channelRead comes all the same, and again, until all that the socket holds is out,
# and the channel is closed. The NIO transport waits for the read(), as the documentation of AUTO_READ has it. A proxy that
# does not read before its other side is connected, as Netty's example does, loses the request of a client that sends it and
# shuts down writing, with two of the three transports.
#
# Why: EPOLLRDHUP and POLLRDHUP are asked for at all times, and when they come the transport reads to find the end
# (epollRdHupReady calls epollInReady, and pollRdHup of io_uring schedules a read), whatever is configured.
#
# Seen: Netty 4.2.18.Final, OpenJDK 17.0.15 and 25.0.3, Linux 6.18; the client sends and ends, the server never calls read().
# The output was:
#   nio, 5 bytes and shut down: channelRead of 0 bytes, channelInactive false; after a read() of 5
#   epoll, 5 bytes and shut down: channelRead of 5 bytes, channelInactive true
#   io_uring, 5 bytes and shut down: channelRead of 5 bytes, channelInactive true
#   nio, 100000 bytes and shut down: channelRead of 0 bytes, channelInactive false; after a read() of 2048
#   epoll, 100000 bytes and shut down: channelRead of 100000 bytes, channelInactive true
#   io_uring, 100000 bytes and shut down: channelRead of 100000 bytes, channelInactive true
#
# Needs Linux with io_uring, a JDK and Maven, which fetches Netty; JAVA names the JDK's java, MVN Maven's mvn. Exit status: 0
# it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.netty</groupId>
      <artifactId>netty-transport-native-epoll</artifactId>
      <version>4.2.18.Final</version>
      <classifier>linux-x86_64</classifier>
    </dependency>
    <dependency>
      <groupId>io.netty</groupId>
      <artifactId>netty-transport-native-io_uring</artifactId>
      <version>4.2.18.Final</version>
      <classifier>linux-x86_64</classifier>
    </dependency>
  </dependencies>
</project>
POM

cat >"$directory/Unasked.java" <<'JAVA'
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

class Unasked {
    public static void main(String[] args) throws Exception {
        if (!IoUring.isAvailable()) {
            System.err.println("no io_uring here: " + IoUring.unavailabilityCause());
            System.exit(2);
        }
        for (int bytes : new int[] {5, 100_000}) {
            show("nio", NioIoHandler.newFactory(), NioServerSocketChannel.class, bytes);
            show("epoll", EpollIoHandler.newFactory(), EpollServerSocketChannel.class, bytes);
            show("io_uring", IoUringIoHandler.newFactory(), IoUringServerSocketChannel.class, bytes);
        }
    }

    private static void show(String name, IoHandlerFactory handler, Class<? extends ServerChannel> type, int bytes)
            throws Exception {
        var group = new MultiThreadIoEventLoopGroup(1, handler);
        var accepted = new CompletableFuture<Channel>();
        var counts = new Counts();
        try {
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(type)
                    .childOption(ChannelOption.AUTO_READ, false)
                    .childOption(ChannelOption.SO_RCVBUF, 1 << 20)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(counts);
                            accepted.complete(channel);
                        }
                    })
                    .bind(new InetSocketAddress("127.0.0.1", 0))
                    .sync()
                    .channel();
            try (Socket client = new Socket("127.0.0.1", ((InetSocketAddress) server.localAddress()).getPort())) {
                Channel channel = accepted.get(30, TimeUnit.SECONDS);
                client.getOutputStream().write(new byte[bytes]);
                client.shutdownOutput();
                boolean inactive = counts.inactive.await(name.equals("nio") ? 1 : 30, TimeUnit.SECONDS);
                int unasked = counts.read.get();
                String asked = "";
                if (!inactive) {
                    channel.read();
                    counts.first.await(30, TimeUnit.SECONDS);
                    asked = "; after a read() of " + (counts.read.get() - unasked);
                }
                System.out.println(name + ", " + bytes + " bytes and shut down: channelRead of " + unasked
                        + " bytes, channelInactive " + inactive + asked);
            }
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    private static final class Counts extends ChannelInboundHandlerAdapter {
        private final AtomicInteger read = new AtomicInteger();
        private final CountDownLatch first = new CountDownLatch(1);
        private final CountDownLatch inactive = new CountDownLatch(1);

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            read.addAndGet(bytes.readableBytes());
            bytes.release();
            first.countDown();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            inactive.countDown();
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
if ! "${MVN:-mvn}" -q -B -f "$directory/pom.xml" dependency:copy-dependencies -DoutputDirectory="$directory/lib" >&2; then
    echo "Netty cannot be fetched here" >&2
    exit 2
fi
"${JAVA:-java}" -Dio.netty.noUnsafe=true -cp "$directory/lib/*" "$directory/Unasked.java" >"$directory/out" || exit 2
cat "$directory/out"
diff - "$directory/out" <<'EXPECTED'
nio, 5 bytes and shut down: channelRead of 0 bytes, channelInactive false; after a read() of 5
epoll, 5 bytes and shut down: channelRead of 5 bytes, channelInactive true
io_uring, 5 bytes and shut down: channelRead of 5 bytes, channelInactive true
nio, 100000 bytes and shut down: channelRead of 0 bytes, channelInactive false; after a read() of 2048
epoll, 100000 bytes and shut down: channelRead of 100000 bytes, channelInactive true
io_uring, 100000 bytes and shut down: channelRead of 100000 bytes, channelInactive true
EXPECTED
