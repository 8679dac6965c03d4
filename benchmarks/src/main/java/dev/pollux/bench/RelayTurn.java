package dev.pollux.bench;

import dev.pollux.ChannelFd;
import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.FdSocket;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Relay;
import dev.pollux.Trigger;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/**
 * One run of a relay, in a JVM of its own.
 *
 * @param perCpuSecond MB for a second of the relaying thread's CPU time
 * @param perSecond MB
 */
record RelayTurn(double perCpuSecond, double perSecond) {
    static final long BYTES = 10_000_000_000L;

    private static final int PIECE = 1 << 20;

    /** How they are moved. */
    enum Way {
        COPY("read and write, a buffer of 64 KiB", 64 * 1024),
        LARGE_COPY("read and write, a buffer of 1 MiB", PIECE),
        RELAY("Relay", 0);

        final String title;
        private final int buffer;

        Way(String title, int buffer) {
            this.title = title;
            this.buffer = buffer;
        }
    }

    static RelayTurn take(Way way, long bytes) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                Jvm.command(
                                        java.util.List.of(),
                                        RelayTurn.class,
                                        way.name(),
                                        Long.toString(bytes)))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String said = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) {
            throw new IOException("a relay failed: " + said);
        }
        String[] words = said.split(" ");
        return new RelayTurn(Double.parseDouble(words[0]), Double.parseDouble(words[1]));
    }

    public static void main(String[] args) throws Exception {
        Way way = Way.valueOf(args[0]);
        long bytes = Long.parseLong(args[1]);
        SocketChannel[] in = connection();
        SocketChannel[] out = connection();
        CompletableFuture<Long> sent = start(() -> send(in[0], bytes));
        CompletableFuture<Long> received = start(() -> receive(out[1], bytes));
        long start = System.nanoTime();
        long cpu = relay(way, in[1], out[0]);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (!sent.get().equals(received.get())) {
            throw new IOException("what arrived is not what was sent");
        }
        System.out.printf(Locale.ROOT, "%.1f %.1f%n", bytes / (cpu / 1e3), bytes / seconds / 1e6);
        System.exit(0);
    }

    private interface Job {
        long run() throws IOException;
    }

    private static CompletableFuture<Long> start(Job job) {
        var done = new CompletableFuture<Long>();
        new Thread(
                        () -> {
                            try {
                                done.complete(job.run());
                            } catch (IOException e) {
                                done.completeExceptionally(e);
                            }
                        })
                .start();
        return done;
    }

    /** Who connected, who accepted. */
    private static SocketChannel[] connection() throws IOException {
        try (var listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            SocketChannel client = SocketChannel.open(listener.getLocalAddress());
            return new SocketChannel[] {client, listener.accept()};
        }
    }

    private static long send(SocketChannel to, long bytes) throws IOException {
        byte[] random = new byte[PIECE];
        new Random(1).nextBytes(random);
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE).put(random);
        var sum = new CRC32C();
        for (long left = bytes; left > 0; ) {
            piece.clear().limit((int) Math.min(left, PIECE));
            piece.putLong(0, left); // so that none is as another
            sum.update(piece.duplicate());
            while (piece.hasRemaining()) {
                left -= to.write(piece);
            }
        }
        to.shutdownOutput();
        return sum.getValue();
    }

    private static long receive(SocketChannel from, long bytes) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        var sum = new CRC32C();
        long count = 0;
        for (int n; (n = from.read(piece.clear())) >= 0; count += n) {
            sum.update(piece.flip());
        }
        if (count != bytes) {
            throw new IOException(count + " bytes arrived of " + bytes);
        }
        from.shutdownOutput();
        return sum.getValue();
    }

    /** Nanoseconds of this thread's CPU time. */
    private static long relay(Way way, SocketChannel from, SocketChannel to) throws IOException {
        from.configureBlocking(false);
        to.configureBlocking(false);
        boolean[] over = {false};
        var threads = ManagementFactory.getThreadMXBean();
        try (FdSelector selector = DefaultSelector.open()) {
            ReadyHandler handler =
                    (key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready);
            int source = ChannelFd.of(from);
            int target = ChannelFd.of(to);
            if (way == Way.RELAY) {
                Relay.startOneWay(selector, source, target, relay -> over[0] = relay.isOver());
            } else {
                new Copy(selector, source, target, way.buffer, over);
            }
            long cpu = threads.getCurrentThreadCpuTime();
            while (!over[0]) {
                selector.poll(handler);
            }
            return threads.getCurrentThreadCpuTime() - cpu;
        }
    }

    /** What one writes without a relay. */
    private static final class Copy implements ReadyHandler {
        private static final int TURN = 4 << 20;

        private final FdSelector selector;
        private final FdKey from;
        private final FdKey to;
        private final ByteBuffer buffer;
        private final boolean[] over;
        private boolean full;

        Copy(FdSelector selector, int from, int to, int size, boolean[] over) throws IOException {
            this.selector = selector;
            this.over = over;
            buffer = ByteBuffer.allocateDirect(size).limit(0);
            this.from = selector.register(from, Interest.READ, Trigger.EDGE, this);
            this.to = selector.register(to, Interest.WRITE, Trigger.EDGE, this);
        }

        @Override
        public void onReady(FdKey key, Ready ready) throws IOException {
            if (key == to && !full) {
                return;
            }
            for (int moved = 0; moved < TURN; ) {
                while (buffer.hasRemaining()) {
                    int n = Fd.write(to.fd(), buffer);
                    moved += n;
                    full = n == 0;
                    if (full) {
                        return;
                    }
                }
                int n = Fd.read(from.fd(), buffer.clear());
                buffer.flip();
                if (n == 0) {
                    return;
                }
                if (n < 0) {
                    FdSocket.shutdownOutput(to.fd());
                    over[0] = true;
                    return;
                }
            }
            selector.modify(from, Interest.READ);
        }
    }
}
