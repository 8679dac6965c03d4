/*
 * A client of the chat: its socket and its terminal in one loop.
 *
 * Run   make example NAME=ChatClient       while ChatServer runs
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" chat.ChatClient
 *
 * You will see what others say while you type; /help lists the commands. Ctrl-D: nothing more will
 * be sent; what is still coming is shown, until the server closes. Input may come from a pipe or
 * from a file as well:
 *
 *       printf '/nick alice\n/join\nhello\n' | java ... chat.ChatClient
 *
 * What cannot be sent at once holds up the terminal and not the socket: standard input is not
 * watched while something is waiting to be sent (ChatTerminal has the rest about it). Whatever the
 * server sends, no escape sequence reaches the terminal: ChatLines.
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
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sockets.Peer;

/** The loop. */
final class ChatClient {
    /** The server's lines say who talks, and a byte that was no UTF-8 has become three. */
    private static final int LONGEST_LINE = 4 * ChatLines.LIMIT;

    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    private final FdSelector selector;
    private final Peer server;
    private final FdKey key;
    private final ChatTerminal terminal;
    private final ReadyHandler handler = this::onReady;
    private final PrintStream screen = ChatTerminal.output();
    private final ChatLines lines = new ChatLines(LONGEST_LINE);
    private final ByteBuffer unsent = ByteBuffer.allocateDirect(4096); // up to its position
    private boolean over;

    ChatClient(Peer server) throws IOException {
        this.server = server;
        selector = DefaultSelector.open();
        key = selector.register(server.fd(), Interest.READ, Trigger.LEVEL, server);
        terminal = new ChatTerminal(selector, null);
    }

    /** Until the server closes. */
    void run() throws IOException {
        try (server;
                selector) {
            while (!over) {
                if (terminal.isAlwaysReady()) { // a file
                    selector.poll(0, TimeUnit.SECONDS, handler);
                    if (terminal.isAlwaysReady()) {
                        readTerminal();
                    }
                } else {
                    selector.poll(handler);
                }
            }
        }
    }

    private void onReady(FdKey ready, Ready what) throws IOException {
        if (ready != key) {
            readTerminal();
            return;
        }
        if (what.isReadable()) { // first: a server that is gone may have left a last word
            readServer();
        }
        if (what.isWritable() && !over) {
            send();
        }
    }

    private void readServer() throws IOException {
        over = !lines.read(into -> Fd.read(server.fd(), into));
        for (String line; (line = lines.next()) != null; ) {
            screen.println(line);
        }
        over |= screen.checkError(); // nobody sees it any more
    }

    private void readTerminal() throws IOException {
        terminal.read(unsent);
        send();
    }

    private void send() throws IOException {
        Fd.write(server.fd(), unsent.flip());
        unsent.compact();
        boolean rest = unsent.position() > 0;
        Interest wanted = rest ? BOTH : Interest.READ;
        if (wanted != key.interest()) {
            selector.modify(key, wanted);
        }
        if (rest) {
            terminal.pause();
        } else if (terminal.isEnded()) {
            server.shutdownOutput();
        } else {
            terminal.resume();
        }
    }

    /** The command line. */
    @Command(name = "ChatClient", showDefaultValues = true)
    static final class Main implements Callable<Integer> {
        @Parameters(arity = "0..1", defaultValue = "7008", description = "where the server is")
        private int port;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;

        @Override
        public Integer call() throws IOException {
            new ChatClient(Peer.connect(port)).run();
            return 0;
        }
    }

    public static void main(String[] args) {
        System.exit(ChatServer.execute(new Main(), args));
    }
}
