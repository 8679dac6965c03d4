package dev.pollux.kernel;

import static dev.pollux.kernel.Recorded.of;

import dev.pollux.Fd;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.LostAgent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The models answer as their kernels did: FIFOs, terminals, and sockets with a name. Only FreeBSD
 * was asked.
 */
@ExtendWith(LostAgent.class)
class RecordedFilesTest {
    @TempDir Path directory;

    private int made;

    @BeforeEach
    void there_is_a_kqueue() {
        Recorded.requireKqueue();
    }

    private Recorded fifo(String name, String steps) {
        return of("fifo: " + name, p -> fifo(p, steps));
    }

    @TestFactory
    Stream<DynamicTest> fifos() {
        return Recorded.tests(
                fifo("no writer yet", "R1oo").freebsd("0[][]"),
                fifo("a writer comes, writes and goes", "R1oWobowo").freebsd("0[][][R[]][R[EOF]]"),
                fifo("a writer goes, another comes", "R1WwoWobo").freebsd("0[R[EOF]][][R[]]"),
                fifo("clear: writers come and go", "R2oWobowooWobowoo")
                        .freebsd(
                                "0[][][R[CLEAR]][R[CLEAR+EOF]][]"
                                        + "[R[CLEAR]][R[CLEAR]][R[CLEAR+EOF]][]"),
                fifo("the reader goes, changes", "RW3oroo0").freebsd("0[W[]][W[EOF]][W[EOF]]0"),
                fifo("full, the reader goes", "RW3foroo").freebsd("0[][W[EOF]][W[EOF]]"),
                fifo("the reader goes, another comes", "RW3oroRoo")
                        .freebsd("0[W[]][W[EOF]][W[]][W[]]"),
                fifo("clear: readers go and come", "RW4oorooRoro")
                        .freebsd("0[W[CLEAR]][][W[CLEAR+EOF]][][W[CLEAR]][W[CLEAR+EOF]]")
                        .notPlayed("Linux does not notify a writer of another reader"),
                fifo("the reader is gone before", "RWr3ooRo").freebsd("0[W[EOF]][W[EOF]][W[]]"),
                fifo("write filter on the reading end", "R16oWowo").freebsd("00[][][R[EOF]]"),
                fifo("read filter on the writing end", "RW5oboroo").freebsd("0[][][][]"));
    }

    /**
     * R, W: a reader, a writer opens it; r, w: and closes it; b: a byte is written, f: all that it
     * takes; 1, 2: the reader's read filter, by level and clear; 3, 4: the writer's write filter;
     * 5: its read filter; 6: the reader's write filter; 0: a change without flags; o: asked.
     */
    private void fifo(KeventProbe p, String steps) throws IOException {
        Path path = directory.resolve("fifo" + made++);
        Libc.mkfifo(path);
        int reader = -1;
        int writer = -1;
        for (char step : steps.toCharArray()) {
            switch (step) {
                case 'R' -> reader = p.fds.keep(Libc.openToRead(path));
                case 'W' -> writer = p.fds.keep(Libc.openToWrite(path));
                case 'r' -> p.fds.close(reader);
                case 'w' -> p.fds.close(writer);
                case 'b' -> Fds.write(writer, 1);
                case 'f' -> Fds.fill(writer);
                case '1' -> p.change(reader, p.r, p.add);
                case '2' -> p.change(reader, p.r, p.add | p.clear);
                case '3' -> p.change(writer, p.w, p.add);
                case '4' -> p.change(writer, p.w, p.add | p.clear);
                case '5' -> p.change(writer, p.r, p.add);
                case '6' -> p.change(reader, p.w, p.add);
                case '0' -> p.change(writer, p.w, 0);
                default -> p.poll();
            }
        }
    }

    private static Recorded terminal(String name, boolean clear, String steps) {
        return of("terminal: " + name, p -> terminal(p, clear ? p.clear : 0, steps))
                .onlySent("a model has Linux's terminals");
    }

    @TestFactory
    Stream<DynamicTest> terminals() {
        return Recorded.tests(
                terminal("the slave writes, then the master", false, "osodomodo")
                        .freebsd("[W[] W[]][R[] W[] W[]][W[] W[]][R[] R[] W[] W[]][W[] W[]]"),
                terminal("the slave closes", false, "ocoo")
                        .freebsd("[W[] W[]][R[EOF] W[EOF]][R[EOF] W[EOF]]"),
                terminal("clear: the slave closes", true, "oocoo")
                        .freebsd("[W[CLEAR] W[CLEAR]][][R[CLEAR+EOF] W[CLEAR+EOF]][]"),
                terminal("the master closes", false, "oCoo")
                        .freebsd("[W[] W[]][R[EOF] W[EOF]][R[EOF] W[EOF]]"),
                terminal("clear: the master closes", true, "ooCoo")
                        .freebsd("[W[CLEAR] W[CLEAR]][][R[CLEAR+EOF] W[CLEAR+EOF]][]"),
                terminal("another slave, which writes", false, "coOosodo")
                        .freebsd("[R[EOF] W[EOF]][W[EOF]][R[EOF] W[EOF]][W[EOF]]"),
                terminal("and the filters are added again", false, "coOaosodo")
                        .freebsd("[R[EOF] W[EOF]][W[EOF]][R[EOF] W[EOF]][W[EOF]]"),
                terminal("or deleted and added", false, "coODaosodo")
                        .freebsd("[R[EOF] W[EOF]][W[]][R[] W[]][W[]]"));
    }

