package ftp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Something that a client does with one data connection. It is over when both have been: the data
 * connection has ended, and the server has said what it thinks of it.
 */
abstract class Job implements DataConnection.Owner {
    private static final Pattern EPSV = Pattern.compile(".*\\((.)\\1\\1([0-9]{1,5})\\1\\).*");
    private static final Pattern PASV =
            Pattern.compile(".*?[0-9]+,[0-9]+,[0-9]+,[0-9]+,([0-9]{1,3}),([0-9]{1,3}).*");

    /** Who is told of the end. */
    interface Listener {
        void onJobEnd(Job job, Outcome outcome, String why);
    }

    final String name;
    private Listener listener;
    private ClientSession session;
    private Connecting connecting;
    private SocketChannel channel; // connected, not used yet
    private DataConnection running;

    private boolean moved; // the data connection has ended
    private Exception problem; // with that
    private ClientSession.Reply verdict; // the server's
    private boolean over;

    Job(String name) {
        this.name = name;
    }

    final void begin(ClientSession of, Listener by) {
        session = of;
        listener = by;
        start();
    }

    /** Asks what is to be asked, then calls {@link #transfer} or {@link #end}. */
    abstract void start();

    abstract DataConnection open(ClientSession of, SocketChannel connected) throws IOException;

    /** All went well; says so with {@link #end}, maybe later. */
    abstract void complete(long bytes) throws IOException;

    /** Releases what it holds. */
    abstract void release();

    final void ask(String command, Consumer<ClientSession.Reply> then) {
        session.ask(command, then);
    }

    /** When a file of the server was changed last; null if it does not say. */
    final void askTime(String file, Consumer<Instant> then) {
        ask(
                "MDTM " + file,
                reply -> then.accept(reply.code() == 213 ? Listing.parseTime(reply.text()) : null));
    }

    /**
     * Opens the data connection, then has this command use it. EPSV first; PASV for old servers.
     */
    final void transfer(String command) {
        ask(
                "EPSV",
                epsv -> {
                    Matcher port = EPSV.matcher(epsv.text());
                    if (epsv.code() == 229 && port.matches()) {
                        connect(Integer.parseInt(port.group(2)), command);
                    } else {
                        ask("PASV", pasv -> passive(pasv, command));
                    }
                });
    }

    private void passive(ClientSession.Reply pasv, String command) {
        Matcher port = PASV.matcher(pasv.text());
        if (pasv.code() == 227 && port.matches()) {
            int high = Integer.parseInt(port.group(1));
            connect(high * 256 + Integer.parseInt(port.group(2)), command);
        } else {
            end(Outcome.BROKEN, "no data connection: " + pasv);
        }
    }

    private void connect(int port, String command) {
        try {
            var to = new InetSocketAddress(session.server(), port);
            connecting =
                    new Connecting(
                            session.loop,
                            null,
                            to,
                            (connected, trouble) -> connected(connected, trouble, command));
        } catch (IOException | IllegalArgumentException e) {
            end(Outcome.BROKEN, "no data connection: " + e.getMessage());
        }
    }

    private void connected(SocketChannel connected, Exception trouble, String command) {
        if (trouble != null) {
            end(Outcome.BROKEN, "no data connection: " + trouble.getMessage());
            return;
        }
        channel = connected;
        ask(command, this::begun);
    }

    private void begun(ClientSession.Reply reply) {
        if (!reply.isPreliminary()) {
            end(reply.code() == 550 ? Outcome.MISSING : Outcome.BROKEN, reply.toString());
            return;
        }
        session.expectAnother(this::judged);
        try {
            running = open(session, channel);
            channel = null;
            running.start();
        } catch (IOException e) {
            end(Outcome.LOCAL, e.getMessage());
        }
    }

    private void judged(ClientSession.Reply reply) {
        verdict = reply;
        if (!reply.isGood() && !moved) {
            running.abort(new IOException(reply.toString())); // ends it; it may hang
        } else {
            endIfBoth();
        }
    }

    @Override
    public final void onTransferEnd(Exception trouble) {
        moved = true;
        problem = trouble;
        if (!over) {
            endIfBoth();
        }
    }

    private void endIfBoth() {
        if (!moved || verdict == null) {
            return;
        }
        if (problem instanceof FileTrouble) {
            end(Outcome.LOCAL, problem.getMessage());
        } else if (!verdict.isGood()) {
            end(Outcome.BROKEN, verdict.toString());
        } else if (problem != null) {
            end(Outcome.BROKEN, problem.getMessage());
        } else {
            try {
                complete(running.bytes());
            } catch (IOException e) {
                end(Outcome.LOCAL, e.getMessage());
            }
        }
    }

    /** Once; gives everything back, and the session does the next one. */
    final void end(Outcome outcome, String why) {
        if (close(outcome, why)) {
            session.jobEnded();
        }
    }

    /** There is no session any more. */
    final void sessionLeft(String why) {
        close(Outcome.BROKEN, why);
    }

    private boolean close(Outcome outcome, String why) {
        if (over) {
            return false;
        }
        over = true;
        if (connecting != null) {
            connecting.close();
        }
        Closing.quietly(channel);
        if (running != null && !moved) {
            running.abort(new IOException(why));
        }
        release();
        listener.onJobEnd(this, outcome, why);
        return true;
    }

    /** How many bytes. */
    final long moved() {
        return running == null ? 0 : running.bytes();
    }

    /** For how long no data has moved; for ever if there is no data connection. */
    final long stalledNanos() {
        return running == null ? Long.MAX_VALUE : running.stalledNanos();
    }
}
