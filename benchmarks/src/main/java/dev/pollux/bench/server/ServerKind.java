package dev.pollux.bench.server;

import dev.pollux.Backend;
import dev.pollux.bench.Jvm;
import java.nio.file.Path;
import java.util.List;

/** The servers that are compared. */
public enum ServerKind {
    /** The floor: {@code native/load/server.c}. */
    C_LEVEL("C, LEVEL", "level"),
    C_EDGE("C, EDGE until EAGAIN", "edge"),
    C_EDGE_SHORT("C, EDGE until a short read", "edge-short"),

    /** Pollux by itself. */
    POLLUX_LEVEL("Pollux, LEVEL"),
    POLLUX_EDGE("Pollux, EDGE until EAGAIN"),
    POLLUX_EDGE_SHORT("Pollux, EDGE until a short read"),
    POLLUX_URING("Pollux on uring, LEVEL") {
        @Override
        public String unavailableBecause() {
            return Backend.URING.unavailableBecause();
        }
    },
    POLLUX_URING_EDGE("Pollux on uring, EDGE until a short read") {
        @Override
        public String unavailableBecause() {
            return Backend.URING.unavailableBecause();
        }
    },
    POLLUX_POLL("Pollux on poll"),
    POLLUX_SELECT("Pollux on select"),

    /** java.nio. */
    NIO("java.nio"),
    NIO_ON_POLLUX("java.nio on Pollux"),

    /** Netty with one event loop. */
    NETTY_NIO("Netty NIO"),
    NETTY_NIO_ON_POLLUX("Netty NIO on Pollux"),
    NETTY_EPOLL("Netty native epoll") {
        @Override
        public String unavailableBecause() {
            return NettyServer.epollUnavailableBecause();
        }
    },

    /** A thread for each connection. */
    THREADS("blocking, threads"),
    VIRTUAL_THREADS("blocking, virtual threads") {
        @Override
        public String unavailableBecause() {
            int jdk = Runtime.version().feature();
            return jdk >= 21 ? null : "JDK " + jdk + " has no virtual threads, 21 has";
        }
    };

    /** Those of which the best is to be as good as the floor's best. */
    public static final List<ServerKind> POLLUX =
            List.of(POLLUX_LEVEL, POLLUX_EDGE, POLLUX_EDGE_SHORT);

    /** What there is for the JVM besides, ahead of which that is to be. */
    public static final List<ServerKind> PEERS =
            List.of(NIO, NETTY_NIO, NETTY_EPOLL, THREADS, VIRTUAL_THREADS);

    public final String title;
    private final String mode; // of the program in C; null if it is one in Java

    ServerKind(String title) {
        this(title, null);
    }

    ServerKind(String title, String mode) {
        this.title = title;
        this.mode = mode;
    }

    /** Whether it is what the others are compared with. */
    public boolean isFloor() {
        return mode != null;
    }

    /** Whether its processor time is that of the process: more than one thread serves. */
    public boolean hasManyThreads() {
        return this == THREADS || this == VIRTUAL_THREADS;
    }

    /** Why it cannot be measured here; null if it can. */
    public String unavailableBecause() {
        return null;
    }

    /**
     * How it is started.
     *
     * @param programs where native/load is compiled to
     * @param protocol echo or http
     */
    List<String> command(Path programs, String protocol) {
        if (mode != null) {
            return List.of(programs.resolve("server").toString(), mode, protocol);
        }
        return Jvm.command(List.of(), ServerMain.class, name(), protocol);
    }
}
