/*
 * An echo in upper case by callbacks: the attachment is the handler, the loop is three lines.
 *
 * Run       make example NAME=CallbackEcho ARGS=7010
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" CallbackEcho
 * and then  nc -N 127.0.0.1 7010
 *
 * You will see every line that you type come back in capitals. Ctrl-D ends nc; Ctrl-C the server.
 *
 * Whoever registers a descriptor says there what shall happen when it is ready, as with Python's
 * selectors. So the loop knows nothing of listeners and connections: it calls what it finds.
 */

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sockets.Peer;

/** The server; one thread. */
final class CallbackEcho {
    private static final int BUFFER = 16 * 1024;

    private final FdSelector selector = DefaultSelector.open();
    private final Acceptor acceptor;

    CallbackEcho(int port) throws IOException {
        try {
            acceptor = new Acceptor(selector, port, peer -> new Connection(peer));
        } catch (IOException e) {
            selector.close();
            throw e;
        }
    }

    /** Serves for ever. */
    void run() throws IOException {
        while (true) {
            selector.poll((key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready));
        }
    }

    /** Reads, answers, and reads on when all of the answer has gone. */
    private final class Connection {
        private final ByteBuffer answer = ByteBuffer.allocate(BUFFER).limit(0);

        Connection(Peer peer) throws IOException {
            ReadyHandler handler = this::read;
            peer.register(selector, Interest.READ, Trigger.LEVEL, handler);
        }

        private void read(FdKey key, Ready ready) {
            try {
                if (!answer.hasRemaining()) {
                    int n = Fd.read(key.fd(), answer.clear());
                    toUpperCase(answer.flip());
                    if (n < 0) {
                        acceptor.close(key);
                        return;
                    }
                }
                Fd.write(key.fd(), answer);
                // A peer that does not take its answer is not read from, or that would pile up.
                Interest next = answer.hasRemaining() ? Interest.WRITE : Interest.READ;
                if (next != key.interest()) {
                    selector.modify(key, next);
                }
            } catch (IOException e) { // reset by the peer: this connection ends, and no other does
                acceptor.close(key);
            }
        }
    }

    /** In place; all but the letters of ASCII stay as they are. */
    static void toUpperCase(ByteBuffer text) {
        for (int i = text.position(); i < text.limit(); i++) {
            byte b = text.get(i);
            if (b >= 'a' && b <= 'z') {
                text.put(i, (byte) (b - 'a' + 'A'));
            }
        }
    }

    /** The command line. */
    @Command(name = "CallbackEcho")
    static final class Main implements Callable<Integer> {
        @Parameters(
                arity = "0..1",
                defaultValue = "7010",
                description = "0 = any (default: ${DEFAULT-VALUE})")
        private int port;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;

        @Override
        public Integer call() throws IOException {
            var echo = new CallbackEcho(port);
            int port = echo.acceptor.port();
            System.out.println(
                    "upper-case echo on 127.0.0.1 port " + port + " by " + echo.selector);
            echo.run();
            return 0;
        }
    }

    public static void main(String[] args) {
        Program.run(new Main(), args);
    }
}
