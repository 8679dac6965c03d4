package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Capability;
import dev.pollux.support.Child;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Starts examples as their reader does, each in a JVM of its own and by the class path. */
final class Examples {
    /**
     * What a recipe says of a second in which nothing comes. In strict mode a wait has an end, to
     * look, until which select looks at its clock ten times a second.
     */
    static final String IDLE = Host.STRICT ? "idle: \\d+ wake-ups" : "idle: 0 wake-ups";

    /** All servers that were started, so that none is left behind by a test that fails. */
    private static final List<Server> STARTED = new ArrayList<>();

    private Examples() {}

    /** Whatever servers still run. */
    static void endServers() {
        STARTED.forEach(Program::kill);
    }

    static boolean hasEdge(Pair pair) {
        return Reported.isEpoll(pair.backend()) || pair.backend() == Backend.KQUEUE;
    }

    /** Some pair that can be used here, with one of these backends; skips if there is none. */
    static Pair available(Backend... backends) {
        List<Pair> pairs = new ArrayList<>(Pair.all());
        pairs.removeIf(p -> !List.of(backends).contains(p.backend()));
        List<Pair> here = pairs.stream().filter(p -> p.unavailableBecause() == null).toList();
        assumeTrue(!here.isEmpty(), "none available of " + pairs);
        return here.get(0);
    }

    static List<String> java(Pair pair, String example, String... arguments) throws IOException {
        assumeTrue(Capability.IN_A_CHILD.isThere(pair), () -> pair + ": a model is in this JVM");
        return Child.example()
                .property("pollux.binding", pair.binding())
                .property("pollux.backend", pair.backend())
                .command(example, arguments);
    }

    static Result run(Pair pair, String example, String... arguments) throws IOException {
        return Program.run(java(pair, example, arguments));
    }

    /** A running server. */
    static final class Server extends Program {
        final String first;
        final int port;

        /** On any free port, with this limit of open descriptors. */
        Server(String example, Pair pair, int descriptors, String... options) throws Exception {
            this(limited(descriptors, onAnyPort(example, pair, options)));
        }

        private static List<String> onAnyPort(String example, Pair pair, String... options)
                throws IOException {
            var arguments = new ArrayList<>(List.of("0"));
            arguments.addAll(List.of(options));
            return java(pair, example, arguments.toArray(String[]::new));
        }

        Server(List<String> command) throws Exception {
            super(command);
            STARTED.add(this);
            first = expect(" on 127.0.0.1 port ");
            port = Integer.parseInt(first.replaceAll(".* port ([0-9]+) .*", "$1"));
        }

        /** A number of its closing table. */
        long counted(String name) {
            String line = said().lines().filter(l -> l.strip().startsWith(name)).findFirst().get();
            return Long.parseLong(
                    line.strip().substring(name.length()).strip().split(" ")[0].replace(",", ""));
        }

        Socket connect() throws IOException {
            return connect(port);
        }

        /** Sockets of its port that a process has open, but for the listening one. */
        private int connections() throws Exception {
            if (!Host.LINUX) {
                return connectionsOfNetstat();
            }
            int open = 0;
            for (String table : List.of("tcp", "tcp6")) {
                var lines = Files.readAllLines(Path.of("/proc/net", table));
                for (String line : lines.subList(1, lines.size())) {
                    String[] columns = line.strip().split(" +"); // man 5 proc
                    boolean ours = columns[1].endsWith(String.format(":%04X", port));
                    boolean listening = columns[3].equals("0A");
                    boolean orphan = columns[9].equals("0");
                    open += ours && !listening && !orphan ? 1 : 0;
                }
            }
            return open;
        }

        /** The same by the states in which a process has not closed its socket. */
        private int connectionsOfNetstat() throws Exception {
            String out = run("netstat", "-an", "-p", "tcp").text();
            int open = 0;
            for (String line : out.lines().toList()) {
                String[] columns = line.strip().split(" +"); // protocol, queues, local, peer, state
                open +=
                        columns.length >= 6
                                        && columns[3].endsWith("." + port)
                                        && columns[5].matches("ESTABLISHED|CLOSE_WAIT")
                                ? 1
                                : 0;
            }
            return open;
        }

        void expectNoConnections() throws Exception {
            expectConnections(0);
        }

        /** Waits until it has as many connections open. */
        void expectConnections(int count) throws Exception {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
            while (connections() != count) {
                assertTrue(process.isAlive(), this::said);
                assertTrue(System.nanoTime() < end, () -> "not " + count + " connections");
                Thread.sleep(5);
            }
        }

        @Override
        public Result stop() {
            Result result = super.stop();
            assertFalse(result.text().contains("Exception"), result.text());
            return result;
        }
    }

    // ---- what clients do

    static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    /** Sends all in such pieces, by another thread, and then says so if {@code closing}. */
    static FutureTask<Void> sending(Socket socket, byte[] bytes, int piece, boolean closing) {
        return Program.spawn(
                () -> {
                    OutputStream out = socket.getOutputStream();
                    for (int at = 0; at < bytes.length; at += piece) {
                        out.write(bytes, at, Math.min(piece, bytes.length - at));
                    }
                    if (closing) {
                        socket.shutdownOutput();
                    }
                    return null;
                });
    }
}
