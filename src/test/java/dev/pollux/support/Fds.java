package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.Fd;
import dev.pollux.FdSelector;
import dev.pollux.PollResult;
import dev.pollux.Ready;
import dev.pollux.remote.Remote;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** Descriptors for tests, closed together, and what a poll said of them. */
public final class Fds implements AutoCloseable {
    private static final int HIGH = 600;

    /** No test takes a number as high as this: OPEN_MAX of macOS. */
    private static final int BEYOND = 10_240;

    private final List<Integer> open = new ArrayList<>();

    public Fds() {}

    /** The end to read from, the end to write to. */
    public int[] pipe() throws IOException {
        return keep(Fd.pipe());
    }

    /** Two connected unix stream sockets. */
    public int[] socketpair() throws IOException {
        return keep(Fd.socketpair());
    }

    private int[] keep(int[] pair) throws IOException {
        return new int[] {keep(high(pair[0])), keep(high(pair[1]))};
    }

    /** The same file under a number that the JVM, which opens files as it likes, never takes. */
    private static int high(int fd) throws IOException {
        int high = Libc.dupAbove(fd, HIGH);
        Fd.close(fd);
        return high;
    }

    /** To be closed with the others. */
    public int keep(int fd) {
        open.add(fd);
        return fd;
    }

    /** Another number, to be closed with the others, for the same open file. */
    public int dup(int fd) throws IOException {
        return keep(Libc.dupAbove(fd, HIGH));
    }

    /** Closes this number and makes it another one for this open file: it is reused. */
    public void reuse(int number, int file) throws IOException {
        Libc.dup2(file, number);
    }

    /** Two datagram sockets, the first connected to the second. */
    public int[] datagrams(Libc.Socket kind) throws IOException {
        int receiver = keep(kind.open());
        kind.bind(receiver);
        int sender = keep(kind.open());
        kind.connect(sender, receiver);
        return new int[] {sender, receiver};
    }

    /** Two connected sockets: who connected, who accepted. */
    public int[] connected(Libc.Socket kind) throws IOException {
        int listener = kind.listen();
        try {
            int client = keep(kind.open());
            kind.connect(client, listener);
            return new int[] {client, keep(Libc.accept(listener))};
        } finally {
            Fd.close(listener);
        }
    }

    /** Closes one early. */
    public void close(int fd) throws IOException {
        open.remove((Integer) fd);
        Fd.close(fd);
    }

    @Override
    public void close() throws IOException {
        for (int fd : open) {
            Fd.close(fd);
        }
        open.clear();
    }