    /**
     * Watched are both ends; s, m: the slave, the master writes a line; d: what is to be read is;
     * c, C: the slave, the master is closed; O: a slave is opened, and not watched; a: the master's
     * filters are added again; D: deleted; o: asked.
     */
    private static void terminal(KeventProbe p, int flags, String steps) throws IOException {
        int master = p.fds.keep(Libc.ptyMaster());
        int slave = p.fds.keep(Libc.ptySlave(master));
        p.watched(new int[] {master}, flags);
        p.watched(new int[] {slave}, flags);
        for (char step : steps.toCharArray()) {
            switch (step) {
                case 's' -> Fd.write(slave, ByteBuffer.wrap(new byte[] {'a', '\n'}));
                case 'm' -> Fd.write(master, ByteBuffer.wrap(new byte[] {'a', '\n'}));
                case 'd' -> {
                    Fds.drain(master);
                    Fds.drain(slave);
                }
                case 'c' -> p.fds.close(slave);
                case 'C' -> p.fds.close(master);
                case 'O' -> slave = p.fds.keep(Libc.ptySlave(master));
                case 'a' -> p.watched(new int[] {master}, flags);
                case 'D' -> {
                    p.set(master, p.r, p.delete);
                    p.set(master, p.w, p.delete);
                }
                default -> p.poll();
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> sockets() {
        String reset =
                "Linux says the same of bytes that nobody has read, and there FreeBSD does not";
        String gone = "0[][R[]][R[]][]";
        String end = "[R[EOF ECONNRESET] W[EOF ECONNRESET]]";
        return Recorded.tests(
                of("udp6", p -> datagrams(p, Libc.Socket.UDP_V6))
                        .freebsd("[W[] W[]][R[] W[] W[]][R[] W[]]"),
                of("unix datagrams", p -> datagrams(p, Libc.Socket.UNIX_DATAGRAM))
                        .freebsd("[W[] W[]][R[] W[] W[]][R[] W[]]"),
                of("unix datagrams: the receiver is closed", RecordedFilesTest::receiverCloses)
                        .freebsd("[W[]][W[]][W[]]"),
                of("tcp6: reset", RecordedFilesTest::reset6).freebsd(end + end),
                of("unix: a client that is gone", p -> unaccepted(p, Libc.Socket.UNIX))
                        .freebsd(gone),
                of("tcp: a client that is gone", p -> unaccepted(p, Libc.Socket.TCP_V4))
                        .freebsd(gone),
                of("tcp6: a client that is gone", p -> unaccepted(p, Libc.Socket.TCP_V6))
                        .freebsd(gone),
                of("unix: the listener closes", p -> listenerCloses(p, Libc.Socket.UNIX))
                        .freebsd("[W[]]" + end + end)
                        .notPlayed(reset),
                of("tcp: the listener closes", p -> listenerCloses(p, Libc.Socket.TCP_V4))
                        .freebsd("[W[]]" + end + end));
    }

    /** The receiver, and the sender, connected to it. */
    private static int[] datagrams(KeventProbe p, Libc.Socket kind, boolean watched)
            throws IOException {
        int receiver = p.fds.keep(kind.open());
        kind.bind(receiver);
        int sender = p.fds.keep(kind.open());
        kind.connect(sender, receiver);
        p.watched(new int[] {sender}, 0);
        if (watched) {
            p.watched(new int[] {receiver}, 0);
        }
        p.poll();
        return new int[] {receiver, sender};
    }

    private static void datagrams(KeventProbe p, Libc.Socket kind) throws IOException {
        int[] both = datagrams(p, kind, true);
        Fds.write(both[1], 1);
        p.poll();
        p.fds.close(both[1]);
        p.poll();
    }

    private static void receiverCloses(KeventProbe p) throws IOException {
        int[] both = datagrams(p, Libc.Socket.UNIX_DATAGRAM, false);
        p.fds.close(both[0]);
        p.poll();
        p.poll();
    }

    private static void reset6(KeventProbe p) throws IOException {
        int[] pair = p.watched(p.fds.connected(Libc.Socket.TCP_V6), 0);
        p.reset(pair);
        p.poll();
        p.poll();
    }

    private static void unaccepted(KeventProbe p, Libc.Socket kind) throws IOException {
        int listener = p.fds.keep(kind.listen());
        p.change(listener, p.r, p.add);
        p.poll();
        int client = p.fds.keep(kind.open());
        kind.connect(client, listener);
        p.poll();
        p.fds.close(client);
        p.poll();
        p.fds.keep(Libc.accept(listener));
        p.poll();
    }

    private static void listenerCloses(KeventProbe p, Libc.Socket kind) throws IOException {
        int listener = p.fds.keep(kind.listen());
        int client = p.fds.keep(kind.open());
        kind.connect(client, listener);
        p.watched(new int[] {client}, 0);
        p.poll();
        p.fds.close(listener);
        p.poll();
        p.poll();
    }
}
