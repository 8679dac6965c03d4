#!/bin/sh
# To close the channel of System.inheritedChannel() takes the JVM its standard output and error: from then on both are
# /dev/null, though they are a log file that has nothing to do with the socket. What is printed is lost, without an error
# (checkError() is false); so is the stack trace with which the program dies, and what children say that inherit them. A server
# that inetd or systemd has started is silent from the moment when it closes its port to stop in good order.
#
# Why: the classes of inherited channels (InheritedSocketChannelImpl and its two kin) duplicate /dev/null onto 0, 1 and 2 when
# they are closed (InheritedChannel.detachIOStreams), for programs whose three descriptors are the socket itself; they do not
# look whether it is so. The documentation of inheritedChannel says nothing of it.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1 and 28-ea+18, Linux 6.18; output and error are files. The output
# was, on all:
#   not closed: in the files before, after, child, trace; checkError false; 0 socket, 1 out, 2 err
#   connected, closed: in the files before; checkError false; 0 null, 1 null, 2 null
#   listening, closed: in the files before; checkError false; 0 null, 1 null, 2 null
#   unix, closed: in the files before; checkError false; 0 null, 1 null, 2 null
#   udp, closed: in the files before; checkError false; 0 null, 1 null, 2 null
#
# Needs Linux, python3 and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Close.java" <<'JAVA'
import java.nio.channels.Channel;
import java.nio.file.Files;
import java.nio.file.Path;

class Close {
    public static void main(String[] args) throws Exception {
        System.out.println("before");
        Channel channel = System.inheritedChannel();
        if (args[1].equals("close")) {
            channel.close();
        }
        System.out.println("after");
        new ProcessBuilder("sh", "-c", "echo child >&2").inheritIO().start().waitFor();
        StringBuilder said = new StringBuilder("checkError " + System.out.checkError() + "; ");
        for (int fd = 0; fd <= 2; fd++) {
            String name = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).getFileName().toString();
            said.append(fd == 0 ? "" : ", ").append(fd).append(' ').append(name.replaceAll(":.*", ""));
        }
        Files.writeString(Path.of(args[0]), said);
        throw new IllegalStateException("trace");
    }
}
JAVA

cat >"$directory/start.py" <<'PYTHON'
import os, socket, subprocess, sys
java, directory = sys.argv[1:]
name = lambda file: os.path.join(directory, file)

def show(title, channel, what):
    with open(name("out"), "w") as out, open(name("err"), "w") as err:
        subprocess.run([java, name("Close.java"), name("said"), what], stdin=channel, stdout=out, stderr=err)
    files = open(name("out")).read() + open(name("err")).read()
    words = ", ".join(word for word in ("before", "after", "child", "trace") if word in files)
    print("%s: in the files %s; %s" % (title, words, open(name("said")).read()))

server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
connected = server.accept()[0]
pair = socket.socketpair()
udp = socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
show("not closed", connected, "leave")
show("connected, closed", connected, "close")
show("listening, closed", server, "close")
show("unix, closed", pair[0], "close")
show("udp, closed", udp, "close")
PYTHON

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
python3 "$directory/start.py" "${JAVA:-java}" "$directory" | tee "$directory/shown"
diff - "$directory/shown" <<'EXPECTED'
not closed: in the files before, after, child, trace; checkError false; 0 socket, 1 out, 2 err
connected, closed: in the files before; checkError false; 0 null, 1 null, 2 null
listening, closed: in the files before; checkError false; 0 null, 1 null, 2 null
unix, closed: in the files before; checkError false; 0 null, 1 null, 2 null
udp, closed: in the files before; checkError false; 0 null, 1 null, 2 null
EXPECTED