    /** Writes so many bytes, all of them. */
    public static void write(int fd, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (Fd.write(fd, bytes) == 0) {
                throw new IOException("full after " + bytes.position());
            }
        }
    }

    /** Writes until no more goes in; returns how much did. */
    public static int fill(int fd) throws IOException {
        int total = 0;
        ByteBuffer bytes = ByteBuffer.allocate(4096);
        for (int n; (n = Fd.write(fd, bytes.clear())) > 0; ) {
            total += n;
        }
        return total;
    }

    /** Reads until it would block or the end; returns how much came. */
    public static int drain(int fd) throws IOException {
        int total = 0;
        ByteBuffer bytes = ByteBuffer.allocate(4096);
        for (int n; (n = Fd.read(fd, bytes.clear())) > 0; ) {
            total += n;
        }
        return total;
    }

    /**
     * Polls without blocking until this is what is reported, for a minute at most; returns what was
     * reported last.
     */
    public static String eventually(FdSelector selector, String expected) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        String reported;
        do {
            reported = pollNow(selector);
        } while (!reported.equals(expected) && System.nanoTime() < end);
        return reported;
    }

    /**
     * What one poll without blocking reports, as text: {@code "7 READ, 9 WRITE"} sorted by
     * descriptor, or {@code "TIMEOUT"} and the like when the handler was not called. A second event
     * for one registration fails.
     */
    public static String pollNow(FdSelector selector) throws IOException {
        return poll(selector, 0);
    }

    /** As {@link #pollNow}, waiting for so many milliseconds at most. */
    public static String poll(FdSelector selector, long millis) throws IOException {
        var events = new TreeMap<Integer, Ready>();
        PollResult result =
                selector.poll(
                        millis,
                        TimeUnit.MILLISECONDS,
                        (key, ready) -> {
                            if (events.put(key.fd(), ready) != null) {
                                throw new AssertionError("two events for " + key);
                            }
                        });
        if (events.isEmpty()) {
            return result.toString();
        }
        var text = new StringBuilder();
        events.forEach(
                (fd, ready) ->
                        text.append(text.length() == 0 ? "" : ", ").append(fd + " " + ready));
        return Reported.comparable(selector, text.toString());
    }

    /**
     * How many pipes, sockets and anonymous files (epoll, eventfd) this process has open. Other
     * files the JVM opens and closes as it likes, in threads of its own.
     */
    public static int openCount() throws IOException {
        return openNow().size();
    }

    /**
     * Fails unless so many are open. libkqueue closes its own later, by a thread of its own: with
     * it, unless that is soon so, or fewer, if older ones go as well.
     */
    public static void assertOpenCount(int expected) throws IOException {
        if (Capability.RELEASES_AT_ONCE.isEverywhere()) {
            assertEquals(expected, openCount());
        } else {
            Poller.await("not more than " + expected + " open", () -> isOpenAtMost(expected));
        }
    }

    private static boolean isOpenAtMost(int count) {
        try {
            return openCount() <= count;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The numbers of those that {@link #openCount} counts. */
    public static SortedSet<Integer> openNow() throws IOException {
        if (Remote.isOn()) {
            return numbers(); // an agent opens nothing by itself
        }
        if (!Host.LINUX) {
            SortedSet<Integer> open = numbers();
            open.removeIf(fd -> !isPipe(fd) && !isSocket(fd)); // a kqueue passes for a pipe
            return open;
        }
        var open = new TreeSet<Integer>();
        try (var entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path entry : entries) {
                try {
                    String file = Files.readSymbolicLink(entry).toString();
                    if (file.matches("(pipe|socket|anon_inode):.*")) {
                        open.add(Integer.valueOf(entry.getFileName().toString()));
                    }
                } catch (NoSuchFileException e) {
                    continue; // closed since it was listed
                }
            }
        }
        return open;
    }

    /** The numbers of all files that this process has open, whatever they are. */
    public static SortedSet<Integer> numbers() throws IOException {
        var numbers = new TreeSet<Integer>();
        if (Remote.isOn()) {
            Remote.libc().numbers(BEYOND).stream().forEach(numbers::add);
            return numbers;
        }
        if (Host.LINUX) {
            try (var entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
                for (Path entry : entries) {
                    numbers.add(Integer.valueOf(entry.getFileName().toString()));
                }
            }
        } else { // FreeBSD's /dev/fd lists three of them
            for (int fd = 0; fd < BEYOND; fd++) {
                numbers.add(fd);
            }
        }
        numbers.removeIf(fd -> !Libc.isOpen(fd)); // such as those of this listing
        return numbers;
    }

    public static boolean isPipe(int fd) {
        return type(fd) == Status.SYS.layout().S_IFIFO;
    }

    public static boolean isSocket(int fd) {
        return type(fd) == Status.SYS.layout().S_IFSOCK;
    }

    /** One of the S_IF, or 0 if it is not open. */
    private static synchronized int type(int fd) {
        int rc = Status.SYS.fileStatus(fd, Status.ADDRESS);
        return rc < 0 ? 0 : (int) Status.FOUR_LONGS.getLong(16) & Status.SYS.layout().S_IFMT;
    }

    /** What {@link #type} needs, once. */
    private static final class Status {
        static final Syscalls SYS = binding();
        static final ByteBuffer FOUR_LONGS =
                ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
        static final long ADDRESS = SYS.address(FOUR_LONGS);

        private static Syscalls binding() {
            try {
                return Bindings.current();
            } catch (Bindings.Unavailable e) {
                throw new AssertionError(e);
            }
        }
    }
}
