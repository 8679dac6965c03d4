package dev.pollux.bench;

import dev.pollux.Await;
import dev.pollux.ChannelFd;
import dev.pollux.Fd;
import dev.pollux.Interest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * A byte that goes there and back between two virtual threads, in a JVM of its own.
 *
 * @param micros for there and back
 */
record AwaitTurn(double micros) {
    private static final int STRETCH = 500; // times there and back
    private static final int WARM_UP = 60; // stretches
    private static final int STRETCHES = 100;

    /** How each of them waits. */
    enum Way {
        JDK("the JDK: SocketChannel.read that blocks"),
        AWAIT("Await, the same sockets"),
        AWAIT_PIPE("Await, pipes");

        final String title;

        Way(String title) {
            this.title = title;
        }
    }

    /** One end. */
    private interface End {
        void send() throws Exception;

        void receive() throws Exception;
    }

    static AwaitTurn take(Way way) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(Jvm.command(List.of(), AwaitTurn.class, way.name()))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String said = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) {
            throw new IOException("waiting failed: " + said);
        }
        return new AwaitTurn(Double.parseDouble(said));
    }

    public static void main(String[] args) throws Exception {
        Way way = Way.valueOf(args[0]);
        Await await = way == Way.JDK ? null : Await.open();
        End[] ends = way == Way.AWAIT_PIPE ? pipes(await) : sockets(await);
        var micros = new CompletableFuture<Double>();
        startVirtual(micros, () -> measure(ends[0], micros));
        startVirtual(micros, () -> answer(ends[1]));
        System.out.printf(Locale.ROOT, "%.3f%n", micros.get());
        System.exit(0);
    }

    private static void measure(End end, CompletableFuture<Double> micros) throws Exception {
        double[] stretches = new double[STRETCHES];
        for (int i = -WARM_UP; i < STRETCHES; i++) {
            long start = System.nanoTime();
            for (int j = 0; j < STRETCH; j++) {
                end.send();
                end.receive();
            }
            if (i >= 0) {
                stretches[i] = (System.nanoTime() - start) / 1e3 / STRETCH;
            }
        }
        Arrays.sort(stretches);
        micros.complete(stretches[STRETCHES / 2]);
    }

    private static void answer(End end) throws Exception {
        while (true) {
            end.receive();
            end.send();
        }
    }

    private static End[] pipes(Await await) throws IOException {
        int[] there = Fd.pipe();
        int[] back = Fd.pipe();
        return new End[] {new Pipes(await, back[0], there[1]), new Pipes(await, there[0], back[1])};
    }

    private record Pipes(Await await, int in, int out, ByteBuffer one) implements End {
        Pipes(Await await, int in, int out) {
            this(await, in, out, ByteBuffer.allocateDirect(1));
        }

        @Override
        public void send() throws Exception {
            Fd.write(out, one.clear());
        }

        @Override
        public void receive() throws Exception {
            while (Fd.read(in, one.clear()) == 0) {
                await.await(in, Interest.READ);
            }
        }
    }

    private static End[] sockets(Await await) throws IOException {
        try (var listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            SocketChannel client = SocketChannel.open(listener.getLocalAddress());
            return new End[] {end(await, client), end(await, listener.accept())};
        }
    }

    private static End end(Await await, SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(await == null);
        int fd = await == null ? -1 : ChannelFd.of(channel);
        return new Socket(await, channel, fd, ByteBuffer.allocateDirect(1));
    }

    /** Without an Await the read itself parks the thread. */
    private record Socket(Await await, SocketChannel channel, int fd, ByteBuffer one)
            implements End {
        @Override
        public void send() throws Exception {
            channel.write(one.clear());
        }

        @Override
        public void receive() throws Exception {
            while (channel.read(one.clear()) == 0) {
                await.await(fd, Interest.READ);
            }
        }
    }

    private interface Job {
        void run() throws Exception;
    }

    /** {@code Thread.startVirtualThread}; by its name, as this compiles on JDK 17 too. */
    private static void startVirtual(CompletableFuture<?> failing, Job job)
            throws ReflectiveOperationException {
        Runnable task =
                () -> {
                    try {
                        job.run();
                    } catch (Exception e) {
                        failing.completeExceptionally(e);
                    }
                };
        Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    }
}
