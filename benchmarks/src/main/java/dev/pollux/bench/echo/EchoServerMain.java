package dev.pollux.bench.echo;

import dev.pollux.bench.Contender;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;

/**
 * An echo server in a process of its own: {@code EchoServerMain nio|netty JDK|POLLUX}. Says the
 * port that it listens on; then answers each line of input with the time, the processor time of its
 * thread (both in nanoseconds), and the bytes that it has sent back. Stops with its input.
 */
final class EchoServerMain {
    public static void main(String[] args) throws Exception {
        Contender contender = Contender.valueOf(args[1]);
        EchoServer server =
                switch (args[0]) {
                    case "nio" -> new NioEchoServer(contender.provider());
                    case "netty" -> new NettyEchoServer(contender.provider());
                    default -> throw new IllegalArgumentException("no server: " + args[0]);
                };
        System.out.println(server.port());
        var threads = ManagementFactory.getThreadMXBean();
        var input = new BufferedReader(new InputStreamReader(System.in));
        while (input.readLine() != null) {
            long cpuNanos = threads.getThreadCpuTime(server.thread().getId());
            System.out.println(System.nanoTime() + " " + cpuNanos + " " + server.echoed());
        }
        System.exit(0);
    }

    private EchoServerMain() {}
}
