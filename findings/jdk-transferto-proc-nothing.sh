#!/bin/sh
# InputStream.transferTo copies nothing of a file in /proc, without an error, if both streams come from java.nio:
# Files.newInputStream(mountinfo).transferTo(Files.newOutputStream(copy)) returns 0 on JDK 21 to 28, and so it does into the
# stream of a SocketChannel. JDK 17 copies it whole, and so do the same call with either stream from java.io, readAllBytes of
# the same stream, and Files.copy. On JDK 21 the same pair ends a copy from a FIFO with "Illegal seek", and there that is so of
# a FileInputStream and a FileOutputStream as well.
#
# Why: where both sides are channels, ChannelInputStream.transfer goes on "while (position < size)", and a file of /proc has
# size 0 and any length. For a FIFO the position is what fails; later JDKs look whether the file is one of these (isOther),
# which it is not if it calls itself regular, as all of /proc does.
#
# Seen: OpenJDK 17.0.15, 21.0.13, 25.0.3, 26.0.2.1, 27.0.1, 28-ea+18, Linux 6.18. The output was, on 25 to 28 (on 17 all is
# whole; on 21 lines 5 and 6, of the FIFO, are "Illegal seek"):
#   /proc, Files to Files: nothing, returned 0
#   /proc, Files to a SocketChannel: nothing, returned 0
#   /proc, FileInputStream to Files: whole
#   /proc, Files to FileOutputStream: whole
#   FIFO, Files to Files: whole
#   FIFO, FileInputStream to FileOutputStream: whole
#   /proc, Files.copy: whole
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Transfer.java" <<'JAVA'
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

class Transfer {
    interface Source {
        InputStream open(Path path) throws IOException;
    }

    interface Sink {
        OutputStream open(Path path) throws IOException;
    }

    private static final Path PROC = Path.of("/proc/self/mountinfo");
    private static Path copy;

    public static void main(String[] args) throws Exception {
        copy = Path.of(args[0], "copy");
        Path fifo = Path.of(args[0], "fifo");
        show("/proc, Files to Files", PROC, Files::newInputStream, Files::newOutputStream);
        toSocket("/proc, Files to a SocketChannel");
        show("/proc, FileInputStream to Files", PROC, path -> new FileInputStream(path.toFile()), Files::newOutputStream);
        show("/proc, Files to FileOutputStream", PROC, Files::newInputStream, path -> new FileOutputStream(path.toFile()));
        Process writer = write(fifo);
        show("FIFO, Files to Files", fifo, Files::newInputStream, Files::newOutputStream);
        writer.waitFor();
        writer = write(fifo);
        show("FIFO, FileInputStream to FileOutputStream", fifo, path -> new FileInputStream(path.toFile()),
                path -> new FileOutputStream(path.toFile()));
        writer.waitFor();
        Files.copy(PROC, copy, StandardCopyOption.REPLACE_EXISTING);
        System.out.println("/proc, Files.copy: " + (Files.size(copy) == 0 ? "nothing" : "whole"));
    }

    private static Process write(Path fifo) throws IOException {
        return new ProcessBuilder("sh", "-c", "echo hello >\"$1\"", "sh", fifo.toString()).start();
    }

    private static void show(String title, Path from, Source source, Sink sink) throws IOException {
        try (InputStream in = source.open(from); OutputStream out = sink.open(copy)) {
            long returned = in.transferTo(out);
            out.flush();
            System.out.println(title + ": " + (Files.size(copy) == 0 ? "nothing, returned " + returned : "whole"));
        } catch (IOException e) {
            System.out.println(title + ": " + e.getMessage());
        }
    }

    private static void toSocket(String title) throws IOException {
        try (var server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                var client = SocketChannel.open(server.getLocalAddress());
                var accepted = server.accept();
                InputStream in = Files.newInputStream(PROC)) {
            long returned = in.transferTo(Channels.newOutputStream(client));
            client.shutdownOutput();
            int received = Channels.newInputStream(accepted).readAllBytes().length;
            System.out.println(title + ": " + (received == 0 ? "nothing, returned " + returned : "whole"));
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
mkfifo "$directory/fifo"
nothing='nothing, returned 0'
fifo=whole
case $("${JAVA:-java}" --list-modules | sed -n 's/^java.base@\([0-9]*\).*/\1/p') in
    17) nothing=whole ;;
    21) fifo='Illegal seek' ;;
esac
"${JAVA:-java}" "$directory/Transfer.java" "$directory" | tee "$directory/out"
diff - "$directory/out" <<EXPECTED
/proc, Files to Files: $nothing
/proc, Files to a SocketChannel: $nothing
/proc, FileInputStream to Files: whole
/proc, Files to FileOutputStream: whole
FIFO, Files to Files: $fifo
FIFO, FileInputStream to FileOutputStream: $fifo
/proc, Files.copy: whole
EXPECTED
