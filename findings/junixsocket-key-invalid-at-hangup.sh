#!/bin/sh
# junixsocket's Selector makes the key of a socket invalid whose peer has closed, though the channel is open and what the peer
# wrote before is unread. A loop of the usual form, which passes over keys that are not valid, never sees these bytes: the
# key is selected once, isValid() is false, and the next select() has dropped it and waits. It is so for a key without interest as
# well, which the JDK does not select at all. With the JDK's selector the same key is valid, and selected until the bytes and
# the end are read.
#
# Why: the selector is one poll(2), and AFSelectionKey takes what poll reports beyond reading and writing, so POLLHUP, as
# OP_INVALID, with which it is no longer valid (hasOpInvalid); AFSelector removes what is not valid before it polls again. Linux
# reports POLLHUP beside POLLIN when the peer of a Unix socket closes, whatever was asked for and is left to read.
#
# Seen: junixsocket 2.11.1, OpenJDK 17.0.15 and 25.0.3, Linux 6.18; the peer writes 5 bytes and closes. The output was:
#   JDK, OP_READ: selected 1, valid true; again: selected 1; channel open true, bytes to read 5
#   JDK, no interest: selected 0, valid true; again: selected 0; channel open true, bytes to read 5
#   junixsocket, OP_READ: selected 1, valid false; again: selected 0; channel open true, bytes to read 5
#   junixsocket, no interest: selected 1, valid false; again: selected 0; channel open true, bytes to read 5
#
# Needs Linux, JDK 17 or newer and Maven, which fetches junixsocket; JAVA names the JDK's java, MVN Maven's mvn. Exit status: 0
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
      <groupId>com.kohlschutter.junixsocket</groupId>
      <artifactId>junixsocket-common</artifactId>
      <version>2.11.1</version>
    </dependency>
    <dependency>
      <groupId>com.kohlschutter.junixsocket</groupId>
      <artifactId>junixsocket-native-common</artifactId>
      <version>2.11.1</version>
    </dependency>
  </dependencies>
</project>
POM

cat >"$directory/HungUp.java" <<'JAVA'
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Path;
import org.newsclub.net.unix.AFUNIXSelectorProvider;

class HungUp {
    public static void main(String[] args) throws Exception {
        var address = UnixDomainSocketAddress.of(Path.of(args[0], "socket"));
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address)) {
            for (int interest : new int[] {SelectionKey.OP_READ, 0}) {
                var client = SocketChannel.open(address);
                show("JDK", SelectorProvider.provider(), interest, client, server.accept());
            }
        }
        for (int interest : new int[] {SelectionKey.OP_READ, 0}) {
            var provider = AFUNIXSelectorProvider.provider();
            var pair = provider.openSocketChannelPair();
            show("junixsocket", provider, interest, pair.getFirst(), pair.getSecond());
        }
    }

    private static void show(String name, SelectorProvider provider, int interest, SocketChannel ours, SocketChannel theirs)
            throws Exception {
        try (Selector selector = provider.openSelector(); ours) {
            ours.configureBlocking(false);
            SelectionKey key = ours.register(selector, interest);
            theirs.write(ByteBuffer.allocate(5));
            theirs.close();
            int first = selector.select(500);
            boolean valid = key.isValid();
            selector.selectedKeys().clear();
            int second = selector.select(500);
            System.out.println(name + (interest == 0 ? ", no interest" : ", OP_READ") + ": selected " + first + ", valid " + valid
                    + "; again: selected " + second + "; channel open " + ours.isOpen() + ", bytes to read "
                    + ours.read(ByteBuffer.allocate(10)));
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
if ! "${MVN:-mvn}" -q -B -f "$directory/pom.xml" dependency:copy-dependencies -DoutputDirectory="$directory/lib" >&2; then
    echo "junixsocket cannot be fetched here" >&2
    exit 2
fi
"${JAVA:-java}" -cp "$directory/lib/*" "$directory/HungUp.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
JDK, OP_READ: selected 1, valid true; again: selected 1; channel open true, bytes to read 5
JDK, no interest: selected 0, valid true; again: selected 0; channel open true, bytes to read 5
junixsocket, OP_READ: selected 1, valid false; again: selected 0; channel open true, bytes to read 5
junixsocket, no interest: selected 1, valid false; again: selected 0; channel open true, bytes to read 5
EXPECTED
