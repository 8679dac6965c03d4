package dev.pollux.bench.server;

import com.sun.management.OperatingSystemMXBean;
import dev.pollux.Backend;
import dev.pollux.nio.PolluxSelectorProvider;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.channels.spi.SelectorProvider;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A server in a process of its own: {@code ServerMain NAME echo|http}, with a name of {@link
 * ServerKind}. Says the port that it listens on; then answers each line of input with the processor
 * time of the thread that serves, in nanoseconds; of the process, if there are more of them. Stops
 * with its input.
 */
final class ServerMain {
    public static void main(String[] args) throws Exception {
        Server server = open(ServerKind.valueOf(args[0]), Protocol.named(args[1]));
        LongSupplier cpuNanos = cpuNanos(server.thread());
        System.out.println(server.port());
        var input = new BufferedReader(new InputStreamReader(System.in));
        while (input.readLine() != null) {
            System.out.println(cpuNanos.getAsLong());
        }
        System.exit(0);
    }

    private static Server open(ServerKind kind, Supplier<Protocol> protocols) throws Exception {
        SelectorProvider jdk = SelectorProvider.provider();
        return switch (kind) {
            case POLLUX_LEVEL -> pollux(Backend.EPOLL, PolluxServer.Drain.ONCE, protocols);
            case POLLUX_EDGE -> pollux(Backend.EPOLL, PolluxServer.Drain.EAGAIN, protocols);
            case POLLUX_EDGE_SHORT -> pollux(Backend.EPOLL, PolluxServer.Drain.SHORT, protocols);
            case POLLUX_URING -> pollux(Backend.URING, PolluxServer.Drain.ONCE, protocols);
            case POLLUX_URING_EDGE -> pollux(Backend.URING, PolluxServer.Drain.SHORT, protocols);
            case POLLUX_POLL -> pollux(Backend.POLL, PolluxServer.Drain.ONCE, protocols);
            case POLLUX_SELECT -> pollux(Backend.SELECT, PolluxServer.Drain.ONCE, protocols);
            case NIO -> new NioServer(jdk, protocols);
            case NIO_ON_POLLUX -> new NioServer(new PolluxSelectorProvider(), protocols);
            case NETTY_NIO -> NettyServer.nio(jdk, protocols);
            case NETTY_NIO_ON_POLLUX -> NettyServer.nio(new PolluxSelectorProvider(), protocols);
            case NETTY_EPOLL -> NettyServer.epoll(protocols);
            case THREADS -> BlockingServer.platform(protocols);
            case VIRTUAL_THREADS -> BlockingServer.virtual(protocols);
            case C_LEVEL, C_EDGE, C_EDGE_SHORT ->
                    throw new IllegalArgumentException(kind + " is a program of its own");
        };
    }

    private static Server pollux(
            Backend backend, PolluxServer.Drain drain, Supplier<Protocol> protocols)
            throws Exception {
        return new PolluxServer(backend, drain, protocols);
    }

    private static LongSupplier cpuNanos(Thread thread) {
        if (thread == null) {
            var process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            return process::getProcessCpuTime;
        }
        var threads = ManagementFactory.getThreadMXBean();
        return () -> threads.getThreadCpuTime(thread.getId());
    }

    private ServerMain() {}
}
