/*
 * Requests and replies with a length in front, served by a state machine under LEVEL or EDGE.
 *
 * Run       make example NAME=FramedServer ARGS='7020 --trigger edge'
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" FramedServer
 * and then  printf 00003abc00005hello | nc -N 127.0.0.1 7020
 *
 * You will see 00003cba00005olleh: five digits say how long the body is; the reply is the body
 * reversed, with a length of its own. With --process upper it is in capitals, with --process echo as
 * it was. Send 0000xabc and the connection is closed, and the log says why. Ctrl-C ends the server,
 * which then says what it did.
 *
 * FramedConnection is what happens on one connection. Here is the loop around it, the same for both
 * triggers: whoever has something reported gets a turn; a turn ends after a budget, and who is not
 * through by then gets in line for another one behind all others.
 *
 * poll and select have no EDGE (BACKEND=poll, BACKEND=select): there --trigger edge is refused.
 */

import dev.pollux.DefaultSelector;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** One thread calls {@link #run}; any thread may {@link #close}. */
final class FramedServer implements AutoCloseable {
    /** What the server does; any other function of a body will do as well. */
    enum Processing implements UnaryOperator<byte[]> {
        REVERSE {
            @Override
            public byte[] apply(byte[] body) {
                byte[] reversed = new byte[body.length];
                for (int i = 0; i < body.length; i++) {
                    reversed[i] = body[body.length - 1 - i];
                }
                return reversed;
            }
        },
        /** Of UTF-8, so the reply may be longer than the body. */
        UPPER {
            @Override
            public byte[] apply(byte[] body) {
                try {
                    var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
                    return text.toString()
                            .toUpperCase(Locale.ROOT)
                            .getBytes(StandardCharsets.UTF_8);
                } catch (CharacterCodingException e) {
                    throw new IllegalArgumentException("it is not UTF-8", e);
                }
            }
        },
        ECHO {
            @Override
            public byte[] apply(byte[] body) {
                return body;
            }
        }
    }

    /** Five digits say no more. */
    static final int MOST = 99_999;

    final FdSelector selector = DefaultSelector.open();
    final Trigger trigger;
    final int limit;
    final UnaryOperator<byte[]> process;
    final Counts counts = new Counts();

    private final Acceptor acceptor;

    /** Connections with something to do. */
    private final ArrayDeque<FramedConnection> line = new ArrayDeque<>();

    private final ReadyHandler handler =
            (key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready);
    private volatile boolean closed;

    /**
     * @param port where to listen, 0 for any
     * @param limit bytes of a body; a request that is longer is malformed
     * @param process makes a reply of a body, of 1 to {@link #MOST} bytes; what it throws ends the
     *     connection
     */
    FramedServer(int port, Trigger trigger, int limit, UnaryOperator<byte[]> process)
            throws IOException {
        this.trigger = trigger;
        this.limit = limit;
        this.process = process;
        try {
            if (!selector.supports(trigger)) {
                throw new IOException(
                        selector.backend() + " has no " + trigger + ": say --trigger level");
            }
            acceptor = new Acceptor(selector, port, peer -> new FramedConnection(this, peer));
        } catch (IOException e) {
            selector.close();
            throw e;
        }
    }

    int port() throws IOException {
        return acceptor.port();
    }

    /** Serves until {@link #close}. */
    void run() throws IOException {
        try (selector;
                acceptor) {
            while (!closed) {
                if (line.isEmpty()) {
                    selector.poll(handler);
                } else {
                    selector.poll(0, TimeUnit.NANOSECONDS, handler); // just look who else is ready
                }
                counts.polls++;
                for (int turns = line.size(); turns > 0; turns--) {
                    line.remove().turn(); // may get in line again, behind all others
                }
            }
        } // and the end of the process closes the connections
    }

    /** Somebody has something to do. */
    void getInLine(FramedConnection connection) {
        line.add(connection);
    }

    /** Ends a connection. */
    void end(FdKey key) {
        acceptor.close(key);
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    /** What it did. */
    static final class Counts {
        long connections;
        long malformed;
        long resets;
        long requests;
        long polls;
        long events;
        long cutShort;
        long stuck;

        @Override
        public String toString() {
            return EchoCounters.line("connections", connections, "%d reset", resets)
                    + EchoCounters.line("malformed", malformed, "")
                    + EchoCounters.line("requests", requests, "")
                    + EchoCounters.line("polls", polls, "")
                    + EchoCounters.line("events", events, "")
                    + EchoCounters.line("turns cut short", cutShort, "by the budget of a turn")
                    + EchoCounters.line("pauses", stuck, "in reading, replies being unsent");
        }
    }

    /** The command line. */
    @Command(name = "FramedServer", showDefaultValues = true)
    static final class Main implements Callable<Integer> {
        @Parameters(arity = "0..1", defaultValue = "7020", description = "where; 0 = any")
        private int port;

        @Option(names = "--trigger", defaultValue = "LEVEL", description = "LEVEL or EDGE")
        private Trigger trigger;

        @Option(
                names = "--process",
                defaultValue = "REVERSE",
                description = "${COMPLETION-CANDIDATES}")
        private Processing process;

        @Option(names = "--limit", defaultValue = "65536", description = "bytes of a body")
        private int limit;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() throws Exception {
            if (limit < 1 || limit > MOST) {
                throw new ParameterException(spec.commandLine(), "--limit: 1 to " + MOST);
            }
            if (trigger != Trigger.LEVEL && trigger != Trigger.EDGE) {
                throw new ParameterException(spec.commandLine(), "--trigger: LEVEL or EDGE");
            }
            var server = new FramedServer(port, trigger, limit, process);
            System.out.printf(
                    Locale.ROOT,
                    "framed %s on 127.0.0.1 port %d (%s, %s)%n",
                    process.name().toLowerCase(Locale.ROOT),
                    server.port(),
                    server.selector.backend(),
                    trigger);
            Program.serve(server::run, server::close, () -> server.counts);
            return 0;
        }
    }

    public static void main(String[] args) {
        Program.run(new Main(), args);
    }
}
