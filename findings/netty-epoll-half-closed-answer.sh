#!/bin/sh
# Netty's epoll transport cuts an answer short if the client has shut down writing, as many do after their request, and the
# answer does not fit into the socket's buffers at once: with ALLOW_HALF_CLOSURE, which is there for this, the channel is closed
# with "epoll_ctl(..) failed with error(-2): No such file or directory" after what the buffers took, and the client sees an
# orderly end. A Channel.read() does the same to it. The NIO and io_uring transports send it whole.
#
# Why: when the input is shut down, EPOLLRDHUP and EPOLLIN are no longer asked for; with nothing left to ask for, EpollIoHandler
# takes the descriptor out of epoll (EPOLL_CTL_DEL) and does not note that it has (DefaultEpollIoRegistration.submit). To wait
# for EPOLLOUT, or for EPOLLIN again, is then an EPOLL_CTL_MOD of what is not there. 4.2.14 and 4.2.16 do the same; 4.2.10 and
# 4.2.12, which left it in epoll without interest, do not.
#
# Seen: Netty 4.2.18.Final, OpenJDK 17.0.15 and 25.0.3, Linux 6.18; the answer has 32 MiB. The output was:
#   nio: the client receives all: true, the server's write succeeds: true
#   epoll: the client receives all: false, the server's write succeeds: false
#   io_uring: the client receives all: true, the server's write succeeds: true
#   epoll, a read() before a small answer: the client receives all: false
#   nio, a read() before a small answer: the client receives all: true
#
# Needs Linux with io_uring, a JDK and Maven, which fetches Netty; JAVA names the JDK's java, MVN Maven's mvn. Exit status: 0 it
# is so; 1 it is not so any longer; 2 it cannot be shown here.
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

cat >"$directory/HalfClosed.java" <<'JAVA'
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
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
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

class HalfClosed {
    public static void main(String[] args) throws Exception {
        if (!IoUring.isAvailable()) {
            System.err.println("no io_uring here: " + IoUring.unavailabilityCause());
            System.exit(2);
        }
        large("nio", NioIoHandler.newFactory(), NioServerSocketChannel.class);
        large("epoll", EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
        large("io_uring", IoUringIoHandler.newFactory(), IoUringServerSocketChannel.class);
        small("epoll", EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
        small("nio", NioIoHandler.newFactory(), NioServerSocketChannel.class);
    }

    private static void large(String name, IoHandlerFactory handler, Class<? extends ServerChannel> type) throws Exception {
        boolean[] got = exchange(handler, type, 32 << 20, false);
        System.out.println(name + ": the client receives all: " + got[0] + ", the server's write succeeds: " + got[1]);
    }

    private static void small(String name, IoHandlerFactory handler, Class<? extends ServerChannel> type) throws Exception {
        boolean[] got = exchange(handler, type, 5, true);
        System.out.println(name + ", a read() before a small answer: the client receives all: " + got[0]);
    }

    private static boolean[] exchange(IoHandlerFactory handler, Class<? extends ServerChannel> type, int size, boolean read)
            throws Exception {
        var group = new MultiThreadIoEventLoopGroup(1, handler);
        var writing = new CompletableFuture<ChannelFuture>();
        try {
            var server = new ServerBootstrap()
                    .group(group)
                    .channel(type)
                    .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(new Answer(size, read, writing));
                        }
                    })
                    .bind(new InetSocketAddress("127.0.0.1", 0))
                    .sync()
                    .channel();
            try (Socket client = new Socket("127.0.0.1", ((InetSocketAddress) server.localAddress()).getPort())) {
                client.shutdownOutput();
                ChannelFuture written = writing.get(60, TimeUnit.SECONDS);
                InputStream in = client.getInputStream();
                byte[] buffer = new byte[1 << 16];
                long received = 0;
                for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                    received += n;
                }
                written.await(60, TimeUnit.SECONDS);
                return new boolean[] {received == size, written.isSuccess()};
            }
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    /** Answers when the client has shut down writing, and closes when the answer is written. */
    private static final class Answer extends ChannelInboundHandlerAdapter {
        private final int size;
        private final boolean read;
        private final CompletableFuture<ChannelFuture> writing;

        Answer(int size, boolean read, CompletableFuture<ChannelFuture> writing) {
            this.size = size;
            this.read = read;
            this.writing = writing;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ChannelInputShutdownReadComplete) {
                context.executor().execute(() -> answer(context));
            }
        }

        private void answer(ChannelHandlerContext context) {
            if (read) {
                context.read();
            }
            context.executor().execute(() -> {
                ChannelFuture written = context.writeAndFlush(Unpooled.wrappedBuffer(new byte[size]));
                written.addListener(ChannelFutureListener.CLOSE);
                writing.complete(written);
            });
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            System.err.println(cause.getMessage());
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
"${JAVA:-java}" -Dio.netty.noUnsafe=true -cp "$directory/lib/*" "$directory/HalfClosed.java" >"$directory/out" || exit 2
cat "$directory/out"
diff - "$directory/out" <<'EXPECTED'
nio: the client receives all: true, the server's write succeeds: true
epoll: the client receives all: false, the server's write succeeds: false
io_uring: the client receives all: true, the server's write succeeds: true
epoll, a read() before a small answer: the client receives all: false
nio, a read() before a small answer: the client receives all: true
EXPECTED
