/*
 * A chat on one thread that also watches its operator's terminal.
 *
 * Run       make example NAME=ChatServer
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" chat.ChatServer
 * and then, in other terminals
 *           make example NAME=ChatClient
 * or        nc -N 127.0.0.1 7008
 *
 * You will see who comes, goes and says what. A client talks to you, the operator, until he joins a
 * room (/join). You answer client 2 with `@2 hello`; what you type otherwise goes to all; /help lists
 * the rest. Ctrl-D: the chat goes on without an operator. /quit ends it.
 *
 * The point: the listening socket, all connections and the terminal, which is descriptor 0 and no
 * channel of java.nio's, are waited for in one call. What a terminal asks for is in ChatTerminal,
 * what a client who does not read asks for in ChatConnection, what is said in ChatTalk.
 *
 * The screen is written to without waiting for it: a terminal that is stopped with Ctrl-S stops the
 * chat. Who is dropped, and why, is written to the log, which is standard error.
 */
package chat;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sockets.Listener;
import sockets.Peer;

/** The loop, and who is connected. */
final class ChatServer {
    /** What a registration is attached: what to do when it is ready. */
    interface Watched {
        void onReady(Ready ready) throws IOException;
    }

    private record Departure(ChatConnection client, String why) {}

    private static final Logger LOG = LoggerFactory.getLogger(ChatServer.class);
    private static final ReadyHandler HANDLER =
            (key, ready) -> ((Watched) key.attachment()).onReady(ready);

    final FdSelector selector;
    final ChatTalk talk;
    final int longestQueue; // in lines

    private final Listener listener;
    private final ChatTerminal terminal;
    private final ChatLines typed = new ChatLines(ChatLines.LIMIT);
    private final int mostClients;
    private final TreeMap<Integer, ChatConnection> connections = new TreeMap<>();

    /** Closed between two polls only: while events are handled, everything stays where it is. */
    private final ArrayDeque<Departure> departures = new ArrayDeque<>();

    private FdKey listening; // reported once: re-armed when all who waited are accepted
    private boolean refusing; // until somebody leaves
    private boolean saidSo;

    /** Held while accepting: a JVM without a free descriptor cannot even load a class. */
    private int[] reserve;

    private int lastNumber;
    private long polls;
    private boolean stopped;

    ChatServer(int port, int mostClients, int longestQueue) throws IOException {
        this.mostClients = mostClients;
        this.longestQueue = longestQueue;
        talk = new ChatTalk(this, ChatTerminal.output());
        listener = Listener.open(port);
        selector = DefaultSelector.open();
        Watched operator = ready -> readOperator();
        terminal = new ChatTerminal(selector, operator);
    }

    /** Serves until {@link #stop}. */
    void run() throws IOException {
        talk.show("chat on 127.0.0.1 port " + listener.port() + " (" + selector.backend() + ")");
        try (listener;
                selector) {
            Watched visitors = ready -> acceptAll();
            listening = selector.register(listener.fd(), Interest.READ, Trigger.ONESHOT, visitors);
            while (!stopped) {
                if (terminal.isAlwaysReady()) { // a file
                    selector.poll(0, TimeUnit.SECONDS, HANDLER);
                    readOperator();
                } else {
                    selector.poll(HANDLER);
                }
                polls++;
                closeDeparted();
            }
            connections.values().forEach(client -> client.drop(null));
            closeDeparted();
            releaseReserve();
        }
    }

    /** Who cannot be accepted goes on waiting; under LEVEL every poll would report him. */
    private void acceptAll() throws IOException {
        try {
            if (reserve == null) {
                reserve = Fd.pipe();
            }
            for (Peer peer; (peer = listener.accept()) != null; ) {
                admit(peer);
            }
            selector.modify(listening, Interest.READ);
            refusing = false;
        } catch (IOException e) { // no free descriptor, most likely
            releaseReserve();
            if (connections.isEmpty()) {
                throw e; // nobody will ever leave
            }
            refusing = true;
            if (!saidSo) {
                saidSo = true;
                LOG.warn("cannot accept at the moment: {}", e.getMessage());
            }
        }
    }

    private void releaseReserve() throws IOException {
        if (reserve != null) {
            Fd.close(reserve[0]);
            Fd.close(reserve[1]);
            reserve = null;
        }
    }

    private void admit(Peer peer) throws IOException {
        if (connections.size() >= mostClients) {
            LOG.warn("refused one: {} clients are connected", mostClients);
            peer.close();
            return;
        }
        try {
            var client = new ChatConnection(this, ++lastNumber, peer);
            connections.put(client.number, client);
            talk.onArrival(client);
        } catch (IOException e) { // the limit fs.epoll.max_user_watches, say
            peer.close();
            throw e;
        }
    }

    private void readOperator() throws IOException {
        try {
            boolean more = typed.read(terminal::read);
            for (String line; !stopped && (line = typed.next()) != null; ) {
                talk.onOperatorsLine(line);
            }
            if (!more && !stopped) {
                talk.show("* the end of standard input: no operator any more, the chat goes on");
            }
        } catch (IOException e) { // no terminal: /dev/zero, say
            talk.show("* standard input: " + e.getMessage() + ": no operator any more");
            terminal.giveUp();
        }
    }

    void onDropped(ChatConnection client, String why) {
        departures.add(new Departure(client, why));
    }

    /** Those who hear of it may be dropped thereby: until there is no more. */
    private void closeDeparted() {
        for (Departure departed; (departed = departures.poll()) != null; ) {
            ChatConnection client = departed.client;
            connections.remove(client.number);
            if (departed.why != null) {
                LOG.warn("{} is dropped: {}", client, departed.why);
            }
            talk.onDeparture(client);
            try {
                client.close();
                if (refusing) {
                    selector.modify(listening, Interest.READ);
                }
            } catch (IOException e) {
                LOG.warn("closing {}: {}", client, e.getMessage());
            }
        }
    }

    /** Those who can be talked to, by their numbers. */
    List<ChatConnection> clients() {
        return connections.values().stream().filter(ChatConnection::isHere).toList();
    }

    boolean hasOperator() {
        return !terminal.isEnded();
    }

    long polls() {
        return polls;
    }

    void stop() {
        stopped = true;
    }

    /** The command line. */
    @Command(name = "ChatServer", showDefaultValues = true)
    static final class Main implements Callable<Integer> {
        @Parameters(arity = "0..1", defaultValue = "7008", description = "0 = any")
        private int port;

        @Option(names = "--clients", defaultValue = "100", description = "how many at most")
        private int clients;

        @Option(
                names = "--queue",
                defaultValue = "1000",
                description = "how many lines a client may lag behind")
        private int queue;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;

        @Override
        public Integer call() throws IOException {
            if (clients < 1 || queue < 1) {
                throw new IOException("--clients and --queue: at least 1");
            }
            new ChatServer(port, clients, queue).run();
            return 0;
        }
    }

    public static void main(String[] args) {
        System.exit(execute(new Main(), args));
    }

    /** The exit status; an error is one line. */
    static int execute(Callable<Integer> main, String[] args) {
        var commandLine = new CommandLine(main);
        commandLine.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    System.err.println(line.getCommandName() + ": " + e.getMessage());
                    return 1;
                });
        return commandLine.execute(args);
    }
}
