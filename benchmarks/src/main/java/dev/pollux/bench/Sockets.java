package dev.pollux.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Connected sockets, made without java.nio so that every binding has them. Both ends count, since a
 * limit of 20,000 descriptors would otherwise not allow 19,000 registrations: end {@code i} is
 * connected with end {@code i ^ 1}.
 */
final class Sockets implements AutoCloseable {
    /** What a JVM has open besides. */
    private static final int OTHERS = 500;

    /** Counts at the {@link Served} that a registration has attached. */
    static final ReadyHandler SERVE =
            (key, ready) -> {
                if (ready.isReadable()) {
                    ((Served) key.attachment()).count++;
                }
            };

    private final List<int[]> pairs = new ArrayList<>();
    private final ByteBuffer oneByte = ByteBuffer.allocateDirect(1);

    Sockets(int count) throws IOException {
        for (int i = 0; i < count; i += 2) {
            int[] pair = Fd.socketpair();
            pairs.add(pair);
            Fd.setNonBlocking(pair[0], true);
            Fd.setNonBlocking(pair[1], true);
        }
    }

    /** Polls so often, without waiting; each of these is to find something, for {@link #SERVE}. */
    static void pollReady(FdSelector selector, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            PollResult result = selector.poll(0, TimeUnit.NANOSECONDS, SERVE);
            if (result != PollResult.EVENTS) {
                throw new IllegalStateException("poll ended with " + result);
            }
        }
    }

    /** How many a process may have. */
    static long most() {
        var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getMaxFileDescriptorCount() - OTHERS;
    }

    /** Why what needs more than {@link #most} is left out. */
    static String tooMany() {
        return String.format("a process may have %,d descriptors here.", most());
    }

    int end(int i) {
        return pairs.get(i / 2)[i % 2];
    }

    /** Registers the first {@code count} for READ, each with a counter of its own. */
    List<FdKey> register(FdSelector selector, int count, Trigger trigger) throws IOException {
        var keys = new ArrayList<FdKey>();
        for (int i = 0; i < count; i++) {
            keys.add(selector.register(end(i), Interest.READ, trigger, new Served()));
        }
        return keys;
    }

    /** Makes an end readable. */
    void send(int i) throws IOException {
        expectOne(Fd.write(end(i ^ 1), oneByte.clear()));
    }

    /** Reads what makes an end readable. */
    void receive(int i) throws IOException {
        expectOne(Fd.read(end(i), oneByte.clear()));
    }

    private static void expectOne(int count) {
        if (count != 1) {
            throw new IllegalStateException(count + " bytes, not one");
        }
    }

    @Override
    public void close() throws IOException {
        for (int[] pair : pairs) {
            Fd.close(pair[0]);
            Fd.close(pair[1]);
        }
    }

    /** What a handler touches: the connection that a registration stands for. */
    static final class Served {
        long count;
    }
}
